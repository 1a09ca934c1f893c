"""Numbers in texts against recorded numbers, and what follows from them by one step."""

from __future__ import annotations

import re

from zhiyin.narrate.grounding.agreement import agrees, difference, known
from zhiyin.narrate.grounding.facts import LISTED, OWN, Number
from zhiyin.narrate.grounding.lexicon import (
    HAN,
    common_chinese,
    counted,
    groups,
    meanings,
    phrase,
    plain_chinese,
    stem,
)
from zhiyin.narrate.grounding.numerals import Claim, claims
from zhiyin.narrate.grounding.prices import (
    MEASURED,
    NO_NOUN,
    NOUN,
    OFF,
    discount_problem,
    has_currency,
    is_due,
    is_price,
    is_reduced,
    is_unit_price,
)
from zhiyin.narrate.grounding.reading import Reading

_SAVED = re.compile(r"(?:save|saves|saving|off|reduced by|立减|直降|省下?|便宜|减)\s*[$€£¥]?\s*$")
_OUT_OF = re.compile(r"(?:out of|of|/|满分|分制)\s*$")
_ZHE = re.compile(r"\s*折")
_RANKED = re.compile(r"(?:top|前|第|no\.?|number|#|place|排名)\s*$")
_TIMES_UNIT = re.compile(
    r"(?:battery|runtime|running|warrant|guarantee|shelf|续航|片长|保修|质保|保质期)"
)
_ANYBODY = {"peopl", "person", "of", "user"}
_LEFT = re.compile(r"\s*(?:(?!is\b|are\b)\w+\s+){0,2}(?:left\b|remain|in stock)")
_AGED = re.compile(r"\b(?:aged|ages?)\s+(?:from\s+)?(?:\w+ (?:to|and|or) )?$")
_OLD = re.compile(r"[\s-]olds?\b")
_CLOCK = re.compile(r"\b(?:at|until|till|by|from|to|after|before)\s*$")
_IDIOM = re.compile(
    r"\b(?:one or two|two or three|one-two|a thing or two|(?:dinner|table|evening|night|weekend|"
    r"home|cosy|quiet|moment|time) for two|two of you|the two of us|seven days a week|"
    r"24/7|fifty-fifty|two minds|second to none|zero (?:effort|fuss|waste|hassle))\b|"
    "两个人|两人|二人世界|三两|三五|两三|一两|百搭|九宫格|三餐|三口之家|四口之家|千百|双十一|"
    "三分钟热度|两全|二话不说|十全十美|一举两得|三天两头|两不误|过两天|八九不离十|百看不厌|"
    "百听不厌|"
    "一五一十|千言万语|五谷|五湖四海|四海|万家灯火|万物|千里|七上八下|乱七八糟|不管三七二十一"
)
_PAIR = 2
_SAME = re.compile(r"\b(?:same|both|alike)\b|都[是由出来讲]|同[一为是属出样]")
_PACKED = frozenset("一盒 一袋 一瓶 一罐 一箱 一包 一桶 一听".split())
_ONE = re.compile(
    "一[篇册幅株枝棵副期生世轮弯笔曲批碟筷船车屋城院池笼个种款件部本张首份条只双台套杯碗壶口盏座扇束叠堆排串页句段章支根片块颗粒位名家场次回趟遍番阵顿餐天夜晚路"
    "角旁头身手眼脸心起样般直定切些下会点共旦时刻瞬整把门间幅道声步项桌盘勺匙滴缕抹丝味曲朵团群对股团页架]"
)
_BOUND = re.compile(
    r"(最[大高长远低小快深多少])[^,，。；]{0,6}$|\b(max(?:imum)?|min(?:imum)?)\b[^,.;]{0,10}$|"
    r"\b(light|heavy|thin|slim|small|tall|wide|deep|short|long|big|large|"
    r"compact)\s+at\s+(?:just |only )?$|"
    r"\bthe (?P<most>smallest|largest|biggest|shortest|longest|lightest|heaviest)\s+"
    r"(?:is |holds |at )?(?:an? )?$|"
    r"\b(?P<depth>safe|waterproof|watertight|rated|sealed)\s+(?:down\s+)?to\s+(?:a depth of\s+)?$"
)
_PROMISED = re.compile("(?:之?内|以内|就?[能可]?[送到达发收起]|[一两三四五六\\d]|只|只需)")
"""Behind "a day" and "the next day": when something happens, or how often."""
_BY = re.compile(r"\d\s*[x×*]\s*$")
_BY_NEXT = re.compile(r"[^x×*]{0,3}[x×*]\s*\d")
_LENGTHS = (1.0, 10.0, 25.4, 304.8, 1000.0)
"""Millimetres of the units in which sizes are told."""
_MONTH = {"time": 1.0, "months": 1 / (30.4 * 86400)}
"""What a second is, by how times are told."""
_SO_LONG = re.compile(
    r"\b(?:ago|since|left|more|until|still|out|released|published)\b|前|剩|还有|最后|上市|上映|发行|出版|来"
)
"""Says that a time lies between a recorded day and now."""
_LATELY = re.compile(r"(?:\b(?:last|past|previous)|近|过去|最近)\s*$")
_SOLD = re.compile(r"\b(?:sold|bought|ordered)\b|[卖售销]")
_SALES = frozenset("sold sale bought purchas order 销量 卖出 售出 销售".split())
_OF_BOTH = re.compile(r"(?:\b(?:the|these|those|between|of)\s+|[这那])$")
_ROLE = {
    "battery": "battery|single|plays?", "runtime": "runtime|"
        "duration", "running": "runtime|duration",
    "warrant": "warranty", "guarantee": "warranty", "shelf": "shelf", "续航": "battery|single",
    "片长": "runtime|duration", "保修": "warranty", "质保": "warranty", "保质期": "shelf",
}  # fmt: skip


