"""Dates in texts, by the calendar and by "last week", against the recorded days."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

from zhiyin.narrate.grounding.numerals import claims
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
_HAN = "[一二三四五六七八九十]{1,3}"
_CHINESE = re.compile(
    rf"(?:([\d\u3007零一二三四五六七八九]{{4}})年)?(?<![\d十一二])(\d{{1,2}}|{_HAN})月(?!份?个)"
    rf"(?:(\d{{1,2}}|{_HAN})[日号])?"
)
_ONLY_MONTH = re.compile(
    rf"\b(?:in|of|since|last|this|until|by|from) (?P<m>{_NAMES})\b(?:,? (?P<y>\d{{4}}))?"
)
_YEAR = re.compile(
    r"(?<![\d$€£¥])(?<!\d[.,])((?:19|20)\d{2})(s\b|年代)?(?![\d,.]\d|\s*(?:[多余来人次个条名位页款道]|元|块|g\b|kg|ml|ma|mm|h\b))年?"
)
_DECADE = re.compile(
    r"(?<!\d)['’]?\b(\d0)s\b|\b(twent|thirt|fort|fift|sixt|sevent|eight|ninet)ies\b"
    r"|(?:上个?世纪|20世纪|二十世纪)?(?<!\d)(?:(\d0)|([一二三四五六七八九]十))年代"
)
_TENS: list[str] = list("twent thirt fort fift sixt sevent eight ninet".split())
_WEEKDAY = re.compile(rf"\b({'|'.join(_DAYS)})s?\b|(?:星期|周|礼拜)([一二三四五六日天])(?!刊)")
_CLAIMED_DAY = re.compile(
    r"\b(?:last|this|next|on|since|until|till|by|before|from|ends?|it[’']s|it is|today is|happy|"
    r"your)\s+$"
)


def check_dates(reading: Reading) -> None:
    """Finds dates that are not recorded."""
    _days(reading)
    for match in _WEEKDAY.finditer(reading.text):
        _weekday(reading, match)
    for match in _DECADE.finditer(reading.text):
        _decade(reading, match)
    for match in _YEAR.finditer(reading.text):
        _year(reading, match)


def _days(reading: Reading) -> None:
    """Days and months of the calendar."""
    for match in _ISO.finditer(reading.text):
        year, month, day = map(int, re.split("[-/]", match[0]))
        _judge(
            reading, match, lambda d, y=year, m=month, a=day: (d.year, d.month, d.day) == (y, m, a)
        )
    for match in _ENGLISH.finditer(reading.text):
        _calendar(reading, match, match["y"], _MONTH[(match["m1"] or match["m2"])[:3]],
                  match["d1"] or match["d2"])  # fmt: skip
    for match in _CHINESE.finditer(reading.text):
        parts = [_digits(part) for part in match.groups()]
        _calendar(reading, match, parts[0], int(parts[1] or 0), parts[2])
    for match in _ONLY_MONTH.finditer(reading.text):
        year = match["y"]
        if year and any(reading.covered[match.start("y") : match.end("y")]):
            year = None  # the year begins a title
        _calendar(reading, match, year, _MONTH[match["m"][:3]], None)


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
    said_of = reading.text[max(0, match.start() - 12) : match.start()]
    if match[1] and not _CLAIMED_DAY.search(said_of):
        reading.cover(*match.span())  # advice: a quiet Sunday, for Fridays
        return
    at = _DAYS.index(match[1]) if match[1] else "一二三四五六日".find(match[2].replace("天", "日"))
    days = [*reading.facts.dates, *([reading.facts.now] if reading.facts.now else [])]
    said = reading.facts.words["own"].english
    if any(day.weekday() == at for day in days) or _DAYS[at] in " ".join(said):
        reading.cover(*match.span())
    else:
        reading.find(*match.span(), "date", "no such weekday is recorded")


def _decade(reading: Reading, match: re.Match[str]) -> None:
    if any(reading.covered[match.start() : match.end()]):
        return
    two, word, digits, han = match.groups()
    tens = int(two or digits or 0) or (10 * (_TENS.index(str(word)) + 2) if word else 0)
    tens = tens or 10 * "零一二三四五六七八九".find(str(han)[0])
    first = 1900 + tens if tens > 20 else 2000 + tens
    if any(first <= known < first + 10 for known in _years(reading, match.start())):
        reading.cover(*match.span())
    else:
        reading.find(*match.span(), "date", "no such year is recorded")


def _years(reading: Reading, at: int) -> set[int]:
    subject = reading.subject(at)
    years = {
        int(n.value)
        for n in reading.facts.numbers
        if (n.dimension == "year" or 1900 <= n.value <= 2100) and n.owner in (subject, "")
    }
    return years | {day.year for day in reading.facts.dates}


def _year(reading: Reading, match: re.Match[str]) -> None:
    if any(reading.covered[match.start(1) : match.end(1)]):
        return
    year, span = int(match[1]), 10 if match[2] else 1
    if any(year <= known < year + span for known in _years(reading, match.start())):
        reading.cover(*match.span())
    else:
        reading.find(*match.span(), "date", "no such year is recorded")


def _digits(part: str | None) -> str | None:
    """A year, month or day in digits."""
    if part is None or part.isdigit():
        return part
    if len(part) == 4:
        return "".join(
            str("零一二三四五六七八九".find(mark.replace("\u3007", "零"))) for mark in part
        )
    return str(next((int(claim.value) for claim in claims(part)), 0))
