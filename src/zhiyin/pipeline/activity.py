"""What the log and the catalogue hold, counted for charts.

One scan of the log (the newest two million events) and of the catalogue, kept for a minute;
what is kept holds counts and keys, so that an erased item is gone from the next answer.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from zhiyin.core.clock import Clock, system_clock
from zhiyin.core.keys import id_key
from zhiyin.core.messages import (
    Activity,
    Bucket,
    Counted,
    Deed,
    History,
    Kind,
    Period,
    Reach,
    Step,
    TopItem,
)
from zhiyin.core.messages.ids import FIRST_INSTANT, LAST_INSTANT
from zhiyin.core.protocols import EntityStore, EventStore
from zhiyin.core.schema import EVENTS

_READ = 2_000_000
_KEPT_MS = 60_000
_UNCHANGED_MS = 600_000
"""A look is kept so long where no event came: categories may have changed."""
_HOUR = 3_600_000
_DAY = 24 * _HOUR
_FEW = 0.05
_LISTED = 10
_KINDS = 12
_LEASTS = (0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000)
_SHARES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0)
_STEPS: tuple[tuple[Step, str, int], ...] = (
    ("hour", "1h", 3 * _DAY),
    ("day", "1d", 70 * _DAY),
    ("week", "1w", 2 * 365 * _DAY),
)
"""Length of the periods, by the longest time that they are for; beyond it, months."""


@dataclass(frozen=True, slots=True)
class _Look:
    """One look at the log: everything but what names items."""

    seen: int
    at: int
    activity: Activity
    top: list[tuple[int, int]]


class ActivityReader:
    """Counts what a workspace's log and catalogue hold.

    Args:
        events: The log.
        entities: The catalogue.
        clock: Source of the present.
    """

    def __init__(
        self, events: EventStore, entities: EntityStore, *, clock: Clock = system_clock
    ) -> None:
        self._events = events
        self._entities = entities
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: _Look | None = None

    def read(self) -> Activity:
        """The counts, at most a minute old, with the titles of this moment."""
        with self._lock:
            now, kept = self._clock(), self._kept
            if kept is None or now - kept.at > _KEPT_MS:
                seen = self._events.last_seq()
                if kept is None or seen != kept.seen or now - kept.at > _UNCHANGED_MS:
                    kept = self._kept = self._look(seen, now)
        return kept.activity.model_copy(update={"top_items": self._titled(kept.top)})

    def history(self, user_id: str, *, limit: int) -> History:
        """What somebody did last, newest first."""
        past = list(reversed(self._events.history(id_key(user_id), limit=limit)))
        past.sort(key=lambda event: -(event.timestamp or 0))
        keys = [event.item_key for event in past if event.item_key is not None]
        ids = self._entities.ids("item", keys)
        titles = self._titles(list(ids.values()))
        deeds: list[Deed] = []
        for event in past:
            item = ids.get(event.item_key) if event.item_key is not None else None
            deeds.append(
                Deed(
                    type=event.type,
                    item_id=item,
                    title=titles.get(item or "", ""),
                    timestamp=event.timestamp,
                    value=event.value,
                )
            )
        return History(user_id=user_id, deeds=deeds)

    def _look(self, seen: int, now: int) -> _Look:
        columns = ["user_key", "item_key", "type", "timestamp"]
        batches = list(self._events.scan(after=max(0, seen - _READ), columns=columns))
        bare = pl.DataFrame(schema={name: EVENTS[name] for name in columns})
        log = pl.concat([bare, *batches], how="vertical_relaxed")
        catalogue = self._entities.scan("item", columns=["key", "attributes"])
        counts = log.drop_nulls("item_key").group_by("item_key").len("events")
        items = (
            catalogue.join(counts, left_on="key", right_on="item_key", how="left")
            .with_columns(pl.col("events").fill_null(0))
            .sort("events", "key", descending=[True, False])
        )
        people = log.drop_nulls("user_key").group_by("user_key").len("events")["events"]
        timed = log.filter(pl.col("timestamp").is_between(FIRST_INSTANT, LAST_INSTANT))
        near = _dense(timed)
        step, every = _step_of(near)
        found = Activity(
            events_read=log.height,
            step=step,
            periods=_periods(near, timed, every),
            outside=timed.height - near.height,
            untimed=log.height - timed.height,
            week=_week(near),
            types=_types(log),
            kinds=_kinds(items),
            item_buckets=_buckets(items["events"]),
            user_buckets=_buckets(people),
            reach=_reach(items["events"]),
        )
        # Some more than are listed: those that are erased meanwhile are left out.
        top = items.filter(pl.col("events") > 0).head(3 * _LISTED).select("key", "events").rows()
        return _Look(seen, now, found, [(int(key), int(n)) for key, n in top])

    def _titled(self, top: Sequence[tuple[int, int]]) -> list[TopItem]:
        ids = self._entities.ids("item", [key for key, _ in top])
        titles = self._titles(list(ids.values()))
        return [
            TopItem(item_id=ids[key], title=titles[ids[key]] or ids[key], events=n)
            for key, n in top
            if key in ids
        ][:_LISTED]

    def _titles(self, ids: Sequence[str]) -> dict[str, str]:
        known = self._entities.get("item", ids)
        return {item: str((known.get(item) or {}).get("title") or "") for item in ids}


def _dense(timed: pl.DataFrame) -> pl.DataFrame:
    """Without the few events that lie far off, beyond a gap of half of all the time."""
    while timed.height > 1:
        days = timed["timestamp"].sort()
        gaps = days.diff().fill_null(0)
        widest = int(gaps.arg_max() or 0)
        gap, span = int(gaps[widest]), int(days[-1]) - int(days[0])
        if gap <= max(_DAY, span // 2):
            break
        few = min(widest, days.len() - widest)
        if few > _FEW * days.len():
            break
        later = pl.col("timestamp") >= int(days[widest])
        timed = timed.filter(~later if few == days.len() - widest else later)
    return timed


def _step_of(near: pl.DataFrame) -> tuple[Step, str]:
    if not near.height:
        return "day", "1d"
    times = near["timestamp"]
    span = int(times.max()) - int(times.min())  # type: ignore[arg-type]
    for step, every, longest in _STEPS:
        if span <= longest:
            return step, every
    return "month", "1mo"


def _periods(near: pl.DataFrame, timed: pl.DataFrame, every: str) -> list[Period]:
    """Time from the first to the last event, without gaps."""
    if not near.height:
        return []
    first = timed.group_by("user_key").agg(pl.col("timestamp").min().alias("first"))
    start = pl.from_epoch("timestamp", time_unit="ms").dt.truncate(every).alias("start")
    began = pl.from_epoch("first", time_unit="ms").dt.truncate(every)
    marked = near.join(first, on="user_key", how="left", nulls_equal=True).with_columns(
        start, began.alias("began")
    )
    new = pl.col("user_key").filter(pl.col("began") == pl.col("start")).n_unique()
    found = (
        marked.group_by("start")
        .agg(
            pl.len().alias("events"),
            pl.col("user_key").drop_nulls().n_unique().alias("users"),
            new.alias("new_users"),
        )
        .sort("start")
        .upsample("start", every=every)
        .with_columns(pl.col("events", "users", "new_users").fill_null(0))
        .with_columns(pl.col("start").dt.epoch("ms"))
    )
    return [
        Period(start=int(s), events=int(e), users=int(u), new_users=int(n))
        for s, e, u, n in found.select("start", "events", "users", "new_users").iter_rows()
    ]


def _week(near: pl.DataFrame) -> list[list[int]]:
    if not near.height:
        return []
    moment = pl.from_epoch("timestamp", time_unit="ms")
    counts = near.group_by(moment.dt.weekday().alias("day"), moment.dt.hour().alias("hour")).len(
        "events"
    )
    found = [[0] * 24 for _ in range(7)]
    for day, hour, events in counts.iter_rows():
        found[int(day) - 1][int(hour)] = int(events)
    return found


def _types(log: pl.DataFrame) -> list[Counted]:
    counts = log.group_by(pl.col("type").cast(pl.String)).len("events")
    most = counts.sort("events", "type", descending=[True, False]).head(_LISTED)
    return [Counted(name=str(name), count=int(n)) for name, n in most.iter_rows()]


def _kinds(items: pl.DataFrame) -> list[Kind]:
    """The largest categories; an item counts for each of its own."""
    told = items.select(
        "events",
        pl.col("attributes").str.json_path_match("$.categories").alias("one"),
    ).drop_nulls("one")
    many = pl.col("one").str.starts_with("[")
    lists = told.filter(many).with_columns(
        pl.col("one").str.json_decode(pl.List(pl.String)).alias("one")
    )
    parts = pl.concat([lists.explode("one"), told.filter(~many)]).drop_nulls("one")
    counts = (
        parts.filter(pl.col("one").str.strip_chars() != "")
        .group_by("one")
        .agg(pl.len().alias("items"), pl.col("events").sum())
        .sort("items", "one", descending=[True, False])
        .head(_KINDS)
    )
    return [
        Kind(name=str(name), items=int(n), events=int(events))
        for name, n, events in counts.iter_rows()
    ]


def _buckets(counts: pl.Series) -> list[Bucket]:
    """How many have so many events; empty ones at both ends are left out."""
    found: list[Bucket] = []
    for k, least in enumerate(_LEASTS):
        most = _LEASTS[k + 1] - 1 if k + 1 < len(_LEASTS) else None
        inside = counts >= least if most is None else (counts >= least) & (counts <= most)
        found.append(Bucket(least=least, most=most, count=int(inside.sum())))
    while found and not found[-1].count:
        found.pop()
    while found and not found[0].count:
        found.pop(0)
    return found


def _reach(counts: pl.Series) -> list[Reach]:
    """Shares of the events, for items sorted from the most popular down."""
    total = int(counts.sum())
    if not total:
        return []
    along = counts.cum_sum()
    found: list[Reach] = []
    for share in _SHARES:
        n = max(1, round(share * counts.len()))
        found.append(Reach(items=share, events=round(int(along[n - 1]) / total, 4)))
    return found