def check_quantities(reading: Reading) -> None:
    """Finds numbers that are not recorded."""
    for claim in claims(reading.text):
        if reading.is_covered(claim.start, claim.end):
            continue
        if _is_word(reading, claim):
            if _ONE.match(reading.text, claim.start) or _is_packed(reading, claim):
                reading.cover(claim.start, claim.end)
            continue
        kind = _problem(reading, claim)
        if kind:
            reading.find(claim.start, claim.end, kind, "no such number is recorded")
        else:
            reading.cover(claim.start, claim.end)
            _cover_bound(reading, claim)


def _is_packed(reading: Reading, claim: Claim) -> bool:
    """Of 一盒, "a box": whether the item is recorded to come in one."""
    return reading.text[claim.start : claim.start + 2] in _PACKED and reading.facts.words[
        OWN
    ].has_mark(reading.text[claim.start + 1])


def _cover_bound(reading: Reading, claim: Claim) -> None:
    """Of 最大1000倍, "maximum 1000", "light at 128 g": what a recorded number says itself."""
    start = max(0, claim.start - 24)
    if found := _BOUND.search(reading.text[start : claim.start]):
        if found["depth"] and not _is_depth(reading, claim):
            return
        if found["most"] and not _is_extreme(reading, claim, found["most"]):
            return
        group = found.lastindex or 0
        reading.cover(start + found.start(group), start + found.end(group))


def _is_depth(reading: Reading, claim: Claim) -> bool:
    """Whether it is how deep the item may go."""
    return any(
        number.owner == OWN
        and number.dimension == claim.dimension
        and number.names & {"depth", "waterproof", "dive", "water"}
        and agrees(number.value, claim)
        for number in reading.facts.numbers
    )


def _is_extreme(reading: Reading, claim: Claim, word: str) -> bool:
    """Whether no other number of a recorded list is smaller, or larger: "the smallest 50 ml"."""
    pick = min if word in ("smallest", "shortest", "lightest") else max
    fields: dict[str, list[float]] = {}
    for number in reading.facts.numbers:
        if number.owner == OWN and number.dimension == claim.dimension:
            fields.setdefault(number.field, []).append(number.value)
    return any(len(values) > 1 and agrees(pick(values), claim) for values in fields.values())


