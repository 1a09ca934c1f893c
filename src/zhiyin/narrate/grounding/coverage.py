"""Every word must claim nothing or be supported: what is left is a claim without a fact."""

from __future__ import annotations

import re

from zhiyin.narrate.grounding.facts import OWN, Words
from zhiyin.narrate.grounding.lexicon import (
    HAN,
    WORD,
    common_chinese,
    common_english,
    phrase,
    plain_chinese,
    plain_english,
    stem,
)
from zhiyin.narrate.grounding.reading import Reading

_NEGATED = re.compile(
    r"(?:\b(?:no|not|without|never|non|free of|lacks?|nor|neither|isn[’']t|doesn[’']t|"
    r"don[’']t|hasn[’']t)\b"
    r"[\s-]*(?:(?:a|an|any|the|have|has|come|with|is|it|be|contain|include|made|of|in|use)\s+)*)$"
)
_NOT = re.compile(r"\b(?:no|not|without|never|non|nor)\b|n[’']t\b")
_FREE = re.compile(r"[\s-]*free\b")
_HAN_NEGATED = re.compile(
    "(?:(?:不|未|没有|没|暂不|暂未)(?:接待|允许|提供|接受|包含|附带|支持|欢迎|适合|能带|可带|"
    "可以带|能|可以|使用|添加|配|设)|不含|不带|不是|不支持|不附|不可|不能|没有|并非|没|无|非|未|免|不|零)(?:任何)?$"
)
_LONGEST = 8


def check_coverage(reading: Reading) -> None:
    """Finds words that neither claim nothing nor are supported."""
    for match in WORD.finditer(reading.text):
        if not all(reading.covered[match.start() : match.end()]):
            _english(reading, match)
    for run in HAN.finditer(reading.text):
        _chinese(reading, run.start(), run.end())


def _english(reading: Reading, match: re.Match[str]) -> None:
    root = stem(match[0])
    facts, text = reading.facts, reading.text
    before, after = text[max(0, match.start() - 30) : match.start()], text[match.end() :]
    negated = bool(_NEGATED.search(before) or _FREE.match(after))
    own = root in facts.words[OWN].english
    if root in facts.denied.english and root not in plain_english():
        start, _ = reading.clause(match.start())
        negated = negated or bool(_NOT.search(text, start, match.start()))
        if not negated and not (own and root not in facts.denied.english):
            reading.find(*match.span(), "negation", "the record says the opposite")
        return
    suffix = _FREE.match(after)
    if suffix and any(phrase(match[0] + " free") in phrase(t) for t in facts.affirmed.texts):
        return
    if negated and root in facts.affirmed.english and root not in plain_english():
        reading.find(*match.span(), "negation", "the record says the opposite")
        return
    if own or root in plain_english() or match[0] in ("free",):
        if match[0] == "free" and not own and not _is_suffix(before):
            reading.find(*match.span(), "price", "nothing is recorded as free")
        return
    if _of_another(reading, match, root):
        return
    if root in common_english() and not _is_called(reading, match):
        return
    reading.find(*match.span(), "property", "neither record nor evidence says this")


def _is_called(reading: Reading, match: re.Match[str]) -> bool:
    """Whether a word is written like a name: large within a sentence of small words."""
    if not reading.original[match.start()].isupper():
        return False
    start, end = reading.sentence(match.start())
    if not reading.text[start : match.start()].strip(" “”\"'‘’(—-–"):
        return False
    words = [m for m in WORD.finditer(reading.text, start, end) if len(m[0]) > 3]
    large = sum(reading.original[m.start()].isupper() for m in words)
    return large * 2 <= len(words)


def _is_suffix(before: str) -> bool:
    return bool(re.search(r"(?:[a-z]-|\b(?:feel|hands?|time|be|is)\s)$", before))


def _of_another(reading: Reading, match: re.Match[str], root: str) -> bool:
    """Whether it is said of another item that is spoken of here, or part of a name."""
    subject = reading.subject(match.start())
    words = reading.facts.words.get(subject)
    if subject != OWN and words is not None and root in words.english:
        return True
    capital = reading.original[match.start()].isupper()
    return capital and any(match[0] in name.split() for name, _ in reading.facts.names)


def _chinese(reading: Reading, start: int, end: int) -> None:
    """The Chinese of a run as words, so that as few marks as possible are left over."""
    cost = [0.0] * (end - start + 1)
    step = [1] * (end - start + 1)
    good = [True] * (end - start + 1)
    for at in range(end - 1, start - 1, -1):
        here = at - start
        done = bool(reading.covered[at])
        cost[here], step[here], good[here] = cost[here + 1] + (0 if done else 10), 1, done
        for length in range(1, min(_LONGEST, end - at) + 1):
            part = reading.text[at : at + length]
            if _stands(reading, part, at) and cost[here + length] + 1 < cost[here]:
                cost[here], step[here], good[here] = cost[here + length] + 1, length, True
    at = start
    while at < end:
        here = at - start
        if good[here]:
            _negation(reading, at, at + step[here])
            at += step[here]
            continue
        last = at
        while last < end and not good[last - start]:
            last += 1
        reading.find(at, last, "property", "neither record nor evidence says this")
        at = last


def _stands(reading: Reading, part: str, at: int) -> bool:
    if part in plain_chinese() or reading.facts.words[OWN].has_chinese(part):
        return True
    if part in common_chinese() or _denies(reading, part):
        return True
    subject = reading.subject(at)
    other = reading.facts.words.get(subject)
    return subject != OWN and other is not None and other.has_chinese(part)


def _denies(reading: Reading, part: str) -> bool:
    return reading.facts.denied.has_chinese(part)


def _negation(reading: Reading, start: int, end: int) -> None:
    part = reading.text[start:end]
    if part in plain_chinese() or part in common_chinese() or reading.is_covered(start, end):
        return
    negated = bool(_HAN_NEGATED.search(reading.text[max(0, start - 5) : start]))
    own: Words = reading.facts.affirmed
    denied = _denies(reading, part) and not own.has_chinese(part)
    if (denied and not negated) or (
        negated and own.has_chinese(part) and not _denies(reading, part)
    ):
        reading.find(start, end, "negation", "the record says the opposite")
