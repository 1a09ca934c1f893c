"""Both languages say everything."""

from __future__ import annotations

import ast
import string
from pathlib import Path

import pytest

import zhiyin.app.console as console
from zhiyin.app.console.chinese import CHINESE
from zhiyin.app.console.words import Words

FOLDER = Path(console.__file__).parent
NAMES = {"words", "_words"}
INDIRECT = (
    *("Light", "Dark", "Auto", "Cards", "List", "Pin", "Mute", "Forget"),
    *("For it: {facts}", "Against it: {facts}"),
    *("Catalogue shown in the last 24 hours", "Places with one of the tenth most popular items"),
    *("train", "update", "starting", "running", "published", "refused", "cancelled", "failed"),
    *("behaviour", "wish", "pin", "mute", "group", "items", "users", "events"),
    *("Overview", "Slates", "Catalogue", "Users", "Profiles", "Models", "Map", "Surfaces"),
    *("Import", "Experiments", "Chat", "Settings", "Data", "Operation"),
    *("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun", "hour", "day", "week", "month"),
)
"""Sentences that reach `Words` by way of a variable."""


def said() -> set[str]:
    found: set[str] = set()
    for path in FOLDER.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                given = list(node.args[:1]) if name in NAMES else []
                given += [k.value for k in node.keywords if k.arg == "done"]
                found |= {
                    str(a.value)
                    for a in given
                    if isinstance(a, ast.Constant) and isinstance(a.value, str) and a.value
                }
    return found


def places(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


def test_every_sentence_of_the_pages_is_there_in_chinese() -> None:
    assert len(said()) > 100
    assert not (said() | set(INDIRECT)) - CHINESE.keys()


def test_no_sentence_is_translated_that_nobody_says() -> None:
    assert not CHINESE.keys() - said() - set(INDIRECT)


@pytest.mark.parametrize("english", sorted(CHINESE))
def test_a_translation_has_the_same_places_for_values(english: str) -> None:
    assert places(english) == places(CHINESE[english])


def test_a_value_with_braces_is_never_read_as_a_sentence() -> None:
    assert Words("en")("Gone: {names}.", names="{0.__class__}") == "Gone: {0.__class__}."


def test_an_unknown_language_is_english() -> None:
    assert Words("xx")("Why") == "Why"
    assert Words("zh")("Why") == "为什么"