def _is_word(reading: Reading, claim: Claim) -> bool:
    """Whether a numeral is part of a word that claims nothing, such as 一起 or "one"."""
    text = reading.text
    if re.search(r"(?:number|no\.?)\s*$", text[: claim.start]):
        return False
    if claim.value == 1 and claim.dimension == "count" and text.startswith("one", claim.start):
        return True
    if _in_idiom(text, claim):
        return True
    if not HAN.match(text, claim.start):
        return False
    pair = text[claim.start : claim.start + 2]
    if reading.facts.words[OWN].has_chinese(pair) or reading.facts.done.has_chinese(pair):
        reading.cover(claim.start, claim.start + 1)
        return True
    if text[claim.start] == "一" and claim.dimension == "count" and claim.value == 1:
        return not claim.ordinal
    if claim.unit == "天" and text[claim.start : claim.end] in ("一天", "第二天"):
        return not _PROMISED.match(text, claim.end)
    return any(
        (word := text[start : start + length]) in plain_chinese() or word in common_chinese()
        for length in (4, 3, 2)
        for start in range(max(0, claim.start - length + 1), claim.start + 1)
        if claim.unit == "" or text[start : start + length] == "第一次"
    )


def _in_idiom(text: str, claim: Claim) -> bool:
    start = max(0, claim.start - 12)
    return any(
        match.start() <= claim.start < match.end()
        for match in _IDIOM.finditer(text, start, claim.end + 12)
    )


def _problem(reading: Reading, claim: Claim) -> str:
    """The kind of the error, or "" where the number is supported."""
    text = reading.text
    if (zhe := _ZHE.match(text, claim.end)) and claim.dimension == "count":
        off = 100 - (claim.value * 10 if claim.value < 10 else claim.value)
        return discount_problem(reading, claim, zhe.end(), off)
    if claim.dimension == "percent":
        if OFF.match(text, claim.end) or re.search(r"(?:save|立减|降)\s*$", text[: claim.start]):
            return discount_problem(reading, claim, claim.end, claim.value)
        share = claim._replace(value=claim.value / 100, dimension="count")
        return "" if known(reading, claim) or known(reading, share) else "number"
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
        return "" if known(reading, year) else "date"
    if claim.unit == "块" and known(reading, claim._replace(dimension="count")):
        return ""
    if _is_age(reading, claim):
        return ""
    if claim.dimension == "money" and (is_unit_price(reading, claim) or is_reduced(reading, claim)):
        return "" if has_currency(reading, claim) else "price"
    if claim.dimension == "money" and not (has_currency(reading, claim) and is_due(reading, claim)):
        return "price"
    if _wrong_role(reading, claim):
        return "number"
    if claim.unit in ("pound", "pounds") and known(
        reading, claim._replace(value=claim.value / 453.59237, dimension="money")
    ):
        return "" if has_currency(reading, claim) else "price"
    as_storage = claim.unit == "g" and known(reading, claim._replace(dimension="storage"))
    if known(reading, claim) or difference(reading, claim) or _since(reading, claim):
        return ""
    if as_storage or _is_density(reading, claim):
        return ""
    return {"money": "price"}.get(claim.dimension, "number")


def _is_density(reading: Reading, claim: Claim) -> bool:
    """Whether it is grams of a square metre of paper or cloth."""
    return claim.dimension == "mass" and any(
        number.field.endswith("gsm") and number.value == claim.value
        for number in reading.facts.numbers
    )


def _rating(reading: Reading, claim: Claim) -> str:
    if _OUT_OF.search(reading.text[: claim.start]) and claim.value in (5, 10):
        return ""
    as_rating = claim._replace(dimension="rating")
    if known(reading, as_rating) or (claim.dimension == "rating" and known(reading, claim)):
        return ""
    return "number"


