"""Dates in texts, by the calendar and by "last week", against the recorded days."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta

from zhiyin.narrate.grounding.reading import Reading

_MONTHS = "january february march april may june july august september october november december"
_MONTH = {name[:3]: at for at, name in enumerate(_MONTHS.split(), 1)}
_NAMES = "|".join(
    f"{name[:3]}(?:{name[3:]})?" if len(name) > 3 else name for name in _MONTHS.split()
)
_DAYS: tuple[str, ...] = (
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
)
_ISO = re.compile(r"\d{4}[-/]\d{1,2}[-/]\d{1,2}")
_ENGLISH = re.compile(
    rf"\b(?:(?P<d1>\d{{1,2}})(?:st|nd|rd|th)? (?:of )?(?P<m1>{_NAMES})"
    rf"|(?P<m2>{_NAMES})\.? (?P<d2>\d{{1,2}})(?:st|nd|rd|th)?(?!\d))(?:,? (?P<y>\d{{4}}))?\b"
)
_CHINESE = re.compile(r"(?:(\d{4})年)?(\d{1,2})月(?:(\d{1,2})[日号])?")
_ONLY_MONTH = re.compile(
    rf"\b(?:in|of|since|last|this|until|by|from) (?P<m>{_NAMES})\b(?:,? (?P<y>\d{{4}}))?"
)
_YEAR = re.compile(
    r"(?<![\d$€£¥])(?<!\d[.,])((?:19|20)\d{2})(s\b|年代)?(?![\d,.]\d|\s*(?:元|块|g\b|kg|ml|ma|mm|h\b))年?"
)
_WEEKDAY = re.compile(rf"\b({'|'.join(_DAYS)})s?\b|(?:星期|周|礼拜)([一二三四五六日天])(?!刊)")
_AGO = re.compile(
    r"\b(?:(yesterday)|last (week|month|year|night)|(recently|lately|the other day))\b"
    r"|(昨天|前天|上周|上星期|上个月|去年|最近|近日|近期|前几天|刚刚买|刚买|刚看)"
)
_NEXT = re.compile(r"\b(tomorrow)\b|(明天)|\bends (today|tonight)\b|(今[天晚日](?:结束|截止|为止))")
_SPANS = {
    "yesterday": (1, 1), "昨天": (1, 1), "前天": (2, 2), "week": (1, 14), "上周": (1, 14),
    "上星期": (1, 14), "night": (0, 1), "month": (1, 62), "上个月": (1, 62), "year": (1, 730),
    "去年": (1, 730), "recently": (0, 60), "lately": (0, 60), "the other day": (0, 14),
    "最近": (0, 60), "近日": (0, 30), "近期": (0, 60), "前几天": (0, 10),
}  # fmt: skip


def check_dates(reading: Reading) -> None:
    """Finds dates that are not recorded."""
    for match in _ISO.finditer(reading.text):
        year, month, day = map(int, re.split("[-/]", match[0]))
        _judge(
            reading, match, lambda d, y=year, m=month, a=day: (d.year, d.month, d.day) == (y, m, a)
        )
    for match in _ENGLISH.finditer(reading.text):
        _calendar(reading, match, match["y"], _MONTH[(match["m1"] or match["m2"])[:3]],
                  match["d1"] or match["d2"])  # fmt: skip
    for match in _CHINESE.finditer(reading.text):
        _calendar(reading, match, match[1], int(match[2]), match[3])
    for match in _ONLY_MONTH.finditer(reading.text):
        _calendar(reading, match, match["y"], _MONTH[match["m"][:3]], None)
    for match in _WEEKDAY.finditer(reading.text):
        _weekday(reading, match)
    for match in _YEAR.finditer(reading.text):
        _year(reading, match)
    for match in _AGO.finditer(reading.text):
        _ago(reading, match)
    for match in _NEXT.finditer(reading.text):
        ahead = 1 if match[1] or match[2] else 0
        now = reading.facts.now
        _judge(reading, match, lambda d, n=now, a=ahead: n is not None and d == n + timedelta(a))


def _judge(reading: Reading, match: re.Match[str], holds: Callable[[date], bool]) -> None:
    if reading.is_covered(*match.span()):
        return
    if any(holds(day) for day in reading.facts.dates):
        reading.cover(*match.span())
    else:
        reading.find(*match.span(), "date", "no such day is recorded")


def _calendar(
    reading: Reading, match: re.Match[str], year: str | None, month: int, day: str | None
) -> None:
    _judge(
        reading,
        match,
        lambda d: (
            d.month == month
            and (day is None or d.day == int(day))
            and (year is None or d.year == int(year))
        ),
    )


def _weekday(reading: Reading, match: re.Match[str]) -> None:
    at = _DAYS.index(match[1]) if match[1] else "一二三四五六日".find(match[2].replace("天", "日"))
    days = [*reading.facts.dates, *([reading.facts.now] if reading.facts.now else [])]
    said = reading.facts.words["own"].english
    if any(day.weekday() == at for day in days) or _DAYS[at] in " ".join(said):
        reading.cover(*match.span())
    else:
        reading.find(*match.span(), "date", "no such weekday is recorded")


def _year(reading: Reading, match: re.Match[str]) -> None:
    if any(reading.covered[match.start(1) : match.end(1)]):
        return
    year, span = int(match[1]), 10 if match[2] else 1
    subject = reading.subject(match.start())
    years = {
        int(n.value)
        for n in reading.facts.numbers
        if (n.dimension == "year" or 1900 <= n.value <= 2100) and n.owner in (subject, "")
    }
    years |= {day.year for day in reading.facts.dates}
    if any(year <= known < year + span for known in years):
        reading.cover(*match.span())
    else:
        reading.find(*match.span(), "date", "no such year is recorded")


def _ago(reading: Reading, match: re.Match[str]) -> None:
    word = next(part for part in match.groups() if part)
    if word.startswith("刚"):
        return
    least, most = _SPANS[word]
    now = reading.facts.now
    deeds = [deed.when for deed in reading.facts.deeds if deed.when]
    if now is None and deeds and (least, most) == (0, 60):
        reading.cover(*match.span())
        return
    near = now is not None and any(least <= (now - day).days <= most for day in deeds)
    if near and now is not None and _fits(word, now, deeds):
        reading.cover(*match.span())
    else:
        reading.find(*match.span(), "date", "no event is recorded for that time")


def _fits(word: str, now: date, deeds: list[date]) -> bool:
    """Whether "last week", "last month" and "last year" are those of the calendar."""
    if word in ("week", "上周", "上星期"):
        monday = now - timedelta(now.weekday() + 7)
        return any(monday <= day < monday + timedelta(7) or (now - day).days <= 7 for day in deeds)
    if word in ("month", "上个月"):
        last = (now.replace(day=1) - timedelta(1)).replace(day=1)
        return any((day.year, day.month) == (last.year, last.month) for day in deeds)
    if word in ("year", "去年"):
        return any(day.year == now.year - 1 for day in deeds)
    return True
