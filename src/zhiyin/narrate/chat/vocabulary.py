"""The attributes of a catalogue and their values, found in what people say."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, cast

from zhiyin.narrate.grounding.lexicon import groups, phrase

_TAGS = ("categories", "genres", "brand", "directors", "authors", "artist", "tags", "colour",
         "material", "style", "language", "actors", "mpaa")  # fmt: skip
_NUMBERS = ("price", "year", "rating", "runtime_min", "pages", "weight_g", "weight_kg")
_MOST_NAMES = 50_000


class Value(NamedTuple):
    """A value of an attribute in a text."""

    start: int
    """Where it begins."""
    end: int
    """Where it ends."""
    field: str
    """The attribute."""
    value: str
    """The value as the catalogue writes it."""


class Vocabulary:
    """Values by the words for them.

    Args:
        records: The catalogue.
    """

    def __init__(self, records: Iterable[Mapping[str, Any]]) -> None:
        self.numbers: set[str] = set()
        self._values: dict[str, tuple[str, str]] = {}
        self._titles: dict[str, str] = {}
        for record in records:
            self._add(record)
        self._say_alike()
        names = sorted(self._values, key=lambda name: -len(name))[:_MOST_NAMES]
        self._find = re.compile("|".join(map(_bounded, names))) if names else None

    @property
    def values(self) -> list[str]:
        """All words for values."""
        return list(self._values)

    def find(self, text: str) -> list[Value]:
        """The values that a text (in small letters) names, the longest where they overlap."""
        if self._find is None:
            return []
        found: list[Value] = []
        for match in self._find.finditer(text):
            key = match[0] if match[0] in self._values else match[0].rstrip("s")
            field, value = self._values.get(key, self._values.get(match[0], ("", "")))
            if field:
                found.append(Value(match.start(), match.end(), field, value))
        return found

    def item_called(self, title: str) -> str | None:
        """The id of the item with a title, whatever the case."""
        return self._titles.get(" ".join(title.casefold().split()))

    def _add(self, record: Mapping[str, Any]) -> None:
        for field in _TAGS:
            value = record.get(field)
            parts = cast("Sequence[object]", value) if isinstance(value, list | tuple) else [value]
            for part in parts:
                if isinstance(part, str) and 1 < len(part.strip()) <= 40:
                    self._values.setdefault(part.strip().casefold(), (field, part))
        for field in _NUMBERS:
            if isinstance(record.get(field), int | float):
                self.numbers.add(field)
        if isinstance(record.get("title"), str):
            title = " ".join(record["title"].casefold().split())
            self._titles.setdefault(title, str(record.get("item_id")))

    def _say_alike(self) -> None:
        """Adds what means the same in the other language."""
        stems = {phrase(name): target for name, target in self._values.items() if name.isascii()}
        for group in groups():
            targets = [stems[part] for part in group.english if part in stems]
            targets += [self._values[part] for part in group.chinese if part in self._values]
            if targets:
                for part in (*group.english, *group.chinese):
                    if len(part.strip()) > 1:
                        self._values.setdefault(part.strip(), targets[0])


def _bounded(name: str) -> str:
    if name.isascii():
        return rf"(?<![a-z0-9]){re.escape(name)}(?:e?s)?(?![a-z0-9])"
    return re.escape(name)
