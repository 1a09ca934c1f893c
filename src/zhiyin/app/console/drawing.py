"""A slate as it is drawn: cards or a list, with reasons, sources and odds."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, cast
from urllib.parse import quote

from nicegui.element import Element

from zhiyin.app.console.comparing import moved
from zhiyin.app.console.parts import box, button, link, meter, readable, text
from zhiyin.app.console.titles import title_in
from zhiyin.app.console.words import Words
from zhiyin.core.keys import id_key
from zhiyin.core.slate import Evidence, Position, Slate

PICTURES = ("image", "image_url", "picture", "thumbnail", "poster")
"""Attributes that may hold the address of a picture."""
Explain = Callable[[str, Element], Awaitable[None]]
"""Tells in a place why an item is there."""
_MOST_TAGS = 5
_MOST_REASONS = 3


def draw_slate(
    slate: Slate,
    usual: Slate,
    titles: dict[str, str],
    words: Words,
    *,
    as_list: bool,
    look_at: Callable[[str], Awaitable[None]],
    explain: Explain | None,
) -> None:
    """Draws a slate.

    Args:
        slate: What is drawn.
        usual: What there would be without any change.
        titles: Titles of the items that reasons name.
        words: The language.
        as_list: Lines in place of cards.
        look_at: Adds an event on an item.
        explain: Tells in words, in a place, why an item is here; None where nobody is meant.
    """
    before = {item: k for k, item in enumerate(usual.item_ids)}
    widest = max((abs(v) for p in slate.positions for v in p.sources.values()), default=0.0)
    places: list[Element] = []
    with box("ol", "zy-slate " + ("list" if as_list else "cards")):
        for k, position in enumerate(slate.positions):
            with box("li", "zy-place"):
                _named(k, position, before, words)
                with box("div"):
                    _reasons(position, titles, words)
                with box("div"):
                    _odds(position, widest, words)
                with box("div", "zy-foot"):
                    with box("div", "zy-row"):
                        if explain is not None:
                            told = partial(_explain, explain, position.item_id, places, k)
                            button(words("Tell me why"), told, kind="offer")
                        button(
                            words("What if this was looked at?"),
                            partial(look_at, position.item_id),
                            kind="quiet",
                        )
                    places.append(box("div", "zy-told", aria_live="polite"))


async def _explain(explain: Explain, item_id: str, places: list[Element], k: int) -> None:
    await explain(item_id, places[k])


def difference(slate: Slate, usual: Slate, words: Words) -> str:
    """What the change did, in a sentence."""
    new = [item for item in slate.item_ids if item not in usual.item_ids]
    gone = [item for item in usual.item_ids if item not in slate.item_ids]
    if not new and not gone:
        moved = slate.item_ids != usual.item_ids
        return words("The same items, in another order.") if moved else words("Nothing changed.")
    return words("{n} items are new.", n=len(new)) + " " + words("{n} are gone.", n=len(gone))


def examples(slate: Slate, words: Words) -> list[tuple[str, str, str]]:
    """Filters and boosts to try, made from the attributes of a slate.

    Returns:
        Of each: "filter" or "boost", the expression, and what it does in words.
    """
    found: list[tuple[str, str, str]] = []
    seen: set[str] = set()
    for position in slate.positions:
        for name, value in position.properties.items():
            if name in seen or not name.isidentifier():
                continue
            first = _first(value)
            if first:
                seen.add(name)
                found.append(("filter", f'"{first}" in {name}', words("only {value}", value=first)))
                boost = f'if("{first}" in {name}, 2, 1)'
                found.append(("boost", boost, words("{value} counts double", value=first)))
            elif isinstance(value, int | float) and not isinstance(value, bool):
                seen.add(name)
                found.append(("filter", f"{name} < {value:g}", f"{name} < {value:g}"))
    return found[:4]


def _first(value: object) -> str:
    """The first entry of a list where an expression can name it as it is, else ""."""
    entries = cast("list[object]", value) if isinstance(value, list) else []
    first = entries[0] if entries else None
    plain = isinstance(first, str) and '"' not in first and "\\" not in first
    return str(first) if plain else ""


def _named(k: int, position: Position, before: dict[str, int], words: Words) -> None:
    tagged: Any = position.properties.get("categories") or []
    tags: list[object] = list(tagged) if isinstance(tagged, list) else [tagged]  # type: ignore[reportUnknownArgumentType]
    title = title_in(position.item_id, position.properties)
    with box("header"):
        _face(position, title, readable(tags[0]) if tags else "")
        with box("div", "zy-name"):
            with box("div", "zy-title"):
                text("span", f"{k + 1}.", "number")
                link(title, f"/items?item={quote(position.item_id, safe='')}", "title")
                sign, told = moved(position.item_id, k, before, words)
                if sign:
                    classes = "zy-tag" if position.item_id in before else "zy-tag new"
                    text("span", sign, classes).props["title"] = told
            with box("div", "zy-tags"):
                for tag in tags[:_MOST_TAGS]:
                    text("span", readable(tag), "zy-tag")
        _score(position, words)


def _face(position: Position, title: str, kind: str) -> None:
    """The picture, or the title's first letter in the colour of its first category."""
    picture = _picture(position)
    if picture:
        made = box("img", alt="", loading="lazy", referrerpolicy="no-referrer")
        made.props["src"] = picture
        return
    letter = next((sign for sign in title if sign.isalnum()), "·").upper()
    made = text("span", letter, "zy-face")
    made.props["aria-hidden"] = "true"
    made.style(f"--hue: {id_key(kind) % 360}")


