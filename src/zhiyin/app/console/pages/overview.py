"""What is there, which model serves, and what is shown and answered."""

from __future__ import annotations

from collections import defaultdict

from zhiyin.app.console.parts import (
    ago,
    bars,
    box,
    card,
    empty,
    figure,
    link,
    moment,
    text,
)
from zhiyin.app.console.visits import Visit
from zhiyin.app.console.words import Words
from zhiyin.core.clock import system_clock
from zhiyin.core.messages import Overview


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
    if found.model_version is None:
        empty(
            words("No model yet"),
            words("Slates need a model. What is missing: {trouble}", trouble=found.trouble),
            "zhiyin train",
        )
        link(words("Start a training here"), "/models")
        return
    with box("div", "zy-grid"):
        _model(found, words)
        _traffic(found, words)
    with card(words("What next")), box("div", "zy-row"):
        link(words("Look at a slate, and why it is as it is"), "/slates")
        link(words("See the items as a map"), "/map")
        link(words("Find an item"), "/items")


def _counts(found: Overview, words: Words) -> None:
    with box("div", "zy-figures"):
        figure(words("Workspace"), found.workspace, "" if found.trouble else words("answers"))
        figure(words("Items"), f"{found.items:,}")
        figure(words("Users"), f"{found.users:,}")
        figure(words("Events"), f"{found.events:,}")
        if found.model_version is not None and found.published is not None:
            age = ago(found.published, system_clock(), words)
            figure(words("Model"), found.model_version, words("{age} old", age=age))


def _model(found: Overview, words: Words) -> None:
    with card(words("The model that serves")):
        if found.trainings_under_way:
            text("p", words("A training is under way."))
        with box("dl", "zy-fields"):
            for name, value in (
                (words("Version"), found.model_version),
                (words("Made"), moment(found.published)),
                (words("Newest event it knows"), moment(found.as_of)),
                (words("Events since then"), f"{found.events_since_training or 0:,}"),
            ):
                text("dt", name)
                text("dd", value)
        shares = [
            (words(name), value, f"{value:.1%}")
            for name, value in (
                ("Catalogue shown in the last 24 hours", found.coverage),
                ("Places with one of the tenth most popular items", found.popularity_share),
            )
            if value is not None
        ]
        if shares:
            bars(
                words("What is shown"),
                shares,
                words=words,
                columns=("figure", "share"),
                file="coverage",
                full=1.0,
            )


def _traffic(found: Overview, words: Words) -> None:
    with card(words("Slates shown and answered")):
        shown = sum(group.shown for group in found.traffic)
        answered = sum(group.answered for group in found.traffic)
        if not shown:
            text("p", words("No slate was shown yet. Slates in this console do not count."))
            return
        if not answered:
            text(
                "p",
                words(
                    "{n} slates were shown and none was answered yet: send feedback to "
                    "/v1/feedback to see the CTR.",
                    n=f"{shown:,}",
                ),
            )
        groups: dict[str, list[int]] = defaultdict(lambda: [0, 0])
        for group in found.traffic:
            name = f"{group.surface} · {group.arm} · {group.version}"
            groups[name][0] += group.shown
            groups[name][1] += group.answered
        rates = sorted(((a / s, n, a, s) for n, (s, a) in groups.items() if s), reverse=True)
        if answered:
            bars(
                words("CTR by surface, arm and version"),
                [(name, rate, f"{rate:.1%} ({a}/{s})") for rate, name, a, s in rates],
                words=words,
                columns=("surface · arm · version", "ctr"),
                file="ctr",
            )
        bars(
            words("Slates by day"),
            [(moment(day.day)[:10], day.shown, f"{day.shown:,}") for day in found.days],
            words=words,
            columns=("day", "slates"),
            file="slates-by-day",
        )