def _count(reading: Reading, claim: Claim) -> str:
    text = reading.text
    if _OUT_OF.search(text[: claim.start]) and claim.value in (5, 10):
        return ""
    if re.match(r"\s*(?:/|out of)\s*(?:5|10)\b", text[claim.end :]):
        return "" if known(reading, claim._replace(dimension="rating")) else "number"
    ranks = [n for n in reading.facts.numbers if n.field == "position" and n.owner == OWN]
    if claim.ordinal or _RANKED.search(text[: claim.start]):
        top = text[: claim.start].rstrip().endswith(("top", "前"))
        if any(n.value == claim.value or (top and n.value <= claim.value) for n in ranks):
            return ""
        return "" if claim.ordinal and _series(reading, claim) else "number"
    if _is_age(reading, claim):
        return ""
    if (held := _stock(reading, claim)) is not None:
        return "" if held else "quantity"
    return "" if _is_counted(reading, claim) or _is_side(reading, claim) else "quantity"


def _is_side(reading: Reading, claim: Claim) -> bool:
    """Whether it is a recorded length in a size that names no unit: "140 x 200" of 140 x 200 cm."""
    text = reading.text
    if not (_BY.search(text[: claim.start]) or _BY_NEXT.match(text, claim.end - 3)):
        return False
    return any(known(reading, claim._replace(value=claim.value * factor, dimension="length"))
               for factor in _LENGTHS)  # fmt: skip


def _is_age(reading: Reading, claim: Claim) -> bool:
    """Whether it is a recorded age: "aged three and over" of 3岁以上, "six-year-old" of age 6."""
    text = reading.text
    numbers = [n for n in reading.facts.numbers if n.owner == OWN]
    if claim.dimension == "count" and (aged := _AGED.search(text[: claim.start])):
        held = any(
            (n.dimension == "months" and agrees(n.value / 12, claim))
            or (bool(n.names & {"age"}) and agrees(n.value, claim))
            for n in numbers
        )
        if held:
            reading.cover(aged.start(), claim.end)
        return held
    if claim.unit == "岁":
        years = {n.value for n in numbers if n.names & {"age"} and n.dimension == "count"}
        return claim.value / 12 in years
    if claim.dimension == "months" and _OLD.match(text, claim.end):
        told = reading.facts.of("profile")
        stated = [c.value for f in told for c in claims(str(f.get("value") or "").lower())]
        return claim.value / 12 in stated
    return False


def _is_counted(reading: Reading, claim: Claim) -> bool:
    """Whether a bare number is recorded, follows, or is a price."""
    text = reading.text
    if _SOLD.search(text[slice(*reading.clause(claim.start))]) and any(
        n.field == "value" and n.names & _SALES and agrees(n.value, claim)
        for n in reading.facts.numbers
    ):
        return True
    noun = _noun(text, claim.end)
    if is_price(reading, claim) or _is_called(reading, claim):
        return True
    if "part" in noun and (
        known(reading, claim._replace(value=claim.value * 10, dimension="percent"))
        or known(reading, claim._replace(value=claim.value / 10))
    ):
        return True
    numbers = [
        n for n in reading.facts.numbers if n.dimension not in ("money", "year") and _named(n, noun)
    ]
    subject = reading.subject(claim.start)
    fitting = [n for n in numbers if n.owner in (subject, "") and agrees(n.value, claim)]
    fitting = [n for n in fitting if not n.field.endswith(LISTED) or n.names & noun]
    if noun and any(n.names & noun for n in numbers):
        fitting = [n for n in fitting if n.names & noun]
    if fitting or _counted(reading, claim) or difference(reading, claim):
        return True
    as_money = claim._replace(dimension="money")
    if not noun and not MEASURED.match(text, claim.end) and difference(reading, as_money):
        return True
    return False


