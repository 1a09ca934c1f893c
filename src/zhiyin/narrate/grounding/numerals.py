"""Numbers in texts, in digits and in words, English and Chinese, with their units."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from zhiyin.narrate.grounding.units import UNIT_AFTER, UNITS

_VULGAR = "[\u00bc-\u00be\u2150-\u215e]"
_DIGITS = re.compile(
    rf"(?:\d+[\s-])?(?<![\d.,/])\d{{1,2}}/(?:2|3|4|8|16|32|64)(?![\d/])(?={UNIT_AFTER.pattern})|"
    rf"\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?(?!\d)|\d+{_VULGAR}|{_VULGAR}|\d+(?:\.\d+)?"
)
"""Among them fractions, where they measure something: 1-1/2 inch, \u00bd kg."""
_SMALL = {
    word: value
    for value, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
        "fifteen sixteen seventeen eighteen nineteen".split()
    )
}
_TENS = {
    word: 10 * (at + 2)
    for at, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split())
}
_BIG = {"dozen": 12, "hundred": 100, "thousand": 1000, "million": 1_000_000}
_NAMED = "|".join([*_SMALL, *_TENS, *_BIG])
_POINT = re.compile(rf" point ({'|'.join(list(_SMALL)[:10])})\b")
_ENGLISH = re.compile(rf"\b(?:(?:{_NAMED}|a (?=hundred|thousand|dozen|million))(?:[\s-]|\b)?"
                      rf"(?:and (?=(?:{_NAMED})\b))?)+(?![a-z])")  # fmt: skip
_HAN_DIGIT = {mark: at for at, mark in enumerate("零一二三四五六七八九")} | {"\u3007": 0, "两": 2}
_HAN_POWER = {"十": 10, "百": 100, "千": 1000}
_CHINESE = re.compile(
    "(?<!百分之)(?!百分之|"
    "零[件食钱售散碎距负压星嘴])[零〇一二两三四五六七八九十百千万亿]+(?:点[零〇一二三四五六七八九]+(?![十百千万点钟刻]))?|"
    "半(?=小时|年|天|个|公斤|升|斤|米|分钟|千克|吨|公里|寸)"
)
_SHARE = re.compile(
    "百分之([零一二三四五六七八九十百点\\d.]+)|([一二三四五六七八九])成(?![为立长功员品熟就])"
)
_PARTS = {
    "three quarters": 0.75, "quarter": 0.25, "half": 0.5, "third": 1 / 3, "two thirds": 2 / 3,
    "fifth": 0.2, "tenth": 0.1, "hundredth": 0.01, "thousandth": 0.001,
}  # fmt: skip
_FRACTION = re.compile(
    r"\b(?:(three quarters|two thirds) of an? |(?:an? |one )?(quarter|tenth|hundredth|thousandth)"
    r" of an? |(half) (?:of )?an? )(?=[a-z])"
)
_PART_OFF = re.compile(r"\b(?:an? |one )?(quarter|third|half|fifth|tenth) (?=off\b|price\b|less\b)")
_RANGE = re.compile(r"\s*(?:to|or|and|[-\u2013\u2014~\u81f3\u5230\u6216])\s*")
_A_SECOND = re.compile(r" (?:a|per|each) second\b|/s\b")
_HALVED = ("time", "months", "volume", "mass", "length", "rating")
_TENTHS = ("米", "块")
_COINS = re.compile(r"(\d{1,2})毛?(?![\d.%a-z\u3400-\u9fff])")
"""Of 29块9, the tenths of a yuan."""
_END_OF_TENTH = re.compile("[^\u3400-\u9fffa-z0-9]|$|[宽高长厚深的]")
_CURRENCY_BEFORE = re.compile(r"\b(rmb|cny|usd|eur|gbp|jpy)\s*$")
_VAGUE = re.compile("(?:([数几])|([上过破逾成]))$")
_DOZENS = re.compile(
    r"\b(?:(tens) of (thousands)|(tens|dozens|hundreds|thousands|millions))(?: of)?\b"
)
_DOZEN = {"tens": 10.0, "dozens": 12.0, "hundreds": 100.0, "thousands": 1000.0, "millions": 1e6}
_TIMES = re.compile(r"\s*[x×*乘]\s*")
_BELOW_ZERO = re.compile(r"(?:(?:^|[\s(])[-\u2212]|零下|minus )$")
_POWER_AFTER = re.compile(r"\s*(万|亿|k(?![a-z])|million|thousand)")
_POWERS = {"万": 1e4, "亿": 1e8, "k": 1e3, "million": 1e6, "thousand": 1e3}
_ADDED = re.compile(r" (?:more|extra|further|full|whole)(?= )")
_MORE = re.compile("[多余来几]")
_SENSES = {
    "about": "about|around|roughly|approximately|some|something like|~|大约|约|差不多|大概",
    "nearly": "nearly|almost|close to|close on|getting on for|barely|just under|a shade under|"
    "not quite|just shy of|shy of|just short of|short of|将近|接近|近|快到",
    "under": "under|less than|fewer than|below|no more than|not even|at most|well under|"
    "a little under|slightly under|不到|不足|"
    "不用|用不了|不超过|不过|不满|未满|少于|低于|小于",
    "over": "over|more than|above|at least|just over|well over|a little over|slightly over|"
    "upwards of|north of|in excess of|a good|超过|超|至少|多于|高于|大于|足足",
    "exact": "up to|just|最多|仅",
}
_SENSE = {word: sense for sense, words in _SENSES.items() for word in words.split("|")}
_BEFORE = re.compile(
    rf"(?<![a-z])({'|'.join(sorted(_SENSE, key=len)[::-1])})"
    r"\s*(?:a\s+)?[$€£¥]?\s*$"
)
_ONE_UNIT = re.compile(
    rf"(?<![a-z])({'|'.join(word for word in sorted(_SENSE, key=len)[::-1] if word.isascii())}) "
    r"an? (kilo|kilogram|gram|litre|liter|metre|meter|inch|foot|pound|ounce|minute)(?![a-z])"
)
"""One of a unit, told as a bound: "less than a kilo"."""
_AFTERWARDS = {
    "about": "左右|上下|or so|or thereabouts|give or take|ish\\b",
    "over": "以上|\\+|or more|plus\\b|开外|有余",
    "under": "[块元]?有找|不到|以下|or less|or fewer",
    "odd": "出头|-odd\\b|and change\\b|挂零",
}
_AFTER = re.compile(
    r"\s*(?:" + "|".join(f"(?P<{name}>{words})" for name, words in _AFTERWARDS.items()) + ")"
)


class Claim(NamedTuple):
    """A number as a text claims it."""

    start: int
    """Where it begins."""
    end: int
    """Where it ends, with its unit."""
    value: float
    """In base units."""
    dimension: str
    """What is measured; "count" without a unit."""
    unit: str = ""
    """The unit as it is written."""
    sense: str = "exact"
    """exact, about, nearly (from below, and close), over, under or odd (over, by less than one in
    its last place: 两百多) or some (a few times that: hundreds of, 数百)."""
    ordinal: bool = False
    """Whether it is a place in an order."""
    step: float = 1.0
    """One unit in the last place that is written, in base units."""


def claims(text: str) -> list[Claim]:
    """The numbers of a text, in order.

    Args:
        text: In small letters, marks in half width.
    """
    spans: list[tuple[int, int, float]] = []
    for pattern, parse in ((_DIGITS, _digits), (_ENGLISH, _english), (_CHINESE, _chinese)):
        for match in pattern.finditer(text):
            end = match.start() + len(match[0].rstrip(" -"))
            value = parse(match[0].strip(" -"))
            if value is not None:
                spans.append((match.start(), end, value))
    found = [_claim(text, *span) for span in sorted(spans)]
    for match in _DOZENS.finditer(text):
        value = 10_000.0 if match[2] else _DOZEN[match[3]]
        found.append(Claim(match.start(), match.end(), value, "count", "", "some"))
    return _joined(text, sorted(found + _shares(text), key=lambda claim: (claim.start, -claim.end)))


def _shares(text: str) -> list[Claim]:
    """Percentages in Chinese and fractions in English."""
    found: list[Claim] = []
    for match in _SHARE.finditer(text):
        said = match[1] or ""
        value = 10.0 * _HAN_DIGIT[match[2]] if match[2] else 0.0
        if said:
            value = float(said) if said[0].isdigit() else _chinese(said) or 0.0
        found.append(Claim(*match.span(), value, "percent", "%"))
    for match in _FRACTION.finditer(text):
        value = _PARTS[match[1] or match[2] or match[3]]
        part = _claim(text, match.end() - 1, match.end() - 1, value)
        if text.startswith("dozen", match.end()):
            part = Claim(match.start(), match.end() + 5, 12 * value, "count")
        if part.dimension != "count" or part.value > 1:
            found.append(part._replace(start=match.start()))
    for match in _ONE_UNIT.finditer(text):
        dimension, factor = UNITS[match[2]]
        sense = _SENSE[match[1]]
        found.append(Claim(*match.span(2), factor, dimension, match[2], sense, step=factor))
    for match in _PART_OFF.finditer(text):
        sense = "about" if match[1] == "third" else "exact"
        end = match.end(1)
        found.append(Claim(match.start(), end, 100 * _PARTS[match[1]], "percent", "%", sense))
    return found


def _claim(text: str, start: int, end: int, value: float) -> Claim:
    digits = text[start:end]
    step = 10.0 ** -len(digits.partition(".")[2]) if "." in digits else 1.0
    power = _POWER_AFTER.match(text, end)
    if power and not (power[1] == "k" and (value >= 1000 or power[0] != "k")):
        value, end, step = value * _POWERS[power[1]], power.end(), step * _POWERS[power[1]]
    if point := _POINT.match(text, end):
        value, end, step = value + 0.1 * _SMALL[point[1]], point.end(), 0.1
    sense, end = _sense(text, start, end)
    unit, dimension, factor = "", "count", 1.0
    value, end = _and_a_half(text, value, end)
    if found := UNIT_AFTER.match(text, more.end() if (more := _ADDED.match(text, end)) else end):
        unit, end = found[1], found.end()
        dimension, factor = UNITS[unit]
    elif start and text[start - 1] in "$€£¥":
        unit, dimension, start = text[start - 1], "money", start - 1
    elif code := _CURRENCY_BEFORE.search(text, max(0, start - 5), start):
        unit, dimension, start = code[1], "money", code.start()
    if dimension == "celsius":
        value, start = _below_zero(text, value, start)
    value, end, unit, dimension, factor = _with_half(text, end, value, unit, dimension, factor)
    if dimension == "frames" and (second := _A_SECOND.match(text, end)):
        end = second.end()
    if after := _AFTER.match(text, end):
        sense, end = after.lastgroup or sense, after.end()
    start, ordinal = _ordinal(text, start, end)
    return Claim(start, end, value * factor, dimension, unit, sense, ordinal, step * factor)


def _sense(text: str, start: int, end: int) -> tuple[str, int]:
    """How exactly a number is meant, by the words around it, and where they end."""
    if text.startswith("个多小时", end):
        return "odd", end
    more = _MORE.match(text, end)
    sense, end = ("odd", more.end()) if more else ("exact", end)
    if (vague := _VAGUE.search(text[max(0, start - 1) : start])) and text[start] in "十百千万亿":
        return ("some" if vague[1] else "over"), end
    before = _BEFORE.search(text[max(0, start - 22) : start])
    return (_SENSE[before[1]] if before and sense == "exact" else sense), end


def _and_a_half(text: str, value: float, end: int) -> tuple[float, int]:
    half = re.match(r"[\s-]and[\s-]a[\s-]half(?=[\s-][a-z])", text[end:])
    return (value + 0.5, end + half.end()) if half else (value, end)


def _below_zero(text: str, value: float, start: int) -> tuple[float, int]:
    below = _BELOW_ZERO.search(text[max(0, start - 6) : start])
    return (-value, start - len(below[0].lstrip(" ("))) if below else (value, start)


def _ordinal(text: str, start: int, end: int) -> tuple[int, bool]:
    """Where a number begins with its 第, and whether it is a place in an order."""
    if text[max(0, start - 1) : start] == "第":
        return start - 1, True
    return start, bool(re.match(r"(st|nd|rd|th)\b", text[end:]))


def _with_half(
    text: str, end: int, value: float, unit: str, dimension: str, factor: float
) -> tuple[float, int, str, str, float]:
    """The number and its unit with the half that follows: "two and a half hours", 一个半小时."""
    if half := re.match(r" and a half(?: (hours?|years?))?", text[end:]):
        value, end = value + 0.5, end + half.end()
        if half[1]:
            unit, (dimension, factor) = half[1], UNITS[half[1]]
    if text.startswith("半", end) and dimension in _HALVED:
        value, end = value + 0.5, end + 1
    elif unit == "块" and (rest := _COINS.match(text, end)):
        value, end = value + float(f"0.{rest[1]}"), rest.end()
    elif unit in _TENTHS and (tenth := _HAN_DIGIT.get(text[end : end + 1])):
        if _END_OF_TENTH.match(text, end + 1):
            value, end = value + 0.1 * tenth, end + 1
    elif text.startswith("个多小时", end):
        end, unit, (dimension, factor) = end + 4, "小时", UNITS["小时"]
    elif text.startswith("个半月", end):
        value, end, unit, (dimension, factor) = value + 0.5, end + 3, "个月", UNITS["个月"]
    elif text.startswith("个半小时", end):
        value, end, unit, (dimension, factor) = value + 0.5, end + 4, "小时", UNITS["小时"]
    return value, end, unit, dimension, factor


def _joined(text: str, found: list[Claim]) -> list[Claim]:
    """Claims in order: "2 h 10 min" is one length of time; nested readings are dropped."""
    result: list[Claim] = []
    for claim in found:
        last = result[-1] if result else None
        if last is not None and claim.start < last.end:
            continue
        between = text[last.end : claim.start] if last is not None else "x"
        if (
            last is not None
            and last.dimension == claim.dimension == "time"
            and between.strip() in ("", "and", "零")
            and claim.value < last.value
        ):
            result[-1] = last._replace(
                end=claim.end, value=last.value + claim.value, step=claim.step
            )
            continue
        if last is not None and (joined := _pair(last, claim, between)):
            result[-1:] = joined
            continue
        result.append(claim)
    return result


def _pair(last: Claim, claim: Claim, between: str) -> list[Claim]:
    """Two numbers that are read together: "60 x 40 cm", "2h10", "3 to 5 kg"; empty where not."""
    plain = last.dimension == "count" and not last.ordinal
    factor = UNITS[claim.unit][1] if claim.unit else 1.0
    if plain and claim.unit and _RANGE.fullmatch(between) and last.value * factor < claim.value:
        return [last._replace(value=last.value * factor, dimension=claim.dimension,
                              unit=claim.unit, step=last.step * factor), claim]  # fmt: skip
    if last.unit == "h" and claim.dimension == "count" and not between and claim.value < 60:
        return [last._replace(end=claim.end, value=last.value + 60 * claim.value)]
    if _TIMES.fullmatch(between) and last.dimension == "count":
        first = last._replace(
            end=claim.start, value=last.value * factor, dimension=claim.dimension, unit=claim.unit
        )
        return [first, claim]
    return []


def _digits(text: str) -> float | None:
    if "/" in text:
        *whole, part = re.split(r"[\s-]", text)
        over, _, under = part.partition("/")
        return float(whole[0] if whole else 0) + int(over) / int(under)
    if not text[-1].isdecimal():
        return float(text[:-1] or 0) + unicodedata.numeric(text[-1])
    return float(text.replace(",", ""))


def _english(text: str) -> float | None:
    words = [w for w in re.split(r"[\s-]+", text) if w not in ("and", "")]
    if words == ["one"]:
        return None if not words else 1.0
    total, current = 0.0, 0.0
    for word in words:
        if word == "a":
            current = 1.0
        elif word in _BIG:
            current = max(current, 1.0) * _BIG[word]
            if word in ("thousand", "million"):
                total, current = total + current, 0.0
        else:
            current += _SMALL.get(word, 0) or _TENS.get(word, 0)
    return total + current


def _chinese(text: str) -> float | None:
    if text == "半":
        return 0.5
    if "点" in text:
        whole, _, part = text.partition("点")
        return (_chinese(whole) or 0.0) + float("0." + "".join(str(_HAN_DIGIT[m]) for m in part))
    if not any(mark in _HAN_POWER or mark in "万亿" for mark in text):
        return float("".join(str(_HAN_DIGIT[mark]) for mark in text))
    if text in ("万", "亿"):
        return 1e4 if text == "万" else 1e8
    total = section = digit = 0.0
    last_power = 1.0
    for mark in text:
        if mark in _HAN_DIGIT:
            digit = _HAN_DIGIT[mark]
            last_power = 10.0 if mark in "零〇" else last_power
        elif mark in _HAN_POWER:
            section += (digit or 1.0) * _HAN_POWER[mark]
            digit, last_power = 0.0, float(_HAN_POWER[mark])
        else:
            total = (total + section + digit) * (1e4 if mark == "万" else 1e8)
            section, digit, last_power = 0.0, 0.0, 1e4 if mark == "万" else 1e8
    trailing = digit * (last_power / 10 if last_power >= 100 and text[-1] in _HAN_DIGIT else 1.0)
    return total + section + trailing
