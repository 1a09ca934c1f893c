"""The checker: what follows from record and evidence passes, what does not is named."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zhiyin.narrate.grounding import check
from zhiyin.narrate.grounding.numerals import claims
from zhiyin.narrate.grounding.periods import periods_of

KETTLE: dict[str, Any] = {
    "item_id": "k1", "title": "Lumo Kettle", "brand": "Lumo", "categories": ["Kettles"],
    "price": 1299, "currency": "CNY", "capacity_l": 1.5, "weight_kg": 0.9, "colour": "green",
    "warranty_months": 24, "rating": 4.6, "ratings": 312, "stock": 4, "material": "steel",
    "dishwasher_safe": False, "list_price": 1624,
}  # fmt: skip
FILM: dict[str, Any] = {
    "item_id": "f1", "title": "夜航", "categories": ["剧情"], "year": 1998, "runtime_min": 126,
    "directors": ["林远"], "actors": ["苏岩"],
}  # fmt: skip
OTHER: dict[str, Any] = {
    "kind": "item",
    "record": {"item_id": "k2", "title": "Hara Pot", "price": 1499, "currency": "CNY",
               "weight_kg": 1.2, "colour": "red"},
}  # fmt: skip
BOUGHT = {"kind": "event", "event": "purchase", "item_id": "c1", "title": "Mira Cup",
          "timestamp": "2026-03-04"}  # fmt: skip
VIEWED = {**BOUGHT, "event": "view"}


@pytest.mark.parametrize(
    ("text", "evidence"),
    [
        ("A green kettle by Lumo, 1.5 litres, for 1,299 yuan.", []),
        ("It weighs 900 grams and holds 1500 ml.", []),
        ("Two years of warranty, rated 4.6 out of 5 by 312 people.", []),
        ("Only 4 left in stock.", []),
        ("Because you bought Mira Cup, try the Lumo Kettle.", [BOUGHT]),
        ("Cheaper than the Hara Pot by 200 yuan.", [OTHER]),
        ("Not dishwasher safe, but lovely on any table.", []),
        ("Over 300 ratings.", []),
        ("20% off the list price.", []),
        ("A good choice for quiet evenings at home?", []),
        ("容量1.5升，一千二百九十九元，8折。", []),
        ("因为你买过Mira Cup，推荐这款绿色的水壶。", [BOUGHT]),
        ("重九百克，质保两年，值得一试。", []),
    ],
)
def test_what_follows_passes(text: str, evidence: list[dict[str, Any]]) -> None:
    assert check(text, record=KETTLE, evidence=evidence).findings == ()


@pytest.mark.parametrize(
    ("text", "evidence", "words"),
    [
        ("A green kettle, 1.7 litres.", [], "1.7 litres"),
        ("Yours for $1,299.", [], "$1,299"),
        ("Three years of warranty.", [], "three years"),
        ("A red kettle.", [], "red"),
        ("A red kettle.", [OTHER], "red"),
        ("Because you bought Mira Cup.", [VIEWED], "bought mira cup"),
        ("Because you bought Hara Pot.", [BOUGHT, OTHER], "bought hara pot"),
        ("Heavier than the Hara Pot.", [OTHER], "heavier than"),
        ("Dishwasher safe.", [], "dishwasher"),
        ("It won a design award.", [], "award"),
        ("The best kettle of the year.", [], "best"),
        ("Sold out.", [], "sold out"),
        ("40% off.", [], "40%"),
        ("Free shipping.", [], "shipping"),
        ("Waterproof.", [], "waterproof"),
        ("As a nurse you deserve it.", [], "as a "),
        ("容量1.7升。", [], "1.7升"),
        ("你买过Mira Cup。", [VIEWED], "买过mira cup"),
        ("防水的水壶。", [], "防水"),
        ("最受欢迎的水壶。", [], "最"),
        ("七折。", [], "七"),
        ("可用洗碗机清洗。", [], "洗碗机"),
        ("比Hara Pot重。", [OTHER], "比hara pot重"),
    ],
)
def test_what_does_not_is_named(text: str, evidence: list[dict[str, Any]], words: str) -> None:
    findings = check(text, record=KETTLE, evidence=evidence).findings
    assert findings
    assert any(words in text[f.start : f.end].lower() or text[f.start : f.end].lower() in words
               for f in findings), findings  # fmt: skip


def test_people_keep_their_parts() -> None:
    assert check("林远执导，片长两小时零六分钟，1998年上映。", record=FILM).is_grounded
    assert not check("林远主演。", record=FILM).is_grounded
    assert not check("1989年上映。", record=FILM).is_grounded


def test_banned_words_are_refused_even_where_they_are_true() -> None:
    assert check("A green kettle.", record=KETTLE, banned=["gr een"]).findings
    policy = {"kind": "policy", "banned_claims": ["绿色"]}
    assert check("绿色的水壶", record=KETTLE, evidence=[policy]).findings


@settings(max_examples=25)
@given(number=st.integers(2, 9999))
def test_a_number_that_is_not_recorded_never_passes(number: int) -> None:
    recorded = {1299, 312, 24, 4, 2, 5, 1624, 20, 900, 1500, 325, 15}
    for text in (
        f"It has {number} buttons.",
        f"{number}元",
        f"{number}克",
        f"It lasts {number} hours.",
    ):
        assert number in recorded or not check(text, record=KETTLE).is_grounded


@settings(max_examples=40)
@given(text=st.text(max_size=200))
def test_any_text_is_read_without_an_error(text: str) -> None:
    for finding in check(text, record=KETTLE, evidence=[BOUGHT, OTHER]).findings:
        assert 0 <= finding.start < finding.end <= len(text)


@pytest.mark.parametrize(
    ("text", "value", "dimension"),
    [
        ("一千二百九十九元", 1299, "money"), ("1,299 yuan", 1299, "money"), ("十斤", 5000, "mass"),
        ("三十六小时", 36 * 3600, "time"), ("2 hours 10 minutes", 7800, "time"),
        ("一百零五页", 105, "count"), ("twenty-four hours", 86400, "time"),
        ("$19.99", 19.99, "money"),
        ("0.8 km", 800_000, "length"), ("两万五", 25000, "count"), ("三百五", 350, "count"),
        ("three hundred and twelve pages", 312, "count"), ("1-1/2 inch", 38.1, "length"),
        ("3/8\u2033", 9.525, "length"), ("2\u00bd kg", 2500, "mass"),
        ("\u00bc\u516c\u65a4", 250, "mass"), ("30\u2032", 9144, "length"),
    ],
)  # fmt: skip
def test_numbers_are_read_in_every_dress(text: str, value: float, dimension: str) -> None:
    (claim,) = claims(text)
    assert (claim.value, claim.dimension) == (pytest.approx(value), dimension)


@pytest.mark.parametrize(
    "text",
    [
        "Half a kilo, a litre and a half: 60 x 40 cm, down to -10 °C.",
        "半公斤，一升半，零下十度。",
        "百分之八十的羊毛，黑红两色。",
        "A '90s coat for a quiet Sunday.",
        "上世纪九十年代的大衣。",
        "RMB 1299, for long evenings with friends who laugh a lot.",
    ],
)
def test_numbers_in_every_dress_and_everyday_words_pass(text: str) -> None:
    record = {
        "item_id": "c1", "title": "Coat", "categories": ["大衣", "coat"], "weight_kg": 0.5,
        "capacity_l": 1.5, "width_cm": 60, "height_cm": 40, "min_temperature_c": -10,
        "wool_percent": 80, "material": "羊毛", "colours": ["black", "red"], "year": 1994,
        "price": 1299, "currency": "CNY",
    }  # fmt: skip
    assert check(text, record=record).findings == ()


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("A steel kettle with a Bluetooth app.", "property"),
        ("Two litres and a half.", "quantity"),
        ("A kettle of the eighties.", "date"),
        ("三位主角的水壶。", "quantity"),
        ("本月上新的水壶。", "date"),
        ("Bought a month ago.", "event"),
    ],
)
def test_what_is_not_recorded_is_still_found(text: str, kind: str) -> None:
    record = {"item_id": "k1", "title": "三水壶", "material": "steel", "categories": ["kettle"]}
    evidence = [{"kind": "context", "now": "2025-11-04"}]
    found = {finding.kind for finding in check(text, record=record, evidence=evidence).findings}
    assert found & {kind, "number"}


def test_a_day_in_a_title_claims_no_date() -> None:
    record = {"item_id": "f1", "title": "Last Night (1998)", "categories": ["Thriller"]}
    assert check("For you: “Last Night (1998)”.", record=record).is_grounded


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("in 1998", 1998, 1998), ("the late nineties", 1995, 1999), ("1780s Geneva", 1780, 1789),
        ("nineteen seventy-six", 1976, 1976), ("two thousand and eight", 2008, 2008),
        ("the 19th century", 1800, 1899), ("'98", 1998, 1998), ("二〇一五年", 2015, 2015),
        ("上世纪八十年代", 1980, 1989), ("十八世纪八十年代", 1780, 1789), ("98年", 1998, 1998),
    ],
)  # fmt: skip
def test_periods_are_read_in_every_dress(text: str, first: int, last: int) -> None:
    (period,) = periods_of(text.lower())
    assert (period.first, period.last) == (first, last)


@pytest.mark.parametrize("text", ["10年", "twenty people", "2000mah", "2048 ratings", "1999元"])
def test_quantities_are_no_periods(text: str) -> None:
    assert periods_of(text) == []


BACK: dict[str, Any] = {
    "item_id": "a1", "title": "Low Tide", "categories": ["Folk"], "year": 2021,
    "restock": "2026-04-02", "stock": 0, "updated": "2025-09-10",
}  # fmt: skip
NOW = {"kind": "context", "now": "2026-03-18T09:00:00Z"}


@pytest.mark.parametrize(
    "text",
    [
        "Back this weekend.", "Updated last summer.", "Folk since 1987.", "Folk of the seventies.",
        "Arrives before Christmas.", "For decades the folk of the coast.", "Open daily until ten.",
        "周末前到货。", "去年冬天更新。", "国庆前到货。", "二〇一八年的民谣。", "百年民谣。",
        "From nineteen ninety-five.", "Out next spring.", "四月初二到货。", "昨晚更新。",
    ],
)  # fmt: skip
def test_times_that_are_not_recorded_never_pass(text: str) -> None:
    assert not check(text, record=BACK, evidence=[NOW]).is_grounded


@pytest.mark.parametrize(
    "text",
    [
        "Back on 2 April.", "四月二日到货。", "Updated last autumn.", "Folk of the twenties.",
        "Something for this weekend?", "For a quiet Sunday by the window, with a cup of tea.",
    ],
)  # fmt: skip
def test_times_that_are_recorded_or_advised_pass(text: str) -> None:
    assert check(text, record=BACK, evidence=[NOW]).findings == ()


@pytest.mark.parametrize(
    "text",
    [
        "It never breaks.", "It glows in the dark.", "You will lose weight.", "Teachers love it.",
        "Half the weight of other models.", "Everyone is talking about it.", "Money back.",
        "Written in a cabin.", "With a window and a lamp.", "Now in a new colour.",
        "会发光。", "替您留了一件。", "大家都在买。", "学完包就业。", "背面有口袋。", "同类最轻。",
        "刷屏的民谣。", "设有咖啡馆。",
    ],
)  # fmt: skip
def test_assertions_in_everyday_words_never_pass(text: str) -> None:
    assert not check(text, record=BACK, evidence=[NOW]).is_grounded


def test_what_is_recorded_in_one_language_may_be_told_in_the_other() -> None:
    record = {
        "item_id": "g1", "title": "Nitrile Gloves, Powder Free, Box of 100", "colour": "blue",
        "categories": ["Gloves"], "latex_free": True, "sterile": False,
    }  # fmt: skip
    assert check("蓝色丁腈手套，一盒一百只，无粉、不含乳胶。", record=record).is_grounded
    assert check("A hundred blue gloves without latex.", record=record).is_grounded
    assert not check("蓝色手套，无菌。", record=record).is_grounded
    assert not check("红色手套。", record=record).is_grounded


def test_a_price_before_is_not_told_as_the_price_now() -> None:
    assert check("Now 1,299 yuan instead of 1,624.", record=KETTLE).is_grounded
    assert not check("Now 1,624 yuan.", record=KETTLE).is_grounded


@pytest.mark.parametrize("text", ["Over 300 ratings.", "不到1300元。", "Hundreds of ratings."])
def test_a_bound_holds_in_its_direction(text: str) -> None:
    record = {**KETTLE, "ratings": 512}
    assert check(text, record=record).is_grounded
    assert not check(text, record={**record, "ratings": 30, "price": 1400}).is_grounded


FLASKS = {
    "item_id": "f1", "title": "Sample Flasks", "categories": ["Laboratory"],
    "properties": {"volumes": "25, 75, 300, 2000 ml", "weight": "2.4 kg", "lessons": "24"},
}  # fmt: skip


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("75 ml.", "80 ml."),
        ("The smallest 25 ml.", "The smallest 75 ml."),
        ("Twenty-four lessons.", "Twenty-three lessons."),
    ],
)
def test_nested_properties_and_lists_that_share_a_unit_are_read(right: str, wrong: str) -> None:
    assert check(right, record=FLASKS).is_grounded
    assert not check(wrong, record=FLASKS).is_grounded


def test_ages_are_read_in_both_languages() -> None:
    record = {"item_id": "p1", "title": "积木", "properties": {"适龄": "4岁以上", "数量": "80块"}}
    assert check("For children aged four and over.", record=record).is_grounded
    assert not check("For children aged two and over.", record=record).is_grounded
    assert check("80块积木。", record=record).is_grounded
    assert not check("90块积木。", record=record).is_grounded


def test_a_figure_of_speech_is_no_taste_and_many_plays_are_one() -> None:
    assert check("For someone you like.", record=KETTLE).is_grounded
    assert not check("You like quiet evenings.", record=KETTLE).is_grounded
    plays = {"kind": "event", "event": "play", "item_id": "x", "title": "Night Hum", "plays": 9}
    assert check("You like quiet evenings.", record=KETTLE, evidence=[plays]).is_grounded
    assert not check(
        "You like quiet evenings.", record=KETTLE, evidence=[{**plays, "plays": 1}]
    ).is_grounded


def test_news_of_yesterday_needs_a_day_of_release() -> None:
    record = {"item_id": "a1", "title": "Low Tide", "properties": {"released": "2026-05-07"}}
    now = {"kind": "context", "now": "2026-05-08T09:00:00Z"}
    late = {"kind": "context", "now": "2026-05-12T09:00:00Z"}
    assert check("Low Tide came out yesterday.", record=record, evidence=[now]).is_grounded
    assert not check("Low Tide came out yesterday.", record=record, evidence=[late]).is_grounded


def test_things_of_a_meal_set_a_scene_and_are_no_parts() -> None:
    assert check("Put it beside the eggs.", record=KETTLE).is_grounded
    assert not check("It comes with eggs.", record=KETTLE).is_grounded
    assert not check("Put it in the dishwasher.", record=KETTLE).is_grounded
    assert not check("Charge it wirelessly.", record=KETTLE).is_grounded


@pytest.mark.parametrize(
    ("text", "grounded"),
    [
        ("黑色橡胶塞。", True),
        ("黑色橡胶帐篷。", False),
        ("橡胶水壶，适合实验室。", False),
        ("在帐篷边上也能用。", True),
    ],
)
def test_what_is_named_by_a_recorded_property_is_no_scene(text: str, *, grounded: bool) -> None:
    stopper = {"item_id": "s", "title": "Black Rubber Stoppers", "text": "For the laboratory."}
    assert check(text, record=stopper).is_grounded is grounded
