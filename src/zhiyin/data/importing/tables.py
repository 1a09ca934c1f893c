"""A whole file of one table: frames ready for the store, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from zhiyin.data.importing.batches import RawBatch
from zhiyin.data.importing.columns import without_nulls
from zhiyin.data.importing.edges import build_edges
from zhiyin.data.importing.entities import EntityBuilder
from zhiyin.data.importing.events import EventBuilder, EventSink
from zhiyin.data.importing.gathering import EntityGatherer, EventGatherer
from zhiyin.data.importing.ids import IdEncoder
from zhiyin.data.importing.names import (
    EDGE_ROLES,
    EVENT_ROLES,
    ITEM_ROLES,
    USER_EVENT_ROLES,
    USER_ROLES,
    recognise,
    settled,
)
from zhiyin.data.importing.options import ImportOptions, Table
from zhiyin.data.importing.quarantine import Quarantine
from zhiyin.data.importing.reading import open_source
from zhiyin.data.importing.report import TableReport, Tally

_REPEATED = "further rows of the same user, each an event"


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Rows ready for the store.

    Attributes:
        share: Part of the file read so far, 0..1.
        entities: Users or items of a catalogue, each once.
        events: Events, in the columns of `zhiyin.core.schema.EVENTS`.
        edges: Ties between users.
        users: Users that the events or edges speak of, met for the first time.
        items: Items that the events speak of, met for the first time.
    """

    share: float
    entities: pl.DataFrame | None = None
    events: pl.DataFrame | None = None
    edges: pl.DataFrame | None = None
    users: pl.DataFrame | None = None
    items: pl.DataFrame | None = None

    @property
    def rows(self) -> int:
        """Rows of the table itself."""
        frames = (self.entities, self.events, self.edges)
        return sum(frame.height for frame in frames if frame is not None)


