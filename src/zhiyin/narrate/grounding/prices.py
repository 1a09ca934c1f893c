"""Prices and discounts in texts, against those that are recorded."""

from __future__ import annotations

import re

from zhiyin.narrate.grounding.agreement import agrees, known
from zhiyin.narrate.grounding.facts import OWN
from zhiyin.narrate.grounding.numerals import Claim
from zhiyin.narrate.grounding.reading import Reading
from zhiyin.narrate.grounding.units import CURRENCY

NOUN = re.compile(r"[\s-]*([a-z]+)(?:\s+([a-z]+))?")
"""One or two words behind a number."""
NO_NOUN = frozenset(
    "a an and are as at but by can for from has have if in is it new of off on only or per so "
    "than that the then this to until was were when which while who will with you your".split()
)
"""Words that are not what is counted."""
_PRICED = re.compile(
    r"(?:\b(?:now|just|only|for|at|from|was|costs?|price[ds]?(?: at)?|instead of|list|under|"
    r"less than)|价格?|只要|只需|仅需|仅售|仅要|到手|售价?|不到)[\s:]*$"
)
_BEFORE_PRICE = re.compile(
    r"\b(?:was|list|instead|original(?:ly)?|regular|usual(?:ly)?|full|from|rrp|off|less|save)\b|"
    r"原价|标价|划线|立减|直降|降|省|平时|吊牌"
)
OFF = re.compile(r"\s*(?:off\b|discount|less\b|的?折扣|优惠)")
_SAVES = re.compile(r"\bsav(?:e|es|ing)\b|\b(?:off|less|cheaper)\b|立减|直降|省|便宜|减")
_EACH = re.compile(
    r"\s*(?:each\b|apiece\b|(?:per|a|an|for one) (?!month|week|year|day|night|hour)[a-z]+|"
    "[一每/][杯罐片包袋个瓶盒支条块只粒枚份颗卷双])"
)
_ONE_OF = re.compile(
    "(?:平均|合|每|一)[一每]?[杯罐片包袋个瓶盒支条块只粒枚份颗卷双](?:才|只要|不到|约|大约)?$"
)
MEASURED = re.compile("[人位名条次个件本部首页片块种款张颗粒枚只双套台层间节课讲集章字岁]")


def discount_problem(reading: Reading, claim: Claim, end: int, off: float) -> str:
    """The kind of the error of a discount, or "" where it is recorded or follows."""
    margin = 0.51 if claim.sense == "exact" else 4.0
    if any(abs(off - known) < margin for known in reading.facts.discounts()):
        found = OFF.match(reading.text, end)
        reading.cover(claim.start, found.end() if found else end)
        return ""
    return "discount"


def is_price(reading: Reading, claim: Claim) -> bool:
    """Whether it is a recorded price, said without its currency: "now 149", 现价599."""
    text = reading.text
    told = _PRICED.search(text[max(0, claim.start - 12) : claim.start])
    if not told and claim.sense not in ("about", "nearly", "under", "odd"):
        return False
    following = NOUN.match(text, claim.end)
    if (following and following[1] not in NO_NOUN) or MEASURED.match(text, claim.end):
        return False
    money = claim._replace(dimension="money")
    return known(reading, money) and is_due(reading, money)


def is_reduced(reading: Reading, claim: Claim) -> bool:
    """Whether it is the price less a recorded offer, or what that saves where it says so."""
    price = reading.facts.record.get("price")
    offers = [f.get("percent") for f in reading.facts.of("offer")]
    if not isinstance(price, int | float):
        return False
    saved = [price * off / 100 for off in offers if isinstance(off, int | float)]
    clause = reading.text[slice(*reading.clause(claim.start))]
    values = saved if _SAVES.search(clause) else [price - amount for amount in saved]
    return any(_comes_to(value, claim) for value in values)


def _comes_to(value: float, claim: Claim) -> bool:
    """Whether a worked-out price is the one that is told, rounded or not."""
    return agrees(round(value, 2), claim) or (
        claim.sense == "exact" and abs(value - claim.value) <= 0.5 * min(claim.step, 1.0)
    )


def is_unit_price(reading: Reading, claim: Claim) -> bool:
    """Whether it is the price of one of so many that are recorded: "eight yuan a can" of 12."""
    price = reading.facts.record.get("price")
    if not isinstance(price, int | float) or not (
        _EACH.match(reading.text, claim.end) or _ONE_OF.search(reading.text[: claim.start])
    ):
        return False
    return any(
        _comes_to(price / number.value, claim)
        for number in reading.facts.numbers
        if number.owner == OWN and number.dimension == "count" and number.value >= 2
    )


def is_due(reading: Reading, claim: Claim) -> bool:
    """Whether a price of the past is told as one."""
    price, before = reading.facts.record.get("price"), reading.facts.list_price
    if before is None or not isinstance(price, int | float):
        return True
    if not agrees(before, claim) or agrees(float(price), claim):
        return True
    return bool(_BEFORE_PRICE.search(reading.text[slice(*reading.clause(claim.start))]))


def has_currency(reading: Reading, claim: Claim) -> bool:
    """Whether a price is told in the recorded currency."""
    recorded = str(reading.facts.record.get("currency") or "").upper()
    return not recorded or not claim.unit or recorded in CURRENCY.get(claim.unit, (recorded,))
