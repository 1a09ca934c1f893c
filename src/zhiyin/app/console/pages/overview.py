"""What is there, which model serves, what is shown and answered, and what the log holds."""

from __future__ import annotations

from collections import defaultdict

from nicegui import ui
from nicegui.element import Element

from zhiyin.app.console.charts import Column, chart, columns_over_time, when
from zhiyin.app.console.log_charts import draw_log
from zhiyin.app.console.parts import (
    ago,
    bars,
    box,
    card,
    empty,
    fault,
    figure,
    link,
    moment,
    text,
)
from zhiyin.app.console.reached import draw_reached
from zhiyin.app.console.visits import Visit
from zhiyin.app.console.words import Words
from zhiyin.client import ServiceError
from zhiyin.core.clock import system_clock
from zhiyin.core.messages import HourTraffic, Overview

_HOUR = 3_600_000


async def build(visit: Visit) -> None:
    """The overview."""
    words = visit.words
    found = await visit.client.read_overview()
    if not found.events and not found.items:
        empty(
            words("This workspace is empty"),
            words("Import a catalogue and what people did with it, then train."),
            "zhiyin import --items items.csv --events events.csv",
            "zhiyin train",
        )
        link(words("Import files here"), "/import")
        return
    _counts(found, words)
    hours: Element | None = None
    if found.model_version is None:
        empty(
            words("No model yet"),
            words("Slates need a model. What is missing: {trouble}", trouble=found.trouble),
            "zhiyin train",
        )
        link(words("Start a training here"), "/models")
    else:
        _next(words)
        with box("div", "zy-grid wide"):
            shown = sum(group.shown for group in found.traffic)
            with card(words("Slates shown and answered")):
                if shown:
                    _answered(found, shown, words)
                    _coverage(found, words)
                else:
                    _nothing_shown(words)
            with card(words("The model that serves")):
                await _model(visit, found)
            if shown:
                hours = box("div", "zy-through")
                _by_day(found, words)
    text("h2", words("What the log and the catalogue hold"), "zy-part")
    log = box("div")
    with log:
        text("p", words("Counting…"), "zy-soft zy-counting").props["role"] = "status"
    # The page answers at once; the log is counted beside it.
    ui.timer(0.05, lambda: _count(visit, log, hours), once=True)


async def _count(visit: Visit, log: Element, hours: Element | None) -> None:
    try:
        found = await visit.client.read_activity()
    except ServiceError as error:
        log.clear()
        with log:
            fault(error, visit.words)
        return
    log.clear()
    with log:
        draw_log(found, visit.words)
    if hours is not None and found.hours:
        with hours, card():
            _by_hour(found.hours, visit.words)


def _counts(found: Overview, words: Words) -> None:
    now = system_clock()
    with box("div", "zy-figures"):
        figure(words("Items"), f"{found.items:,}")
        figure(words("People"), f"{found.users:,}")
        figure(words("Events"), f"{found.events:,}")
        if found.model_version is not None and found.published is not None:
            age = ago(found.published, now, words)
            figure(words("Model"), found.model_version, words("{age} old", age=age))
        healthy = words("Needs a model") if found.trouble else words("Healthy")
        figure(words("Health"), healthy, words("workspace {name}", name=found.workspace))


def _next(words: Words) -> None:
    """Where to go, for somebody who is here for the first time."""
    places = (
        (
            "/slates",
            words("Why does somebody get this?"),
            words(
                "What they see (a slate), with the facts behind each item. Change a rule, "
                "see it change."
            ),
        ),
        (
            "/map",
            words("See the items as a map"),
            words("Items near one another are taken by the same people."),
        ),
        (
            "/chat",
            words("Talk to it"),
            words("Ask for something in your own words, and say what you do not want."),
        ),
    )
    with box("nav", "zy-next", aria_label=words("What next")):
        for target, title, told in places:
            with link("", target):
                text("strong", title)
                text("span", told)


async def _model(visit: Visit, found: Overview) -> None:
    words = visit.words
    if found.trainings_under_way:
        text("p", words("A training is under way."))
    serving = next((one for one in await visit.client.list_models() if one.serving), None)
    if serving is not None:
        draw_reached(serving, words)
    with box("dl", "zy-fields"):
        for name, value in (
            (words("Version"), found.model_version),
            (words("Made"), moment(found.published)),
            (words("Newest event it knows"), moment(found.as_of)),
            (words("Events since then"), f"{found.events_since_training or 0:,}"),
        ):
            text("dt", name)
            text("dd", value)


def _answered(found: Overview, shown: int, words: Words) -> None:
    if any(group.answered for group in found.traffic):
        _ctr(found, words)
        return
    text(
        "p",
        words(
            "{n} slates were shown and none was answered yet: send feedback to "
            "/v1/feedback to see the CTR.",
            n=f"{shown:,}",
        ),
    )


def _by_day(found: Overview, words: Words) -> None:
    if len(found.days) < 2:
        return
    with card():
        bars(
            words("Slates by day"),
            [(moment(day.day)[:10], day.shown, f"{day.shown:,}") for day in found.days],
            words=words,
            columns=("day", "slates"),
            file="slates-by-day",
        )


def _coverage(found: Overview, words: Words) -> None:
    shares = [
        (words(name), value, f"{value:.1%}")
        for name, value in (
            ("Catalogue shown in the last 24 hours", found.coverage),
            ("Places with one of the tenth most popular items", found.popularity_share),
        )
        if value is not None
    ]
    bars(
        words("What is shown"),
        shares,
        words=words,
        columns=("figure", "share"),
        file="coverage",
        full=1.0,
    )


def _nothing_shown(words: Words) -> None:
    text("p", words("No slate was shown yet. Slates in this console do not count."))
    text("p", words("As soon as your pages ask for slates, you see here:"), "zy-soft")
    with box("ul", "zy-does"):
        for line in (
            words("slates by hour and by day"),
            words("the CTR by surface, arm of an experiment, and model"),
            words("how much of the catalogue is shown, and how much of it is popular anyway"),
        ):
            text("li", line)
    text("code", 'curl -X POST …/v1/recommend -d \'{"user_id": "…"}\'', "zy-command")
    text("code", "curl -X POST …/v1/feedback", "zy-command")


def _ctr(found: Overview, words: Words) -> None:
    groups: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for group in found.traffic:
        name = f"{group.surface} · {group.arm} · {group.version}"
        groups[name][0] += group.shown
        groups[name][1] += group.answered
    rates = sorted(((a / s, n, a, s) for n, (s, a) in groups.items() if s), reverse=True)
    bars(
        words("CTR by surface, arm and version"),
        [(name, rate, f"{rate:.1%} ({a:,}/{s:,})") for rate, name, a, s in rates],
        words=words,
        columns=("surface · arm · version", "ctr"),
        file="ctr",
    )


def _by_hour(hours: list[HourTraffic], words: Words) -> None:
    """Slates of the last two days, hours without any among them."""
    known = {one.hour: one for one in hours}
    last = max(*known, system_clock() // _HOUR * _HOUR)
    shown: list[Column] = []
    for hour in range(min(known), last + 1, _HOUR):
        one = known.get(hour)
        shown.append(
            Column(when(hour, "hour"), one.shown if one else 0, one.answered if one else 0)
        )
    with chart(
        words("Slates by hour"),
        words("Amber: slates that were answered."),
        words=words,
        columns=(words("Hour"), words("Slates"), words("answered")),
        rows=[(one.label, one.value, one.part) for one in shown],
        file="slates-by-hour",
    ):
        columns_over_time(shown)
