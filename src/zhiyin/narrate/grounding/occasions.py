"""Seasons, weekends, parts of days, long whiles and hours, told from now or without a count."""

from __future__ import annotations

import re
from datetime import date, timedelta

from zhiyin.narrate.grounding.facts import OWN
from zhiyin.narrate.grounding.lexicon import phrase
from zhiyin.narrate.grounding.reading import Reading

_SEASONS = {
    "spring": 3, "summer": 6, "autumn": 9, "fall": 9, "winter": 12,
    "春": 3, "夏": 6, "秋": 9, "冬": 12,
}  # fmt: skip
_TOLD = re.compile(
    r"(?<!\bone )(?<!\bthat )\b(last|past|previous|this|next|coming|upcoming|"
    r"following)\s+(?:few\s+)?"
    r"(spring|summer|autumn|fall|winter|weekend|evening|morning|afternoon|quarter|season|decade|"
    r"century|fortnight|christmas|easter|thanksgiving|halloween|new year|holiday season|semester|"
    r"term|school year)\b"
    r"|([今去明])([春夏秋冬])|(上个?|这个?|本|下个?)(周末|季度|学期|赛季)|(昨[晚夜]|"
    r"今[早晨]|明[早晚]|大[前后]天)"
    r"|([去今明前后]年(?:的)?)([春夏秋冬])[天季]?"
)
_HAPPENS = re.compile(
    r"\b(?:since|from|until|till|by|publish\w*|releas\w*|new|sold|bought|back|arriv\w*|open\w*|"
    r"reopen\w*|launch\w*|start\w*|begin\w*|ends?|return\w*|again|updat\w*|record\w*|out|ship\w*|"
    r"deliver\w*|limited|sale|off|only|premier\w*|clos\w*|trend\w*|won|happen\w*)\b"
    "|截止|结束|上映|到货|开始|开放|恢复|发售|开售|上线|发布|下单|送达|发货|更新|出版|上架|"
    "首发|开业|开幕"
)
_WHILES = re.compile(
    r"\b(?:decades?|centur(?:y|ies)|generations?|years|months|ages|summers|winters|"
    r"christmases) (?:ago|old)\b"
    r"|\b(?:for|over|across|through|in) (?:decades|centuries|generations|many years|"
    r"(?:over )?a century)\b"
    r"|\b(?:decades?|centur(?:y|ies)|generations)[- ](?:old|long)\b|\bhalf a century\b|"
    r"\bsince (?:forever|"
    r"childhood|the beginning|then|day one)\b|\bturn of the (?:century|millennium)\b|\bq[1-4]\b"
    r"|\b(?:first|second|third|last|final) (?:quarter|half) of\b|\bend of the (?:day|week|"
    r"month|year)\b"
    r"|\b(?:early|earlier|mid|late|later) (?:this|last|next) (?:week|month|year|spring|"
    r"summer|autumn|winter)\b"
    r"|\b(?:check[- ]?in|open\w*|clos\w*|start\w*|end\w*|serv\w*|from|by)\s+(?:(?:at|from|"
    r"until|till|by|on)\s+)?"
    r"(?:noon|midday|midnight|sunrise|sunset)\b"
    "|百年|千年|世代|祖传|老字号|[几数]代|[几数]十[年载]|[一二三四五六七八九]十余?载|"
    "半个世纪|自古|多年前|许多年前|很久以前"
    "|上半年|下半年|年[初底末]|月[初底末](?![一二三四五六七八九十])|"
    "月初[一二三四五六七八九十]|节[前后]|岁末|周末前|"
    "第[一二三四]季度|[前后]年(?!的?[春夏秋冬])"
)
_REGULAR = re.compile(
    r"\b(?:daily|every (?:day|night|morning|evening|week|month|year|weekday|weekend)|all "
    r"(?:day|night|"
    r"year)(?: round| long)?|around the clock|24/7)\b|每[天日晚周月年]|全年|全天候|24小时|昼夜"
)
_RUNS = re.compile(
    r"\b(?:open\w*|runs?|running|operat\w*|service|serv\w*|depart\w*|sail\w*|clos\w*|"
    r"stays? open|updat\w*)\b|"
    "开到|开放|营业|运营|发车|开门|开航|服务|更新|闭馆|开馆|供应"
)


