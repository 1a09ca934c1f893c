"""Rules: what each does alone, what yields to what, and what always holds."""

from __future__ import annotations

import math
from collections import Counter
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zhiyin.core.config import Config
from zhiyin.core.errors import DataError
from zhiyin.policy.rules import LostRule, RulesConfig, apply_rules

ITEMS = list("abcdefgh")
BRANDS = ["X", "X", "X", "Y", "Y", "Z", None, "Z"]


def mask(of: str) -> np.ndarray:
    """The candidates of ITEMS that are named."""
    return np.array([item in of for item in ITEMS])


def ruled(config: RulesConfig, n: int = 4, **given: object) -> tuple[str, list[LostRule]]:
    found = apply_rules(ITEMS, n=n, config=config, **given)  # type: ignore[arg-type]
    return "".join(ITEMS[i] for i in found.places), list(found.lost)


class TestOneRuleAlone:
    def test_no_rules_leave_the_order(self) -> None:
        assert ruled(RulesConfig()) == ("abcd", [])
        assert ruled(RulesConfig(), n=99) == ("abcdefgh", [])

    def test_excluded_and_hidden_items_are_out(self) -> None:
        config = RulesConfig(exclude=("a", "elsewhere"))
        assert ruled(config, excluded=mask("b"), hidden=mask("df")) == ("cegh", [])

    def test_a_pin_is_in_its_place_and_the_others_close_up(self) -> None:
        assert ruled(RulesConfig(pins={"g": 2, "b": 4})) == ("agcb", [])

    def test_at_most_so_many_of_a_value(self) -> None:
        config = RulesConfig(caps={"brand": 1})
        assert ruled(config, columns={"brand": BRANDS}) == ("adfg", [])

    def test_items_with_several_values_count_for_each(self) -> None:
        kinds = [["k", "m"], ["m"], ["k", "k"], [], ["m", "o"], ["o"], ["p"], None]
        found = ruled(RulesConfig(caps={"kind": 1}), columns={"kind": kinds})
        assert found == ("adfg", [])

    def test_two_columns(self) -> None:
        colours = [1, 1, 2, 2, 3, 3, 4, 4]
        columns = {"brand": BRANDS, "colour": colours}
        found = ruled(RulesConfig(caps={"brand": 2, "colour": 1}), columns=columns)
        assert found == ("aceg", [])

    def test_at_least_so_many_promoted(self) -> None:
        config = RulesConfig(promoted_at_least=0.5)
        assert ruled(config, promoted=mask("bgh")) == ("abcg", [])
        assert ruled(config, promoted=mask("ab")) == ("abcd", [])

    def test_at_most_so_many_promoted(self) -> None:
        config = RulesConfig(promoted_at_most=0.3)
        assert ruled(config, promoted=mask("abc")) == ("adef", [])

    def test_an_id_that_comes_twice_counts_once(self) -> None:
        found = apply_rules(["a", "a", "b", "a"], n=4, config=RulesConfig(pins={"a": 2}))
        assert found.places.tolist() == [2, 0]


