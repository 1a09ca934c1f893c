"""Comparisons between the item and another, against the numbers of both."""

from __future__ import annotations

import re

from zhiyin.narrate.grounding.facts import OWN, Number
from zhiyin.narrate.grounding.reading import Reading

_LESS, _MORE = -1, 1
_TABLE: dict[str, tuple[int, str]] = {
    "cheaper|less expensive|more affordable|便宜|实惠|costs less": (_LESS, "price|cost"),
    "more expensive|dearer|pricier|贵|costs more": (_MORE, "price|cost"),
    "lighter|weighs less|轻": (_LESS, "weight"),
    "heavier|weighs more|重": (_MORE, "weight"),
    "longer|长": (_MORE, "runtime|duration|battery|hours|length|pages|minutes|lessons|warranty"),
    "shorter|短": (_LESS, "runtime|duration|battery|hours|length|pages|minutes|lessons|warranty"),
    "newer|more recent|新|晚": (_MORE, "year|published|released|updated"),
    "older|earlier|旧|老|早": (_LESS, "year|published|released|updated"),
    "larger|bigger|roomier|大": (_MORE, "capacity|volume|size|persons|diameter|screen|"
        "storage|area"),
    "smaller|more compact|小": (_LESS, "capacity|volume|size|persons|diameter|screen|storage|area"),
    "quieter|安静": (_LESS, "noise"), "louder": (_MORE, "noise"),
    "brighter|亮": (_MORE, "lumen|illuminance"),
    "higher rated|better rated|rated higher|评分更?高|分数更?高|得分更?高": (_MORE, "rating|stars"),
    "lower rated|评分更?低": (_LESS, "rating|stars"),
    "more powerful": (_MORE, "power"), "wider": (_MORE, "width"), "taller": (_MORE, "height"),
}  # fmt: skip
_ENGLISH = re.compile(
    r"\b(?:" + "|".join(w for words in _TABLE for w in words.split("|") if w[0].isascii()) + r")\b"
)
_THAN = re.compile(r"\b(\w+er|more|less|fewer|better|worse)\b[^.;!?]{0,60}?\bthan\b")
_BOUNDED = re.compile(r" than (?:\d|[$€£¥]|an? (?:kilo|kilogram|gram|pound|ounce)\b)")
_HAN_ADJECTIVES = (
    "评分更?[高低]|[分得]分更?[高低]|便宜|实惠|安静|贵|轻|重|长|短|新|旧|老|"
    "早|晚|大|小|亮|多|少|高|低|快|好|"
    ""
    "强"
)
_CHINESE = re.compile(rf"比([^,,。！？；]{{1,30}}?)(?:还要?|更加?|要|稍微?|略)*({_HAN_ADJECTIVES})")
_MORE_ZH = re.compile("(?:更加?|还要?)(便宜|实惠|轻|重|长|短|新|大|小|亮|安静)(?!的?[故阅])")


def check_comparisons(reading: Reading) -> None:
    """Finds comparisons that the records do not bear out."""
    for match in _THAN.finditer(reading.text):
        if re.search(
            r"\b(?:more|less|fewer) than (?:\d|[$€£¥]|just|that|a |one )",
            match[0] + reading.text[match.end() : match.end() + 4],
        ):
            continue
        word = _ENGLISH.search(reading.text, match.start(), match.end())
        _judge(reading, match, word[0] if word else match[1])
    for match in _ENGLISH.finditer(reading.text):
        if _BOUNDED.match(reading.text, match.end()):
            reading.cover(*match.span())  # the number behind it is looked up by itself
        elif not reading.is_covered(*match.span()) and not _than_before(reading, match):
            _judge(reading, match, match[0])
    for match in _CHINESE.finditer(reading.text):
        _judge(reading, match, match[2])
    for match in _MORE_ZH.finditer(reading.text):
        if not reading.is_covered(match.start(1), match.end(1)):
            _judge(reading, match, match[1])


def _than_before(reading: Reading, match: re.Match[str]) -> bool:
    return any(f.start <= match.start() < f.end for f in reading.findings)


def _judge(reading: Reading, match: re.Match[str], word: str) -> None:
    if any(f.start <= match.start() < f.end for f in reading.findings):
        return
    price, before = reading.facts.record.get("price"), reading.facts.list_price
    clause = reading.text[slice(*reading.clause(match.start()))]
    if (
        re.search("原价|\\blist\\b|(?:original|regular|usual|full|old) price", clause)
        and price
        and before
    ):
        if word in ("便宜", "cheaper", "less", "低", "省") and before > price:
            reading.cover(*match.span())
            return
    others = {n.owner for n in reading.facts.numbers} - {OWN, ""}
    found = next((rule for words, rule in _TABLE.items() if re.fullmatch(words, word)), None)
    if word in ("more", "less", "fewer", "多", "少", "高", "低") and others:
        _counted(reading, match, _MORE if word in ("more", "多", "高") else _LESS)
        return
    if found is None or not _holds(reading, match, *found):
        reading.find(*match.span(), "comparison", "the records do not bear this out")
        return
    at = reading.text.find(word, match.start(), match.end())
    reading.cover(at, at + len(word))


def _counted(reading: Reading, match: re.Match[str], direction: int) -> None:
    """Of "more pages than X": some recorded number must differ in that direction."""
    numbers = reading.facts.numbers
    clause = reading.text[slice(*reading.clause(match.start()))]
    fields = {n.field for n in numbers if n.owner == OWN and any(w in clause for w in n.names)}
    pairs = _pairs(numbers, "|".join(fields) or ".")
    if not any((a.value - b.value) * direction > 0 for a, b in pairs):
        reading.find(*match.span(), "comparison", "the records do not bear this out")


def _holds(reading: Reading, match: re.Match[str], direction: int, fields: str) -> bool:
    pairs = _pairs(reading.facts.numbers, fields)
    named = [m.owner for m in reading.mentions if match.start() - 60 <= m.start <= match.end() + 60]
    if named_pairs := [(a, b) for a, b in pairs if b.owner in named]:
        pairs = named_pairs
    return bool(pairs) and all((a.value - b.value) * direction > 0 for a, b in pairs[:1])


def _pairs(numbers: list[Number], fields: str) -> list[tuple[Number, Number]]:
    own = [n for n in numbers if n.owner == OWN and re.search(fields, n.field)]
    other = [n for n in numbers if n.owner not in (OWN, "") and re.search(fields, n.field)]
    return [(a, b) for a in own for b in other if a.field == b.field]
