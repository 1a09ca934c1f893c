"""Numbers in wishes: years, decades, prices, lengths of time, as bounds."""

# ruff: noqa: E501 - patterns are read line by line

from __future__ import annotations

import re
from typing import NamedTuple

from zhiyin.narrate.chat.state import Op, Wish
from zhiyin.narrate.grounding.numerals import Claim, claims

_TENS = ("twenties", "thirties", "forties", "fifties", "sixties", "seventies", "eighties",
         "nineties")  # fmt: skip
_DECADE = re.compile(
    r"(?:(?P<part>early|mid|late)[ -]*)?(?:the )?(?:(?P<four>\d{3})0['’]?s|['’]?(?P<two>[2-9]0)['’]?s|"
    rf"(?P<word>{'|'.join(_TENS)}))\b"
    r"|(?:(?:上个?世纪|20世纪|二十世纪)?(?P<zh>[二三四五六七八九]十|[2-9]0)年代(?P<zhpart>初|中期|末|后期|早期|前期)?)"
)
_TWO_TENS = re.compile(r"(?:上个?世纪|20世纪|二十世纪)?([二三四五六七八])([三四五六七八九])十年代")
"""八九十年代"""
_BOTH = re.compile(
    r"\s*(?:or|and|to|through|until|till|-|–|/|,|或者?|和|到|至|、|还是)?\s*(?:the |from the )?\s*"
)
_BETWEEN = re.compile(
    r"\b(?:between|from) (?P<a>[^,.;]{1,20}?) (?:and|to|until|till) (?P<b>[^,.;]{1,24})|"
    r"(?P<c>[\d.]+)\s*(?:-|~|–|到|至|to\b|through\b|until\b|till\b)\s*(?P<d>[\d.]+)|"
    r"(?P<e>[零一二两三四五六七八九十百千万\d.]+)[块元年]?\s*(?:到|至)\s*(?P<f>[零一二两三四五六七八九十百千万\d.]+)"
)
_UPPER = re.compile(
    r"(?:under|below|less than|fewer than|at most|up to|earlier than|max(?:imum)?(?: of)?|cheaper than|before|"
    r"older than|no more than|not more than|no later than|within|until|till|by|prior to|pre-?|"
    r"budget(?: of| is|:)?|不超过|低于|少于|最多|不到|小于|不高于|不多于|早于|预算(?:是|在|大概|还是|就|只有|也就|最多)*|控制在|(?:别|不要|不能|不)[超高多]过|别过)"
    r"\s*(?:the |about |around |year )?$"
)
_LOWER = re.compile(
    r"(?:over|above|more than|at least|after|since|newer than|later than|more recent than|younger than|min(?:imum)?(?: of)?|"
    r"starting|no less than|not less than|no earlier than|post-?|超过|高于|至少|大于|不低于|不少于|晚于|起码)"
    r"\s*(?:the |about |around |year )?$"
)
_UPPER_AFTER = re.compile(
    r"\s*(?:块|元|块钱|元钱|年|rmb)?\s*(?:钱)?(?:以内|以下|之前|以前|之内|内|前|封顶|打住)|"
    r"\s*(?:yuan|dollars?|bucks|euros?|rmb|minutes?)?\s*"
    r"(?:or (?:less|older|earlier|under|below|cheaper|before)|at most|max|tops|and (?:under|below|earlier))"
)
_LOWER_AFTER = re.compile(
    r"\s*(?:块|元|块钱|元钱|年|rmb)?\s*(?:钱)?(?:以上|以后|之后|之上|后|起|往上|开外)|"
    r"\s*(?:yuan|dollars?|bucks|euros?|rmb|minutes?)?\s*"
    r"(?:or (?:more|newer|later|above|after|over)|on\b|onwards?|and (?:up|later|newer|above|after)|at least|plus|\+)"
)
_ABOUT = re.compile(r"(?:about|around|roughly|circa|some|大概|大约|差不多|约)\s*$")
_ABOUT_AFTER = re.compile(r"\s*(?:块|元|块钱|yuan|dollars?)?\s*(?:左右|上下|or so)")
_MONEY = re.compile(
    r"price|budget|cost|spend|pay|yuan|dollar|buck|euro|rmb|[$€£¥]|价|预算|块|元|钱"
)
_AFTER_WORD = re.compile(
    r"(?:after|newer than|later than|more recent than|younger than|晚于|post-?)\s*(?:the |year )?$"
)
_AGE = re.compile(
    r"\s*(?:岁|years? old|yrs?|year-old|-year-old|个月)|\s*\)?\s*(?:个|件|只|包|盒|%)"
)
_SOME = re.compile(r"([一两二三四五六七八九]?[百千万]|\d+)来([块元])")
_NEAR = 0.3
_FIRST_YEAR, _LAST_YEAR = 1880, 2100