def check_occasions(reading: Reading) -> None:
    """Finds such times that are not recorded; what only advises a time may stay."""
    for match in _TOLD.finditer(reading.text):
        if not _is_known(reading, match):
            _told(reading, match)
    for match in _WHILES.finditer(reading.text):
        if not _is_known(reading, match) and not _is_counted(reading, match):
            reading.find(*match.span(), "date", "no such time is recorded")
    for match in _REGULAR.finditer(reading.text):
        clause = reading.text[slice(*reading.clause(match.start()))]
        if _RUNS.search(clause) and not _is_known(reading, match):
            reading.find(*match.span(), "date", "no such time is recorded")


def _is_known(reading: Reading, match: re.Match[str]) -> bool:
    """Whether it is part of a name, or told in the record in the same words."""
    if any(reading.covered[match.start() : match.end()]):
        return True
    words = reading.facts.words[OWN]
    stems = phrase(match[0])
    said = any(stems in phrase(text) for text in words.texts) if stems.strip() else False
    if said or (not match[0].isascii() and words.has_chinese(match[0])):
        reading.cover(*match.span())
        return True
    return False


def _is_counted(reading: Reading, match: re.Match[str]) -> bool:
    """Of "three years old" or 二十年底: the number before it is looked up elsewhere."""
    before = reading.text[max(0, match.start() - 12) : match.start()]
    return bool(
        re.search(
            r"(?:\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|\w+teen|\w+ty))[\s-]*$",
            before,
        )
        and match[0].split()[0] in ("years", "months")
    )


def _told(reading: Reading, match: re.Match[str]) -> None:
    which = next(part for part in match.groups() if part)
    what = next((part for part in (match[2], match[4], match[6], match[9]) if part), "")
    if which in ("this", "coming", "next", "这个", "这", "本") or which[0] in "今明":
        clause = reading.text[slice(*reading.clause(match.start()))]
        if not _HAPPENS.search(clause) and match[3] is None and match[8] is None:
            reading.cover(*match.span())  # advice: something for this weekend
            return
    if reading.facts.now is not None and _recorded(reading, which, what, reading.facts.now):
        reading.cover(*match.span())
    else:
        reading.find(*match.span(), "date", "no such time is recorded")


def _recorded(reading: Reading, which: str, what: str, now: date) -> bool:
    spans = _spans(which, what, now)
    days = [*reading.facts.dates, *(deed.when for deed in reading.facts.deeds if deed.when)]
    return any(first <= day <= last for first, last in spans for day in days)


def _spans(which: str, what: str, now: date) -> list[tuple[date, date]]:
    """The days that a word can mean; none for words that mean no certain days."""
    if what in _SEASONS:
        return _season(which, _SEASONS[what], now)
    if what in ("weekend", "周末"):
        saturday = now + timedelta(5 - now.weekday())
        weeks = _weeks(which)
        return [
            (saturday + timedelta(7 * week), saturday + timedelta(7 * week + 1)) for week in weeks
        ]
    near = {"昨": -1, "今": 0, "明": 1}
    if which[0] in near and what == "":
        day = now + timedelta(near[which[0]])
        return [(day, day)]
    if which in ("大前天", "大后天"):
        day = now + timedelta(-3 if which == "大前天" else 3)
        return [(day, day)]
    if what in ("evening", "morning", "afternoon") and which == "this":
        return [(now, now)]
    return []


def _weeks(which: str) -> list[int]:
    if which in ("last", "past", "previous", "上", "上个"):
        return [-1]
    return [1] if which in ("next", "following", "下", "下个") else [0]


def _season(which: str, month: int, now: date) -> list[tuple[date, date]]:
    """The season of this year, or the last that is over, or the next that begins."""
    years = (now.year - 2, now.year - 1, now.year, now.year + 1)
    found = [(date(y, month, 1), _after(y, month) - timedelta(1)) for y in years]
    past = [span for span in found if span[1] < now]
    ahead = [span for span in found if span[0] > now]
    if which in ("last", "past", "previous"):
        return past[-1:]
    if which[0] in "去前":
        year = now.year - (1 if which[0] == "去" else 2)
        return [span for span in found if year in (span[0].year, span[1].year)]
    if which in ("next", "coming", "upcoming", "following"):
        return ahead[:1]
    year = now.year + {"明": 1, "后": 2}.get(which[0], 0)
    return [
        span for span in found if span[0].year == year or (year == span[1].year and month == 12)
    ]


def _after(year: int, month: int) -> date:
    return date(year + (month + 3 > 12), (month + 3 - 1) % 12 + 1, 1)
