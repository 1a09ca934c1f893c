"""Every word must claim nothing or be supported: what is left is a claim without a fact."""

from __future__ import annotations

import re

from zhiyin.narrate.grounding.facts import OWN
from zhiyin.narrate.grounding.lexicon import (
    HAN,
    WORD,
    closed_chinese,
    common_chinese,
    common_english,
    phrase,
    plain_chinese,
    plain_english,
    stem,
)
from zhiyin.narrate.grounding.reading import Reading
from zhiyin.narrate.grounding.scenes import sets_scene, sets_scene_chinese

_NEGATED = re.compile(
    r"(?:\b(?:no|not|without|never|non|free of|lacks?|nor|neither|isn[’']t|doesn[’']t|"
    r"don[’']t|hasn[’']t)\b"
    r"[\s-]*(?:(?:a|an|any|the|have|has|come|with|is|it|be|contain|include|made|of|in|use)\s+)*)$"
)
_NOT = re.compile(r"\b(?:no|not|without|never|non|nor)\b|n[’']t\b")
_LACKING = re.compile(
    r"(?:\b(?:no|without|lacks?|not? (?:made |meant |suitable |fit )?for|never needs?|skip the|"
    r"(?:do|does|has|have|is|are|was)(?:n[’']t| not) "
    r"(?:need|require|include|have|come with|contain)|"
    r"(?:is|are)(?:n[’']t| not) made (?:of|from)|out of the)\s+)"
    r"(?:an?\s+|any\s+|the\s+)?(?:[a-z]+\s+)?$"
)
_IS_NOT = re.compile(
    r"(?:\s+[a-z]+)?\s+(?:(?:is|are|was|were|can)(?:n[’']t|\s+not|\s+never)|cannot)\b"
    r"|\s+(?:is |are )?(?:not included|excluded|costs? extra|sold separately)\b"
)
_FREE = re.compile(r"[\s-]*free\b")
_HAN_NEGATED = re.compile(
    "(?:(?:不|未|没有|没|不会|不易|不伤|暂不|暂未)(?:接待|允许|提供|接受|包含|附带|支持|欢迎|适合|能带|可带|"
    "可以带|能|可以|使用|添加|配|设)|不含|不带|不留|不用|不必|不需要?|无需|无须|不是|不支持|不附|不可|不能|没有|并非|没|无|"
    "非|未|免|不|零)(?:任何)?$"
)
_OWN_NEEDED = re.compile(r"\b(?:bring your own|need|needs|require|requires|separately|buy|extra)\b")
_REQUIRED = re.compile(r"\s+(?:is |are )?(?:required|needed|necessary|compulsory)\b")
_RESOLUTION = re.compile(r"(\d{3,4})p|(\d)k")
_MIXED = re.compile(r"(?=.*[\u3400-\u9fff])(?=.*[a-z0-9])")
_PARTLY = frozenset("mostly naturally lightly heavily widely highly originally".split())
_FITTING = re.compile(r"\s+(?:next|choice|fit|step|match|companion|place|partner|follow)")
_DID = re.compile(r"\b(?:you|your)\b|[你您]|上[次回]")
_LONGEST = 8
_LONGEST_VALUE = 20


def check_coverage(reading: Reading) -> None:
    """Finds words that neither claim nothing nor are supported."""
    for value in reading.facts.words[OWN].texts:
        if 1 < len(value) <= _LONGEST_VALUE and _MIXED.match(value):
            for match in re.finditer(re.escape(value), reading.text):
                reading.cover(*match.span())
    for match in WORD.finditer(reading.text):
        if not all(reading.covered[match.start() : match.end()]):
            _english(reading, match)
    for run in HAN.finditer(reading.text):
        _chinese(reading, run.start(), run.end())


def _english(reading: Reading, match: re.Match[str]) -> None:
    root = stem(match[0])
    if _is_denied(reading, match, root):
        return
    facts, text = reading.facts, reading.text
    before, after = text[max(0, match.start() - 30) : match.start()], text[match.end() :]
    suffix = _FREE.match(after)
    if suffix and any(phrase(match[0] + " free") in phrase(t) for t in facts.affirmed.texts):
        return
    negated = bool(_NEGATED.search(before) or suffix)
    if root not in plain_english() and (
        (negated and root in facts.affirmed.english) or _is_taken_back(reading, match, root)
    ):
        reading.find(*match.span(), "negation", "the record says the opposite")
    elif match[0] == "free":
        if root not in facts.words[OWN].english and not _is_suffix(before):
            reading.find(*match.span(), "price", "nothing is recorded as free")
    elif not _is_supported(reading, match, root):
        reading.find(*match.span(), "property", "neither record nor evidence says this")