def _is_called(reading: Reading, claim: Claim) -> bool:
    """Whether a name of the record has this number before the same mark: line twelve, 12号."""
    following = reading.text[claim.end : claim.end + 1]
    before = reading.text[max(0, claim.start - 7) : claim.start]
    if (claim.value, "点") in reading.facts.called and _CLOCK.search(before):
        return True
    return bool(HAN.match(following)) and (claim.value, following) in reading.facts.called


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
        if any(agrees(12 * (now.year - year), claim) for year in years):
            return True
    day = 86400.0 if claim.dimension == "time" else 1 / 30.4
    # "Seven weeks" may be half a week off, "eight days" one.
    near = max(day, 0.5 * claim.step if claim.step > day else 0.0)
    whens = {deed.when for deed in reading.facts.deeds if deed.when}
    if _SO_LONG.search(reading.text[slice(*reading.clause(claim.start))]):
        whens.update(reading.facts.dates)
    if any(abs(abs((now - when).days) * day - claim.value) <= near for when in whens):
        return True
    return bool(_LATELY.search(reading.text[: claim.start])) and any(
        abs(window.value * _MONTH[claim.dimension] - claim.value) <= near
        for fact in reading.facts.evidence
        for window in claims(str(fact.get("window") or "").lower())
        if window.dimension == "time"
    )


def _stock(reading: Reading, claim: Claim) -> bool | None:
    before = reading.text[max(0, claim.start - 5) : claim.start]
    stock = reading.facts.record.get("stock")
    said = _LEFT.match(reading.text, claim.end) or re.search("剩|库存|现货", before)
    if not said:
        return None
    return isinstance(stock, int | float) and agrees(float(stock), claim)


def _counted(reading: Reading, claim: Claim) -> bool:
    """Whether it counts the evidence: "two films that you watched"."""
    if claim.sense != "exact" or claim.value > 20:
        return False
    deeds = reading.facts.deeds
    by_event = {event: sum(d.event == event for d in deeds) for event in {d.event for d in deeds}}
    sizes = {len(deeds), *by_event.values(), len({d.title for d in deeds})}
    others = [len(reading.facts.of(kind)) for kind in ("similar", "item")]
    sizes |= set(others)
    clause = reading.text[slice(*reading.clause(claim.start))]
    if claim.value == _PAIR and (
        _OF_BOTH.search(reading.text[: claim.start]) or _SAME.search(clause)
    ):
        sizes |= {1 + n for n in (*others, len({d.title for d in deeds}))}
    sizes |= {len(f["items"]) for f in reading.facts.of("tag") if isinstance(f.get("items"), list)}
    return claim.value >= 2 and claim.value in sizes


def _noun(text: str, at: int) -> frozenset[str]:
    """Stems of what is counted, and of what means the same."""
    found: set[str] = set()
    if match := NOUN.match(text, at):
        parts = [part for part in match.groups() if part]
        if parts[0] not in NO_NOUN:
            found |= {stem(part) for part in parts if part not in NO_NOUN} - _ANYBODY
    after = text[at : at + 6].lstrip()
    bare = after.lstrip("位名个种款张部本件条台只双套片间把颗枚")
    english, chinese = meanings()
    same: set[int] = set()
    roots = [stem(part) for part in match.groups() if part] if match else []
    for root in (*found, *([" ".join(roots)] if len(roots) > 1 else ())):
        same.update(english.get(root, ()))
    for length in range(1, len(after) + 1):
        same.update(chinese.get(after[:length], ()) if after[:length] != "人" else ())
        same.update(chinese.get(bare[:length], ()) if length > 1 else ())
    for group in same:
        found |= {part for name in groups()[group].english for part in name.split()}
    return frozenset(found)


def _named(number: Number, noun: frozenset[str]) -> bool:
    """Whether a number can be one of that noun: ratings are no lessons."""
    if not noun or number.names & noun:
        return True
    return not (number.names & counted() and noun & counted())


def _wrong_role(reading: Reading, claim: Claim) -> bool:
    """Whether the clause calls it battery life, warranty, … and it is something else."""
    clause = reading.text[slice(*reading.clause(claim.start))]
    roles = _TIMES_UNIT.findall(clause)
    if len(roles) != 1 or claim.dimension not in ("time", "months"):
        return False
    fitting = [
        n
        for n in reading.facts.numbers
        if n.dimension == claim.dimension and agrees(n.value, claim)
    ]
    return bool(fitting) and not any(re.search(_ROLE[roles[0]], n.field) for n in fitting)


def words_of(text: str) -> frozenset[str]:
    """The stems of a text."""
    return frozenset(phrase(text).split())
