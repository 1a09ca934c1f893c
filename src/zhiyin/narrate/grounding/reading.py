"""A text while it is read: what of it is accounted for, and what was found wrong."""

from __future__ import annotations

import re
from typing import NamedTuple

from zhiyin.narrate.grounding.facts import OWN, Facts
from zhiyin.narrate.grounding.numerals import claims
from zhiyin.narrate.language import plain_marks

_SENTENCE_END = re.compile(r"[。！？!?;；\n]|\.(?=\s|$)")
_CLAUSE_END = re.compile(r"[。！？!?;；\n,，:：—]|\.(?=\s|$)")
_BACK_TO_IT = re.compile(r"\b(?:this|it|its|here)\b|这|本[款片书课]|它")


class Finding(NamedTuple):
    """Words that neither record nor evidence supports."""

    start: int
    """Where they begin."""
    end: int
    """Where they end."""
    kind: str
    """number, price, discount, date, name, property, negation, event, profile, other-item,
    comparison, availability, banned-claim."""
    why: str
    """What is missing."""


class Mention(NamedTuple):
    """A place where an item is called by its name."""

    start: int
    end: int
    owner: str
    """Whose name it is."""


class Reading:
    """A text, normalised mark by mark, so that places stay the same.

    Args:
        text: As it would be shown.
        facts: What it may say.
    """

    def __init__(self, text: str, facts: Facts) -> None:
        self.original = text
        self.text = plain_marks(text)
        self.facts = facts
        self.covered = bytearray(len(text))
        self.findings: list[Finding] = []
        self.mentions = self._mentions()

    def cover(self, start: int, end: int) -> None:
        """Marks a place as accounted for."""
        self.covered[start:end] = b"\1" * (end - start)

    def is_covered(self, start: int, end: int) -> bool:
        """Whether a whole place is accounted for."""
        return all(self.covered[start:end])

    def find(self, start: int, end: int, kind: str, why: str) -> None:
        """Notes words without support, once."""
        self.findings.append(Finding(start, end, kind, why))
        self.cover(start, end)

    def sentence(self, at: int) -> tuple[int, int]:
        """Where the sentence around a place begins and ends."""
        return self._around(at, _SENTENCE_END)

    def clause(self, at: int) -> tuple[int, int]:
        """Where the clause around a place begins and ends."""
        return self._around(at, _CLAUSE_END)

    def subject(self, at: int) -> str:
        """Which item is spoken of at a place: the one named last, unless it is "this" again."""
        start, _ = self.sentence(at)
        before = [m for m in self.mentions if start <= m.start and m.end <= at]
        if not before:
            return OWN
        back = _BACK_TO_IT.search(self.text, before[-1].end, at)
        known = before[-1].owner in self.facts.words
        return before[-1].owner if known and not back else OWN

    def _around(self, at: int, end: re.Pattern[str]) -> tuple[int, int]:
        start = max((m.end() for m in end.finditer(self.text, 0, at)), default=0)
        found = end.search(self.text, at)
        return start, found.start() if found else len(self.text)

    def _mentions(self) -> list[Mention]:
        """Names in the text, the longest first; they are accounted for."""
        found: list[Mention] = []
        for name, owner in self.facts.names:
            for match in re.finditer(_bounded(name), self.text):
                if _counts(self.original, match):
                    continue
                if not any(self.covered[match.start() : match.end()]):
                    self.cover(*match.span())
                    if owner:
                        found.append(Mention(*match.span(), owner))
        return sorted(found)


def _counts(original: str, match: re.Match[str]) -> bool:
    """Whether a name that is a numeral counts what follows: "Seven actors"."""
    said = claims(match[0])
    whole = bool(said) and (said[0].start, said[0].end) == (0, len(match[0]))
    return whole and bool(re.match(r" [a-z]+s\b", original[match.end() :]))


def _bounded(name: str) -> str:
    left = r"(?<![a-z0-9])" if name[0].isascii() and name[0].isalnum() else ""
    right = r"(?![a-z0-9])" if name[-1].isascii() and name[-1].isalnum() else ""
    return left + re.escape(name) + right
