"""Rows of a log to event columns: integer keys, one type, milliseconds, checked values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from zhiyin.core.keys import id_keys
from zhiyin.data.importing.attributes import as_numbers, json_objects, looks_numeric
from zhiyin.data.importing.batches import RawBatch
from zhiyin.data.importing.columns import numbers, texts, whole_numbers, without_nulls
from zhiyin.data.importing.event_types import event_types
from zhiyin.data.importing.ids import IdEncoder
from zhiyin.data.importing.options import ImportOptions
from zhiyin.data.importing.quarantine import Quarantine
from zhiyin.data.importing.report import Tally
from zhiyin.data.importing.times import FUTURE_MS, to_milliseconds

NO_USER = "the user is missing"
BAD_TIME = "the time is not understood"
EARLY = "the time lies before 1970"
FUTURE = "the time lies in the future"
BAD_VALUE = "the value is not a number"
BAD_POSITION = "the position is not a whole number"

_CONTEXT_ROLES = ("surface", "device", "place", "session")
_OWN_ROLES = ("user", "item", "type", "timestamp", "value", "text", "query", "event_id", "position")
_ENCODED = ("user", "item", "type")
"""Roles of which each distinct value is looked at once."""
_UNSAID = ("", "NULL", "\\N")
NAMED = "named"
"""Column with the key of an id that the file itself gives to the event."""


@dataclass(frozen=True, slots=True)
class EventSink:
    """What an event builder writes to besides its result."""

    tally: Tally
    quarantine: Quarantine
    users: IdEncoder
    items: IdEncoder


class EventBuilder:
    """Turns raw batches of one file into event frames.

    Args:
        options: How to read.
        now: The present in milliseconds; later times are refused.
        sink: Where counts, rejected rows and ids go.
        keep_extra: Whether columns without a role go into ``context``.
    """

    def __init__(
        self,
        *,
        options: ImportOptions,
        now: int,
        sink: EventSink,
        keep_extra: bool = True,
    ) -> None:
        self.tally = sink.tally
        self._options = options
        self._now = now
        self._sink = sink
        self._keep_extra = keep_extra
        self._types = pl.Categories.random()
        self._words = pl.Categories.random()
        self._numeric: set[str] | None = None

    def build(self, batch: RawBatch, roles: Mapping[str, str]) -> pl.DataFrame:
        """The accepted events of a batch: `zhiyin.core.schema.EVENTS` without keys of events.

        Columns that the file does not have are absent; ``named`` holds keys of given ids.

        Args:
            batch: Rows of the file.
            roles: The file's column for each role.
        """
        rows, sink, nulls = batch.rows, self._sink, self._options.null_values
        columns = {
            role: rows[name] if role in _ENCODED else without_nulls(rows[name], nulls)
            for role, name in roles.items()
            if role in _OWN_ROLES and name in rows.columns
        }
        reasons = _Reasons(rows.height)
        made: dict[str, pl.Series] = {}
        user_keys, no_user = sink.users.encode(columns.get("user", _nothing(rows.height)))
        reasons.where(pl.Series(no_user), NO_USER)
        made["user_key"] = pl.Series(user_keys)
        if "item" in columns:
            item_keys, no_item = sink.items.encode(columns["item"])
            made["item_key"] = pl.Series(item_keys).set(pl.Series(no_item), None)
        self._add_time(columns, made, reasons)
        self._add_numbers(columns, made, reasons)
        for role in ("text", "query"):
            if role in columns:
                made[role] = texts(columns[role])
        made["type"] = self._type(columns, made, rows.height)
        if "event_id" in columns:
            made[NAMED] = _given_keys(texts(columns["event_id"]))
        context = self._context(rows, roles)
        if context is not None:
            made["context"] = context
        accepted = reasons.accepted()
        if not accepted.all():
            why = reasons.texts()
            sink.quarantine.add_rows(rows.filter(~accepted), batch.lines.filter(~accepted), why)
            sink.tally.reasons.update(why.to_list())
        frame = pl.DataFrame(made).filter(accepted)
        self._take_notes(frame, "item" in columns, "timestamp" in columns)
        return frame

    def _add_time(
        self, columns: Mapping[str, pl.Series], made: dict[str, pl.Series], reasons: _Reasons
    ) -> None:
        if "timestamp" not in columns:
            return
        options = self._options
        times = to_milliseconds(
            columns["timestamp"], unit=options.time_unit, zone=options.time_zone
        )
        reasons.where(times.bad, BAD_TIME)
        reasons.where((times.milliseconds < 0).fill_null(False), EARLY)
        reasons.where((times.milliseconds > self._now + FUTURE_MS).fill_null(False), FUTURE)
        made["timestamp"] = times.milliseconds

    def _add_numbers(
        self, columns: Mapping[str, pl.Series], made: dict[str, pl.Series], reasons: _Reasons
    ) -> None:
        if "value" in columns:
            made["value"], bad = numbers(columns["value"])
            reasons.where(bad, BAD_VALUE)
        if "position" in columns:
            made["position"], bad = whole_numbers(columns["position"])
            reasons.where(bad, BAD_POSITION)

    def _type(
        self, columns: Mapping[str, pl.Series], made: Mapping[str, pl.Series], height: int
    ) -> pl.Series:
        dtype = pl.Categorical(self._types)
        default = self._default_type(columns)
        if "type" not in columns:
            return pl.Series("type", [default], dtype=dtype).new_from_index(0, height)
        codes = texts(columns["type"]).cast(pl.Categorical(self._words))
        present = codes.drop_nulls().unique()
        words = present.cast(pl.String).str.strip_chars().to_list()
        known = event_types(
            set(words).difference(self._options.null_values), self._options.event_types
        )
        self._sink.tally.event_types.update(
            {word: name for word, name in known.items() if word != name}
        )
        named = [*(known.get(word, default) for word in words), default]
        codes = codes.to_physical()
        row_of_code = np.full(int(codes.max() or 0) + 2, len(words))  # type: ignore[arg-type]
        row_of_code[present.to_physical().to_numpy()] = np.arange(len(words))
        rows = row_of_code[codes.fill_null(len(row_of_code) - 1).to_numpy()]
        return pl.Series("type", named, dtype=dtype).gather(rows)

    def _default_type(self, columns: Mapping[str, pl.Series]) -> str:
        if self._options.default_type is not None:
            return self._options.default_type
        if "value" in columns:
            return "rating"
        return "search" if "query" in columns and "item" not in columns else "interaction"

    def _context(self, rows: pl.DataFrame, roles: Mapping[str, str]) -> pl.Series | None:
        """Everything that has no column of its own, as JSON."""
        named = {roles[role]: role for role in _CONTEXT_ROLES if role in roles}
        given = roles.get("context", "")
        own = {roles[role] for role in _OWN_ROLES if role in roles} | {given}
        extra = {
            named.get(name, name): without_nulls(rows[name], _UNSAID)
            for name in rows.columns
            if name not in own and (self._keep_extra or name in named)
        }
        base = None
        if given in rows.columns:
            base, extra["context"] = _objects_apart(texts(rows[given]))
        self._settle_numbers(extra)
        filled = {
            name: values for name, values in extra.items() if values.null_count() < len(values)
        }
        return None if not filled and base is None else json_objects(filled, base=base)

    def _settle_numbers(self, extra: dict[str, pl.Series]) -> None:
        """Turns into numbers the columns that held nothing else in the first rows."""
        if self._numeric is None and any(len(values) for values in extra.values()):
            self._numeric = {
                name
                for name, values in extra.items()
                if values.dtype == pl.String and looks_numeric(values)
            }
        for name in (self._numeric or set()) & extra.keys():
            if looks_numeric(extra[name]):
                extra[name] = as_numbers(extra[name])

    def _take_notes(self, frame: pl.DataFrame, has_items: bool, has_times: bool) -> None:
        notes = self._sink.tally.notes
        if has_items:
            notes["events without an item, kept as events of the user alone"] += frame[
                "item_key"
            ].null_count()
        if has_times:
            notes["events without a time"] += frame["timestamp"].null_count()


class _Reasons:
    """Why rows are refused: the first reason counts."""

    def __init__(self, height: int) -> None:
        self._codes = np.zeros(height, dtype=np.uint8)
        self._names: list[str] = []

    def where(self, bad: pl.Series, reason: str) -> None:
        self._names.append(reason)
        mask = bad.to_numpy() & (self._codes == 0)
        self._codes[mask] = len(self._names)

    def accepted(self) -> pl.Series:
        return pl.Series(self._codes == 0)

    def texts(self) -> pl.Series:
        names = np.asarray(["", *self._names], dtype=np.object_)
        return pl.Series("reason", names[self._codes[self._codes > 0]], dtype=pl.String)


def _given_keys(ids: pl.Series) -> pl.Series:
    keys = pl.Series(id_keys(ids.fill_null("").to_list()))
    return keys.set(ids.is_null(), None)


def _objects_apart(context: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Context that is a JSON object, and context that is anything else."""
    objects = context.str.contains(r"^\s*\{.*\}\s*$").fill_null(False)
    return context.set(~objects, None), context.set(objects, None)


def _nothing(height: int) -> pl.Series:
    return pl.Series([None], dtype=pl.String).new_from_index(0, height)
