"""Years, decades and centuries as texts name them: 1998, "the late nineties", 上世纪八十年代."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_HAN = {mark: at for at, mark in enumerate("零一二三四五六七八九")} | {"\u3007": 0}
_TENS: list[str] = list("twent thirt fort fift sixt sevent eight ninet".split())
_TEEN = {
    word: at for at, word in enumerate(
        "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen "
        "nineteen".split(), 10
    )
} | {word: at for at, word in enumerate(
    "one two three four five six seven eight nine".split(), 1)}  # fmt: skip
_TY = {f"{word}y": 10 * (at + 2) for at, word in enumerate(_TENS)}
_ORDINAL = {
    "fifteenth": 15, "sixteenth": 16, "seventeenth": 17, "eighteenth": 18, "nineteenth": 19,
    "twentieth": 20, "twenty-first": 21, "twenty first": 21,
}  # fmt: skip
_NOT_A_YEAR = (
    r"(?![\d,.]\d|\s*(?:[多余来人次个条名位页款道]|元|块|g\b|kg|ml|ma|mm|h\b|wh?\b|k\b|lm|"
    r"people|ratings?|reviews?|pieces|times|pages|words|students|hours|minutes))"
)
_PART = r"(?:(early|mid|late)[\s-]+(?:the[\s-]+)?)?"
_YEAR = re.compile(rf"(?<![\d$€£¥])(?<!\d[.,])((?:19|20)\d{{2}}){_NOT_A_YEAR}(?!s\b|年代)年?")
_OLD_YEAR = re.compile(
    rf"\b(?:in|from|since|year|before|after|circa|anno)\s+(1[0-8]\d{{2}})\b(?!s\b){_NOT_A_YEAR}"
    r"|(?<!\d)(1[0-8]\d{2})年(?!代)"
)
_DECADE = re.compile(rf"{_PART}(?<!\d)(1\d|20)(\d)0[’']?s\b|(?<!\d)(1\d|20)(\d)0年代")
_SHORT = re.compile(
    rf"{_PART}(?<![\d\w])(?:['’]?([1-9])0s\b|\b(twent|thirt|fort|fift|sixt|sevent|eight|ninet)ies\b"
    r"|(nough)ties\b)"
    r"|(?<!世纪)(?<![世\d一二三四五六七八九十])(?:([1-9])0|([一二三四五六七八九])十)年代"
)
_CENTURY_ZH = re.compile(
    r"(?:(\d{1,2}|[一二三四五六七八九]?十[一二三四五六七八九]?)|(上个?))世纪"
    r"(?:的)?(?:(?:([1-9])0|([一二三四五六七八九])十)年代|(初|中叶|中期|末|下半叶|上半叶))?"
)
_CENTURY = re.compile(
    rf"{_PART}\b(?:(\d{{2}})(?:st|nd|rd|th)|({'|'.join(_ORDINAL)}))[\s-]century\b"
)
_WORDS = re.compile(
    rf"\b(sixteen|seventeen|eighteen|nineteen|twenty)[\s-](?:(hundred)\b|(?:oh[\s-](?=(?:{'|'.join(list(_TEEN)[10:])})\b)"
    rf"|(?={'|'.join([*_TY, *list(_TEEN)[:10]])}))"
    rf"(?:({'|'.join(_TY)})(?:[\s-]({'|'.join(list(_TEEN)[10:])}))?|({'|'.join(_TEEN)})))\b"
    rf"(?![\s-](?:hundred|thousand|percent|dollars|euros|pounds|yuan|minutes|hours|people))"
    rf"|\btwo thousand(?:[\s-]and)?[\s-]({'|'.join(_TEEN)})\b"
)
_DIGITS_ZH = re.compile(r"([一二][\u3007零一二三四五六七八九]{3})(?:年(?!代)|(?=的|[,,。；、]|$))")
_TWO = re.compile(
    r"(?<![\w.,])['’](\d{2})\b(?!s)|(?<![\d\u3007零一二三四五六七八九十百第近过了前后])"
    r"([5-9\u3007零五六七八九][\d\u3007零一二三四五六七八九])年(?![代前后来以])"
)
_SPAN = {
    "early": (0, 0.39), "mid": (0.3, 0.69), "late": (0.6, 1), "初": (0, 0.3), "末": (0.7, 1),
    "中叶": (0.3, 0.7), "中期": (0.3, 0.7), "上半叶": (0, 0.5), "下半叶": (0.5, 1),
}  # fmt: skip
_LONG_AGO = 30


class Period(NamedTuple):
    """Some years in a row."""

    start: int
    end: int
    first: int
    last: int


def periods_of(text: str) -> list[Period]:
    """The years, decades and centuries that a text names, in small letters, by place."""
    found: list[Period] = []
    everything = (*_centuries(text), *_decades(text), *_years(text))
    for period in sorted(everything, key=lambda p: (p.start, -p.end)):
        if not found or period.start >= found[-1].end:
            found.append(period)
    return found


def _years(text: str) -> Iterator[Period]:
    for match in (*_YEAR.finditer(text), *_OLD_YEAR.finditer(text)):
        group = next(g for g in range(1, len(match.groups()) + 1) if match[g])
        yield Period(match.start(group), match.end(), *2 * (int(match[group]),))
    for match in _WORDS.finditer(text):
        yield Period(*match.span(), *2 * (_in_words(match),))
    for match in _DIGITS_ZH.finditer(text):
        yield Period(*match.span(), *2 * (_digits(match[1]),))
    for match in _TWO.finditer(text):
        two = _digits(match[1] or match[2])
        yield Period(*match.span(), *2 * (two + (2000 if two < _LONG_AGO else 1900),))


def _decades(text: str) -> Iterator[Period]:
    for match in _DECADE.finditer(text):
        hundred, ten = int(match[2] or match[4]), int(match[3] or match[5])
        yield _part(match, 100 * hundred + 10 * ten, 10, match[1])
    for match in _SHORT.finditer(text):
        if match[4]:
            yield _part(match, 2000, 10, match[1])
            continue
        ten = int(match[2] or match[5] or 0) or (
            _TENS.index(match[3]) + 2 if match[3] else _HAN[match[6]]
        )
        yield _part(match, (1900 if ten > 2 else 2000) + 10 * ten, 10, match[1])


def _centuries(text: str) -> Iterator[Period]:
    for match in _CENTURY_ZH.finditer(text):
        number = 20 if match[2] else _small(match[1])
        if ten := match[3] or match[4]:
            first = 100 * (number - 1) + 10 * (int(ten) if ten.isdigit() else _HAN[ten])
            yield _part(match, first, 10, None)
        else:
            yield _part(match, 100 * (number - 1), 100, match[5])
    for match in _CENTURY.finditer(text):
        number = int(match[2]) if match[2] else _ORDINAL[match[3]]
        yield _part(match, 100 * (number - 1), 100, match[1])


def _part(match: re.Match[str], first: int, length: int, part: str | None) -> Period:
    low, high = _SPAN.get(part or "", (0, 1))
    return Period(
        *match.span(), first + round(low * (length - 1)), first + round(high * (length - 1))
    )


def _in_words(match: re.Match[str]) -> int:
    century, hundred, ty, one, teen, after = match.groups()
    if after:
        return 2000 + _TEEN[after]
    first = 100 * (_TY.get(century) or _TEEN[century])
    if hundred:
        return first
    return first + (_TEEN[teen] if teen else _TY[ty] + (_TEEN[one] if one else 0))


def _digits(text: str) -> int:
    return int(
        "".join(mark if mark.isdigit() and mark.isascii() else str(_HAN[mark]) for mark in text)
    )


def _small(text: str) -> int:
    """A number under a hundred."""
    if text.isascii():
        return int(text)
    tens, _, ones = text.partition("十")
    return 10 * (_HAN[tens] if tens else 1) + (_HAN[ones] if ones else 0)