def _reasons(position: Position, titles: dict[str, str], words: Words) -> None:
    text("h3", words("Why"))
    if not position.evidence:
        text(
            "p", words("No single fact stands out: the blend as a whole ranks it here."), "zy-soft"
        )
        return
    with box("ul", "zy-why"):
        for evidence in position.evidence[:_MOST_REASONS]:
            with box("li"):
                told, event = reason(evidence, titles, words)
                with box("span"):
                    text("span", told)
                    if event:
                        text("span", event, "zy-event")
                if evidence.share:
                    text("span", f"{evidence.share:.0%}", "share")


def reason(evidence: Evidence, titles: dict[str, str], words: Words) -> tuple[str, str]:
    """A recorded fact in words, and what was done, where it is an event."""
    named = titles.get(evidence.item_id or "", evidence.item_id or "")
    if evidence.kind == "event" and evidence.item_id is not None:
        if evidence.event:
            return named, evidence.event
        return words("because of {item}", item=named), ""
    return evidence.text or (f"{evidence.kind}: {named}" if named else evidence.kind), ""


def _odds(position: Position, widest: float, words: Words) -> None:
    text("h3", words("Scores by source"))
    rows = sorted(position.sources.items(), key=lambda pair: -abs(pair[1]))
    meter([(name, value, f"{value:.2f}") for name, value in rows], full=widest or None)
    if position.stages:
        with box("details", "zy-small"):
            text("summary", words("Stage by stage"))
            _stages(position, words)


def _score(position: Position, words: Words) -> None:
    with box("div", "zy-score"):
        text("strong", f"{position.score:.2f}").props["title"] = words("Score")
        odds = text("span", words("propensity {value}", value=f"{position.propensity:.3g}"))
        odds.props["title"] = words("The probability with which the policy puts it here")


def _stages(position: Position, words: Words) -> None:
    """Score and place after each stage."""
    names = {
        "retrieval": words("Retrieval"),
        "ranking": words("Ranker"),
        "rules": words("Rules and policy"),
    }
    with box("table", "zy-table zy-stages"):
        with box("thead"), box("tr"):
            for column in (words("Stage"), words("Score"), words("Place")):
                text("th", column).props["scope"] = "col"
        with box("tbody"):
            for stage in position.stages:
                with box("tr"):
                    text("td", names.get(stage.name, stage.name))
                    text("td", f"{stage.score:.4g}")
                    text("td", stage.place)


def _picture(position: Position) -> str:
    """The address of a picture; only of the kinds that can do nothing but be shown."""
    for name in PICTURES:
        value = position.properties.get(name)
        if isinstance(value, str) and value.startswith(("https://", "http://")):
            return value
    return ""
