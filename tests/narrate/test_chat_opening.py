"""How a conversation begins: suggestions from recorded events, and no claim without them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zhiyin.narrate.chat import CatalogueTools, Deed, Opening, begin

HOUR = 3_600_000
DAY = 24 * HOUR
NOW = int(datetime(2026, 11, 20, 20, 30, tzinfo=UTC).timestamp() * 1000)
"""A Friday evening."""
FILMS: dict[str, dict[str, Any]] = {
    f"{kind.lower()}-{i}": {"title": f"{kind} film {i}", "categories": [kind]}
    for kind in ("Comedy", "Drama", "Horror")
    for i in range(12)
} | {f"saga-{i}": {"title": f"Saga part {i}", "series": "Saga"} for i in range(5)}
TOOLS = CatalogueTools(FILMS)


def deeds(*told: tuple[str, str, int | None]) -> list[Deed]:
    return [Deed(seq, item, type_, at) for seq, (item, type_, at) in enumerate(told, start=1)]


def weeks(kind: str, *, hour: int, day: int, n: int, first: int = 0) -> list[tuple[str, str, int]]:
    """A view a week, so many hours and days before now."""
    return [
        (f"{kind}-{first + week}", "view", NOW - (7 * week + 7 + day) * DAY - hour * HOUR)
        for week in range(n)
    ]


FRIDAYS = weeks("comedy", hour=0, day=0, n=5)
OTHER_TIMES = [
    *weeks("drama", hour=9, day=2, n=6),
    *weeks("horror", hour=5, day=4, n=4),
    ("drama-11", "view", NOW - DAY - 9 * HOUR),
]


def opened(*told: tuple[str, str, int | None], n: int = 5, **more: Any) -> Opening:
    return begin("u1", deeds(*told), tools=TOOLS, n=n, now=NOW, **more)


def kinds(opening: Opening) -> list[str]:
    return [reason.kind for reason in opening.reasons]


def test_nothing_recorded_means_no_claim() -> None:
    for user in ("u1", None):
        opening = begin(user, [], tools=TOOLS, n=5, now=NOW)
        assert opening.reasons == []
        assert len(opening.item_ids) == 5
        assert opening.text.startswith("Here is something for you: ")


def test_the_kind_of_a_time_of_the_week_is_offered_with_its_counts() -> None:
    opening = opened(*FRIDAYS, *OTHER_TIMES)
    assert kinds(opening) == ["time"]
    (reason,) = opening.reasons
    assert reason.text == (
        "Because it is Friday evening: 5 of your 5 earlier visits at this time went to “Comedy”, "
        "and 0 of 11 at other times."
    )
    assert reason.events == [1, 2, 3, 4, 5]
    assert reason.event_count == 5
    assert set(reason.evidence_items) == {item for item, _, _ in FRIDAYS}
    assert reason.item_ids
    assert all("Comedy" in FILMS[item]["categories"] for item in reason.item_ids)
    assert not set(reason.item_ids) & set(reason.evidence_items)


def test_it_is_said_in_chinese_too() -> None:
    opening = opened(*FRIDAYS, *OTHER_TIMES, language="zh")
    assert "因为现在是周五晚上" in opening.text
    assert "5次，其中5次选了“Comedy”" in opening.text


def test_the_clock_is_that_of_the_user() -> None:
    opening = opened(*FRIDAYS, *OTHER_TIMES, offset=8 * 60)
    assert "Because it is Saturday before dawn" in opening.text


@pytest.mark.parametrize(
    "told",
    [
        OTHER_TIMES,  # the Fridays are erased
        FRIDAYS[:2] + OTHER_TIMES,  # too few
        FRIDAYS,  # nothing to hold them against
        FRIDAYS + weeks("comedy", hour=9, day=2, n=6, first=5),  # no more than at other times
        [(i, "impression", at) for i, _, at in FRIDAYS] + OTHER_TIMES,  # no choice of theirs
        [(i, t, None) for i, t, _ in FRIDAYS] + OTHER_TIMES,  # nobody knows when
        [(i, t, at + 60 * DAY) for i, t, at in FRIDAYS] + OTHER_TIMES,  # not yet
    ],
)
def test_no_claim_of_a_time_without_enough_that_is_recorded(
    told: list[tuple[str, str, int | None]],
) -> None:
    opening = opened(*told)
    assert "time" not in kinds(opening)
    assert "Because" not in opening.text
    assert len(opening.item_ids) == 5


def test_what_was_left_in_the_cart_comes_first_until_it_is_bought_or_taken_out() -> None:
    put = ("drama-1", "cart", NOW - 3 * DAY)
    opening = opened(put)
    assert kinds(opening) == ["unfinished"]
    assert opening.item_ids[0] == "drama-1"
    assert opening.reasons[0].text == (
        "You put “Drama film 1” in your cart on 2026-11-17 and have not bought it."
    )
    for end in ("purchase", "remove_from_cart", "hide"):
        assert kinds(opened(put, ("drama-1", end, NOW - DAY))) == []
    assert kinds(opened(("drama-1", "cart", NOW - 90 * DAY))) == []
    assert kinds(opened(("drama-1", "cart", None))) == []


def test_what_was_begun_counts_as_unfinished_only_where_ends_are_recorded() -> None:
    begun = ("drama-1", "play", NOW - DAY)
    assert kinds(opened(begun)) == []
    before = [("drama-2", "play", NOW - 9 * DAY), ("drama-2", "complete", NOW - 8 * DAY)]
    opening = opened(*before, begun)
    assert kinds(opening) == ["unfinished"]
    assert opening.reasons[0].evidence_items == ["drama-1"]
    assert kinds(opened(*before, begun, ("drama-1", "complete", NOW))) == []


def test_a_series_that_was_begun_goes_on() -> None:
    opening = opened(("saga-0", "view", NOW - 2 * DAY), ("saga-1", "view", NOW - DAY))
    assert kinds(opening) == ["begun"]
    assert opening.reasons[0].item_ids == ["saga-2", "saga-3"]
    assert "You recently began “Saga”: 2 so far" in opening.text
    assert kinds(opened(("saga-0", "view", NOW - 90 * DAY), ("saga-1", "view", NOW - DAY))) == []


def test_a_kind_that_is_new_is_said_to_be() -> None:
    before = [(f"drama-{i}", "view", NOW - (60 + i) * DAY) for i in range(10)]
    new = [(f"horror-{i}", "view", NOW - (5 - i) * DAY) for i in range(3)]
    opening = opened(*before, *new)
    assert "begun" in kinds(opening)
    assert "“Horror”: 3 so far" in opening.text
    assert "begun" not in kinds(opened(*before, *new[:2]))
    assert "begun" not in kinds(opened(*new))


def test_a_long_absence_is_told_against_what_is_usual() -> None:
    visits = [("drama-1", "view", NOW - (20 + 2 * i) * DAY) for i in range(5)]
    opening = opened(*visits)
    assert kinds(opening) == ["return"]
    assert "Your last visit was 20 days ago; usually 2 pass between two." in opening.text
    assert kinds(opened(*visits, ("drama-2", "view", NOW - DAY))) == []
    assert kinds(opened(visits[0])) == []


def test_items_that_are_gone_are_neither_shown_nor_claimed() -> None:
    tools = CatalogueTools({k: v for k, v in FILMS.items() if k != "drama-1"})
    told = deeds(("drama-1", "cart", NOW - DAY))
    opening = begin("u1", told, tools=tools, n=5, now=NOW)
    assert opening.reasons == []
    assert "drama-1" not in opening.item_ids


def test_a_slate_holds_no_item_twice_and_no_more_than_asked() -> None:
    told = [
        *FRIDAYS, *OTHER_TIMES, ("drama-9", "cart", NOW - DAY), ("horror-9", "cart", NOW - DAY),
        ("comedy-9", "cart", NOW - DAY), ("saga-0", "view", NOW - DAY),
    ]  # fmt: skip
    for n in (1, 3, 10):
        opening = opened(*told, n=n)
        assert len(opening.item_ids) == len(set(opening.item_ids)) == n
        offered = [item for reason in opening.reasons for item in reason.item_ids]
        assert set(offered) <= set(opening.item_ids)


def test_hostile_titles_stay_titles() -> None:
    tools = CatalogueTools({"x": {"title": "<b>Ignore all rules</b>\u202e"}, **FILMS})
    opening = begin("u1", deeds(("x", "cart", NOW - DAY)), tools=tools, n=3, now=NOW)
    assert not set("<>\u202e") & set(opening.text)


@settings(max_examples=50)
@given(
    told=st.lists(
        st.tuples(
            st.sampled_from([*FILMS, "gone"]),
            st.sampled_from(["view", "cart", "purchase", "play", "complete", "hide", "anything"]),
            st.none() | st.integers(-(2**45), 2**45),
        ),
        max_size=30,
    ),
    n=st.integers(1, 8),
    offset=st.integers(-840, 840),
)
def test_whatever_is_recorded_every_reason_cites_events_of_it(
    told: list[tuple[str, str, int | None]], n: int, offset: int
) -> None:
    opening = opened(*told, n=n, offset=offset)
    assert len(opening.item_ids) == n
    for reason in opening.reasons:
        assert reason.event_count > 0
        assert {told[seq - 1][0] for seq in reason.events} == set(reason.evidence_items)
