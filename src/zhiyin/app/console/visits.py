"""Who looks at the console: their key, language and colours, and how the service is asked for them.

A key stays in this process, under the random name in the visitor's cookie; it is written
nowhere. When the process ends, it is asked for again.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import httpx
from fastapi import Request

from zhiyin.app.console.words import LANGUAGES, Words
from zhiyin.client import AsyncClient, Retries

LANGUAGE_COOKIE = "zhiyin_language"
THEME_COOKIE = "zhiyin_theme"
_MOST = 1_000
"""Visitors with a key that are kept at once."""
_MOST_TITLES = 20_000


@dataclass(frozen=True, slots=True)
class Given:
    """What a visitor gave to be let in."""

    key: str = ""
    workspace: str = ""


@dataclass(frozen=True, slots=True)
class Visit:
    """One look at one page.

    Attributes:
        session: Name of the visitor.
        client: Asks the service with the visitor's key.
        words: The visitor's language.
        dark: Whether colours are dark; None for those of the system.
        query: What stands behind the question mark of the address.
        titles: Titles of items as they were last seen, by id.
    """

    session: str
    client: AsyncClient
    words: Words
    dark: bool | None
    query: dict[str, str]
    titles: dict[str, str]

    def remember(self, item_id: str, title: str) -> None:
        """Keeps the title of an item."""
        if len(self.titles) >= _MOST_TITLES:
            self.titles.clear()
        self.titles[item_id] = title


class Visits:
    """Everybody who looks at the console.

    Args:
        address: Where the service is.
        workspaces: Names of the workspaces that it serves.
        transport: What sends, for tests; None for the network.
    """

    def __init__(
        self,
        address: str,
        *,
        workspaces: Sequence[str] = (),
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.address = address
        self.workspaces = list(workspaces)
        self._transport = transport
        self._given: OrderedDict[str, Given] = OrderedDict()
        self._clients: OrderedDict[Given, AsyncClient] = OrderedDict()
        self._titles: dict[Given, dict[str, str]] = {}

    def of(self, request: Request) -> Visit:
        """The visit that a request begins."""
        session = str(request.session.get("id", ""))
        given = self._given.get(session, Given())
        cookies = request.cookies
        language = cookies.get(LANGUAGE_COOKIE) or _preferred(request)
        theme = cookies.get(THEME_COOKIE)
        return Visit(
            session=session,
            client=self.client(given),
            words=Words(language),
            dark={"dark": True, "light": False}.get(theme or ""),
            query=dict(request.query_params),
            titles=self._titles.setdefault(given, {}),
        )

    def let_in(self, session: str, given: Given) -> None:
        """Keeps what a visitor gave."""
        self._given[session] = given
        self._given.move_to_end(session)
        while len(self._given) > _MOST:
            self._given.popitem(last=False)

    def knows(self, session: str) -> bool:
        """Whether a visitor gave something."""
        return session in self._given

    def leave(self, session: str) -> None:
        """Forgets what a visitor gave."""
        self._given.pop(session, None)

    def client(self, given: Given) -> AsyncClient:
        """Asks the service with a key."""
        found = self._clients.get(given)
        if found is None:
            found = self._clients[given] = AsyncClient(
                self.address,
                key=given.key or None,
                workspace=given.workspace or None,
                retries=Retries(attempts=2),
                transport=self._transport,
            )
        self._clients.move_to_end(given)
        while len(self._clients) > _MOST:
            old, _ = self._clients.popitem(last=False)  # its connections end by themselves
            self._titles.pop(old, None)
        return found

    async def close(self) -> None:
        """Closes the connections."""
        for client in self._clients.values():
            await client.close()
        self._clients.clear()


def _preferred(request: Request) -> str:
    """The language that a browser asks for first."""
    asked = request.headers.get("accept-language", "").lower()
    return LANGUAGES[1] if asked.startswith("zh") else LANGUAGES[0]
