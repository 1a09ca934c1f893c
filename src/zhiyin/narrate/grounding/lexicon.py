"""Words that claim nothing, and words that mean the same, read from the files beside this one."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from importlib.resources import files
from threading import Lock
from typing import Any, NamedTuple

import snowballstemmer

WORD = re.compile(r"[a-zà-ɏ0-9]+(?:[’'][a-z]+)?")
"""A word in small Latin letters."""
HAN = re.compile("[\u3400-\u9fff]+")
"""A run of Chinese characters."""
_STEMMER: Any = snowballstemmer.stemmer("english")  # pyright: ignore[reportUnknownMemberType]
_STEMMING = Lock()
"""A stemmer keeps the word it works on: one thread at a time."""


_COUNTED = "# Names of attributes and what is counted"


class Group(NamedTuple):
    """Expressions that mean the same."""

    english: tuple[str, ...]
    """Stems, with a blank before, between and after them."""
    chinese: tuple[str, ...]
    """As they are written."""
    is_counted: bool
    """Whether it is what catalogues count: pages, lessons, ratings."""


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """The stem of an English word in small letters."""
    with _STEMMING:
        return str(_STEMMER.stemWord(word.replace("’", "'").removesuffix("'s")))


def stems(text: str) -> list[str]:
    """The stems of the Latin words of a text."""
    return [stem(word) for word in WORD.findall(text.lower())]


def phrase(text: str) -> str:
    """A text as its stems, with a blank before, between and after them."""
    return f" {' '.join(stems(text))} "


@cache
def plain_english() -> frozenset[str]:
    """Stems of words that claim nothing."""
    return frozenset(stem(part) for word in _words("plain-en.txt") for part in [word])


@cache
def plain_chinese() -> frozenset[str]:
    """Words that claim nothing."""
    return frozenset(word for word in _words("plain-zh.txt") if HAN.fullmatch(word))


@cache
def common_english() -> frozenset[str]:
    """Stems of everyday words that claim nothing, unless they are written as a name."""
    return frozenset(stem(word) for word in _words("common-en.txt"))


@cache
def common_chinese() -> frozenset[str]:
    """Everyday words of two characters and more that claim nothing."""
    return frozenset(_words("common-zh.txt"))


@cache
def groups() -> tuple[Group, ...]:
    """Expressions that mean the same."""
    found: list[Group] = []
    is_counted = False
    for line in _text("groups.txt").splitlines():
        if line.startswith("#"):
            is_counted = line == _COUNTED
            continue
        if not line.strip():
            continue
        english, _, chinese = line.partition("=")
        found.append(
            Group(
                tuple(phrase(part) for part in english.split("|")),
                tuple(part.strip() for part in chinese.split("|") if part.strip()),
                is_counted,
            )
        )
    return tuple(found)


@cache
def meanings() -> tuple[dict[str, tuple[int, ...]], dict[str, tuple[int, ...]]]:
    """Which of the `groups` an English expression (stems) and a Chinese one belong to."""
    english: dict[str, tuple[int, ...]] = {}
    chinese: dict[str, tuple[int, ...]] = {}
    for at, group in enumerate(groups()):
        for part in group.english:
            english[part.strip()] = (*english.get(part.strip(), ()), at)
        for part in group.chinese:
            chinese[part] = (*chinese.get(part, ()), at)
    return english, chinese


@cache
def scenes_english() -> frozenset[str]:
    """Stems of things that claim nothing where they only set a scene."""
    return frozenset(stem(word) for word in _words("scenes-en.txt"))


@cache
def scenes_chinese() -> frozenset[str]:
    """Things that claim nothing where they only set a scene."""
    return frozenset(_words("scenes-zh.txt"))


@cache
def counted() -> frozenset[str]:
    """Stems of what catalogues count."""
    named = (name for group in groups() if group.is_counted for name in group.english)
    return frozenset(part for name in named for part in name.split())


@cache
def closed_chinese() -> frozenset[str]:
    """Nouns that claim something though their marks, taken apart, do not."""
    return frozenset(_words("closed-zh.txt"))


def _text(name: str) -> str:
    return (files("zhiyin.narrate.grounding") / "words" / name).read_text(encoding="utf-8")


def _lines(name: str) -> list[str]:
    lines = _text(name).splitlines()
    return [line for line in lines if line.strip() and not line.startswith("#")]


def _words(name: str) -> list[str]:
    return [word for line in _lines(name) for word in line.split()]