class Bounds(NamedTuple):
    """The bounds of a clause."""

    wishes: list[Wish]
    """As wishes."""
    spans: list[tuple[int, int]]
    """Where they stand."""


def bounds_of(
    text: str, *, denied: bool = False, prices: bool = True, years: bool = True
) -> Bounds:
    """The bounds that a clause sets.

    Args:
        text: In small letters.
        denied: Whether the clause says what is not wanted: "nothing after 1985".
        prices: Whether a bare number may be a price.
        years: Whether a bare number may be a year; else it is a price.
    """
    text = _SOME.sub(lambda m: f"约{m[1]}{m[2]}".ljust(len(m[0])), text)
    found = (
        _decades(text)
        or _decade(text)
        or _range(text, years=years)
        or _single(text, prices=prices, years=years)
    )
    if denied:
        turned = [wish.model_copy(update={"op": _TURNED[wish.op]}) for wish in found.wishes]
        if len(turned) == 2:
            return Bounds(_outside(found.wishes), found.spans)
        return Bounds(turned if len(turned) == 1 and turned[0].op else [], found.spans)
    return found


def _outside(wishes: list[Wish]) -> list[Wish]:
    """A range of years that are not wanted, as the years."""
    low, high = (int(float(wish.value)) for wish in wishes)
    if wishes[0].field != "year" or not 0 <= high - low < _LONGEST_DENIED:
        return []
    first, *rest = [str(year) for year in range(low, high + 1)]
    return [Wish(field="year", op="lacks", value=first, or_else=tuple(rest))]


_LONGEST_DENIED = 50
"""Years that can be ruled out one by one."""
_TURNED: dict[str, Op] = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "=="}


def _decades(text: str) -> Bounds | None:
    """Two decades with "or" or "to" between them: from the start of one to the end of the other."""
    short = _TWO_TENS.search(text)
    if short:
        starts = [1900 + 10 * ("一二三四五六七八九".index(short[n]) + 1) for n in (1, 2)]
        span = short.span()
    else:
        one = _DECADE.search(text)
        two = _DECADE.search(text, one.end()) if one else None
        if one is None or two is None or not _BOTH.fullmatch(text[one.end() : two.start()]):
            return None
        starts = [_start_of(one), _start_of(two)]
        span = (one.start(), two.end())
    return Bounds(
        [
            Wish(field="year", op=">=", value=min(starts)),
            Wish(field="year", op="<=", value=max(starts) + 9),
        ],
        [span],
    )


def _decade(text: str) -> Bounds | None:
    match = _DECADE.search(text)
    if match is None:
        return None
    start = _start_of(match)
    low, high = {
        "early": (0, 3), "初": (0, 3), "早期": (0, 3), "前期": (0, 3), "mid": (3, 7),
        "中期": (3, 7), "late": (5, 9), "末": (5, 9), "后期": (5, 9),
    }.get(match["part"] or match["zhpart"] or "", (0, 9))  # fmt: skip
    first, last = start + low, start + high
    before, after = text[: match.start()].rstrip(), text[match.end() :]
    span = [(match.start(), match.end())]
    if re.match(r"\s*(?:or (?:earlier|before|older)|and (?:earlier|before|older))", after):
        return Bounds([Wish(field="year", op="<=", value=last)], span)
    if re.match(r"\s*(?:or (?:later|after|newer)|and (?:later|after|newer)|onwards?|on\b)", after):
        return Bounds([Wish(field="year", op=">=", value=first)], span)
    if re.match(r"(?:以前|之前|前(?!期))", after) or re.search(
        r"(?:before|older than|earlier than|pre-?|prior to)(?: the)?$", before
    ):
        return Bounds([Wish(field="year", op="<", value=first)], span)
    if re.match(r"(?:以后|之后|后(?!期))", after):
        return Bounds([Wish(field="year", op=">=", value=first)], span)
    if re.search(r"(?:after|newer than|later than|post-?)(?: the)?$", before):
        return Bounds([Wish(field="year", op=">", value=last)], span)
    if re.search(r"since(?: the)?$", before):
        return Bounds([Wish(field="year", op=">=", value=first)], span)
    return Bounds(
        [Wish(field="year", op=">=", value=first), Wish(field="year", op="<=", value=last)], span
    )


def _start_of(match: re.Match[str]) -> int:
    if match["four"]:
        return int(match["four"]) * 10
    if match["word"]:
        return 1920 + 10 * _TENS.index(match["word"])
    tens = (match["two"] or match["zh"])[0]
    return 1900 + 10 * (int(tens) if tens.isdigit() else "一二三四五六七八九".index(tens) + 1)


