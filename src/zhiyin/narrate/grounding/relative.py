"""Days by their distance from now: "last week", "a month ago", 本月, 明天."""

from __future__ import annotations

import re
from datetime import date, timedelta

from zhiyin.narrate.grounding.reading import Reading

_THIS = re.compile(r"\bthis (month|week|year)\b|(本月|这个月|当月|本周|这周|这个星期|今年|本年)")
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
    r"\bnext (week|month|year)\b|\b(today only|only today)\b|"
    r"(下周|下星期|下个?月|明年|后天|仅限今[天日])"
)
_SPANS = {
    "yesterday": (1, 1), "昨天": (1, 1), "前天": (2, 2), "week": (1, 14), "上周": (1, 14),
    "上星期": (1, 14), "night": (0, 1), "month": (1, 62), "上个月": (1, 62), "year": (1, 730),
    "去年": (1, 730), "recently": (0, 60), "lately": (0, 60), "the other day": (0, 14),
    "最近": (0, 60), "近日": (0, 30), "近期": (0, 60), "前几天": (0, 10),
}  # fmt: skip


_NEWS = re.compile(
    r"\b(?:publish\w*|releas\w*|"
    r"(?:came|comes?|is|are) out|new|sold|open\w*|launch\w*|updat\w*|add\w*|discover\w*|reduc\w*|"
    r"award\w*|restock\w*)\b|上映|上市|上线|发行|面世|开播|首播|上新|上架|发布|更新|出版|发售|开业|到货|降价|补货|获|改版|升级"
)
_WINDOWS = {
    r"week|周|7 ?d|7 ?天|七天": "week 上周 上星期 this-week 本周 这周 最近 近日 recently lately",
    r"month|月|3[01] ?d|30 ?天": "month 上个月 本月 这个月 最近 近期 recently lately",
    r"year|年|365": "year 去年 今年",
}


def check_relative_dates(reading: Reading) -> None:
    """Finds days, said by their distance from now, that are not recorded."""
    for pattern, judge in (
        (_AGO, _ago),
        (_THIS, _this),
        (_NEAR, _near),
        (_COMING, _coming),
        (_NEXT, _next),
    ):
        for match in pattern.finditer(reading.text):
            if not reading.is_covered(*match.span()):  # as part of a name
                judge(reading, match)


def _next(reading: Reading, match: re.Match[str]) -> None:
    now, ahead = reading.facts.now, 1 if match[1] or match[2] else 0
    if now is not None and now + timedelta(ahead) in reading.facts.dates:
        reading.cover(*match.span())
    else:
        reading.find(*match.span(), "date", "no such day is recorded")


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
    lately = (least, most) == (0, 60)
    clause = reading.text[slice(*reading.clause(match.start()))]
    news = _NEWS.search(clause)
    if lately and not deeds and not news:
        reading.cover(*match.span())  # a question, or the user's own time
        return
    if now is None and deeds and lately:
        reading.cover(*match.span())
        return
    if news:
        deeds = [day for day in reading.facts.dates if day not in deeds] or deeds
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

    years = {n.value for n in reading.facts.numbers if n.dimension == "year"}
    if unit == "year" and now is not None and now.year in years:
        reading.cover(*match.span())
        return

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
    years = {n.value for n in reading.facts.numbers if n.dimension in ("year", "count")}
    if word in ("明年", "next year") and now is not None and now.year + 1 in years:
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
