"""What is recorded to be there is not said to be absent, nor the other way round."""

from __future__ import annotations

from typing import Any

import pytest

from zhiyin.narrate.grounding import check

HOTEL: dict[str, Any] = {
    "item_id": "h", "title": "Hotel Larch", "categories": ["Hotels"],
    "properties": {
        "breakfast": "included", "wifi": "free", "pets": "not allowed", "parking": "no",
        "pool": "heated", "lift": "none",
    },
    "description": "Late check-in is possible. No minibar in the rooms. Rooms face the garden.",
}  # fmt: skip
SCARF: dict[str, Any] = {
    "item_id": "c", "title": "羊毛围巾", "categories": ["服饰"],
    "properties": {"材质": "100%羊毛", "机洗": "不可", "衬里": "无"},
    "description": "不含化纤，手洗即可，无需熨烫。附礼盒。",
}  # fmt: skip
PAN: dict[str, Any] = {
    "item_id": "d", "title": "Aldo Pan 24 cm", "categories": ["Kitchen"],
    "dishwasher_safe": False, "lid": False, "properties": {"oven": "safe"},
    "description": "Uncoated carbon steel. Needs seasoning. Not for acidic food.",
}  # fmt: skip


@pytest.mark.parametrize(
    ("record", "text"),
    [
        (HOTEL, "Breakfast is not included."),
        (HOTEL, "Breakfast costs extra."),
        (HOTEL, "No breakfast."),
        (HOTEL, "Pets are welcome."),
        (HOTEL, "There is a lift."),
        (HOTEL, "Parking is there."),
        (HOTEL, "Rooms with a minibar."),
        (HOTEL, "The wifi is not free."),
        (SCARF, "可以机洗。"),
        (SCARF, "含少量化纤。"),
        (SCARF, "带衬里。"),
        (SCARF, "不含羊毛。"),
        (SCARF, "不附礼盒。"),
        (SCARF, "没有礼盒。"),
        (SCARF, "不能手洗。"),
        (PAN, "Comes with its lid."),
        (PAN, "Goes in the dishwasher."),
        (PAN, "No seasoning needed."),
        (PAN, "It never needs seasoning."),
        (PAN, "Ready without seasoning."),
        (PAN, "Fine for acidic food."),
        (PAN, "Keep it out of the oven."),
    ],
)
def test_the_opposite_of_what_is_recorded_is_named(record: dict[str, Any], text: str) -> None:
    assert "negation" in {finding.kind for finding in check(text, record=record).findings}


@pytest.mark.parametrize(
    ("record", "text"),
    [
        (HOTEL, "Breakfast is included."),
        (HOTEL, "Pets are not allowed."),
        (HOTEL, "No parking, no lift, no minibar: but a heated pool."),
        (HOTEL, "Late check-in is possible, and rooms face the garden."),
        (SCARF, "不可机洗，手洗即可。"),
        (SCARF, "不含化纤，没有衬里。"),
        (SCARF, "不用熨烫。"),
        (SCARF, "附礼盒。"),
        (PAN, "Uncoated carbon steel, without a lid."),
        (PAN, "It needs seasoning, and is not for acidic food."),
        (PAN, "Oven safe."),
    ],
)
def test_what_is_recorded_may_be_said(record: dict[str, Any], text: str) -> None:
    assert not [f for f in check(text, record=record).findings if f.kind == "negation"]


@pytest.mark.parametrize(
    "text",
    [
        "It is the best kettle for tea.",
        "The story is set in 1993.",
        "故事发生在1993年。",
        "适合各种厨房使用。",
        "Suitable for kitchen use.",
        "周五发货。",
    ],
)
def test_recorded_words_put_together_anew_are_no_facts(text: str) -> None:
    film = {"item_id": "k", "title": "Kettle", "year": 1993, "text": "Best used with water."}
    assert not check(text, record=film).is_grounded


def test_a_quiet_sunday_is_no_claim() -> None:
    kettle = {"item_id": "k", "title": "水壶"}
    assert check("适合一个安静的周日。", record=kettle).is_grounded
