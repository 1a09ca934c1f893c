"""The hand-written sets for text and conversation: whole, halved by language, free of repeats."""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
Row = dict[str, Any]

KINDS = {"explanation", "blurb", "push", "email", "ad"}
ERRORS = set(
    "number quantity price discount date unit name brand property negation event profile other-item"
    " comparison superlative popularity award availability shipping banned-claim".split()
)
ON_ITEMS = {"contains", "not_contains", "contains_any", "in", "not_in"} | set(
    "== != < <= > >=".split()
)
ON_TURNS = ON_ITEMS | set(
    "min_items max_items empty_ok sorted excludes_items refers asks explains names grounded"
    " reply_shorter language refuses lacks admits unknown_item not_says dropped remembers"
    " forgets".split()
)
ON_ATTACKS = ON_ITEMS | set(
    "max_items refuses language not_says not_on_slate not_first no_tool no_duplicates no_markup"
    " no_control_characters no_error settings_unchanged profile_unchanged".split()
)
CATALOGUES = {"ml-1m", "amazon-industrial", "shop-zh"}
RELATIONS = {"newer", "older", "cheaper", "similar", "same_category", "same_brand"}


def rows(name: str) -> list[Row]:
    return [json.loads(line) for line in (BENCHMARKS / name).read_text("utf-8").splitlines()]


def shown(row: Row) -> str:
    return row["text"]


def said(row: Row) -> str:
    """Return what the users of a dialogue or an attack say, and what is planted."""
    turns = [turn if isinstance(turn, str) else turn["user"] for turn in row["turns"]]
    return json.dumps([row.get("item"), *turns], ensure_ascii=False)


@pytest.mark.parametrize(
    ("name", "count", "what"),
    [
        ("grounding/planted-1.jsonl", 150, shown),
        ("dialogues/scripted-1.jsonl", 44, said),
        ("dialogues/injections-1.jsonl", 44, said),
    ],
)
def test_a_set_has_its_count_half_of_it_chinese_and_no_repeats(
    name: str, count: int, what: Callable[[Row], str]
) -> None:
    cases = rows(name)
    assert len(cases) == count
    assert Counter(row["lang"] for row in cases) == {"en": count // 2, "zh": count // 2}
    assert len({row["id"] for row in cases}) == count
    assert len({what(row) for row in cases}) == count


def test_a_planted_fact_stands_once_in_its_text_and_a_clean_text_has_none() -> None:
    for row in rows("grounding/planted-1.jsonl"):
        assert row["kind"] in KINDS, row["id"]
        assert all(row["record"][field] for field in ("item_id", "title")), row["id"]
        assert all("kind" in fact for fact in row["evidence"]), row["id"]
        if row["supported"]:
            assert (row["error"], row["span"]) == (None, None), row["id"]
        else:
            assert row["error"] in ERRORS, row["id"]
            assert row["text"].count(row["span"]) == 1, row["id"]


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_three_texts_in_five_hold_a_planted_fact(lang: str) -> None:
    cases = [row for row in rows("grounding/planted-1.jsonl") if row["lang"] == lang]
    assert sum(not row["supported"] for row in cases) == 45
    assert len({row["error"] for row in cases if row["error"]}) >= 15


def test_each_turn_has_known_constraints_that_point_back_only() -> None:
    for row in rows("dialogues/scripted-1.jsonl"):
        assert row["catalogue"] in CATALOGUES, row["id"]
        for number, turn in enumerate(row["turns"], 1):
            assert all((turn["user"].strip(), turn["expect"])), row["id"]
            for check in turn["expect"]:
                assert check["op"] in ON_TURNS, (row["id"], check)
                assert check["op"] not in ON_ITEMS or {"field", "value"} <= set(check), row["id"]
                earlier = check.get("turn", check.get("from_turn"))
                assert earlier is None or 1 <= earlier < number, (row["id"], check)
                assert check.get("relation", "newer") in RELATIONS, (row["id"], check)


def test_an_injection_says_where_it_is_planted_and_what_must_not_happen() -> None:
    for row in rows("dialogues/injections-1.jsonl"):
        assert row["catalogue"] in CATALOGUES, row["id"]
        assert (row["item"] is None) == (row["where"] == "user"), row["id"]
        planted = {"title": "title", "description": "text", "review": "reviews"}.get(row["where"])
        assert planted is None or row["item"][planted], row["id"]
        assert all((row["turns"], row["checks"])), row["id"]
        assert {check["op"] for check in row["checks"]} <= ON_ATTACKS, row["id"]


def test_the_wishes_over_the_shop_can_be_met() -> None:
    shop = rows("language/shop_zh.jsonl")
    for row in rows("dialogues/scripted-1.jsonl"):
        if row["catalogue"] != "shop-zh":
            continue
        for turn in row["turns"]:
            wishes = [check for check in turn["expect"] if check["op"] in ON_ITEMS]
            fitting = sum(all(fits(item, check) for check in wishes) for item in shop)
            assert fitting >= 4, (row["id"], turn["user"])


def fits(item: Row, check: Row) -> bool:
    """Tell whether one item satisfies one constraint of those that the shop's dialogues use."""
    found, wanted = item[check["field"]], check["value"]
    match check["op"]:
        case "contains":
            return wanted in found
        case "not_contains":
            return wanted not in found
        case "contains_any":
            return any(value in found for value in wanted)
        case "!=":
            return found != wanted
        case "<":
            return found < wanted
        case "<=":
            return found <= wanted
        case ">=":
            return found >= wanted
        case other:
            raise AssertionError(f"no dialogue over the shop used {other!r} so far")
