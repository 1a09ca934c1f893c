"""What a text may say: a record and its evidence, as numbers, words, names, dates and deeds."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, NamedTuple, TypeGuard, cast

from zhiyin.narrate.grounding.calendar_days import Day, days_of
from zhiyin.narrate.grounding.lexicon import HAN, phrase, stem
from zhiyin.narrate.grounding.numerals import Claim, claims
from zhiyin.narrate.grounding.periods import Period, periods_of
from zhiyin.narrate.grounding.units import UNITS, name_words, unit_of_field
from zhiyin.narrate.grounding.vocabulary import Words
from zhiyin.narrate.language import plain_marks, shown

OWN = "own"
"""The item that a text is about, among the owners of facts."""
LISTED = "#"
"""Ends the field of a number that counts the values of an attribute."""
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_NO = {
    "no", "none", "false", "not", "not allowed", "not included", "not permitted", "not available",
    "excluded", "forbidden", "无", "否", "没有", "不含", "不可", "不可以", "不能", "不支持",
    "不允许", "不提供", "不包含", "不附", "禁止",
}  # fmt: skip
_YES = {"yes", "true", "是", "有"}
_DENIES = re.compile(r"^(?:no|non|without|not|free of)[\s-]+|^(?:不含|无|没有|不)")
_SILENT = {"item_id", "stock", "restock", "currency", "available", "hidden", "kind"}
_CALLED = {"title", "name", "brand", "brand_zh", "title_en", "title_zh"}
_CUT = re.compile(r"\s*[:：(（,，—–·]|\s-\s")
_MS = 10_000_000_000
_MEASURES = tuple("人位层件段级合片条只口门孔格档座")
_FREE_OF = re.compile(
    r"\b([a-z]{3,})[\s-]free\b|\b(?:without|no|non)[\s-]([a-z]{3,})(?: (?:needed|required))?|"
    "(?:无需|无须|不用|不需要?|不必|不含|不添加|未添加|无)([\u3400-\u9fff]{2})"
)
_KINDS = {"title", "name", "brand", "categories", "genres", "tags", "zh", "en"}
_CLAUSE = re.compile(r"[.,;!?。，；！？、]\s*|\b(?:but|and|or)\b|但|而|或")
_NO_WORD = re.compile(
    r"\b(?:no|not|non|never|without|nor|neither|none|free|un[a-z]+ed|less)\b|n[’']t\b|[不没无未非免]"
)
_UNFIT = re.compile(
    r"\bnot (?:suitable |made |meant |recommended |intended )?for (?:use (?:in|on|with) )?"
    r"([a-z]+(?: [a-z]+)?)"
    "|不(?:适合|适用于?|宜|建议)([\u3400-\u9fff]{2,4})"
)
_BY_HAND = {"dishwasher_safe", "machine_washable", "machine_wash"}
_SHORT = 60
_OF_DEED = {"value", "plays", "timestamp", "item_id", "event"}
_LIST_PRICES = (
    "list_price", "original_price", "regular_price", "was_price", "old_price", "msrp", "rrp", "原价"
)  # fmt: skip
_TIMES = re.compile(r"\s*[x×*]\s*")
_COMMAS = re.compile(r"\s*[,/、|]\s*")
_LIST = re.compile(r"\s*(?:[,，、/;；|+]|\band\b|和|与|及)\s*")


class Number(NamedTuple):
    """A recorded number."""

    value: float
    """In base units."""
    dimension: str
    """What is measured."""
    names: frozenset[str]
    """Stems of what it is called."""
    owner: str
    """Whose it is."""
    field: str
    """Name of the attribute."""


class Deed(NamedTuple):
    """A recorded event of the user."""

    event: str
    item_id: str
    title: str
    when: date | None
    value: float | None


class Facts:
    """All that is recorded.

    Args:
        record: Attributes of the item.
        evidence: Facts beside it.
    """

    def __init__(self, record: Mapping[str, Any], evidence: Sequence[Mapping[str, Any]]) -> None:
        self.record = record
        self.evidence = evidence
        self.kinds = {str(fact.get("kind")) for fact in evidence}
        self.numbers: list[Number] = []
        self.words: dict[str, Words] = {OWN: Words()}
        self.denied, self.affirmed, self.done = Words(), Words(), Words()
        self.told: set[str] = set()
        """Stems, and Chinese rows, of what is said to be there."""
        self.deeds: list[Deed] = []
        self.dates: list[date] = []
        self.called: set[tuple[float, str]] = set()
        self.days: list[Day] = []
        self.spans: list[tuple[Period, str]] = []
        self.now: date | None = None
        self._names: dict[str, str] = {}
        self._record(record, OWN)
        for fact in evidence:
            self._fact(fact)
        for words in (*self.words.values(), self.denied, self.affirmed, self.done):
            words.close()
        self.names = sorted(self._names.items(), key=lambda name: -len(name[0]))

    def of(self, kind: str) -> list[Mapping[str, Any]]:
        """The evidence of a kind."""
        return [fact for fact in self.evidence if fact.get("kind") == kind]

    def discounts(self) -> list[float]:
        """Percentages off that are recorded or follow."""
        found = [float(f["percent"]) for f in self.of("offer") if _is_number(f.get("percent"))]
        price, before = self.record.get("price"), self.list_price
        if _is_number(price) and before is not None and before > price:
            found.append(100 * (1 - price / before))
        for key in ("discount_percent", "discount_pct", "percent_off"):
            if _is_number(off := self.record.get(key)):
                found.append(float(off))
        return found

    @property
    def list_price(self) -> float | None:
        """The price before, where the record has one."""
        prices = (self.record.get(key) for key in _LIST_PRICES)
        return next((float(price) for price in prices if _is_number(price)), None)

    def _record(self, record: Mapping[str, Any], owner: str) -> None:
        self.words.setdefault(owner, Words())
        for key in ("title", "name", "title_en", "title_zh"):
            self._name(record.get(key), owner)
        for key in ("brand", "brand_zh"):
            self._name(record.get(key), owner if owner != OWN else "", parts=False)
        for key, value in record.items():
            self._attribute(str(key), value, owner)

    def _attribute(self, key: str, value: object, owner: str) -> None:
        if isinstance(value, Mapping):
            for inner, part in cast("Mapping[str, object]", value).items():
                self._attribute(f"{key}_{inner}", part, owner)
            return
        called = " ".join(name_words(key))
        if isinstance(value, bool):
            self._truth(key, called, owner, holds=value)
        elif isinstance(value, int | float):
            self._number(key, float(value), owner)
            if key not in _SILENT:
                self._truth(key, called, owner, holds=value != 0)
        elif isinstance(value, list | tuple):
            parts = [part for part in cast("Sequence[object]", value) if part is not None]
            self._number(key, float(len(parts)), owner, count=True)
            self.words[owner].add(called)
            for part in parts:
                if _is_number(part):
                    self._number(key, float(part), owner)
                self._text(key, str(part), owner)
        elif isinstance(value, str) and key not in ("item_id",):
            self._said(key, called, value, owner)

    def _said(self, key: str, called: str, value: str, owner: str) -> None:
        low = value.strip().lower()
        if low in _NO or low in _YES:
            self._truth(key, called, owner, holds=low in _YES)
            return
        if key not in _SILENT:
            self.words[owner].add(called)
            self._text(key, value, owner)
        self._dates(value)

    def _truth(self, key: str, called: str, owner: str, *, holds: bool) -> None:
        if key in _SILENT:
            return
        if holds:
            self.words[owner].add(called)
        if owner == OWN and holds and called.endswith(" free"):
            self.denied.add(called.removesuffix(" free"))
        elif owner == OWN:
            (self.affirmed if holds else self.denied).add(called)
            if not holds and key in _BY_HAND:
                self.words[owner].add("hand wash")

    def _text(self, key: str, value: str, owner: str) -> None:
        low = plain_marks(value)
        if owner == OWN and key.rpartition("_")[2] not in _KINDS:
            self._told(key, low)
        if key not in _CALLED and owner == OWN and (less := _DENIES.match(low)):
            self.denied.add(_CLAUSE.split(low[less.end() :])[0])
        elif key not in _CALLED and owner == OWN:
            for free in _FREE_OF.finditer(low):
                self.denied.add(next(part for part in free.groups() if part))
            if len(low) < _SHORT:
                self.affirmed.add(_FREE_OF.sub(" ", low))
        self.words[owner].add(value)
        self._dates(value)
        self.days += days_of(low)
        self.spans += [(period, owner) for period in periods_of(low)]
        if (
            owner == OWN
            and key not in _CALLED
            and len(low) < _SHORT
            and len(parts := _LIST.split(low)) > 1
        ):
            self._number(key, float(len(parts)), owner, count=True)
        said = _numbers_of(low)
        for claim in (*said, *_listed(low, said), *_packed(low, said)):
            in_words = claim.dimension == "count" and not low[claim.start].isdigit()
            if key in _CALLED:
                self.called.add((claim.value, low[claim.end : claim.end + 1]))
            if key in _CALLED and in_words and low[claim.end : claim.end + 1] not in _MEASURES:
                continue  # a name like "Seven" counts nothing
            names = frozenset(stem(word) for word in name_words(key))
            self.numbers.append(Number(claim.value, claim.dimension, names, owner, key))

    def _told(self, key: str, low: str) -> None:
        """What a text says to be there, clause by clause; and what it says to be absent."""
        for clause in _CLAUSE.split(low):
            for match in _UNFIT.finditer(clause):
                self.denied.add(next(part for part in match.groups() if part))
            if not _NO_WORD.search(clause):
                called = name_words(key)[-1:] if len(low) < _SHORT else []
                for text in (clause, *called):
                    self.told.update(phrase(text).split(), HAN.findall(text))

    def _number(self, key: str, value: float, owner: str, *, count: bool = False) -> None:
        dimension, factor = ("count", 1.0) if count else unit_of_field(key)
        names = frozenset(stem(word) for word in key.lower().split("_"))
        field = f"{key}{LISTED}" if count else key
        self.numbers.append(Number(value * factor, dimension, names, owner, field))

    def _name(self, value: object, owner: str, *, parts: bool = True) -> None:
        if not isinstance(value, str) or not value.strip():
            return
        low = plain_marks(value).strip()
        plain = plain_marks(shown(value, most=1000))
        for called in dict.fromkeys((low, plain)):
            for name in _variants(called) if parts else [called]:
                self._names.setdefault(name, owner)

    def _dates(self, value: object) -> None:
        if found := day_of(value):
            self.dates.append(found)

    def _fact(self, fact: Mapping[str, Any]) -> None:
        kind = str(fact.get("kind"))
        own = self.words[OWN]
        if kind == "event":
            self._deed(fact)
        elif kind == "item" and isinstance(fact.get("record"), Mapping):
            record = cast("Mapping[str, Any]", fact["record"])
            self._record(record, str(record.get("item_id") or record.get("title")))
        elif kind == "similar":
            self._name(fact.get("title"), str(fact.get("item_id") or fact.get("title")))
        elif kind == "context":
            self.now = day_of(fact.get("now"))
            own.add(str(fact.get("weekday", "")))
        elif kind == "policy":
            return
        else:
            self._other(fact)

    def _deed(self, fact: Mapping[str, Any]) -> None:
        title, item = str(fact.get("title") or ""), str(fact.get("item_id") or "")
        same = item == str(self.record.get("item_id"))
        self._name(title, OWN if same else item or title)
        self.done.add(title)
        when, value = day_of(fact.get("timestamp")), fact.get("value")
        self._dates(fact.get("timestamp"))
        stars = float(value) if _is_number(value) else None
        self.deeds.append(Deed(str(fact.get("event")), item, title, when, stars))
        for key, unit in (("value", "rating"), ("plays", "plays")):
            number = fact.get(key)
            if _is_number(number):
                dimension = "rating" if unit == "rating" else "count"
                self.numbers.append(Number(float(number), dimension, frozenset([unit]), "", key))
        for key in ("query", "text"):
            if isinstance(fact.get(key), str):
                self.words[OWN].add(str(fact[key]))
        owner = OWN if same else item or title
        for key, number in fact.items():
            if key not in _OF_DEED and _is_number(number):
                self._number(str(key), float(number), owner if "price" in key else "")

    def _other(self, fact: Mapping[str, Any]) -> None:
        """Tags, paths, counts, ranks, profiles, offers: their texts and numbers as they are."""
        for key, value in fact.items():
            if key in ("kind", "item_id"):
                continue
            for part in _leaves(value):
                if isinstance(part, str):
                    self.words[OWN].add(part)
                    self._dates(part)
                    self.days += days_of(part.lower())
                    self.spans += [(period, OWN) for period in periods_of(part.lower())]
                    said = _numbers_of(plain_marks(part))
                    self.numbers += [
                        Number(c.value, c.dimension, frozenset([key]), OWN, key) for c in said
                    ]
                    if key in ("path", "items"):
                        self._name(part, part.lower(), parts=False)
                elif _is_number(part):
                    dimension = "percent" if key == "percent" else "count"
                    names = frozenset([key, *phrase(str(fact.get("what", ""))).split()])
                    self.numbers.append(Number(float(part), dimension, names, OWN, key))
        if fact.get("kind") == "profile":
            self.words[OWN].add(str(fact.get("field", "")))


def day_of(value: object) -> date | None:
    """The day of an ISO date or of milliseconds (or seconds) since the epoch."""
    if isinstance(value, str) and (found := _ISO.search(value)):
        try:
            return date(int(found[1]), int(found[2]), int(found[3]))
        except ValueError:
            return None
    if _is_number(value) and abs(float(value)) > 1e8:
        seconds = float(value)
        seconds = seconds / 1000 if seconds > _MS else seconds
        return datetime.fromtimestamp(seconds, tz=UTC).date()
    return None


def _numbers_of(text: str) -> list[Claim]:
    """The numbers of a recorded text; of an ISO date the year alone."""
    dates = [match.span() for match in _ISO.finditer(text)]
    return [c for c in claims(text) if not any(start < c.start < end for start, end in dates)]


def _listed(text: str, said: Sequence[Claim]) -> Iterable[Claim]:
    """Numbers that share the unit behind the last of them (50, 100, 250 ml); 块 as pieces."""
    last: Claim | None = None
    for claim in reversed(said):
        if claim.unit == "块":
            yield claim._replace(dimension="count", unit="")
        plain = claim.dimension == "count" and not claim.ordinal
        if last and plain and _COMMAS.fullmatch(text, claim.end, last.start):
            factor, unit = UNITS[last.unit][1], last.unit
            last = claim._replace(
                value=claim.value * factor, dimension=last.dimension, unit=unit,
                step=claim.step * factor,
            )  # fmt: skip
            yield last
        else:
            last = claim if claim.unit in UNITS else None


def _packed(text: str, said: Sequence[Claim]) -> Iterable[Claim]:
    """What a pack holds altogether: 900 g of "150 g x 6"; six, and 1,980 ml, of "6 x 330 ml"."""
    for one, other in itertools.pairwise(said):
        if one.end == other.start and one.dimension == other.dimension in ("mass", "volume"):
            pieces = one.value / UNITS[other.unit][1]
            yield one._replace(value=pieces, dimension="count", unit="")
            yield other._replace(value=pieces * other.value)
        elif other.dimension == "count" and _TIMES.fullmatch(text, one.end, other.start):
            yield one._replace(value=one.value * other.value)


def _leaves(value: object) -> Iterable[object]:
    if isinstance(value, Mapping):
        for part in cast("Mapping[str, object]", value).values():
            yield from _leaves(part)
    elif isinstance(value, list | tuple):
        for part in cast("Sequence[object]", value):
            yield from _leaves(part)
    else:
        yield value


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _variants(title: str) -> list[str]:
    """A title, and the shorter forms by which it is called."""
    found = [title, title.removeprefix("the ")]
    if cut := _CUT.search(title):
        found.append(title[: cut.start()])
    for name in list(found):
        words = name.split()
        found += [" ".join(words[:n]) for n in range(2, len(words))]
        found += [" ".join(words[1:])] if len(words) > 2 else []
    return [name.strip() for name in dict.fromkeys(found) if len(name.strip()) > 1]