class TestWhatYields:
    def test_a_pin_to_an_exclusion(self) -> None:
        config = RulesConfig(exclude=("a",), pins={"a": 1, "b": 2, "c": 3})
        slate, lost = ruled(config, hidden=mask("b"))
        assert slate == "decf"
        assert lost == [
            LostRule("a at place 1", "exclusion", "excluded by name"),
            LostRule("b at place 2", "exclusion", "hidden"),
        ]

    def test_a_pin_to_another_to_the_end_of_the_list_and_to_its_absence(self) -> None:
        config = RulesConfig(pins={"h": 1, "g": 1, "e": 9, "zz": 2})
        slate, lost = ruled(config)
        assert slate == "habc"
        assert lost == [
            LostRule("g at place 1", "pin", "h is pinned there"),
            LostRule("e at place 9", "length", "the list has 4 places"),
            LostRule("zz at place 2", "candidates", "it is not among the candidates"),
        ]

    def test_a_cap_to_pins_and_pins_count_towards_it(self) -> None:
        config = RulesConfig(pins={"b": 1, "c": 2}, caps={"brand": 1})
        slate, lost = ruled(config, columns={"brand": BRANDS})
        assert slate == "bcdf"
        assert lost == [LostRule("at most 1 of brand X", "pin", "2 pinned items have it")]

    def test_a_cap_to_a_full_list(self) -> None:
        config = RulesConfig(caps={"brand": 1})
        slate, lost = ruled(config, n=6, columns={"brand": BRANDS})
        assert slate == "abcdfg"
        why = "6 places cannot be filled without breaking a cap; 3 have it"
        assert lost == [LostRule("at most 1 of brand X", "length", why)]

    def test_a_cap_without_its_column(self) -> None:
        slate, lost = ruled(RulesConfig(caps={"brand": 1}))
        assert slate == "abcd"
        why = "the candidates have no column brand"
        assert lost == [LostRule("at most 1 per brand", "candidates", why)]

    def test_promotion_to_a_cap(self) -> None:
        config = RulesConfig(caps={"brand": 1}, promoted_at_least=0.5)
        slate, lost = ruled(config, columns={"brand": BRANDS}, promoted=mask("abc"))
        assert slate == "adfg"
        why = "the caps leave 1 promoted ones"
        assert lost == [LostRule("at least 50% promoted", "cap", why)]

    def test_the_limit_of_promotion_to_a_cap(self) -> None:
        config = RulesConfig(caps={"brand": 1}, promoted_at_most=0.25)
        slate, lost = ruled(config, columns={"brand": BRANDS}, promoted=mask("defgh"))
        assert slate == "adfg"
        why = "the caps leave 3 promoted ones"
        assert lost == [LostRule("at most 25% promoted", "cap", why)]

    def test_promotion_to_pins(self) -> None:
        config = RulesConfig(pins={"a": 1, "b": 2}, promoted_at_least=0.75)
        slate, lost = ruled(config, promoted=mask("efgh"))
        assert slate == "abef"
        assert lost == [LostRule("at least 75% promoted", "pin", "2 others are pinned")]
        config = RulesConfig(pins={"a": 1, "b": 2}, promoted_at_most=0.25)
        slate, lost = ruled(config, promoted=mask("abcd"))
        assert slate == "abef"
        assert lost == [LostRule("at most 25% promoted", "pin", "2 promoted items are pinned")]

    def test_promotion_to_what_there_is(self) -> None:
        slate, lost = ruled(RulesConfig(promoted_at_least=1.0), promoted=mask("gh"))
        assert slate == "abgh"
        assert lost == [
            LostRule("at least 100% promoted", "candidates", "2 candidates are promoted")
        ]
        slate, lost = ruled(RulesConfig(promoted_at_least=0.1))
        assert slate == "abcd"
        assert lost == [
            LostRule("at least 10% promoted", "candidates", "0 candidates are promoted")
        ]
        slate, lost = ruled(RulesConfig(promoted_at_most=0.0), promoted=mask("abcdef"))
        assert slate == "abgh"
        assert lost == [LostRule("at most 0% promoted", "length", "2 candidates are not promoted")]

    def test_at_least_to_at_most(self) -> None:
        config = RulesConfig(promoted_at_least=0.4, promoted_at_most=0.4)
        slate, lost = ruled(config, promoted=mask("efgh"))
        assert slate == "abce"
        why = "of 4 places that is 2, and at most 1"
        assert lost == [LostRule("at least 40% promoted", "promotion", why)]

    def test_where_a_cap_breaks_anyway_promotion_still_counts(self) -> None:
        brands = ["X"] * 8
        config = RulesConfig(caps={"brand": 1}, promoted_at_least=0.75)
        slate, lost = ruled(config, columns={"brand": brands}, promoted=mask("fgh"))
        assert slate == "afgh"
        assert [rule.lost_to for rule in lost] == ["length"]


NAMES = st.sampled_from([*ITEMS, "elsewhere"])
SHARES = st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.7, 1.0])
MASKS = st.lists(st.booleans(), min_size=8, max_size=8).map(np.array)
VALUES = st.sampled_from(["u", "v", "w"])
COLUMN = st.lists(
    st.one_of(st.none(), VALUES, st.lists(VALUES, max_size=3)), min_size=8, max_size=8
)
CONFIGS = st.builds(
    RulesConfig,
    exclude=st.lists(NAMES, max_size=2).map(tuple),
    pins=st.dictionaries(NAMES, st.integers(1, 9), max_size=3),
    caps=st.dictionaries(st.sampled_from(["brand", "kind", "absent"]), st.integers(1, 3)),
    promoted_at_least=SHARES,
    promoted_at_most=SHARES,
)


def values(entry: object) -> set[object]:
    return set() if entry is None else set(entry) if isinstance(entry, list) else {entry}


