"""What was shown and what was answered, counted by model, surface, arm and minute.

Texts about items that were drawn to be shown are counted by themselves, text by text.

A slate is answered when an event that speaks for an item (weight above 0) names its slate_id
in its context. The counts lie in ``traffic.db`` of the workspace's folder, shared by all
processes of a machine; they serve the metrics and the guard of the loop, and losing the file
loses nothing else. Counts are gathered and written every second; an answer is looked up and
written with its event.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from zhiyin.core.clock import Clock, system_clock
from zhiyin.core.errors import StoreError
from zhiyin.core.keys import id_key
from zhiyin.core.protocols import Appended, EventStore, ExposureLog
from zhiyin.core.write_ahead import write_ahead
from zhiyin.pipeline.settings import EventSettings

TRAFFIC_FILE = "traffic.db"
"""Name of the file in a workspace's folder."""
MINUTE = 60_000
_DAY = 86_400_000
_KEPT_MS = 60 * _DAY
_WRITE_S = 1.0
_SCHEMA = """
CREATE TABLE IF NOT EXISTS slates (
    version TEXT, surface TEXT, arm TEXT, minute INTEGER,
    shown INTEGER NOT NULL, answered INTEGER NOT NULL,
    PRIMARY KEY (version, surface, arm, minute)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS answers (slate TEXT PRIMARY KEY, at INTEGER) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS items (item INTEGER PRIMARY KEY, at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS copies (
    item INTEGER, surface TEXT, kind TEXT, copy TEXT, variant INTEGER NOT NULL,
    shown INTEGER NOT NULL, answered INTEGER NOT NULL, at INTEGER NOT NULL,
    PRIMARY KEY (item, surface, kind, copy)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS totals (name TEXT PRIMARY KEY, amount INTEGER NOT NULL) WITHOUT ROWID;
"""
_ADD_SLATES = (
    "INSERT INTO slates VALUES (?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (version, surface, arm, minute) DO UPDATE SET "
    "shown = shown + excluded.shown, answered = answered + excluded.answered"
)
_ADD_ITEM = "INSERT INTO items VALUES (?, ?) ON CONFLICT (item) DO UPDATE SET at = excluded.at"
_ADD_COPY = (
    "INSERT INTO copies VALUES (?, ?, ?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (item, surface, kind, copy) DO UPDATE SET variant = excluded.variant, "
    "shown = shown + excluded.shown, answered = answered + excluded.answered, at = excluded.at"
)
_ADD_TOTAL = (
    "INSERT INTO totals VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET "
    "amount = amount + excluded.amount"
)
Place = tuple[str, str, str, int]
"""Version, surface, arm, minute."""
COPY_POLICY = "copy"
"""The policy of a logged slate that is one item with a text drawn for it."""


@dataclass(frozen=True, slots=True)
class Rate:
    """Slates of one group, and how many of them were answered."""

    shown: int
    answered: int

    @property
    def share(self) -> float:
        """Answered slates over shown ones; 0 where none was shown."""
        return self.answered / self.shown if self.shown else 0.0


@dataclass(frozen=True, slots=True)
class CopyRate(Rate):
    """A text that was drawn to be shown, and how often it was answered."""

    item_key: int
    surface: str
    kind: str
    copy_id: str
    variant: int


