"""Dates in texts, by the calendar and by "last week", against the recorded days."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta

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
    rf"(?:([\d〇零一二三四五六七八九]{{4}})年)?(?<![\d十一二])(\d{{1,2}}|{_HAN})月(?!份?个)"
    rf"(?:(\d{{1,2}}|{_HAN})[日号])?"
)
_THIS = re.compile(r"\bthis (month|week|year)\b|(本月|这个月|当月|本周|这周|这个星期|今年|本年)")
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
_TENS = "twent thirt fort fift sixt sevent eight ninet".split()
_WEEKDAY = re.compile(rf"\b({'|'.join(_DAYS)})s?\b|(?:星期|周|礼拜)([一二三四五六日天])(?!刊)")
_CLAIMED_DAY = re.compile(
    r"\b(?:last|this|next|on|since|until|till|by|before|from|ends?|it[’']s|it is|today is|happy|your)\s+$"
)
_AGO = re.compile(
    r"\b(?:(yesterday)|last (week|month|year|night)|(recently|lately|the other day))\b"
    r"|(昨天|前天|上周|上星期|上个月|去年|最近|近日|近期|前几天|刚刚买|刚买|刚看)"
)
_NEXT = re.compile(r"\b(tomorrow)\b|(明天)|\bends (today|tonight)\b|(今[天晚日](?:结束|截止|为止))")
_NEAR = re.compile(
    r"\ba (day|week|month|year) ago\b|\ba few (days) ago\b|(几天前|前些天|不久前|前阵子|前不久)"
)
_NEAR_SPANS = {"day": (1, 1), "week": (5, 10), "month": (24, 40), "year": (330, 400)}
_COMING = re.compile(
    r"\bnext (week|month|year)\b|\b(today only|only today)\b|(下周|下星期|下个?月|明年|后天|仅限今[天日])"
)
_SPANS = {
    "yesterday": (1, 1), "昨天": (1, 1), "前天": (2, 2), "week": (1, 14), "上周": (1, 14),
    "上星期": (1, 14), "night": (0, 1), "month": (1, 62), "上个月": (1, 62), "year": (1, 730),
    "去年": (1, 730), "recently": (0, 60), "lately": (0, 60), "the other day": (0, 14),
    "最近": (0, 60), "近日": (0, 30), "近期": (0, 60), "前几天": (0, 10),
}  # fmt: skip


_WINDOWS = {
    r"week|周|7 ?d|7 ?天|七天": "week 上周 上星期 this-week 本周 这周 最近 近日 recently lately",
    r"month|月|3[01] ?d|30 ?天": "month 上个月 本月 这个月 最近 近期 recently lately",
    r"year|年|365": "year 去年 今年",
}


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
        parts = [_digits(part) for part in match.groups()]
        _calendar(reading, match, parts[0], int(parts[1] or 0), parts[2])
    for match in _ONLY_MONTH.finditer(reading.text):
        year = match["y"]
        if year and any(reading.covered[match.start("y") : match.end("y")]):
            year = None  # the year begins a title
        _calendar(reading, match, year, _MONTH[match["m"][:3]], None)
    for match in _WEEKDAY.finditer(reading.text):
        _weekday(reading, match)
    for match in _DECADE.finditer(reading.text):
        _decade(reading, match)
    for match in _YEAR.finditer(reading.text):
        _year(reading, match)
    for match in _AGO.finditer(reading.text):
        _ago(reading, match)
    for match in _THIS.finditer(reading.text):
        _this(reading, match)
    for match in _NEAR.finditer(reading.text):
        _near(reading, match)
    for match in _COMING.finditer(reading.text):
        _coming(reading, match)
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
    tens = int(two or digits or 0) or (10 * (_TENS.index(word) + 2) if word else 0)
    tens = tens or 10 * ("零一二三四五六七八九".index(han[0]))
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


def _ago(reading: Reading, match: re.Match[str]) -> None:
    word = next(part for part in match.groups() if part)
    if word.startswith("刚"):
        return
    least, most = _SPANS[word]
    now = reading.facts.now
    if _in_window(reading, word):
        reading.cover(*match.span())
        return
    deeds = [deed.when for deed in reading.facts.deeds if deed.when]
    if now is None and deeds and (least, most) == (0, 60):
        reading.cover(*match.span())
        return
    near = now is not None and any(least <= (now - day).days <= most for day in deeds)
    if near and now is not None and _fits(word, now, deeds):
        reading.cover(*match.span())
    else:
        reading.find(*match.span(), "date", "no event is recorded for that time")


def _in_window(reading: Reading, word: str) -> bool:
    """Whether a recorded count or rank is of that time."""
    windows = [str(f.get("window") or "").lower() for f in reading.facts.evidence]
    said = next((unit for unit, words in _WINDOWS.items() if word in words.split()), "")
    return bool(said) and any(re.search(said, window) for window in windows)


def _this(reading: Reading, match: re.Match[str]) -> None:
    """Of "this month" a day of this month must be recorded, beside today."""
    now = reading.facts.now
    word = match[0]
    unit = (
        "year" if re.search("year|年", word) else "week" if re.search("week|周|星期", word) else ""
    )
    if _in_window(reading, word):
        reading.cover(*match.span())
        return
    if match[1] and not re.search(r"\b(?:since|from|until|published|released|new|sold|bought)\b",
                                  reading.text[slice(*reading.clause(match.start()))]):  # fmt: skip
        return  # advice: something for this week

    def same(day: date) -> bool:
        if now is None or unit == "year":
            return now is not None and day.year == now.year
        if unit == "week":
            return day.isocalendar()[:2] == now.isocalendar()[:2]
        return (day.year, day.month) == (now.year, now.month)

    if any(same(day) for day in reading.facts.dates):
        reading.cover(*match.span())
    else:
        reading.find(*match.span(), "date", "no such day is recorded")


def _near(reading: Reading, match: re.Match[str]) -> None:
    """Of "a week ago" an event of about that time."""
    now = reading.facts.now
    least, most = _NEAR_SPANS.get(match[1] or "", (1, 21))
    days = [(now - deed.when).days for deed in reading.facts.deeds if now and deed.when]
    if any(least <= day <= most for day in days):
        reading.cover(*match.span())
    else:
        reading.find(*match.span(), "date", "no event is recorded for that time")


def _coming(reading: Reading, match: re.Match[str]) -> None:
    """Of "next week" a day of it, or the same words in the record."""
    word, now = match[0], reading.facts.now
    said = " ".join(reading.facts.words["own"].texts)
    if word in said or word.replace("个", "") in said:
        reading.cover(*match.span())
        return
    least, most = (
        (0, 0) if "only" in word or "限" in word
        else (2, 2) if word == "后天"
        else (1, 13) if re.search("week|周|星期", word)
        else (1, 61) if re.search("month|月", word)
        else (1, 730)
    )  # fmt: skip
    if now is not None and any(least <= (day - now).days <= most for day in reading.facts.dates):
        reading.cover(*match.span())
    else:
        reading.find(*match.span(), "date", "no such day is recorded")


def _digits(part: str | None) -> str | None:
    """A year, month or day in digits."""
    if part is None or part.isdigit():
        return part
    if len(part) == 4:
        return "".join(str("〇一二三四五六七八九".find(mark.replace("零", "〇"))) for mark in part)
    return str(next((int(claim.value) for claim in claims(part)), 0))


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