def _range(text: str, *, years: bool) -> Bounds | None:
    match = _BETWEEN.search(text)
    if match is None:
        return None
    pairs = [("a", "b"), ("c", "d"), ("e", "f")]
    one, two = next((match[x], match[y]) for x, y in pairs if match[x] and match[y])
    low, high = _first(one), _first(two)
    if low is None or high is None or low >= high:
        return None
    field = "year" if years and _is_year(low) and _is_year(high) else "price"
    span = [(match.start(), match.end())]
    return Bounds(
        [Wish(field=field, op=">=", value=low), Wish(field=field, op="<=", value=high)], span
    )


def _first(text: str) -> float | None:
    return next((_as_year(claim.value, claim.unit) for claim in claims(text)), None)


def _single(text: str, *, prices: bool, years: bool) -> Bounds:
    found: list[Wish] = []
    spans: list[tuple[int, int]] = []
    for claim in claims(text):
        before, value = text[: claim.start].rstrip("$€£¥ "), _as_year(claim.value, claim.unit)
        told = "年" in text[claim.start : claim.end + 1]
        year = _is_year(value) and claim.dimension in ("count", "months") and (years or told)
        minutes = claim.dimension == "time"
        money = claim.dimension == "money" or (
            claim.dimension == "count" and not year and not claim.ordinal
        )
        if not (year or minutes or money) or (money and _AGE.match(text, claim.end)):
            continue
        if value <= 0:
            continue
        field = "year" if year else "runtime_min" if minutes else "price"
        about = (
            claim.sense == "about" or _ABOUT.search(before) or _ABOUT_AFTER.match(text, claim.end)
        )
        op = _op(text, before, claim.end, sense=claim.sense)
        inside = text[claim.start : claim.end]
        if op is None and inside.endswith(("以下", "以内")):
            op = "<="
        elif op is None and inside.endswith("以上"):
            op = ">="
        if op and not year and _strict(text, before, inside, claim.end, sense=claim.sense):
            op = "<" if op == "<=" else ">"
        if minutes:
            value = claim.value / 60
        wishes = _wishes_of(
            field, value, op, about=bool(about), text=text, before=before, claim=claim
        )
        if prices is False and field == "price" and op is None:
            continue
        if wishes:
            found += wishes
            spans.append((claim.start, claim.end))
    return Bounds(found, spans)


_UPPER_OR_SAME = re.compile(
    r"\s*(?:年)?(?:or (?:earlier|older|before)|and (?:earlier|older|before)|以内)"
)


def _wishes_of(
    field: str, value: float, op: Op | None, *, about: bool, text: str, before: str, claim: Claim
) -> list[Wish]:
    """A number with what stands around it, as wishes."""
    year = field == "year"
    if op:
        exact = year and op == ">=" and bool(_AFTER_WORD.search(before))
        below = year and op == "<=" and not _UPPER_OR_SAME.match(text, claim.end)
        return [Wish(field=field, op=">" if exact else "<" if below else op, value=value)]
    if about:
        low, high = (value - 2, value + 2) if year else ((1 - _NEAR) * value, (1 + _NEAR) * value)
        return [
            Wish(field=field, op=">=", value=round(low, 2)),
            Wish(field=field, op="<=", value=round(high, 2)),
        ]
    if year:
        return [Wish(field="year", op="==", value=value)]
    return [Wish(field="price", op="<=", value=value)] if claim.dimension == "money" else []


def _op(text: str, before: str, end: int, *, sense: str) -> Op | None:
    if _UPPER_AFTER.match(text, end):
        return "<="
    if _LOWER_AFTER.match(text, end):
        return ">="
    if _UPPER.search(before) or sense == "under":
        return "<="
    if _LOWER.search(before) or sense == "over":
        return ">="
    return None


def _strict(text: str, before: str, inside: str, end: int, *, sense: str) -> bool:
    """Whether the bound itself is out: "under 20", 两百以下."""
    return bool(
        inside.endswith("以下")
        or re.match(r"\s*(?:块|元|块钱|元钱)?以下", text[end:])
        or re.search(
            r"(?:under|below|less than|fewer than|cheaper than|(?<!no )(?<!not )more than|over|"
            r"above|低于|少于|不到|小于|(?<!不)超过|(?<!不)高于|大于)\s*(?:the )?$",
            before,
        )
        or (
            sense in ("under", "over") and re.match(r"(?:under|below|over|above|more|less)", inside)
        )
    )


def _as_year(value: float, unit: str) -> float:
    return value / 12 if unit == "年" else value


def _is_year(value: float) -> bool:
    return _FIRST_YEAR <= value <= _LAST_YEAR and value == int(value)
