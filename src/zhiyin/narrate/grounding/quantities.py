"""Numbers in texts against recorded numbers, and what follows from them by one step."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

from zhiyin.narrate.grounding.facts import LISTED, OWN, Number
from zhiyin.narrate.grounding.lexicon import HAN, groups, phrase, plain_chinese, stem
from zhiyin.narrate.grounding.numerals import Claim, claims
from zhiyin.narrate.grounding.reading import Reading
from zhiyin.narrate.grounding.units import CURRENCY

_OFF = re.compile(r"\s*(?:off\b|discount|less\b|的?折扣|优惠)")
_SAVED = re.compile(r"(?:save|saves|saving|off|reduced by|立减|直降|省下?|便宜|减)\s*[$€£¥]?\s*$")
_COMPARED = re.compile(
    r"longer|shorter|cheaper|lighter|heavier|less|more|fewer|newer|older|bigger|larger|smaller|"
    r"higher|lower|save|off\b|better|extra|省|便宜|贵|轻|重|多|少|长|短|高|低|大|小|减|降|早|晚|新"
)
_OUT_OF = re.compile(r"(?:out of|of|/|满分|分制)\s*$")
_NOUN = re.compile(r"[\s-]*([a-z]+)(?:\s+([a-z]+))?")
_ZHE = re.compile(r"\s*折")
_RANKED = re.compile(r"(?:top|前|第|no\.?|number|#|place|排名)\s*$")
_TIMES_UNIT = re.compile(
    r"(?:battery|runtime|running|warrant|guarantee|shelf|续航|片长|保修|质保|保质期)"
)
_ANYBODY = {"peopl", "person", "of", "user"}
_ROLE = {
    "battery": "battery|single|plays?", "runtime": "runtime|"
        "duration", "running": "runtime|duration",
    "warrant": "warranty", "guarantee": "warranty", "shelf": "shelf", "续航": "battery|single",
    "片长": "runtime|duration", "保修": "warranty", "质保": "warranty", "保质期": "shelf",
}  # fmt: skip


def check_quantities(reading: Reading) -> None:
    """Finds numbers that are not recorded."""
    for claim in claims(reading.text):
        if reading.is_covered(claim.start, claim.end) or _is_word(reading, claim):
            continue
        kind = _problem(reading, claim)
        if kind:
            reading.find(claim.start, claim.end, kind, "no such number is recorded")
        else:
            reading.cover(claim.start, claim.end)


def _is_word(reading: Reading, claim: Claim) -> bool:
    """Whether a numeral is part of a word that claims nothing, such as 一起 or "one"."""
    text = reading.text
    if re.search(r"(?:number|no\.?)\s*$", text[: claim.start]):
        return False
    if claim.value == 1 and claim.dimension == "count" and text.startswith("one", claim.start):
        return True
    if not HAN.match(text, claim.start):
        return False
    if reading.facts.words[OWN].has_chinese(text[claim.start : claim.start + 2]):
        return True
    if text[claim.start] == "一" and claim.dimension == "count" and claim.value == 1:
        return not claim.ordinal
    return any(
        text[start : start + length] in plain_chinese()
        for length in (4, 3, 2)
        for start in range(max(0, claim.start - length + 1), claim.start + 1)
        if claim.unit == "" or text[start : start + length] == "第一次"
    )


def _problem(reading: Reading, claim: Claim) -> str:
    """The kind of the error, or "" where the number is supported."""
    text = reading.text
    if (zhe := _ZHE.match(text, claim.end)) and claim.dimension == "count":
        off = 100 - (claim.value * 10 if claim.value < 10 else claim.value)
        return _discount(reading, claim, zhe.end(), off)
    if claim.dimension == "percent":
        if _OFF.match(text, claim.end) or re.search(r"(?:save|立减|降)\s*$", text[: claim.start]):
            return _discount(reading, claim, claim.end, claim.value)
        share = claim._replace(value=claim.value / 100, dimension="count")
        return "" if _known(reading, claim) or _known(reading, share) else "number"
    if claim.dimension == "rating" or (
        claim.dimension == "count" and text.startswith("分", claim.end)
    ):
        return _rating(reading, claim)
    if claim.dimension == "count":
        return _count(reading, claim)
    return _measured(reading, claim)


def _measured(reading: Reading, claim: Claim) -> str:
    """As `_problem`, for what has a unit."""
    if claim.unit == "年" and 1900 <= claim.value / 12 <= 2100:
        year = claim._replace(value=claim.value / 12, dimension="year")
        return "" if _known(reading, year) else "date"
    if claim.dimension == "money" and not _currency(reading, claim):
        return "price"
    if _wrong_role(reading, claim):
        return "number"
    as_storage = claim.unit == "g" and _known(reading, claim._replace(dimension="storage"))
    if _known(reading, claim) or _difference(reading, claim) or _since(reading, claim):
        return ""
    if as_storage:
        return ""
    return {"money": "price"}.get(claim.dimension, "number")


def _discount(reading: Reading, claim: Claim, end: int, off: float) -> str:
    margin = 0.51 if claim.sense == "exact" else 4.0
    if any(abs(off - known) < margin for known in reading.facts.discounts()):
        found = _OFF.match(reading.text, end)
        reading.cover(claim.start, found.end() if found else end)
        return ""
    return "discount"


def _rating(reading: Reading, claim: Claim) -> str:
    if _OUT_OF.search(reading.text[: claim.start]) and claim.value in (5, 10):
        return ""
    as_rating = claim._replace(dimension="rating")
    if _known(reading, as_rating) or (claim.dimension == "rating" and _known(reading, claim)):
        return ""
    return "number"


def _count(reading: Reading, claim: Claim) -> str:
    text = reading.text
    if _OUT_OF.search(text[: claim.start]) and claim.value in (5, 10):
        return ""
    if re.match(r"\s*(?:/|out of)\s*(?:5|10)\b", text[claim.end :]):
        return "" if _known(reading, claim._replace(dimension="rating")) else "number"
    ranks = [n for n in reading.facts.numbers if n.field == "position" and n.owner == OWN]
    if claim.ordinal or _RANKED.search(text[: claim.start]):
        top = text[: claim.start].rstrip().endswith(("top", "前"))
        if any(n.value == claim.value or (top and n.value <= claim.value) for n in ranks):
            return ""
        return "" if claim.ordinal and _series(reading, claim) else "number"
    if (held := _stock(reading, claim)) is not None:
        return "" if held else "quantity"
    noun = _noun(text, claim.end)
    if "part" in noun and _known(reading, claim._replace(value=claim.value * 10)._replace(
        dimension="percent")):  # fmt: skip
        return ""
    numbers = [
        n for n in reading.facts.numbers if n.dimension not in ("money", "year") and _named(n, noun)
    ]
    subject = reading.subject(claim.start)
    fitting = [n for n in numbers if n.owner in (subject, "") and _agrees(n.value, claim)]
    fitting = [n for n in fitting if not n.field.endswith(LISTED) or n.names & noun]
    if noun and any(n.names & noun for n in numbers):
        fitting = [n for n in fitting if n.names & noun]
    if fitting or _counted(reading, claim) or _difference(reading, claim):
        return ""
    return "quantity"


def _series(reading: Reading, claim: Claim) -> bool:
    noun = _noun(reading.text, claim.end)
    if any(n.value == claim.value and n.names & {"number", *noun} for n in reading.facts.numbers):
        return True
    before = claim._replace(value=claim.value - 1, sense="exact")
    return claim.value > 2 and _counted(reading, before)


def _since(reading: Reading, claim: Claim) -> bool:
    """Whether so much time lies between a recorded event and now."""
    now = reading.facts.now
    if now is None or claim.dimension not in ("time", "months"):
        return False
    if claim.dimension == "months" and re.match(r"\s*(?:ago|old|前)", reading.text[claim.end :]):
        years = [n.value for n in reading.facts.numbers if n.dimension == "year"]
        if any(_agrees(12 * (now.year - year), claim) for year in years):
            return True
    day = 86400.0 if claim.dimension == "time" else 1 / 30.4
    return any(
        abs((now - deed.when).days * day - claim.value) <= max(day, 0.1 * claim.step)
        for deed in reading.facts.deeds
        if deed.when
    )


def _stock(reading: Reading, claim: Claim) -> bool | None:
    around = reading.text[claim.start : reading.clause(claim.start)[1]]
    before = reading.text[reading.clause(claim.start)[0] : claim.start]
    stock = reading.facts.record.get("stock")
    said = re.search(r"\bleft\b|\bremain|in stock", around) or re.search("剩|库存|现货", before)
    if not said:
        return None
    return isinstance(stock, int | float) and _agrees(float(stock), claim)


def _counted(reading: Reading, claim: Claim) -> bool:
    """Whether it counts the evidence: "two films that you watched"."""
    if claim.sense != "exact" or claim.value > 20:
        return False
    deeds = reading.facts.deeds
    by_event = {event: sum(d.event == event for d in deeds) for event in {d.event for d in deeds}}
    sizes = {len(deeds), *by_event.values(), len({d.title for d in deeds})}
    sizes |= {len(reading.facts.of(kind)) for kind in ("similar", "item")}
    sizes |= {len(f["items"]) for f in reading.facts.of("tag") if isinstance(f.get("items"), list)}
    return claim.value >= 2 and claim.value in sizes


def _noun(text: str, at: int) -> frozenset[str]:
    """Stems of what is counted, and of what means the same."""
    found: set[str] = set()
    if match := _NOUN.match(text, at):
        found |= {stem(part) for part in match.groups() if part} - _ANYBODY
    after = text[at : at + 6].lstrip()
    bare = after.lstrip("位名个种款张部本件条台")
    for group in groups():
        english = {part for name in group.english for part in name.split()}
        if found & english or any(
            after.startswith(name) or (len(name) > 1 and bare.startswith(name))
            for name in group.chinese
            if name != "人"
        ):
            found |= english
    return frozenset(found)


def _named(number: Number, noun: frozenset[str]) -> bool:
    """Whether a number can be one of that noun: ratings are no lessons."""
    if not noun or number.names & noun:
        return True
    counted = {p for group in groups() for name in group.english for p in name.split()}
    return not (number.names & counted and noun & counted)


def _known(reading: Reading, claim: Claim) -> bool:
    subject = reading.subject(claim.start)
    return any(
        number.dimension == claim.dimension
        and number.owner in (subject, "")
        and _agrees(number.value, claim)
        for number in reading.facts.numbers
    )


def _agrees(value: float, claim: Claim) -> bool:
    """Whether a recorded value bears a claim out, in the sense in which it is made."""
    said = claim.value
    if math.isclose(value, said, rel_tol=1e-9):
        return True
    near = abs(value - said) <= 0.1 * max(abs(value), 1e-9)
    wide = abs(value - said) <= 0.25 * max(abs(value), 1e-9)
    return {
        "exact": False, "about": near, "under": near and value < said,
        "over": wide and value > said,
    }[claim.sense]  # fmt: skip


def _difference(reading: Reading, claim: Claim) -> bool:
    """Whether it is a recorded number less another, and said to be a difference."""
    clause = reading.text[slice(*reading.clause(claim.start))]
    if not _COMPARED.search(clause):
        return False
    own = [n for n in reading.facts.numbers if n.owner == OWN and n.dimension == claim.dimension]
    other = [
        n for n in reading.facts.numbers if n.owner not in (OWN, "") and n.field in _fields(own)
    ]
    pairs: Iterable[tuple[Number, Number]] = [
        (a, b)
        for a in own
        for b in (*other, *own)
        if a.field == b.field or claim.dimension == "money"
    ]
    return any(_agrees(abs(a.value - b.value), claim) for a, b in pairs if a is not b)


def _fields(numbers: list[Number]) -> set[str]:
    return {number.field for number in numbers}


def _currency(reading: Reading, claim: Claim) -> bool:
    recorded = str(reading.facts.record.get("currency") or "").upper()
    return not recorded or not claim.unit or recorded in CURRENCY.get(claim.unit, (recorded,))


def _wrong_role(reading: Reading, claim: Claim) -> bool:
    """Whether the clause calls it battery life, warranty, … and it is something else."""
    clause = reading.text[slice(*reading.clause(claim.start))]
    roles = _TIMES_UNIT.findall(clause)
    if len(roles) != 1 or claim.dimension not in ("time", "months"):
        return False
    fitting = [
        n
        for n in reading.facts.numbers
        if n.dimension == claim.dimension and _agrees(n.value, claim)
    ]
    return bool(fitting) and not any(re.search(_ROLE[roles[0]], n.field) for n in fitting)


def words_of(text: str) -> frozenset[str]:
    """The stems of a text."""
    return frozenset(phrase(text).split())