class TableReader:
    """Reads one file as one table.

    Args:
        path: The file.
        table: What its rows are.
        options: How to read.
        quarantine: File to write rejected rows to.
        now: The present, in milliseconds; later events are refused.

    Raises:
        DataError: The file as a whole cannot be used.
    """

    def __init__(
        self, path: Path, table: Table, *, options: ImportOptions, quarantine: Path, now: int
    ) -> None:
        self.table: Table = table
        self.tally = Tally()
        self.derived: Tally | None = None
        """Count of the events that a table of users holds, where it holds any."""
        self._options = options
        self._source = open_source(path, table, options)
        self._quarantine = Quarantine(quarantine)
        self._now = now
        self._columns: list[str] = []
        self._users = IdEncoder(options.null_values)
        self._items = IdEncoder(options.null_values)
        self.tally.format = self._source.format

    def report(self) -> TableReport:
        """What became of the rows; final when `parts` is exhausted and stored."""
        return self.tally.report(quarantine=self._quarantine.path)

    def derived_report(self) -> TableReport | None:
        """What became of the events that a table of users holds."""
        return self.derived and self.derived.report(quarantine=self._quarantine.path)

    def parts(self) -> Iterator[Part]:
        """The rows, in parts that fit in memory.

        Raises:
            DataError: A column that is needed is not there, or the file is damaged.
        """
        with self._quarantine:
            if self.table == "events":
                yield from self._events()
            elif self.table == "edges":
                yield from self._edges()
            else:
                yield from self._entities()

    def _events(self) -> Iterator[Part]:
        sink = EventSink(self.tally, self._quarantine, self._users, self._items)
        builder = EventBuilder(options=self._options, now=self._now, sink=sink)
        gathered = EventGatherer()
        share = 0.0
        for batch in self._batches():
            share = batch.share
            for events in gathered.add(
                builder.build(batch, self._settle(batch, EVENT_ROLES, "user"))
            ):
                yield self._event_part(share, events)
        for events in gathered.rest():
            yield self._event_part(share, events)

    def _edges(self) -> Iterator[Part]:
        for batch in self._batches():
            edges = build_edges(
                batch,
                self._settle(batch, EDGE_ROLES, "source", "target"),
                options=self._options,
                tally=self.tally,
                quarantine=self._quarantine,
                users=self._users,
            )
            ends = pl.concat([edges["source_key"], edges["target_key"].alias("source_key")])
            yield Part(batch.share, edges=edges, users=self._users.fresh(ends))

    def _entities(self) -> Iterator[Part]:
        roles_known = USER_ROLES if self.table == "users" else ITEM_ROLES
        builder = EntityBuilder(
            options=self._options,
            tally=self.tally,
            quarantine=self._quarantine,
            typed=self._source.typed,
        )
        acted = EventGatherer()
        gathered = EntityGatherer(self.tally)
        events = self._user_events()
        share = 0.0
        acts: dict[str, str] = {}
        for batch in self._batches():
            share = batch.share
            roles = self._settle(batch, roles_known, "id")
            acts = self._acts(batch, roles)
            for entities in gathered.add(
                builder.build(batch, roles, leave_out=acts.values()),
                repeated=_REPEATED if acts else None,
            ):
                yield Part(share, entities=entities)
            if acts:
                self.derived = events.tally
                self.derived.columns = {"user": roles["id"], **acts}
                found = events.build(
                    self._acting(batch, roles["id"], acts["type"]), {**acts, "user": roles["id"]}
                )
                for frame in acted.add(found):
                    yield self._event_part(share, frame)
        for entities in gathered.rest(repeated=_REPEATED if acts else None):
            yield Part(share, entities=entities)
        for frame in acted.rest():
            yield self._event_part(share, frame)

    def _user_events(self) -> EventBuilder:
        tally = Tally(format=self._source.format)
        sink = EventSink(tally, self._quarantine, self._users, self._items)
        return EventBuilder(options=self._options, now=self._now, sink=sink, keep_extra=False)

    def _event_part(self, share: float, events: pl.DataFrame) -> Part:
        return Part(
            share,
            events=events,
            users=self._users.fresh(events["user_key"]),
            items=self._items.fresh(events["item_key"]),
        )

    def _batches(self) -> Iterator[RawBatch]:
        for batch in self._source.batches:
            self._quarantine.add_broken(batch.broken)
            self.tally.reasons.update(batch.broken["reason"].to_list())
            self.tally.notes.update(batch.notes)
            if batch.rows.width:
                yield batch

    def _settle(self, batch: RawBatch, roles: Mapping[str, str], *required: str) -> dict[str, str]:
        """The column of each role; what earlier batches settled stays."""
        fresh = [name for name in batch.rows.columns if name not in self._columns]
        if fresh or not self._columns:
            self._columns += fresh
            given = settled(self._options.columns, self.table)
            self.tally.columns = recognise(
                self._columns,
                roles,
                given=given | self.tally.columns,
                required=required,
                where=str(self._source.path),
            )
        return self.tally.columns

    def _acts(self, batch: RawBatch, roles: Mapping[str, str]) -> dict[str, str]:
        """The columns that make a user's row an event; none without a column of behaviour."""
        if self.table != "users":
            return {}
        free = [name for name in batch.rows.columns if name not in roles.values()]
        named = {n: c for n, c in self._options.columns.items() if n.startswith("users.")}
        given = {
            role: column
            for role, column in settled(named, "users").items()
            if role in USER_EVENT_ROLES
        }
        found = recognise(free, USER_EVENT_ROLES, given=given, where=str(self._source.path))
        return found if "type" in found else {}

    def _acting(self, batch: RawBatch, user: str, behaviour: str) -> RawBatch:
        """The rows that name a user and a behaviour."""
        nulls = self._options.null_values
        users, types = (without_nulls(batch.rows[name], nulls) for name in (user, behaviour))
        acting = users.is_not_null() & types.is_not_null()
        return RawBatch(batch.rows.filter(acting), batch.lines.filter(acting), batch.share)
