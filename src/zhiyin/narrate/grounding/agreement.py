"""Whether a recorded number bears out a claimed one, itself or less another."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

from zhiyin.narrate.grounding.facts import OWN, Number
from zhiyin.narrate.grounding.numerals import Claim
from zhiyin.narrate.grounding.reading import Reading

_COMPARED = re.compile(
    r"longer|shorter|cheaper|lighter|heavier|less|more|fewer|newer|older|bigger|larger|smaller|"
    r"higher|lower|save|off\b|better|extra|省|便宜|贵|轻|重|多|少|长|短|高|低|大|小|减|降|早|晚|新"
)


def known(reading: Reading, claim: Claim) -> bool:
    """Whether a number of that value is recorded of the item that is spoken of."""
    subject = reading.subject(claim.start)
    return any(
        number.dimension == claim.dimension
        and number.owner in (subject, "")
        and agrees(number.value, claim)
        for number in reading.facts.numbers
    )


def agrees(value: float, claim: Claim) -> bool:
    """Whether a recorded value bears a claim out, in the sense in which it is made."""
    said = claim.value
    if math.isclose(value, said, rel_tol=1e-9):
        return True
    near = abs(value - said) <= 0.1 * max(abs(value), 1e-9)
    return {
        "exact": False, "about": near, "nearly": near and value < said,
        "under": value < said <= 2 * value, "over": said < value <= 2 * said,
        "odd": said < value < said + _place(claim), "some": 2 * said <= value < 10 * said,
    }[claim.sense]  # fmt: skip


def _place(claim: Claim) -> float:
    """One in the last place of a claim that is not nought, in base units."""
    place, ones = 1.0, round(claim.value / claim.step)
    while ones and ones % 10 == 0:
        ones, place = ones // 10, place * 10
    return place * claim.step


def difference(reading: Reading, claim: Claim) -> bool:
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
    return any(agrees(abs(a.value - b.value), claim) for a, b in pairs if a is not b)


def _fields(numbers: list[Number]) -> set[str]:
    return {number.field for number in numbers}
