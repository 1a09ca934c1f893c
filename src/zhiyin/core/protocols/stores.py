"""Where events, entities and exposures live."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Protocol, runtime_checkable

import polars as pl

EntityKind = Literal["user", "item"]


@dataclass(frozen=True, slots=True)
class Appended:
    """What became of the rows of one append."""

    accepted: int
    duplicates: int


class PastEvent(NamedTuple):
    """One event of a user, as a query needs it; columns as in ``schema.EVENTS``.

    ``text`` and ``query`` are None where they were not asked for.
    """

    seq: int
    item_key: int | None
    type: str
    timestamp: int | None
    position: int | None
    value: float | None
    text: str | None = None
    query: str | None = None


@runtime_checkable
class EventStore(Protocol):
    """The immutable log of events; everything learned comes from here.

    Event frames have the columns of ``zhiyin.core.schema.EVENTS``.
    """

    def append(self, events: pl.DataFrame) -> Appended:
        """Adds events, all or none; those whose key is there already are counted, not added.

        When this returns, the events survive the death of the process.
        """
        ...

    def scan(
        self,
        *,
        after: int = 0,
        columns: Sequence[str] | None = None,
        user_key: int | None = None,
    ) -> Iterator[pl.DataFrame]:
        """All events with ``seq > after`` in order of arrival, in batches.

        Args:
            after: Only those that arrived later.
            columns: Which columns of ``seq`` and ``schema.EVENTS``; None for all.
            user_key: Only those of this user; None for everybody's.
        """
        ...

    def history(
        self, user_key: int, *, limit: int, after: int = 0, words: bool = False
    ) -> list[PastEvent]:
        """The last ``limit`` events of a user with ``seq > after``, in order of arrival.

        Args:
            user_key: Whose.
            limit: How many at most.
            after: Only those that arrived later.
            words: Whether to read ``text`` and ``query`` too.
        """
        ...

    def last_seq(self) -> int:
        """The ``seq`` of the newest event, 0 where there is none."""
        ...

    def delete(self, kind: EntityKind, key: int) -> int:
        """Erases the events of a user, or on an item; returns how many."""
        ...

    def count(self) -> int:
        """How many events there are."""
        ...


@runtime_checkable
class EntityStore(Protocol):
    """Users and items with their attributes.

    Entity frames have the columns of ``zhiyin.core.schema.ENTITIES``.
    """

    def upsert(self, kind: EntityKind, rows: pl.DataFrame) -> int:
        """Adds or overwrites; a row with null attributes never overwrites known ones."""
        ...

    def get(self, kind: EntityKind, ids: Sequence[str]) -> dict[str, Mapping[str, Any]]:
        """Attributes by id, of the ids that exist."""
        ...

    def ids(self, kind: EntityKind, keys: Sequence[int]) -> dict[int, str]:
        """The ids behind keys, of those that exist."""
        ...

    def scan(self, kind: EntityKind, *, columns: Sequence[str] | None = None) -> pl.DataFrame:
        """Every entity of a kind, in an order that does not depend on arrival."""
        ...

    def page(
        self, kind: EntityKind, *, after: int | None, limit: int, containing: str = ""
    ) -> pl.DataFrame:
        """The next entities by key: reading goes on where it was, whatever is written meanwhile.

        Args:
            kind: Users or items.
            after: Only keys above this one; None for the first page.
            limit: How many at most; fewer mean that the end is reached.
            containing: Only those with this text in their id or their attributes, whether
                in capitals or not; "" for all.
        """
        ...

    def delete(self, kind: EntityKind, entity_id: str) -> bool:
        """Erases one; says whether it was there."""
        ...


EditAction = Literal["pin", "mute", "forget", "wish"]
"""What a user does to their profile; "forget" drops what spoke for a tag until then."""


class ProfileEdit(NamedTuple):
    """One edit of a profile by its user."""

    action: EditAction
    subject: str
    """A tag as "facet:name", or the words of a wish."""
    created: int
    """When, in milliseconds since the epoch."""


@runtime_checkable
class ProfileStore(Protocol):
    """What users changed in their profiles; nothing that is trained overwrites it."""

    def edit(self, user_key: int, edit: ProfileEdit) -> None:
        """Adds an edit, in place of an earlier one on the same subject.

        When this returns, the edit survives the death of the process.
        """
        ...

    def edits(self, user_key: int) -> list[ProfileEdit]:
        """The edits of a user, oldest first, then by subject."""
        ...

    def withdraw(self, user_key: int, subject: str) -> bool:
        """Takes the edit on a subject back; says whether there was one."""
        ...

    def clear(self, user_key: int) -> int:
        """Takes all edits of a user back; returns how many."""
        ...


class Enrichment(NamedTuple):
    """What was worked out about an item, beside what its owner says of it."""

    item_key: int
    content: int
    """Key of the text it was worked out from: another text asks for another one."""
    source: str
    """"statistics", or "model:NAME"."""
    body: str
    """A JSON object: summary, topics, tags."""


@runtime_checkable
class EnrichmentStore(Protocol):
    """What was worked out about items, apart from their own attributes."""

    def put(self, rows: Sequence[Enrichment]) -> None:
        """Adds or overwrites, all or none."""
        ...

    def all(self) -> list[Enrichment]:
        """Every one, by item key."""
        ...

    def forget(self, item_keys: Sequence[int]) -> int:
        """Erases those of some items; returns how many there were."""
        ...


@runtime_checkable
class EdgeStore(Protocol):
    """Ties between users: who follows whom, who is a friend of whom.

    Frames have the columns of ``zhiyin.core.schema.EDGES``.
    """

    def add_edges(self, edges: pl.DataFrame) -> int:
        """Adds or overwrites ties, all or none; returns how many were new or changed."""
        ...

    def edges(self) -> pl.DataFrame:
        """Every tie, in an order that does not depend on arrival."""
        ...


class Shown(NamedTuple):
    """What a slate held, without its odds."""

    slate_id: str
    surface: str
    created: int
    """When, in milliseconds since the epoch."""
    item_ids: tuple[str, ...]
    """First place first."""
    user_key: int | None = None
    """For whom; None for an anonymous session."""


@runtime_checkable
class ExposureLog(Protocol):
    """What was shown, where, and with what odds."""

    def record(self, slate: Mapping[str, Any]) -> None:
        """Writes one slate, as a mapping that JSON can carry, with ``slate_id``.

        ``page_of``, where it is there, is the id of the first page.
        """
        ...

    def find(self, slate_id: str) -> Mapping[str, Any] | None:
        """A slate that was shown, or None."""
        ...

    def of_user(self, user_key: int) -> list[Mapping[str, Any]]:
        """Every slate that was shown to a user, oldest first."""
        ...

    def recent(self, user_key: int | None, *, since: int, limit: int) -> list[Shown]:
        """The last slates that a user, or anybody, was shown, newest first.

        Args:
            user_key: Whose; None for everybody's.
            since: Only those made at this time or later, in milliseconds.
            limit: How many at most.
        """
        ...

    def pages(self, slate_id: str) -> list[Shown]:
        """All pages of the slate that one belongs to, first page first; empty if unknown."""
        ...

    def count(self) -> int:
        """How many slates were shown."""
        ...
