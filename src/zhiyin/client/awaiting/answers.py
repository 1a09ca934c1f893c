"""What comes out: slates, neighbours, hits, profiles.

Written by scripts/async_client.py from zhiyin/client/blocking: change that, and run the script.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from zhiyin.client.awaiting.base import Connected
from zhiyin.client.calls import Call, at, body_of, given
from zhiyin.core.messages import (
    Copy,
    CopyKind,
    Explained,
    ItemMap,
    Method,
    Neighbour,
    ProfileReset,
    ProfileView,
    SearchResult,
)
from zhiyin.core.slate import Slate


class Answers(Connected):
    """What comes out: slates, neighbours, hits, profiles."""

    async def recommend(
        self,
        user_id: str | None,
        *,
        n: int | None = None,
        surface: str = "home",
        session: Sequence[str] = (),
        exclude: Sequence[str] = (),
        seed: int = 0,
        explain: bool = False,
        context: Mapping[str, Any] | None = None,
        filter: str = "",
        boost: str = "",
        page_of: str = "",
        return_properties: bool | Sequence[str] = False,
        weights: Mapping[str, float] | None = None,
        log: bool = True,
    ) -> Slate:
        """A slate for a user, or for an anonymous session.

        Args:
            user_id: Anybody; None for an anonymous session.
            n: Slate length; None: as many as the surface has.
            surface: Where the slate appears.
            session: Item ids that the visitor has just looked at, oldest first.
            exclude: Item ids that must not appear.
            seed: Seed of the draw.
            explain: Whether to add sources and evidence to each position.
            context: What the moment is like.
            filter: Only items for which this expression holds.
            boost: Raises or lowers scores.
            page_of: The slate whose next page is asked for.
            return_properties: True for all attributes of each item, or names of them.
            weights: What sources count for in place of the model's own weights; needs
                ``log=False``.
            log: False for a slate that nobody is shown: no exposure is recorded.
        """
        body = given(
            user_id=user_id,
            n=n,
            surface=surface,
            session=session,
            exclude=exclude,
            seed=seed or None,
            explain=explain or None,
            context=context,
            filter=filter,
            boost=boost,
            page_of=page_of,
            return_properties=return_properties or None,
            weights=weights,
            log=None if log else False,
        )
        return await self._transport.send(Call("POST", "/v1/recommend", Slate, body=body_of(body)))

    async def rank(
        self,
        user_id: str | None,
        items: Sequence[str],
        *,
        surface: str = "home",
        session: Sequence[str] = (),
        context: Mapping[str, Any] | None = None,
        log: bool = False,
    ) -> Slate:
        """The caller's candidates in order, every one of them; logged where asked.

        Args:
            user_id: For whom; None for an anonymous session.
            items: Ids of the candidates, at least one.
            surface: Where they are shown.
            session: Item ids that the visitor has just looked at, oldest first.
            context: What the moment is like.
            log: Whether the order is shown as it is.
        """
        body = given(user_id=user_id, surface=surface, session=session, context=context)
        body |= {"items": list(items), "log": log}
        return await self._transport.send(
            Call("POST", "/v1/rank", Slate, body=body_of(body), repeatable=not log)
        )

    async def slate(self, slate_id: str) -> Slate:
        """A slate that was shown."""
        return await self._transport.send(
            Call("GET", at("/v1/slates", slate_id), Slate, repeatable=True)
        )

    async def read_map(self, *, limit: int = 10_000) -> ItemMap:
        """Where items lie, by who takes them; the most popular ones first.

        Args:
            limit: How many items, at most.
        """
        return await self._transport.send(
            Call("GET", "/v1/map", ItemMap, params={"limit": limit}, repeatable=True)
        )

    async def similar_items(
        self,
        item_id: str,
        *,
        n: int = 10,
        by: Literal["behaviour", "meaning", "both"] = "behaviour",
        likeness: Literal["cosine", "pearson"] = "cosine",
        category: str = "",
        other_categories: bool = False,
    ) -> list[Neighbour]:
        """The items most like one.

        Args:
            item_id: Which.
            n: How many.
            by: What makes items alike.
            likeness: How meanings are compared.
            category: Only items of this category.
            other_categories: Only items that share no category with it.
        """
        params = {
            "n": n,
            "by": by,
            "likeness": likeness,
            "category": category or None,
            "other_categories": other_categories or None,
        }
        path = at("/v1/similar/items", item_id)
        return await self._transport.send(
            Call("GET", path, list[Neighbour], params=params, repeatable=True)
        )

    async def similar_users(self, user_id: str, *, n: int = 10) -> list[Neighbour]:
        """The people whose behaviour is most like one's."""
        path = at("/v1/similar/users", user_id)
        return await self._transport.send(
            Call("GET", path, list[Neighbour], params={"n": n}, repeatable=True)
        )

    async def search(
        self,
        text: str,
        *,
        n: int = 10,
        user_id: str | None = None,
        explain: bool = False,
        understand: bool = False,
    ) -> SearchResult:
        """The items that answer a query, by meaning and by words.

        Args:
            text: What is searched for.
            n: How many.
            user_id: For whom: taste decides between near equals.
            explain: Whether to say what matched.
            understand: Whether to read filters out of it that every hit keeps.
        """
        more = given(n=n, user_id=user_id, explain=explain or None, understand=understand or None)
        body = body_of({"text": text, **more})
        return await self._transport.send(
            Call("POST", "/v1/search", SearchResult, body=body, repeatable=True)
        )

    async def explain(
        self,
        user_id: str,
        item_id: str,
        *,
        surface: str = "home",
        instead_of: str | None = None,
        language: Literal["en", "zh"] | None = None,
        length: Literal["short", "medium", "long"] = "medium",
        method: Method = "likeness",
        model: bool = False,
    ) -> Explained:
        """Why an item is, or would be, shown to a user; nothing is logged.

        Args:
            user_id: For whom.
            item_id: Which item.
            surface: Where it would be shown.
            instead_of: Another item, for "rather than that one because".
            language: Of the words; None: that of most titles.
            length: How much is told.
            method: How influence is measured.
            model: Whether the service's language model words it, checked; takes seconds.
        """
        body = given(
            instead_of=instead_of,
            language=language,
            length=length,
            method=method,
            model=model or None,
        )
        body |= {"user_id": user_id, "item_id": item_id, "surface": surface}
        return await self._transport.send(
            Call("POST", "/v1/explain", Explained, body=body_of(body), repeatable=True)
        )

    async def write_copy(
        self,
        item_ids: Sequence[str],
        *,
        kind: CopyKind = "blurb",
        n: int = 1,
        user_id: str | None = None,
        segment: str = "",
        surface: str = "home",
        language: Literal["en", "zh"] | None = None,
        model: bool = True,
        show: bool = False,
    ) -> list[Copy]:
        """Texts about items, in which every claim is recorded.

        Args:
            item_ids: Which items.
            kind: What is written.
            n: How many different texts for each item, at most.
            user_id: For whom: events of this user may be named.
            segment: Whom it is for, in words.
            surface: Where it will stand.
            language: Its language; None: as the settings say.
            model: False for templates alone.
            show: Whether one text of each item is drawn and logged as shown.
        """
        body = given(kind=kind, user_id=user_id, segment=segment, language=language)
        body |= {"item_ids": list(item_ids), "surface": surface, "n": n, "model": model}
        body |= given(show=show or None)
        return await self._transport.send(
            Call("POST", "/v1/copy", list[Copy], body=body_of(body), repeatable=not show)
        )

    async def read_profile(
        self, user_id: str, *, language: Literal["en", "zh"] | None = None
    ) -> ProfileView:
        """What is known of a user's interests, and why.

        Args:
            user_id: Whose.
            language: In words of this language too.
        """
        path, params = at("/v1/profile", user_id), {"language": language}
        return await self._transport.send(
            Call("GET", path, ProfileView, params=params, repeatable=True)
        )

    async def edit_profile(
        self,
        user_id: str,
        *,
        pin: Sequence[str] = (),
        mute: Sequence[str] = (),
        forget: Sequence[str] = (),
        wish: Sequence[str] = (),
    ) -> ProfileView:
        """Pins, mutes or forgets tags, adds wishes, all or none."""
        body = body_of(given(pin=pin, mute=mute, forget=forget, wish=wish))
        return await self._transport.send(
            Call("PATCH", at("/v1/profile", user_id), ProfileView, body=body, repeatable=True)
        )

    async def reset_profile(self, user_id: str) -> ProfileReset:
        """Takes all edits of a user back."""
        return await self._transport.send(
            Call("DELETE", at("/v1/profile", user_id), ProfileReset, repeatable=True)
        )
