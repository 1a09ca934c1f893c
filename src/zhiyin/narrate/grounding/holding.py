"""What of a text that a model wrote may be shown: the whole of it, or the sentences that hold."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from zhiyin.narrate.grounding.checking import check
from zhiyin.narrate.language import Language, language_of, shown

SPEAKS: Mapping[Language, str] = {"en": "English", "zh": "Chinese"}
"""Names of languages."""
UNNAMED = "the item is not named"
"""What is wrong with a text that could be of any item."""
_SAYS_NOTHING = "it tells nothing of the item"
_MARKED = "markup or an address"
_NOT_IN: Mapping[Language, str] = {spoken: f"not in {SPEAKS[spoken]}" for spoken in SPEAKS}
_SHOWN = 20
_MARKUP = re.compile(r"<[^>]*>|https?://|www\.|!\[|\]\(", re.IGNORECASE)
_ORDER = re.compile(
    r"\b(?:ignore|disregard|forget|override)\b.{0,30}\b(?:rules?|instructions?|prompts?|previous)\b"
    r"|\byou are now\b|\bsystem prompt\b"
    r"|(?:忽略|无视|忘记|忘掉|绕过)[^，。,]{0,12}(?:指令|规则|提示|设定)|你现在(?:是|扮演)|提示词",
    re.IGNORECASE,
)
_ENDS = re.compile(r"(?<=[.!?…])\s+(?=[^a-z\s])|(?<=[。！？])\s*(?=[^”’」』）)。！？\s])")
_ENDED = tuple(".!?。！？”’\"'」』）)")
_BROKEN_OFF = ("...", "…")
_QUOTED = re.compile(r"“[^”]*”|《[^》]*》")
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]+")
_NAMES = ("title", "brand")
"""Attributes that are written alike in every language."""
_FEW_LETTERS = 3
_BEFORE = re.compile(r"[\u3400-\u9fff]{0,2}$")
_BEHIND = re.compile(r"^[\u3400-\u9fff]{0,2}")
"""What stands around a Chinese claim and makes it a word; both are found in any text."""
_IN_CHINESE = {
    _MARKED: "不要标记和网址",
    _NOT_IN["zh"]: "用中文写",
    UNNAMED: "写上名称",
    _SAYS_NOTHING: "写上一个事实",
}
_LEFT = 0.4
"""Share of a text that must be left of it."""


class Held(NamedTuple):
    """What of a text may be shown."""

    text: str
    """The text, or its sentences that hold; "" where too little is left of it."""
    problem: str = ""
    """Why some of it, or all, may not be shown; "" where all may."""
    claim: str = ""
    """The words that are not recorded, where that is why; of Chinese with those around them."""

    def complaint(self, language: Language) -> str:
        """The problem as the one who wrote the text is told: small models repeat English."""
        if language == "en" or not self.problem:
            return self.problem
        if self.claim:
            return f"不要出现“{shown(self.claim, most=_SHOWN)}”"
        return _IN_CHINESE.get(self.problem, "再短一些")


def held(
    text: str,
    *,
    limit: int,
    record: Mapping[str, Any],
    evidence: Sequence[Mapping[str, Any]] = (),
    language: Language = "en",
    banned: Sequence[str] = (),
    whole: bool = False,
) -> Held:
    """What of a text may be shown: sentences that claim what is not recorded are left out.

    A text with markup, an address, an order to a machine or in another language is refused
    whole, and so is one of which less than two fifths, or nothing that is told of the item,
    would be left.

    Args:
        text: As it was written.
        limit: Characters at most; whole sentences are taken while they fit.
        record: Attributes of the item that it is about.
        evidence: Facts beside the record, as the checker reads them.
        language: What it is to be written in.
        banned: Words that are never to be shown.
        whole: Whether a part of it will not do (titles, subjects).
    """
    text = text.strip()
    if problem := _form(text, record, language):
        return Held("", problem)
    if whole and len(text) > limit:
        return Held("", f"longer than {limit} characters")
    sentences = list(dict.fromkeys(_sentences(text, str(record.get("title") or ""))))
    text = _joined(sentences, language)
    fitting = _fitting(sentences, limit, language)
    problem = "" if len(fitting) == len(sentences) else f"longer than {limit} characters"
    claim = ""
    kept = list[str]()
    for sentence in fitting:
        why, words = _unfounded(sentence, record, evidence, banned)
        problem, claim = (problem, claim) if problem else (why, words)
        if not why:
            kept.append(sentence)
    told = _joined(kept, language)
    # A sentence may say something else beside its neighbours than alone.
    if len(kept) > 1 and (found := _unfounded(told, record, evidence, banned))[0]:
        return Held("", *found)
    if told and not _tells(told):
        return Held("", problem or _SAYS_NOTHING, claim)
    if told == text or (not whole and len(told) >= _LEFT * min(len(text), limit)):
        return Held(told, problem, claim)
    return Held("", problem or "too little of it is left", claim)


def _form(text: str, record: Mapping[str, Any], language: Language) -> str:
    if not text:
        return "empty"
    if _MARKUP.search(text):
        return _MARKED
    if _ORDER.search(text):
        return "an order to a machine"
    names = {word for name in _NAMES for word in _LATIN.findall(str(record.get(name) or ""))}
    for said in (_QUOTED.sub("", text), text):
        rest = _LATIN.sub(lambda word: "" if word[0] in names else word[0], said)
        if sum(map(str.isalpha, rest)) > _FEW_LETTERS:
            return "" if language_of(rest) == language else _NOT_IN[language]
    return ""


def _sentences(text: str, title: str) -> list[str]:
    """A text in sentences; a title, which may end like one (Airplane! (1980)), is not cut."""
    names = [match.span() for match in _QUOTED.finditer(text)]
    if title:
        names += [match.span() for match in re.finditer(re.escape(title), text)]
    cuts = [
        end.span()
        for end in _ENDS.finditer(text)
        if not any(first < end.start() < last for first, last in names)
    ]
    starts, ends = [0, *(end for _, end in cuts)], [*(start for start, _ in cuts), len(text)]
    return [text[start:end] for start, end in zip(starts, ends, strict=True)]


def _fitting(sentences: Sequence[str], limit: int, language: Language) -> list[str]:
    """The first sentences that are short enough together; a broken-off one is none of several."""
    if len(sentences) > 1 and not sentences[-1].endswith(_ENDED):
        sentences = sentences[:-1]
    if sentences[-1].endswith(_BROKEN_OFF):
        sentences = sentences[:-1]
    return [
        sentence
        for at, sentence in enumerate(sentences)
        if len(_joined(sentences[: at + 1], language)) <= limit
    ]


def _joined(sentences: Sequence[str], language: Language) -> str:
    return ("" if language == "zh" else " ").join(sentences)


def _tells(text: str) -> bool:
    """Whether a text claims anything: of an item of which nothing is recorded it would not do."""
    return not check(text, record={}).is_grounded


def _unfounded(
    text: str,
    record: Mapping[str, Any],
    evidence: Sequence[Mapping[str, Any]],
    banned: Sequence[str],
) -> tuple[str, str]:
    """What is wrong with a text, and the words that are; both "" where nothing is."""
    findings = check(text, record=record, evidence=evidence, banned=banned).findings
    if not findings:
        return "", ""
    first = findings[0]
    before, claim, behind = text[: first.start], text[first.start : first.end], text[first.end :]
    problem = f"{claim!r}: {first.kind}, {first.why}"
    if not claim.isascii():
        claim = _BEFORE.findall(before)[0] + claim + _BEHIND.findall(behind)[0]
    return problem, claim
