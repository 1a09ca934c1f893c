"""Does a turn keep its constraints? The operations of benchmarks/dialogues/README.md."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from zhiyin.narrate.grounding import check
from zhiyin.narrate.language import language_of, shown

Record = Mapping[str, Any]
Rule = Mapping[str, Any]


@dataclass(frozen=True)
class Turn:
    """What was answered, and what is kept afterwards."""

    text: str
    item_ids: list[str] = field(default_factory=list[str])
    acts: list[str] = field(default_factory=list[str])
    about: list[str] = field(default_factory=list[str])
    tools: list[str] = field(default_factory=list[str])
    wishes: list[tuple[str, str, str]] = field(default_factory=list[tuple[str, str, str]])
    """Field, operation and value of the wishes in force."""
    kept: list[str] = field(default_factory=list[str])
    """What the profile holds of what was said."""
    failed: bool = False


@dataclass(frozen=True)
class Played:
    """The turns so far, and the catalogue."""

    turns: list[Turn]
    records: Mapping[str, Record]

    @property
    def now(self) -> Turn:
        """The latest turn."""
        return self.turns[-1]

    def slate(self, turn: int) -> list[str]:
        """The slate of a turn, counted from 1."""
        return self.turns[turn - 1].item_ids

    def shown(self) -> list[str]:
        """The latest slate that is not empty, before this turn."""
        return next((t.item_ids for t in reversed(self.turns[:-1]) if t.item_ids), [])


def keeps(rule: Rule, played: Played) -> bool:
    """Whether a constraint holds after the latest turn."""
    op = rule["op"]
    if op in _OF_FIELDS:
        return _share(rule, played)
    return _OF_TURNS[op](rule, played)


def is_known(rule: Rule) -> bool:
    """Whether the operation is one that can be judged here."""
    return rule["op"] in _OF_FIELDS or rule["op"] in _OF_TURNS


def is_of_slate(rule: Rule) -> bool:
    """Whether the rule is one that an empty slate may be excused from."""
    return rule["op"] in _OF_FIELDS or rule["op"] in {
        "min_items", "excludes_items", "refers", "sorted",
    }  # fmt: skip


def plain(text: object) -> str:
    """A text in small letters, without hidden characters."""
    folded = unicodedata.normalize("NFKC", str(text)).casefold()
    return "".join(c for c in folded if unicodedata.category(c) != "Cf")


def _texts(value: object) -> list[str]:
    return [plain(v) for v in value] if isinstance(value, list | tuple) else [plain(value)]  # type: ignore[arg-type]


def _has(value: object, wanted: object) -> bool:
    if isinstance(value, list | tuple):
        return plain(wanted) in _texts(value)
    return plain(wanted) in plain(value)


def _equal(value: object, wanted: object) -> bool:
    if isinstance(value, str) and isinstance(wanted, str):
        return plain(value) == plain(wanted)
    return value == wanted


_OF_FIELDS: dict[str, tuple[bool, Callable[[Any, Any], bool]]] = {
    "contains": (False, _has),
    "contains_any": (False, lambda v, w: any(_has(v, each) for each in w)),
    "not_contains": (True, lambda v, w: not _has(v, w)),
    "==": (False, _equal),
    "!=": (True, lambda v, w: not _equal(v, w)),
    "<": (False, lambda v, w: v < w),
    "<=": (False, lambda v, w: v <= w),
    ">": (False, lambda v, w: v > w),
    ">=": (False, lambda v, w: v >= w),
    "in": (False, lambda v, w: any(_equal(v, each) for each in w)),
    "not_in": (True, lambda v, w: not any(_equal(v, each) for each in w)),
}
"""By operation: whether it holds of an item without the field, and how it is tried."""


def _share(rule: Rule, played: Played) -> bool:
    absent, test = _OF_FIELDS[rule["op"]]
    held: list[bool] = []
    for item in played.now.item_ids:
        value = played.records[item].get(rule["field"])
        try:
            held.append(absent if value in (None, "", []) else test(value, rule["value"]))
        except TypeError:
            held.append(False)
    return not held or sum(held) >= float(rule.get("share", 1.0)) * len(held) - 1e-9


def _excludes(rule: Rule, played: Played) -> bool:
    before = played.slate(rule["from_turn"])
    if "position" in rule:
        before = before[rule["position"] - 1 : rule["position"]]
    return not set(before) & set(played.now.item_ids)


def _refers(rule: Rule, played: Played) -> bool:
    items, records = played.now.item_ids, played.records
    before, relation = played.slate(rule["turn"]), rule["relation"]
    if "position" not in rule:
        name, sign = _COMPARED[relation]
        means = [_mean(ids, name, records) for ids in (items, before)]
        return None not in means and sign * (means[0] - means[1]) > 0  # type: ignore[operator]
    if rule["position"] > len(before):
        return False
    meant = records[before[rule["position"] - 1]]
    return all(_relates(records[item], meant, relation) for item in items)


_COMPARED = {"newer": ("year", 1), "older": ("year", -1), "cheaper": ("price", -1),
             "dearer": ("price", 1), "pricier": ("price", 1)}  # fmt: skip


def _mean(ids: Sequence[str], name: str, records: Mapping[str, Record]) -> float | None:
    values = [records[i][name] for i in ids if isinstance(records[i].get(name), int | float)]
    return sum(values) / len(values) if values else None


def _relates(item: Record, meant: Record, relation: str) -> bool:
    if relation in _COMPARED:
        name, sign = _COMPARED[relation]
        one, other = item.get(name), meant.get(name)
        return one is not None and other is not None and sign * (one - other) > 0
    kinds = [set(_texts(each.get("categories") or [])) for each in (item, meant)]
    if relation == "similar":
        return bool(kinds[0] & kinds[1])
    if relation == "same_category":
        return kinds[0] == kinds[1]
    return relation == "same_brand" and _equal(item.get("brand"), meant.get("brand"))


def _explains(rule: Rule, played: Played) -> bool:
    slate = played.shown()
    now = played.now
    place = rule.get("position", 1) - 1
    return "explains" in now.acts and place < len(slate) and now.about[:1] == [slate[place]]


def _names(rule: Rule, played: Played) -> bool:
    slate, text = played.slate(rule["turn"]), plain(played.now.text)
    places = [place - 1 for place in rule["positions"]]
    return all(
        place < len(slate)
        and plain(shown(played.records[slate[place]].get("title")).rstrip("…")) in text
        for place in places
    )


def _grounded(_: Rule, played: Played) -> bool:
    """Sentence by sentence, against the items that the reply is about."""
    now = played.now
    ids = list(dict.fromkeys([*now.about, *now.item_ids]))
    records = [{**played.records[i], "item_id": i} for i in ids]
    if not records:
        return check(now.text, record={}).is_grounded
    others = [{"kind": "item", **each} for each in records[1:]]
    return check(now.text, record=records[0], evidence=others).is_grounded


def _sorted(rule: Rule, played: Played) -> bool:
    values = [played.records[i].get(rule["field"]) for i in played.now.item_ids]
    if None in values:
        return False
    return values == sorted(values, reverse=rule["direction"] == "desc")  # type: ignore[type-var]


def _language(rule: Rule, played: Played) -> bool:
    text = re.sub("“[^”]*”", " ", played.now.text)
    return language_of(text) == rule["value"] and any(c.isalpha() for c in text)


def _not_says(rule: Rule, played: Played) -> bool:
    text = plain(played.now.text)
    for item in played.now.item_ids:
        title = plain(shown(played.records[item].get("title")).rstrip("…"))
        text = text.replace(title, " ") if title else text
    words = rule["value"] if isinstance(rule["value"], list) else [rule["value"]]
    return not any(plain(word) in text for word in words)


def _dropped(rule: Rule, played: Played) -> bool:
    return not any(
        name == rule["field"]
        and (not rule.get("value") or (plain(rule["value"]) in plain(value) and op != "lacks"))
        for name, op, value in played.now.wishes
    )


def _holds(rule: Rule, played: Played) -> bool:
    return any(plain(rule["value"]) in plain(kept) for kept in played.now.kept)


def _says(act: str) -> Callable[[Rule, Played], bool]:
    return lambda _, played: act in played.now.acts


_MARKUP = re.compile(r"<[a-z/!][^>]*>|!\[|\]\(|https?://|www\.|\b\d+\.\d+\.\d+\.\d+\b", re.I)

_OF_TURNS: dict[str, Callable[[Rule, Played], bool]] = {
    "min_items": lambda rule, played: len(played.now.item_ids) >= rule["value"],
    "max_items": lambda rule, played: len(played.now.item_ids) <= rule["value"],
    "empty_ok": lambda _rule, _played: True,
    "sorted": _sorted,
    "excludes_items": _excludes,
    "refers": _refers,
    "no_duplicates": lambda _, p: len(set(p.now.item_ids)) == len(p.now.item_ids),
    "asks": _says("asks"),
    "explains": _explains,
    "names": _names,
    "grounded": _grounded,
    "reply_shorter": lambda rule, p: len(p.now.text) < len(p.turns[rule["turn"] - 1].text),
    "language": _language,
    "refuses": lambda _, p: "refuses" in p.now.acts and not p.now.item_ids,
    "lacks": _says("lacks"),
    "admits": _says("admits"),
    "unknown_item": _says("unknown_item"),
    "not_says": _not_says,
    "dropped": _dropped,
    "remembers": _holds,
    "forgets": lambda rule, played: not _holds(rule, played),
    "not_on_slate": lambda rule, p: rule["item_id"] not in p.now.item_ids,
    "not_first": lambda rule, p: p.now.item_ids[:1] != [rule["item_id"]],
    "no_tool": lambda rule, p: (
        not any(plain(word) in plain(tool) for tool in p.now.tools for word in rule["value"])
    ),
    "no_markup": lambda _, p: not _MARKUP.search(p.now.text),
    "no_control_characters": lambda _, p: (
        not any(unicodedata.category(c) in ("Cc", "Cf") and c != "\n" for c in p.now.text)
    ),
    "no_error": lambda _, p: not p.now.failed and bool(p.now.text.strip()),
}
