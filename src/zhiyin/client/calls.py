"""One call of the service: what is sent, and what comes back."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Generic, TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel, TypeAdapter

from zhiyin.core.rng import fresh_id

T = TypeVar("T")
JSON = "application/json"
LINES = "application/x-ndjson"
RETRIED = frozenset({429, 503})
"""Answers after which the same may be asked again."""
Rows = Iterable[BaseModel | Mapping[str, Any]]
"""Messages, or mappings with their fields."""


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """One request.

    Attributes:
        method: GET, POST, …
        path: Path below the service's address, quoted.
        shape: Type of the answer.
        params: Of the query; None is left out.
        body: What is sent.
        headers: Further headers; None is left out.
        repeatable: Whether asking twice is as good as asking once.
    """

    method: str
    path: str
    shape: Any
    params: Mapping[str, Any] = field(default_factory=dict[str, Any])
    body: bytes | Iterable[bytes] | None = None
    headers: Mapping[str, str | None] = field(default_factory=dict[str, "str | None"])
    repeatable: bool = False

    @property
    def body_is_spent(self) -> bool:
        """Whether the body can be sent only once: it comes from an iterator."""
        return self.body is not None and not isinstance(self.body, bytes)

    def request(self, client: httpx.Client | httpx.AsyncClient) -> httpx.Request:
        """As httpx sends it."""
        headers = {name: value for name, value in self.headers.items() if value is not None}
        if self.body is not None:
            headers.setdefault("Content-Type", JSON)
        params = {name: _word(value) for name, value in self.params.items() if value is not None}
        content = self.body
        if isinstance(client, httpx.AsyncClient) and not isinstance(content, bytes | None):
            content = _in_turn(content)
        return client.build_request(
            self.method, self.path, params=params or None, content=content, headers=headers
        )

    def read(self, response: httpx.Response) -> T:
        """The answer as its type."""
        return _adapter(self.shape).validate_json(response.content)


def storing(
    path: str,
    shape: Any,  # noqa: ANN401 - any type that pydantic reads
    value: Any,  # noqa: ANN401
    *,
    if_match: str | None,
    only_new: bool,
) -> Call[Any]:
    """A PUT of the whole, in place of what was there, under the caller's conditions."""
    return Call(
        "PUT",
        path,
        shape,
        body=body_of(value),
        headers={"If-Match": quoted(if_match), "If-None-Match": "*" if only_new else None},
        repeatable=not only_new and if_match is None,
    )


def changing(path: str, shape: Any, changes: Any, *, if_match: str | None) -> Call[Any]:  # noqa: ANN401
    """A PATCH of what the caller saw."""
    return Call(
        "PATCH",
        path,
        shape,
        body=body_of(changes),
        headers={"If-Match": quoted(if_match)},
        repeatable=if_match is None,
    )


def removing(path: str, shape: Any, *, if_match: str | None) -> Call[Any]:  # noqa: ANN401
    """A DELETE of what the caller saw."""
    return Call(
        "DELETE",
        path,
        shape,
        headers={"If-Match": quoted(if_match)},
        repeatable=if_match is None,
    )


@cache
def _adapter(shape: Any) -> TypeAdapter[Any]:  # noqa: ANN401 - any type that pydantic reads
    return TypeAdapter(shape)


class Lines:
    """Cuts a stream into lines: at line feeds alone, since JSON may hold any other end of line."""

    def __init__(self) -> None:
        self._rest = b""

    def of(self, chunk: bytes) -> list[bytes]:
        """The lines that end in a further piece of the stream."""
        *whole, self._rest = (self._rest + chunk).split(b"\n")
        return [line for line in whole if line]


async def _in_turn(parts: Iterable[bytes]) -> AsyncIterator[bytes]:
    """The parts of a body, as a connection of an event loop wants them."""
    for part in parts:
        yield part


def body_of(value: Any) -> bytes:  # noqa: ANN401 - whatever JSON carries
    """A body of JSON; messages leave out what was not set."""
    return json.dumps(value, default=_plain, ensure_ascii=False, allow_nan=False).encode("utf-8")


def line_of(value: Any) -> bytes:  # noqa: ANN401 - whatever JSON carries
    """One line of a stream."""
    return body_of(value) + b"\n"


def rows_of(given: BaseModel | Mapping[str, Any] | Rows) -> list[Any]:
    """One message or several, as a list."""
    if isinstance(given, (BaseModel, Mapping)):
        return [given]
    return list(given)


def given(**fields: Any) -> dict[str, Any]:  # noqa: ANN401 - whatever JSON carries
    """The fields that were given: None and empty ones are left to the service."""
    return {
        name: _list(value)
        for name, value in fields.items()
        if value is not None and not (isinstance(value, Sequence | Mapping) and not value)
    }


def at(path: str, entity_id: str) -> str:
    """The path of one entity; every character of its id survives."""
    quoted = quote(entity_id, safe="")
    return f"{path}/{quoted.replace('.', '%2E') if set(entity_id) == {'.'} else quoted}"


def quoted(tag: str | None) -> str | None:
    """An ETag as a header carries it."""
    return None if tag is None else f'"{tag}"'


def fresh_key() -> str:
    """A key under which a request is stored once, however often it is sent."""
    return fresh_id()


def _list(value: Any) -> Any:  # noqa: ANN401 - whatever JSON carries
    if isinstance(value, Sequence) and not isinstance(value, str):
        return list(value)  # type: ignore[arg-type]
    return value


def _plain(value: Any) -> Any:  # noqa: ANN401 - whatever JSON carries
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", exclude_unset=True)
    raise TypeError(f"{type(value).__name__} is nothing that JSON can carry")


def _word(value: Any) -> str:  # noqa: ANN401 - numbers, texts, truth
    return str(value).lower() if isinstance(value, bool) else str(value)
