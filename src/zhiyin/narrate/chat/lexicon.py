"""Words that mean the same when people say what they want, read from the files beside this one."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def alike() -> tuple[tuple[str, ...], ...]:
    """Words for the same kind of thing, English and Chinese together, in small letters."""
    return tuple(
        tuple(word.strip() for side in line.split("=") for word in side.split("|") if word.strip())
        for line in _lines("kinds.txt")
    )


@cache
def companions() -> dict[str, tuple[str, ...]]:
    """For each word the words that mean the same, itself first."""
    found: dict[str, list[str]] = {}
    for group in alike():
        for word in group:
            held = found.setdefault(word, [word])
            held += [other for other in group if other not in held]
    return {word: tuple(others) for word, others in found.items()}


@cache
def names_of_people() -> tuple[tuple[str, str], ...]:
    """Chinese names of people, and how they write themselves."""
    pairs = (line.partition("=") for line in _lines("people.txt"))
    return tuple((left.strip(), right.strip()) for left, _, right in pairs)


def _lines(name: str) -> list[str]:
    text = (files("zhiyin.narrate.chat") / "words" / name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
