"""Numbers that follow from recorded ones by one step, and those that do not."""

from __future__ import annotations

from typing import Any

import pytest

from zhiyin.narrate.grounding import check

SET: dict[str, Any] = {
    "item_id": "a", "title": "Oslo Tableware Set", "price": 299, "currency": "CNY", "pieces": 3,
    "released": "2026-09-12",
    "properties": {
        "packaging": "150克×6", "size": "140 x 200 cm", "bottles": "4 x 330 ml", "age": "8+",
        "weight": "940 g", "range": "100-1000 μl", "speed": "60 fps", "depth": "10 m",
    },
}  # fmt: skip
EVIDENCE: list[dict[str, Any]] = [
    {"kind": "event", "event": "purchase", "item_id": "b", "title": "Soup Pot",
     "timestamp": "2026-10-02T10:00:00Z"},
    {"kind": "event", "event": "rating", "item_id": "c", "title": "Stew Pot", "value": 4.5,
     "timestamp": "2026-10-02T10:00:00Z"},
    {"kind": "context", "now": "2026-11-22T10:00:00Z"},
    {"kind": "count", "what": "units sold", "value": 412, "window": "last 30 days"},
    {"kind": "offer", "percent": 20, "until": "2026-11-30"},
]  # fmt: skip


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("不用三百。", "不用五十。"),
        ("三百块有找。", "五十块有找。"),
        ("Now 239 yuan.", "Now 219 yuan."),
        ("折后239元。", "折后229元。"),
        ("便宜六十块。", "便宜七十块。"),
        ("A fifth off.", "A third off."),
        ("一共900克。", "一共800克。"),
        ("1.32 litres.", "1.5 litres."),
        ("平均每片50元。", "平均每片40元。"),
        ("140 x 200.", "140 x 210."),
        ("八岁以上。", "六岁以上。"),
        ("从100微升到1毫升。", "从100微升到2毫升。"),
        ("Less than a kilo.", "More than a kilo."),
        ("60 frames a second.", "30 frames a second."),
        ("Safe to ten metres.", "Safe to twenty metres."),
        ("You bought the Soup Pot seven weeks ago.", "You bought the Soup Pot four weeks ago."),
        ("Released ten weeks ago.", "Released four weeks ago."),
        ("20% off for eight more days.", "20% off for twelve more days."),
        ("最近一个月卖出412件。", "最近一个月卖出512件。"),
        ("过去30天卖出四百多件。", "过去90天卖出四百多件。"),
        ("“Stew Pot”你给了四星半。", "“Stew Pot”你给了三星半。"),
        ("来得及，一天就好。", "一天内送达。"),
    ],
)
def test_what_follows_holds_and_what_does_not_is_named(right: str, wrong: str) -> None:
    assert not [f for f in check(right, record=SET, evidence=EVIDENCE).findings
                if f.kind != "property"]  # fmt: skip
    assert check(wrong, record=SET, evidence=EVIDENCE).findings


@pytest.mark.parametrize(
    ("price", "said"), [(29.9, "29块9。"), (4.5, "四块五。"), (29.95, "29块95。")]
)
def test_prices_as_they_are_spoken(price: float, said: str) -> None:
    record = {"item_id": "a", "title": "Pad", "price": price, "currency": "CNY"}
    assert check(said, record=record).is_grounded
    assert not check(said, record={**record, "price": price + 1}).is_grounded


def test_next_year_is_one_that_is_recorded() -> None:
    record = {"item_id": "a", "title": "布面手帐 2027"}
    for now, holds in (("2026-11-03", True), ("2024-11-03", False)):
        evidence = [{"kind": "context", "now": now}]
        assert check("写满明年。", record=record, evidence=evidence).is_grounded is holds


ROD: dict[str, Any] = {"item_id": "r", "title": 'Stir Rod 10" - 1/2" Glass, 3\' Cord'}


@pytest.mark.parametrize(
    "right", ['A 10" rod.', "10-inch rod.", "1/2\u2033 glass.", "\u00bd inch.", "3' cord."]
)
def test_marks_of_inches_and_feet_are_units(right: str) -> None:
    assert check(right, record=ROD).is_grounded


@pytest.mark.parametrize(
    "wrong", ["A 10' rod.", "10 feet.", "2 inches.", "\u00bc inch.", '3" cord.']
)
def test_inches_are_not_feet_and_a_fraction_is_not_its_parts(wrong: str) -> None:
    assert check(wrong, record=ROD).findings
