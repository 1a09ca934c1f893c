"""Words that claim nothing, and words that mean the same, read from the files beside this one."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, NamedTuple

import snowballstemmer

WORD = re.compile(r"[a-zà-ɏ0-9]+(?:[’'][a-z]+)?")
"""A word in small Latin letters."""
HAN = re.compile("[\u3400-\u9fff]+")
"""A run of Chinese characters."""
_STEMMER: Any = snowballstemmer.stemmer("english")  # pyright: ignore[reportUnknownMemberType]


class Group(NamedTuple):
    """Expressions that mean the same."""

    english: tuple[str, ...]
    """Stems, with a blank before, between and after them."""
    chinese: tuple[str, ...]
    """As they are written."""


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """The stem of an English word in small letters."""
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
    for line in _lines("groups.txt"):
        english, _, chinese = line.partition("=")
        found.append(
            Group(
                tuple(phrase(part) for part in english.split("|")),
                tuple(part.strip() for part in chinese.split("|") if part.strip()),
            )
        )
    return tuple(found)


def _lines(name: str) -> list[str]:
    text = (files("zhiyin.narrate.grounding") / "words" / name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line.strip() and not line.startswith("#")]


def _words(name: str) -> list[str]:
    return [word for line in _lines(name) for word in line.split()]
