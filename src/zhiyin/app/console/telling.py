"""Why an item is there, in words, with what they rest on."""

from __future__ import annotations

from nicegui.element import Element

from zhiyin.app.console.parts import box, fault, meter, text
from zhiyin.app.console.visits import Visit
from zhiyin.client import ServiceError
from zhiyin.core.messages import Explained

_MOST = 8


async def tell_why(visit: Visit, place: Element, *, user: str, item: str, surface: str) -> None:
    """Asks for an explanation and draws it into a place."""
    words = visit.words
    place.clear()
    with place:
        text("p", words("…"), "zy-soft")
    try:
        found = await visit.client.explain(
            user, item, surface=surface, language="zh" if words.language == "zh" else "en"
        )
    except ServiceError as error:
        place.clear()
        with place:
            fault(error, words)
        return
    place.clear()
    with place:
        _draw(visit, found)


def _draw(visit: Visit, found: Explained) -> None:
    words = visit.words
    text("p", found.explanation.text)
    if found.events:
        text("h3", words("Events that speak for it"))
        meter([(e.title, e.influence, f"{e.influence:.2f}") for e in found.events[:_MOST]])
    if found.features:
        text("h3", words("What the ranker looked at"))
        rows = [(one.what, one.contribution, _value(one.value)) for one in found.features[:_MOST]]
        meter(rows)
        with box("p", "zy-soft"):
            text("span", words("Bars are points of the score; numbers the feature's values."))


def _value(value: float | None) -> str:
    return "–" if value is None else f"{value:.3g}"
