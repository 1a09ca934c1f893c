"""A message cut into clauses, each with what it wants and what it does not want."""

# ruff: noqa: E501 - patterns are read line by line

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from zhiyin.narrate.chat.lexicon import companions

_READ = 2000
_NO_MARKS = frozenset("❌🚫🙅👎✖❎⛔")
_CUT = re.compile(
    r"(?<!\d)[.,](?!\d)|[.,](?=\s|$)|[;:!?\n。；]|(?<!\d)[:](?!\d)|\b(?:then|but|however|though)\b"
    r"|然后|但是|但(?!愿)|不过|可是|而且"
)
_NEGATOR = re.compile(
    r"\b(?:no|not|without|except(?: for)?|nothing|none|never|neither|nor|avoid|exclude|excluding|leave out|leaving out|cut out|"
    r"skip|minus|less|anything but|already (?:seen|watched|read|own|have)|other than|instead of|rather than|hates?|dislikes?|allergic to|"
    r"tired of|fed up with|enough of|(?:do|does|did|would|am|is|are|ca|wo)n['’]?t|dont|cannot)\b"
    r"|不要|不想要?|不看|不喜欢|不喝|不吃|不穿|不用|不买|不爱|不含|不是|不带|不需要|别给|别再|别推荐|"
    r"别(?=[^的人处]|$)|除了|除去|除开|讨厌|排除|去掉|没有(?!没有)(?=.)|无需|避开|受不了|拒绝|少来"
)
_NOT_YET = re.compile(r"有没有|是不是|要不要|好不好|能不能|可不可以|会不会|why not|not (?:sure|only)|"
                      r"no more than|not more than|no later than|no earlier than|no less than|"
                      r"not less than|no problem|no idea|no worries|差不多|不限|不错|不管|不论|"
                      r"不低于|不超过|不到|不高于|不少于|不多于|不记得|don['’]?t (?:know|mind|care)|"
                      r"无所谓|不知道|不然|不如|never mind|等等不")  # fmt: skip
_BACK = re.compile(
    r"\b(?:only|just|rather|prefer|instead|want|show me|give me|meant)\b|以外(?:的)?|之外(?:的)?|"
    r"只要|只看|只想|换成|改成|(?<![不想])要(?=[^不])|来(?:点|些|个)|给我"
)
_AFTER = re.compile(
    r"(?:不要|不行|不喜欢|太多了|都有了|看腻了|腻了|看过了|买过了|就算了|除外|免了|别来|(?<!除)(?<!除了)[\u3400-\u9fff]以外的?|之外的?|"
    r"\b(?:is|are) out|\bexcluded|\btoo many|\bnot wanted)[^\w]*$"
)


class Clause(NamedTuple):
    """A part of a message."""

    text: str
    """In small letters, half-width."""
    wanted: str
    """Of the same length: what is not wanted is blanks."""
    unwanted: str
    """Of the same length: what is wanted is blanks."""


def normal(message: str) -> str:
    """A message in small letters and half-width marks; emoji by name, nothing hidden."""
    folded = unicodedata.normalize("NFKC", message[:_READ]).casefold()
    kept: list[str] = []
    for mark in folded:
        category = unicodedata.category(mark)
        if mark in _NO_MARKS:
            kept.append(" 不要 ")
        elif category == "So" and mark > "\u2190":
            named = unicodedata.name(mark, "").lower().split()
            kept.append(f" {' '.join(word for word in named if word in companions())} ")
        elif mark.isspace() or category[0] != "C":
            kept.append(mark)
    return " ".join("".join(kept).split())


def clauses(text: str) -> list[Clause]:
    """The clauses of a message as `normal` gives it."""
    found: list[Clause] = []
    start = 0
    for cut in [*_CUT.finditer(text), None]:
        end = len(text) if cut is None else cut.start()
        part = text[start:end]
        if part.strip():
            found.append(_sorted_out(part))
        start = end if cut is None else cut.end()
    return found


def _sorted_out(text: str) -> Clause:
    hidden = _NOT_YET.sub(lambda m: "_" * len(m[0]), text)
    signs = [False] * len(text)
    if _AFTER.search(hidden) and not _NEGATOR.match(hidden.strip()):
        signs = [True] * len(text)
    else:
        at = 0
        while negator := _NEGATOR.search(hidden, at):
            back = _BACK.search(hidden, negator.end())
            while back and not hidden[negator.end() : back.start()].strip(" 我你i"):
                back = _BACK.search(hidden, back.end())  # "don't want", "别给我"
            end = back.start() if back else len(text)
            signs[negator.start() : end] = [True] * (end - negator.start())
            at = back.end() if back else len(text)
    wanted = "".join(" " if no else c for c, no in zip(text, signs, strict=True))
    unwanted = "".join(c if no else " " for c, no in zip(text, signs, strict=True))
    return Clause(text, wanted, _NEGATOR.sub(lambda m: " " * len(m[0]), unwanted))
