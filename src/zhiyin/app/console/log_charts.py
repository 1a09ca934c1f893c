"""What the log and the catalogue hold, as charts."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from zhiyin.app.console.charts import (
    WEEKDAYS,
    Column,
    busiest,
    chart,
    columns_over_time,
    week_map,
    when,
)
from zhiyin.app.console.parts import bars, box, card, link, moment, text
from zhiyin.app.console.words import Words
from zhiyin.core.messages import Activity, Bucket

_TYPES = 8


def draw_log(found: Activity, words: Words) -> None:
    """Everything that there is to see; charts without numbers are left out."""
    if not found.events_read:
        return
    if found.periods:
        with box("div", "zy-grid wide"):
            _events(found, words)
            _week(found, words)
            _people(found, words)
            _histories(found, words)
    with box("div", "zy-grid wide"):
        _top(found, words)
        _kinds(found, words)
        _reach(found, words)
        _spread(found, words)
        _types(found, words)


def _events(found: Activity, words: Words) -> None:
    step = words(found.step)
    first, last = found.periods[0].start, found.periods[-1].start
    told = [
        words(
            "{n} events from {first} to {last}, by {step}.",
            n=f"{sum(one.events for one in found.periods):,}",
            first=moment(first)[:10],
            last=moment(last)[:10],
            step=step,
        )
    ]
    if found.outside:
        told.append(words("{n} far from these left out.", n=f"{found.outside:,}"))
    if found.untimed:
        told.append(words("{n} have no time.", n=f"{found.untimed:,}"))
    with (
        card(),
        chart(
            words("Events over time"),
            " ".join(told),
            words=words,
            columns=(step, words("Events")),
            rows=[(when(one.start, found.step), one.events) for one in found.periods],
            file="events-over-time",
        ),
    ):
        columns_over_time([Column(when(p.start, found.step), p.events) for p in found.periods])


def _people(found: Activity, words: Words) -> None:
    step = words(found.step)
    new = sum(one.new_users for one in found.periods)
    told = words("Amber: people who were never seen before, {n} in all.", n=f"{new:,}")
    shown = [Column(when(p.start, found.step), p.users, p.new_users) for p in found.periods]
    with (
        card(),
        chart(
            words("People: known and new"),
            told,
            words=words,
            columns=(step, words("People"), words("of them new")),
            rows=[(one.label, one.value, one.part) for one in shown],
            file="people-over-time",
        ),
    ):
        columns_over_time(shown)


def _week(found: Activity, words: Words) -> None:
    day, hour, count = busiest(found.week)
    told = words(
        "Busiest: {day} at {hour}:00 (UTC), {n} events.",
        day=words(WEEKDAYS[day]),
        hour=f"{hour:02d}",
        n=f"{count:,}",
    )
    rows = [
        (words(name), f"{at:02d}:00", n)
        for name, hours in zip(WEEKDAYS, found.week, strict=True)
        for at, n in enumerate(hours)
    ]
    with (
        card(),
        chart(
            words("When things happen"),
            told,
            words=words,
            columns=(words("Day"), words("Hour"), words("Events")),
            rows=rows,
            file="week",
        ),
    ):
        week_map(found.week, words)


def _types(found: Activity, words: Words) -> None:
    if len(found.types) < 2:
        return
    with card():
        bars(
            words("What is done"),
            [(one.name, one.count, f"{one.count:,}") for one in found.types[:_TYPES]],
            words=words,
            columns=("type", "events"),
            file="event-types",
        )


def _top(found: Activity, words: Words) -> None:
    if not found.top_items:
        return
    with card():
        bars(
            words("Most popular items"),
            [(one.title, one.events, f"{one.events:,}") for one in found.top_items],
            words=words,
            columns=("item", "events"),
            file="top-items",
            targets=[f"/items?item={quote(one.item_id, safe='')}" for one in found.top_items],
        )


def _kinds(found: Activity, words: Words) -> None:
    with card():
        if not found.kinds:
            text("h3", words("The catalogue by category"))
            text("p", words("Items have no attribute “categories”: with one, they show here."))
            link(words("Import files here"), "/import")
            return
        total = sum(kind.events for kind in found.kinds) or 1
        bars(
            words("The catalogue by category"),
            [
                (kind.name, kind.items, f"{kind.items:,} · {kind.events / total:.0%}")
                for kind in found.kinds
            ],
            words=words,
            columns=("category", "items"),
            file="categories",
            told=words("Items of each, and its share of the events on all of these."),
        )


def _reach(found: Activity, words: Words) -> None:
    if not found.reach:
        return
    tenth = next((one.events for one in found.reach if one.items == 0.1), None)
    told = (
        words(
            "The most popular tenth of the items takes {share} of the events.", share=f"{tenth:.0%}"
        )
        if tenth is not None
        else ""
    )
    with card():
        bars(
            words("How popularity is spread"),
            [
                (words("top {share}", share=f"{one.items:.0%}"), one.events, f"{one.events:.0%}")
                for one in found.reach
                if one.items < 1
            ],
            words=words,
            columns=("items", "share of events"),
            file="popularity",
            full=1.0,
            told=told,
        )


def _spread(found: Activity, words: Words) -> None:
    if not found.reach:
        return
    rare = sum(one.count for one in found.item_buckets if one.most is not None and one.most < 5)
    told = words("{n} items have fewer than five: little is known of them.", n=f"{rare:,}")
    with card():
        _counted(found.item_buckets, words("Items by number of events"), told, "items", words)


def _histories(found: Activity, words: Words) -> None:
    if not found.user_buckets:
        return
    with card():
        told = words(
            "With few events, what is popular and the profile decide, until the history speaks."
        )
        _counted(found.user_buckets, words("People by number of events"), told, "people", words)


def _counted(buckets: Sequence[Bucket], title: str, told: str, file: str, words: Words) -> None:
    bars(
        title,
        [(counted_range(one), one.count, f"{one.count:,}") for one in buckets],
        words=words,
        columns=("events", file),
        file=f"{file}-by-events",
        told=told,
    )


def counted_range(bucket: Bucket) -> str:
    """How many events, as it is read."""
    if bucket.most is None:
        return f"≥ {bucket.least:,}"
    if bucket.most == bucket.least:
        return f"{bucket.least:,}"
    return f"{bucket.least:,}–{bucket.most:,}"
