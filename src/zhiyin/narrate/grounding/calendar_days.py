"""Days and months of the calendar as texts name them, in English and Chinese."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from zhiyin.narrate.grounding.numerals import claims

_MONTHS = "january february march april may june july august september october november december"
_MONTH = {name[:3]: at for at, name in enumerate(_MONTHS.split(), 1)}
_NAMES = "|".join(
    f"{name[:3]}(?:{name[3:]})?" if len(name) > 3 else name for name in _MONTHS.split()
)
_SURE = "|".join(name for name in _MONTHS.split() if name not in ("march", "may", "august"))
_ISO = re.compile(r"(?<!\d)(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?!\d)")
_ENGLISH = re.compile(
    rf"\b(?:(?P<d1>\d{{1,2}})(?:st|nd|rd|th)? (?:of )?(?P<m1>{_NAMES})"
    rf"|(?P<m2>{_NAMES})\.? (?P<d2>\d{{1,2}})(?:st|nd|rd|th)?(?!\d))(?:,? (?P<y>\d{{4}}))?\b"
)
_ONLY_MONTH = re.compile(
    rf"\b(?:(?:in|of|since|last|this|next|until|till|by|from|before|after|every|each|mid|"
    rf"early|late)"
    rf"[ -](?P<m>{_NAMES})|(?P<sure>{_SURE}))\b(?:,? (?P<y>\d{{4}}))?"
)
_HAN = "[一二三四五六七八九十]{1,3}"
_CHINESE = re.compile(
    rf"(?:([\d\u3007零一二三四五六七八九]{{4}})年)?(?<![\d十一二])(\d{{1,2}}|"
    rf"{_HAN})月(?!份?个|初[一二三四五六七八九十])"
    rf"(?:(\d{{1,2}}|{_HAN})[日号])?"
)
_FESTIVALS = {
    "元旦": (1, 1), "情人节": (2, 14), "妇女节": (3, 8), "劳动节": (5, 1), "五一": (5, 1),
    "儿童节": (6, 1), "六一": (6, 1), "国庆": (10, 1), "十一假期": (10, 1), "双十一": (11, 11),
    "双11": (11, 11), "圣诞": (12, 25), "平安夜": (12, 24), "christmas eve": (12, 24),
    "christmas": (12, 25), "halloween": (10, 31), "valentine's day": (2, 14),
    "new year's day": (1, 1), "may day": (5, 1), "boxing day": (12, 26),
}  # fmt: skip
_FESTIVAL = re.compile("|".join(_FESTIVALS))


class Day(NamedTuple):
    """A day, or a month where no day is named, as a text says it."""

    start: int
    end: int
    year: int | None
    month: int
    day: int | None

    def holds(self, other: Day | date) -> bool:
        """Whether a recorded day bears this one out."""
        same_day = self.day is None or self.day == other.day
        same_year = self.year is None or other.year is None or self.year == other.year
        return self.month == other.month and same_day and same_year


def days_of(text: str) -> list[Day]:
    """The days and months that a text names, in small letters, by place."""
    found: list[Day] = []
    for day in sorted((*_iso(text), *_english(text), *_chinese(text)), key=_by_place):
        if not found or day.start >= found[-1].end:
            found.append(day)
    return found


def festivals_of(text: str) -> list[Day]:
    """The feasts that a text names, which fall on the same day each year."""
    return [Day(*m.span(), None, *_FESTIVALS[m[0]]) for m in _FESTIVAL.finditer(text)]


def _by_place(day: Day) -> tuple[int, int]:
    return day.start, -day.end


def _iso(text: str) -> Iterator[Day]:
    for match in _ISO.finditer(text):
        yield Day(*match.span(), int(match[1]), int(match[2]), int(match[3]))


def _english(text: str) -> Iterator[Day]:
    for match in _ENGLISH.finditer(text):
        month = _MONTH[(match["m1"] or match["m2"])[:3]]
        yield Day(*match.span(), _number(match["y"]), month, _number(match["d1"] or match["d2"]))
    for match in _ONLY_MONTH.finditer(text):
        month = _MONTH[(match["m"] or match["sure"])[:3]]
        yield Day(*match.span(), _number(match["y"]), month, None)


def _chinese(text: str) -> Iterator[Day]:
    for match in _CHINESE.finditer(text):
        year, month, day = map(_number, match.groups())
        yield Day(*match.span(), year, month or 0, day)


def _number(part: str | None) -> int | None:
    """A year, month or day in digits."""
    if part is None or part.isdigit():
        return int(part) if part else None
    if len(part) == 4:
        marks = part.replace("\u3007", "零")
        return int("".join(str("零一二三四五六七八九".find(mark)) for mark in marks))
    return next((int(claim.value) for claim in claims(part)), 0)
