"""A slate beside the one that there would be without any change."""

from __future__ import annotations

from collections.abc import Mapping

from zhiyin.app.console.parts import box, text
from zhiyin.app.console.words import Words
from zhiyin.core.slate import Slate


def moved(item: str, place: int, before: Mapping[str, int], words: Words) -> tuple[str, str]:
    """How an item moved, as a sign and in words; both empty where it stayed.

    Args:
        item: Which.
        place: Where it is now, from 0.
        before: Where items were, from 0.
        words: The language.
    """
    was = before.get(item)
    if was is None:
        return words("new"), words("new")
    if was == place:
        return "", ""
    return f"{'↑' if was > place else '↓'}{abs(was - place)}", words("was at place {n}", n=was + 1)


def draw_comparison(slate: Slate, usual: Slate, titles: Mapping[str, str], words: Words) -> None:
    """Two columns: the slate as it is, and with the change, with what moved."""
    before = {item: k for k, item in enumerate(usual.item_ids)}
    now = set(slate.item_ids)
    with box("div", "zy-beside"):
        with box("section"):
            text("h3", words("As it is"))
            with box("ol"):
                for item in usual.item_ids:
                    with box("li", "" if item in now else "gone"):
                        text("span", titles.get(item, item), "title")
                        if item not in now:
                            text("span", words("gone"), "zy-tag")
        with box("section"):
            text("h3", words("With the change"))
            with box("ol"):
                for k, item in enumerate(slate.item_ids):
                    sign, told = moved(item, k, before, words)
                    with box("li", "moved" if sign else ""):
                        text("span", titles.get(item, item), "title")
                        if sign:
                            mark = text(
                                "span", sign, "zy-tag new" if item not in before else "zy-tag"
                            )
                            mark.props["title"] = told
