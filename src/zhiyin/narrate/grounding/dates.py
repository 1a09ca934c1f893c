"""Dates of the calendar in texts, and years, decades and centuries, against what is recorded."""

from __future__ import annotations

import re

from zhiyin.narrate.grounding.calendar_days import Day, days_of, festivals_of
from zhiyin.narrate.grounding.facts import OWN
from zhiyin.narrate.grounding.periods import Period, periods_of
from zhiyin.narrate.grounding.reading import Reading

_DAYS: list[str] = list("monday tuesday wednesday thursday friday saturday sunday".split())
_WEEKDAY = re.compile(
    rf"\b({'|'.join(_DAYS)})s?\b(?:[’']s\b)?|(?:星期|周|礼拜)([一二三四五六日天])(?!刊)"
)
_CLAIMED_DAY = re.compile(
    r"\b(?:last|this|next|on|since|until|till|by|before|after|from|through|to|every|each|ends?|"
    r"it[’']s|it is|today is|happy|your|only|published|released|said)\s+$"
)
_CLAIMED_DAY_ZH = re.compile(
    "[上本这每下][个]?(?:周|星期|礼拜)|上映|上线|上架|发[布售行货]|开[放售业始幕课门营]|送达|到[货店]|"
    "截止|结束|为止|之?前|之?后|[买看听读玩订]过|[买看订]的|下单|更新|播出?|举行|打烊|关门|今[天日]|正[好是]"
)
_HAPPENS = re.compile(
    r"\b(?:set|takes? place|happens?|unfolds?|begins?|opens?) (?:back )?in\s+(?:the year )?$|"
    "(?:发生|设定|背景|故事)[^,，。]{0,4}在?$"
)
_FEAST_CLAIMED = re.compile(
    r"\b(?:before|by|until|till|in time for|since|last|this|next|from|ends?(?: on| at)?|"
    r"after|opens?"
    r"(?: on| at)?|arrives?(?: by)?|every|past|ago|released?(?: on| at)?)\s+$"
)
_FEAST_CLAIMED_ZH = re.compile(
    "^(?:节|当天|假期|长假|黄金周)?(?:前|之前|后|期间|到货|上映|截止|送达|起|开|当日|结束|"
    "为止|发售|上线|前后)"
)
_YEARLY = re.compile("year|built|since|found|establish|publi|release|vintage|date|updat")


def check_dates(reading: Reading) -> None:
    """Finds dates that are not recorded."""
    for day in days_of(reading.text):
        _day(reading, day)
    for day in festivals_of(reading.text):
        _festival(reading, day)
    for match in _WEEKDAY.finditer(reading.text):
        _weekday(reading, match)
    for period in periods_of(reading.text):
        _period(reading, period)


def _day(reading: Reading, day: Day) -> None:
    if reading.is_covered(day.start, day.end):
        return
    if day.year is not None and any(reading.covered[day.end - 4 : day.end]):
        day = day._replace(year=None)  # the year begins a title
    if any(day.holds(known) for known in (*reading.facts.dates, *reading.facts.days)):
        reading.cover(day.start, day.end)
    else:
        reading.find(day.start, day.end, "date", "no such day is recorded")


def _festival(reading: Reading, day: Day) -> None:
    """Of a feast: where something is to happen then, that day must be recorded."""
    if any(reading.covered[day.start : day.end]):
        return
    word = reading.text[day.start : day.end]
    said = word in " ".join(reading.facts.words[OWN].texts)
    if said or any(day.holds(known) for known in (*reading.facts.dates, *reading.facts.days)):
        reading.cover(day.start, day.end)
    elif _FEAST_CLAIMED.search(reading.text[: day.start]) or _FEAST_CLAIMED_ZH.match(
        reading.text[day.end : day.end + 8]
    ):
        reading.find(day.start, day.end, "date", "no such day is recorded")


def _weekday(reading: Reading, match: re.Match[str]) -> None:
    if any(reading.covered[match.start() : match.end()]):
        return
    said_of = reading.text[max(0, match.start() - 12) : match.start()]
    clause = reading.text[slice(*reading.clause(match.start()))]
    claimed = _CLAIMED_DAY.search(said_of) if match[1] else _CLAIMED_DAY_ZH.search(clause)
    if not claimed:
        reading.cover(*match.span())  # advice: a quiet Sunday, for Fridays
        return
    at = _DAYS.index(match[1]) if match[1] else "一二三四五六日".find(match[2].replace("天", "日"))
    days = [*reading.facts.dates, *([reading.facts.now] if reading.facts.now else [])]
    said = reading.facts.words[OWN].english
    if any(day.weekday() == at for day in days) or any(_DAYS[at] in word for word in said):
        reading.cover(*match.span())
    else:
        reading.find(*match.span(), "date", "no such weekday is recorded")


def _period(reading: Reading, period: Period) -> None:
    if any(reading.covered[period.start : period.start + 4]):
        return
    known = _years(reading, period.start)
    if _HAPPENS.search(reading.text[max(0, period.start - 24) : period.start]):
        # When a story plays is not when it was made.
        known = {(span.first, span.last) for span, _ in reading.facts.spans}
    if any(period.first <= first and last <= period.last for first, last in known):
        reading.cover(period.start, period.end)
    else:
        reading.find(period.start, period.end, "date", "no such year is recorded")


def _years(reading: Reading, at: int) -> set[tuple[int, int]]:
    """First and last years of what is recorded of the item that is spoken of."""
    subject, facts = reading.subject(at), reading.facts
    years = {
        (int(n.value), int(n.value))
        for n in facts.numbers
        if n.owner in (subject, "")
        and (n.dimension == "year" or (n.dimension == "count" and _YEARLY.search(n.field)))
    }
    spans = {(span.first, span.last) for span, owner in facts.spans if owner in (subject, "")}
    days = {(day.year, day.year) for day in facts.dates}
    return years | spans | days | {(d.year, d.year) for d in facts.days if d.year is not None}