class Traffic:
    """The counts of one workspace.

    Args:
        folder: The workspace's folder.
        clock: Source of the present.
    """

    def __init__(self, folder: Path, *, clock: Clock = system_clock) -> None:
        self._path = folder / TRAFFIC_FILE
        self._clock = clock
        self._lock = threading.Lock()
        self._database = threading.Lock()
        self._shown: Counter[Place] = Counter()
        self._items: dict[str, int] = {}
        self._totals: Counter[str] = Counter()
        self._stop = threading.Event()
        try:
            self._connection = sqlite3.connect(self._path, timeout=10, check_same_thread=False)
            write_ahead(self._connection)
            self._connection.execute("PRAGMA synchronous=OFF")
            self._connection.executescript(_SCHEMA)
        except sqlite3.Error as error:
            raise StoreError(
                f"{self._path} cannot be used: {error}", hint="the file may be deleted"
            ) from error
        self._writer = threading.Thread(target=self._write, daemon=True, name="traffic")
        self._writer.start()

    def close(self) -> None:
        """Writes what is left, and closes the file."""
        self._stop.set()
        self._writer.join()
        with suppress(sqlite3.Error):  # as in `_write`
            self.flush()
        with self._database:
            self._connection.close()

    def shown(self, slate: Mapping[str, Any], *, popular: frozenset[str] = frozenset()) -> None:
        """Counts a slate.

        Args:
            slate: As it is logged.
            popular: Items that count as popular, for their share of what is shown.
        """
        if slate["policy"] == COPY_POLICY:
            with suppress(sqlite3.Error), self._database, self._connection:  # as in `_write`
                self._connection.execute(_ADD_COPY, _text(slate, shown=1, at=self._clock()))
            return
        items = [position["item_id"] for position in slate["positions"]]
        created = int(slate["created"])
        with self._lock:
            self._shown[_place(slate)] += 1
            self._totals["positions"] += len(items)
            self._totals["popular"] += sum(item in popular for item in items)
            for item in items:
                self._items[item] = created

    def answered(self, slates: Sequence[Mapping[str, Any]]) -> int:
        """Counts slates as answered, each once; returns how many were not yet."""
        fresh = 0
        with self._database, self._connection:
            for slate in slates:
                row = (slate["slate_id"], self._clock())
                new = self._connection.execute("INSERT OR IGNORE INTO answers VALUES (?, ?)", row)
                if not new.rowcount:
                    continue
                if slate["policy"] == COPY_POLICY:
                    if slate["positions"]:  # its item may have been erased
                        self._connection.execute(_ADD_COPY, _text(slate, answered=1, at=row[1]))
                else:
                    self._connection.execute(_ADD_SLATES, (*_place(slate), 0, 1))
                fresh += 1
        return fresh

    def rates(
        self, *, by: Sequence[str] = ("version",), since: int = 0, until: int = 2**62
    ) -> dict[tuple[str, ...], Rate]:
        """Shown and answered slates by group.

        Args:
            by: Some of version, surface, arm.
            since: Only slates made at or after this time, in milliseconds.
            until: Only slates made before it; both are rounded down to a minute.
        """
        columns = [name for name in ("version", "surface", "arm") if name in by]
        names = ", ".join(columns)
        query = (
            f"SELECT {names}, sum(shown), sum(answered) FROM slates "
            f"WHERE minute >= ? AND minute < ? GROUP BY {names} ORDER BY {names}"
        )
        with self._database:
            rows = self._connection.execute(query, (since // MINUTE, until // MINUTE)).fetchall()
        return {tuple(row[:-2]): Rate(int(row[-2]), int(row[-1])) for row in rows}

    def copies(
        self, *, item_key: int | None = None, surface: str = "", kind: str = "", most: int = -1
    ) -> list[CopyRate]:
        """Texts that were drawn to be shown, the most shown first.

        Args:
            item_key: Only those about this item; None: about any.
            surface: Only those of this surface; "": of any.
            kind: Only those of this kind; "": of any.
            most: How many at most; -1 for all.
        """
        query = (
            "SELECT shown, answered, item, surface, kind, copy, variant FROM copies "
            "WHERE (? IS NULL OR item = ?) AND ? IN ('', surface) AND ? IN ('', kind) "
            "ORDER BY shown DESC, copy LIMIT ?"
        )
        with self._database:
            rows = self._connection.execute(query, (item_key, item_key, surface, kind, most))
            return [CopyRate(*row) for row in rows]

    def copy_rates(self) -> dict[tuple[str, str, str], Rate]:
        """The same by surface, kind and number of the variant, over all items."""
        query = (
            "SELECT surface, kind, variant, sum(shown), sum(answered) FROM copies "
            "GROUP BY surface, kind, variant ORDER BY surface, kind, variant"
        )
        with self._database:
            rows = self._connection.execute(query).fetchall()
        return {
            (surface, kind, str(variant)): Rate(shown, answered)
            for surface, kind, variant, shown, answered in rows
        }

    def timeline(self, *, since: int, step: int) -> dict[int, Rate]:
        """Shown and answered slates by time, oldest first; times without any are left out.

        Args:
            since: Only slates made at or after this time, in milliseconds.
            step: Length of a stretch in milliseconds, of whole minutes; stretches are named by
                their first moment and begin at multiples of it.
        """
        minutes = step // MINUTE
        query = (
            "SELECT minute / ? AS stretch, sum(shown), sum(answered) FROM slates "
            "WHERE minute >= ? GROUP BY stretch ORDER BY stretch"
        )
        with self._database:
            rows = self._connection.execute(query, (minutes, since // MINUTE)).fetchall()
        return {int(row[0]) * step: Rate(int(row[1]), int(row[2])) for row in rows}

    def items_shown(self, *, since: int) -> int:
        """How many different items were shown at or after a time."""
        query = "SELECT count(*) FROM items WHERE at >= ?"
        with self._database:
            return int(self._connection.execute(query, (since,)).fetchone()[0])

    def totals(self) -> dict[str, int]:
        """Positions shown, and how many of them held popular items."""
        with self._database:
            return dict(self._connection.execute("SELECT name, amount FROM totals"))

    def flush(self) -> None:
        """Writes what was gathered."""
        with self._lock:
            shown, self._shown = self._shown, Counter()
            items, self._items = self._items, {}
            totals, self._totals = self._totals, Counter()
        if not shown:
            return
        with self._database, self._connection:
            rows = [(*place, n, 0) for place, n in shown.items()]
            self._connection.executemany(_ADD_SLATES, rows)
            self._connection.executemany(_ADD_ITEM, [(id_key(i), at) for i, at in items.items()])
            self._connection.executemany(_ADD_TOTAL, list(totals.items()))

    def forget_old(self) -> None:
        """Drops what is older than sixty days."""
        least = self._clock() - _KEPT_MS
        with self._database, self._connection:
            self._connection.execute("DELETE FROM answers WHERE at < ?", (least,))
            self._connection.execute("DELETE FROM items WHERE at < ?", (least,))
            self._connection.execute("DELETE FROM copies WHERE at < ?", (least,))
            self._connection.execute("DELETE FROM slates WHERE minute < ?", (least // MINUTE,))

    def _write(self) -> None:
        while not self._stop.wait(_WRITE_S):
            try:
                self.flush()
            except sqlite3.Error:  # a full disk loses counts, not slates
                continue


class CountedExposures:
    """An exposure log whose slates are counted."""

    def __init__(
        self, log: ExposureLog, traffic: Traffic, popular: Callable[[], frozenset[str]]
    ) -> None:
        self._log = log
        self._traffic = traffic
        self._popular = popular

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the log has
        return getattr(self._log, name)

    def record(self, slate: Mapping[str, Any]) -> None:
        """See `ExposureLog.record`."""
        self._log.record(slate)
        self._traffic.shown(slate, popular=self._popular())


class CountedEvents:
    """An event store that tells which slates its events answer."""

    def __init__(
        self, store: EventStore, log: ExposureLog, traffic: Traffic, settings: EventSettings
    ) -> None:
        self._store = store
        self._log = log
        self._traffic = traffic
        self._settings = settings

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the store has
        return getattr(self._store, name)

    def append(self, events: pl.DataFrame) -> Appended:
        """See `EventStore.append`."""
        stored = self._store.append(events)
        if stored.accepted and "context" in events.columns:
            self._note(events)
        return stored

    def _note(self, events: pl.DataFrame) -> None:
        named = events.filter(pl.col("context").str.contains('"slate_id"', literal=True))
        if not named.height:
            return
        weights, default = self._settings.weights, self._settings.default_weight
        ids = {
            json.loads(context).get("slate_id"): None
            for kind, context in named.select(pl.col("type").cast(pl.String), "context").iter_rows()
            if weights.get(kind, default) > 0
        }
        slates = [self._log.find(str(slate_id)) for slate_id in ids if slate_id]
        try:
            self._traffic.answered([slate for slate in slates if slate is not None])
        except sqlite3.Error:  # the event is stored: its count is not worth an error
            return


def _text(
    slate: Mapping[str, Any], *, at: int, shown: int = 0, answered: int = 0
) -> tuple[int | str, ...]:
    item, told = id_key(slate["positions"][0]["item_id"]), slate["context"]
    named = (item, str(slate["surface"]), str(told["kind"]), str(slate["arm"]))
    return (*named, int(told["variant"]), shown, answered, at)


def _place(slate: Mapping[str, Any]) -> Place:
    minute = int(slate["created"]) // MINUTE
    return str(slate["model_version"]), str(slate["surface"]), str(slate["arm"]), minute
