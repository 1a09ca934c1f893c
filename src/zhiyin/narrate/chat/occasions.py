"""What is recorded of a user that bears on this moment: reasons to begin a conversation with."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from itertools import pairwise
from statistics import median
from typing import Any, NamedTuple

from scipy.special import bdtrc

from zhiyin.core.messages.chat import OccasionKind
from zhiyin.narrate.chat.state import Wish, parts_of
from zhiyin.narrate.chat.vocabulary import KINDS

_MINUTE = 60_000
_DAY = 24 * 60 * _MINUTE
_BAND_HOURS = 6
_VISITS = 3
"""Visits at a time of the week before anything is said of it."""
_OTHERS = 5
"""Visits at other times to hold them against."""
_CHANCE = 0.05
"""How likely it may be by chance that so many of these visits went to a kind."""
_SHARE = 0.5
"""Part of the visits at this time that went to the kind, at least."""
_UNFINISHED_DAYS = 60
_UNFINISHED = 2
_BEGUN_DAYS = 30
_BEGUN_ITEMS = 3
"""Items of a new kind before it counts as begun."""
_BEFORE = 10
"""Events before a kind was begun that had none of it."""
_AWAY_DAYS = 7
_AWAY_TIMES = 3.0
"""Times the usual gap between two visits."""
_GAPS = 3
_ENDS: Mapping[str, str] = {"cart": "purchase", "play": "complete", "enrol": "complete"}
"""What begins something, and what ends it."""
_AGAINST = frozenset("remove_from_cart return dislike hide block skip unfavourite unfollow".split())
_SILENT = frozenset({"impression", "search"}) | _AGAINST
"""Events that are no choice of an item."""


class Deed(NamedTuple):
    """An event of a user on an item."""

    seq: int
    """Its number in the log."""
    item_id: str
    """The item."""
    type: str
    """Its type."""
    at: int | None
    """When, in milliseconds since the epoch; None where unknown."""


class Occasion(NamedTuple):
    """A reason to suggest something, with what it rests on."""

    kind: OccasionKind
    """Of what sort."""
    deeds: tuple[Deed, ...]
    """The events that it rests on."""
    item_ids: tuple[str, ...] = ()
    """The items that are suggested, where it is about these."""
    wish: Wish | None = None
    """What is suggested, where it is a kind or a series."""
    counted: int = 0
    """Visits at this time with the kind; items so far; days since the last visit."""
    of: int = 0
    """Visits at this time; days that usually pass between visits."""
    elsewhere: int = 0
    """Visits at other times with the kind."""
    elsewhere_of: int = 0
    """Visits at other times."""


def occasions(
    deeds: Sequence[Deed],
    records: Mapping[str, Mapping[str, Any]],
    *,
    now: int,
    offset: int,
) -> list[Occasion]:
    """What is recorded of a user that bears on this moment; empty where nothing is.

    Args:
        deeds: What they did, in order of arrival.
        records: Attributes of the items by id; items that are gone are absent.
        now: The present, in milliseconds since the epoch.
        offset: Minutes that the user's clock is ahead of UTC.
    """
    known = [deed for deed in deeds if deed.item_id in records and not (deed.at or 0) > now]
    chosen = [deed for deed in known if deed.type not in _SILENT]
    found = [
        *_unfinished(known, now),
        _begun_series(chosen, records, now) or _begun_kind(chosen, records, now),
        _at_this_time(chosen, records, now, offset),
        _after_a_while(chosen, now, offset),
    ]
    return [occasion for occasion in found if occasion is not None]


def slot_of(at: int, offset: int) -> tuple[int, int, int]:
    """The day since the epoch, the weekday (Monday is 0) and the quarter of the day of a moment."""
    minutes = at // _MINUTE + offset
    day = minutes // (24 * 60)
    return day, (day + 3) % 7, minutes % (24 * 60) // (60 * _BAND_HOURS)


def _at_this_time(
    chosen: Sequence[Deed], records: Mapping[str, Mapping[str, Any]], now: int, offset: int
) -> Occasion | None:
    """The kind that this user goes for at this time of the week, more than by chance.

    A visit is a quarter of a day with events. Of the visits at this time of the week so many
    went to a kind that the binomial tail, by its share of all other visits, is at most 5 %
    over all kinds that are tried.
    """
    today, *time = slot_of(now, offset)
    visits: defaultdict[tuple[int, int, int], list[Deed]] = defaultdict(list)
    for deed in chosen:
        if deed.at is not None and (slot := slot_of(deed.at, offset))[0] != today:
            visits[slot].append(deed)
    here = [slot for slot in visits if [*slot[1:]] == time]
    if len(here) < _VISITS or len(visits) - len(here) < _OTHERS:
        return None
    kinds = {slot: _kinds_in(done, records) for slot, done in visits.items()}
    counts = Counter(kind for slot in here for kind in kinds[slot])
    rest = Counter(kind for slot in visits if slot not in here for kind in kinds[slot])
    n, others = len(here), len(visits) - len(here)
    tried = [kind for kind, count in counts.items() if count >= max(_VISITS, _SHARE * n)]
    chance = {
        kind: float(bdtrc(counts[kind] - 1, n, (rest[kind] + 1) / (others + 2))) for kind in tried
    }
    likely = [kind for kind in tried if chance[kind] * len(tried) <= _CHANCE]
    if not likely:
        return None
    field, value = min(likely, key=lambda kind: (chance[kind], kind))
    done = [
        deed
        for slot in here
        for deed in visits[slot]
        if value in parts_of(field, records[deed.item_id].get(field))
    ]
    return Occasion(
        "time", tuple(done), wish=Wish(field=field, op="has", value=value),
        counted=counts[field, value], of=n, elsewhere=rest[field, value], elsewhere_of=others,
    )  # fmt: skip


def _kinds_in(
    deeds: Sequence[Deed], records: Mapping[str, Mapping[str, Any]]
) -> set[tuple[str, str]]:
    return {
        (field, part)
        for deed in deeds
        for field in KINDS
        for part in parts_of(field, records[deed.item_id].get(field))
    }


def _unfinished(known: Sequence[Deed], now: int) -> list[Occasion]:
    """Items that were begun and neither ended nor turned down since, the latest first.

    That something was not finished can only be known where ends are recorded: what was played
    or enrolled in counts only for users with some event of completion. A purchase has no end
    that must have been recorded before: a cart may be the first.
    """
    completes = any(deed.type == "complete" for deed in known)
    open_: dict[str, Deed] = {}
    for deed in known:
        begun = open_.get(deed.item_id)
        ends = begun is not None and deed.type in (_ENDS[begun.type], "purchase", "complete")
        if ends or deed.type in _AGAINST:
            open_.pop(deed.item_id, None)
        elif deed.type in _ENDS and (deed.type == "cart" or completes):
            open_[deed.item_id] = deed
    recent = [
        deed
        for deed in open_.values()
        if deed.at is not None and now - deed.at <= _UNFINISHED_DAYS * _DAY
    ]
    latest = sorted(recent, key=lambda deed: (-(deed.at or 0), -deed.seq))
    return [
        Occasion("unfinished", (deed,), item_ids=(deed.item_id,), counted=1)
        for deed in latest[:_UNFINISHED]
    ]


def _begun_series(
    chosen: Sequence[Deed], records: Mapping[str, Mapping[str, Any]], now: int
) -> Occasion | None:
    """The series that was begun last, in the last month."""
    by_series: defaultdict[str, list[Deed]] = defaultdict(list)
    for deed in chosen:
        for name in parts_of("series", records[deed.item_id].get("series")):
            by_series[name].append(deed)
    new = {name: done for name, done in by_series.items() if _is_new(done, now)}
    if not new:
        return None
    name = max(new, key=lambda name: (new[name][-1].seq, name))
    done = new[name]
    return Occasion(
        "begun", tuple(done), wish=Wish(field="series", op="has", value=name),
        counted=len({deed.item_id for deed in done}),
    )  # fmt: skip


def _begun_kind(
    chosen: Sequence[Deed], records: Mapping[str, Mapping[str, Any]], now: int
) -> Occasion | None:
    """A kind of which several items were chosen in the last month, and none before."""
    by_kind: defaultdict[tuple[str, str], list[Deed]] = defaultdict(list)
    for deed in chosen:
        for kind in _kinds_in([deed], records):
            by_kind[kind].append(deed)
    new = {
        kind: done
        for kind, done in by_kind.items()
        if _is_new(done, now)
        and len({deed.item_id for deed in done}) >= _BEGUN_ITEMS
        and sum(deed.seq < done[0].seq for deed in chosen) >= _BEFORE
    }
    if not new:
        return None
    field, value = max(new, key=lambda kind: (len(new[kind]), kind))
    done = new[field, value]
    return Occasion(
        "begun", tuple(done), wish=Wish(field=field, op="has", value=value),
        counted=len({deed.item_id for deed in done}),
    )  # fmt: skip


def _is_new(done: Sequence[Deed], now: int) -> bool:
    """Whether all of some events are of the last month."""
    return all(deed.at is not None and now - deed.at <= _BEGUN_DAYS * _DAY for deed in done)


def _after_a_while(chosen: Sequence[Deed], now: int, offset: int) -> Occasion | None:
    """That the last visit is much longer ago than it usually is."""
    timed = [deed for deed in chosen if deed.at is not None]
    days = sorted({slot_of(deed.at or 0, offset)[0] for deed in timed})
    gaps = [later - earlier for earlier, later in pairwise(days)]
    if len(gaps) < _GAPS:
        return None
    away = slot_of(now, offset)[0] - days[-1]
    usual = median(gaps)
    if away < max(_AWAY_DAYS, _AWAY_TIMES * usual):
        return None
    last = max(timed, key=lambda deed: (deed.at or 0, deed.seq))
    return Occasion("return", (last,), counted=away, of=round(usual))