@settings(max_examples=200)
@given(
    config=CONFIGS,
    brand=COLUMN,
    kind=COLUMN,
    promoted=MASKS,
    hidden=MASKS,
    n=st.integers(0, 9),
)
def test_what_always_holds(
    config: RulesConfig,
    brand: list[object],
    kind: list[object],
    promoted: np.ndarray,
    hidden: np.ndarray,
    n: int,
) -> None:
    columns = {"brand": brand, "kind": kind}
    found = apply_rules(
        ITEMS, n=n, config=config, columns=columns, promoted=promoted, hidden=hidden
    )
    places = found.places.tolist()
    lost = {rule.rule for rule in found.lost}
    free = [i for i, item in enumerate(ITEMS) if item not in config.exclude and not hidden[i]]
    # nobody twice, nobody who is out, and as many as there are
    assert len(set(places)) == len(places) == min(n, len(free))
    assert set(places) <= set(free)
    # pins in place, or named
    pinned = set()
    for item, place in config.pins.items():
        if f"{item} at place {place}" not in lost:
            assert ITEMS[places[place - 1]] == item
            pinned.add(place - 1)
    # caps kept, or named
    for column, cap in config.caps.items():
        counts = Counter(v for i in places for v in values(columns.get(column, [[]] * 8)[i]))
        for value, count in counts.items():
            assert count <= cap or f"at most {cap} of {column} {value}" in lost
        assert column in columns or f"at most {cap} per {column}" in lost
    # shares kept, or named
    marked = int(promoted[places].sum()) if places else 0
    least = math.ceil(config.promoted_at_least * len(places) - 1e-9)
    most = math.floor(config.promoted_at_most * len(places) + 1e-9)
    assert (marked < least) == (f"at least {config.promoted_at_least:.0%} promoted" in lost)
    assert (marked > most) == (f"at most {config.promoted_at_most:.0%} promoted" in lost)
    # the order of the candidates otherwise
    rest = [i for place, i in enumerate(places) if place not in pinned]
    assert rest == sorted(rest)


@settings(max_examples=100)
@given(
    cap=st.integers(1, 2),
    brand=st.lists(st.one_of(st.none(), VALUES), min_size=8, max_size=8),
    promoted=MASKS,
    least=SHARES,
    most=SHARES,
    pins=st.dictionaries(st.sampled_from(ITEMS), st.integers(1, 4), max_size=2),
    n=st.integers(1, 5),
)
def test_with_one_column_no_list_keeps_more(
    cap: int,
    brand: list[object],
    promoted: np.ndarray,
    least: float,
    most: float,
    pins: dict[str, int],
    n: int,
) -> None:
    """Against every set of n candidates that holds the pins: caps first, then the shares."""
    config = RulesConfig(
        caps={"brand": cap}, promoted_at_least=least, promoted_at_most=most, pins=pins
    )
    found = apply_rules(ITEMS, n=n, config=config, columns={"brand": brand}, promoted=promoted)
    gone = {rule.rule.partition(" ")[0] for rule in found.lost}
    kept = {ITEMS.index(item) for item in pins if item not in gone}
    upper = math.floor(most * n + 1e-9)
    lower = min(upper, math.ceil(least * n - 1e-9))

    def worst(chosen: tuple[int, ...]) -> tuple[int, int, int]:
        counts = Counter(brand[i] for i in chosen if brand[i])
        marked = int(promoted[list(chosen)].sum())
        over = sum(max(0, count - cap) for count in counts.values())
        return over, max(0, marked - upper), max(0, lower - marked)

    possible = [chosen for chosen in combinations(range(8), n) if kept <= set(chosen)]
    mine = worst(tuple(found.places.tolist()))
    assert mine == min(worst(chosen) for chosen in possible)
    broken = [rule for rule in found.lost if rule.rule.startswith(f"at most {cap} of brand")]
    assert bool(broken) == bool(mine[0])


def test_a_mask_for_other_candidates_is_refused() -> None:
    with pytest.raises(DataError, match="hidden has 3 entries for 8 candidates"):
        ruled(RulesConfig(), hidden=np.zeros(3, dtype=np.bool_))
    with pytest.raises(DataError, match="brand has 1 entries"):
        ruled(RulesConfig(caps={"brand": 1}), columns={"brand": ["X"]})


def test_rules_are_read_from_settings() -> None:
    config = RulesConfig.model_validate({"caps": {"brand": 2}, "pins": {"a": 1}})
    assert isinstance(config, Config)
    with pytest.raises(ValueError, match="greater than or equal to 1"):
        RulesConfig(pins={"a": 0})
    with pytest.raises(ValueError, match="greater than or equal to 1"):
        RulesConfig(caps={"brand": 0})