def _is_taken_back(reading: Reading, match: re.Match[str], root: str) -> bool:
    """Whether a text says that something is absent that the record says to be there."""
    facts, text = reading.facts, reading.text
    if root not in facts.told or root in facts.denied.english:
        return False
    before = text[max(0, match.start() - 40) : match.start()]
    return bool(_LACKING.search(before) or _IS_NOT.match(text, match.end()))


def _is_denied(reading: Reading, match: re.Match[str], root: str) -> bool:
    """Whether the record speaks of a word as absent; told where the text says otherwise."""
    text, denied = reading.text, reading.facts.denied.english
    if root not in denied or root in reading.facts.told:
        return False
    before = text[max(0, match.start() - 30) : match.start()]
    if _REQUIRED.match(text, match.end()) and not _NEGATED.search(before):
        reading.find(*match.span(), "negation", "the record says the opposite")
        return True
    if root in plain_english():
        return False
    start, _ = reading.clause(match.start())
    if not (
        _NEGATED.search(before)
        or _FREE.match(text, match.end())
        or _IS_NOT.match(text, match.end())
        or _NOT.search(text, start, match.start())
        or _OWN_NEEDED.search(text, start, match.end() + len("separately "))
    ):
        reading.find(*match.span(), "negation", "the record says the opposite")
    return True


def _is_supported(reading: Reading, match: re.Match[str], root: str) -> bool:
    """Whether a word claims nothing, or stands in the record or the evidence."""
    if root in reading.facts.words[OWN].english or root in plain_english():
        return True
    if _of_another(reading, match, root) or _of_deed(reading, match, root):
        return True
    if match[0] == "natural" and _FITTING.match(reading.text, match.end()):
        return True
    if match[0] in _PARTLY or _resolves(reading, match[0]):
        return True
    everyday = root in common_english() or sets_scene(reading, match, root)
    return everyday and not _is_called(reading, match)


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


def _resolves(reading: Reading, word: str) -> bool:
    """Whether a token like 1440p or 4k is the height or width of a recorded picture."""
    found = _RESOLUTION.fullmatch(word)
    if not found:
        return False
    lines = found[1] or {"2": "2048|2560", "4": "3840|4096|2160", "8": "7680|4320"}.get(found[2])
    said = " ".join(reading.facts.words[OWN].texts)
    return bool(lines and re.search(rf"(?<!\d)(?:{lines})(?!\d)", said))


def _of_deed(reading: Reading, match: re.Match[str], root: str) -> bool:
    """Whether it is a word of the title of what the user did, where that is spoken of."""
    return root in reading.facts.done.english and _is_of_user(reading, match.start())


def _is_of_user(reading: Reading, at: int) -> bool:
    return bool(_DID.search(reading.text[slice(*reading.clause(at))]))


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
    _closed(reading, start, step, good)
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


def _closed(reading: Reading, first: int, step: list[int], good: list[bool]) -> None:
    """Finds nouns that were only passed mark by mark."""
    at, row = 0, ""
    while at < len(step):
        alone = at < len(step) - 1 and good[at] and step[at] == 1
        if alone and not reading.covered[first + at]:
            row += reading.text[first + at]
        else:
            for length in (3, 2):
                for start in range(len(row) - length + 1):
                    word, place = row[start : start + length], first + at - len(row) + start
                    if word in closed_chinese() and not reading.is_covered(place, place + length):
                        reading.find(place, place + length, "property", "not in the record")
            row = ""
        at += step[at] if at < len(step) - 1 else 1


def _stands(reading: Reading, part: str, at: int) -> bool:
    if part in plain_chinese() or reading.facts.words[OWN].has_chinese(part):
        return True
    if part in common_chinese() or _denies(reading, part):
        return True
    if sets_scene_chinese(reading, part, at):
        return True
    if reading.facts.done.has_chinese(part) and _is_of_user(reading, at):
        return True
    subject = reading.subject(at)
    other = reading.facts.words.get(subject)
    return subject != OWN and other is not None and other.has_chinese(part)


def _denies(reading: Reading, part: str) -> bool:
    return reading.facts.denied.has_chinese(part)


def _negation(reading: Reading, start: int, end: int) -> None:
    part = reading.text[start:end]
    if part in plain_chinese() or reading.is_covered(start, end):
        return
    told = len(part) > 1 and any(part in text for text in reading.facts.told)
    denied = _denies(reading, part)
    if part in common_chinese() and not told and not (denied and len(part) > 1):
        return
    affirmed = reading.facts.affirmed.has_chinese(part)
    if _HAN_NEGATED.search(reading.text[max(0, start - 5) : start]):
        opposite = (affirmed or told) and not denied
    else:
        opposite = denied and not affirmed
    if opposite:
        reading.find(start, end, "negation", "the record says the opposite")
