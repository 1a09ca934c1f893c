"""What a request may ask of a slate: filters, boosts, context, pages, properties."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.pipeline.slating.conftest import catalogue

from zhiyin.core.errors import DataError, ExpressionError, UnknownEntityError, ZhiyinError
from zhiyin.core.slate import Slate
from zhiyin.pipeline.workspace import Workspace

Make = Callable[..., Workspace]
ITEMS = {str(item["item_id"]): item for item in catalogue()}


def brands(slate: Slate) -> list[object]:
    return [ITEMS[i]["brand"] for i in slate.item_ids]


def test_a_filter_holds_for_every_item_and_goes_deeper_than_the_first_candidates(
    shop_with: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zhiyin.pipeline.engine.CANDIDATES", 4)
    slate = shop_with().recommend("u00", n=6, filter='brand = "nova"')
    assert brands(slate) == ["nova"] * 6
    assert slate.fallbacks == []
    assert len(set(slate.item_ids)) == 6
    scores = [p.score for p in slate.positions]
    assert scores == sorted(scores, reverse=True)


def test_filters_see_lists_users_and_the_moment(shop_with: Make) -> None:
    shop = shop_with()
    shop.stores.entities.upsert("user", _user("u00", '{"limit": 3}'))
    slate = shop.recommend(
        "u00",
        n=20,
        filter='"sale" in categories and price < user.limit * context.factor',
        context={"factor": 10},
    )
    assert {i for i in ITEMS if ITEMS[i]["price"] < 30 and "sale" in ITEMS[i]["categories"]} == set(  # type: ignore[operator]
        slate.item_ids
    )
    assert slate.context == {"factor": 10}


def _user(user_id: str, attributes: str) -> object:
    from zhiyin.testing.stores import make_entities  # noqa: PLC0415 - pytest rewrites it

    return make_entities([user_id], [attributes])


def test_a_short_filter_is_told(shop_with: Make) -> None:
    slate = shop_with().recommend("u00", n=5, filter="price < 2")
    assert len(slate.item_ids) == 3
    assert slate.fallbacks == ["filters leave 3 of 5 items"]


def test_a_filter_that_leaves_nothing_gives_an_empty_slate_that_says_so(shop_with: Make) -> None:
    slate = shop_with().recommend("u00", filter="price < 0")
    assert slate.positions == []
    assert slate.fallbacks == ["filters leave nothing: the slate is empty"]


def test_where_settings_say_so_the_requests_filter_is_given_up_but_never_the_surfaces(
    shop_with: Make,
) -> None:
    shop = shop_with('[surfaces.home]\non_empty = "relax"\nfilter = \'brand = "acme"\'')
    slate = shop.recommend("u00", n=4, filter="price < 0")
    assert brands(slate) == ["acme"] * 4
    assert slate.fallbacks == ["the request's filter leaves nothing: it was given up"]
    assert brands(shop.recommend("u00", n=3, filter="price > 10")) == ["acme"] * 3


def test_a_boost_brings_items_up_and_a_zero_takes_them_down(shop_with: Make) -> None:
    shop = shop_with("[surfaces.home.diversity]\nmethod='off'")
    plain = shop.recommend("u00", n=20)
    raised = shop.recommend("u00", n=20, boost='if(brand = "nova", 5, 1)')
    lowered = shop.recommend("u00", n=20, boost='if(brand = "nova", 0, 1)')
    for item in (i for i in plain.item_ids if ITEMS[i]["brand"] == "nova"):
        assert raised.item_ids.index(item) <= plain.item_ids.index(item)
        assert lowered.item_ids.index(item) >= plain.item_ids.index(item)
    assert raised.item_ids != plain.item_ids
    assert shop.recommend("u00", n=20, boost="price * 0 + 1").item_ids == plain.item_ids


def test_pages_never_repeat_whichever_page_is_continued(shop_with: Make) -> None:
    shop = shop_with()
    first = shop.recommend("u00", n=4)
    second = shop.recommend("u00", n=4, page_of=first.slate_id)
    third = shop.recommend("u00", n=4, page_of=first.slate_id)
    fourth = shop.recommend("u00", n=20, page_of=second.slate_id)
    seen = [i for slate in (first, second, third, fourth) for i in slate.item_ids]
    assert len(seen) == len(set(seen)) == 20
    assert [s.page for s in (first, second, third, fourth)] == [1, 2, 3, 4]
    assert fourth.page_of == first.slate_id
    assert shop.recommend("u00", n=4, page_of=fourth.slate_id).item_ids == []


def test_pages_of_a_stranger_do_not_repeat_either(shop_with: Make) -> None:
    shop = shop_with()
    first = shop.recommend(None, session=["pan-1"], n=5)
    second = shop.recommend(None, session=["pan-1"], n=5, page_of=first.slate_id)
    assert not set(first.item_ids) & set(second.item_ids)


def test_a_page_of_nothing_is_an_error(shop_with: Make) -> None:
    with pytest.raises(UnknownEntityError, match="no slate has the id 'gone'"):
        shop_with().recommend("u00", page_of="gone")


def test_properties_come_with_the_answer_and_stay_out_of_the_log(shop_with: Make) -> None:
    shop = shop_with()
    slate = shop.recommend("u00", n=2, return_properties=["price", "brand", "nonsense"])
    assert [set(p.properties) for p in slate.positions] == [{"price", "brand"}] * 2
    assert shop.recommend("u00", n=1, return_properties=True).positions[0].properties["title"]
    logged = shop.stores.exposures.find(slate.slate_id)
    assert logged is not None
    assert all(not p["properties"] for p in logged["positions"])


def test_an_item_that_changed_is_judged_by_what_it_is_now(shop_with: Make) -> None:
    shop = shop_with()
    assert "book-3" not in shop.recommend("u00", n=20, filter="price > 900").item_ids
    shop.upsert_items([{**ITEMS["book-3"], "price": 999.0}, {"item_id": "new", "price": 1000}])
    assert set(shop.recommend("u00", n=20, filter="price > 900").item_ids) == {"book-3", "new"}
    shop.upsert_items([{**ITEMS["book-3"], "mood": "calm", "colour": ["red"], "size": 3}])
    assert shop.recommend("u00", filter='"red" in colour').item_ids == ["book-3"]
    shop.upsert_items([{**ITEMS["book-4"], "size": "large", "mood": ["calm", "dark"]}])
    assert shop.recommend("u00", filter='size = "large"').item_ids == ["book-4"]
    assert shop.recommend("u00", filter='mood contains "dark"').item_ids == ["book-4"]


@pytest.mark.parametrize(
    "hostile",
    ["price <", "(" * 5000, "a" * 20_000, "prise < 3", "price < 3 and " * 900, "__import__('os')"],
)
def test_hostile_expressions_are_refused_with_a_place(shop_with: Make, hostile: str) -> None:
    shop = shop_with()
    for argument in ("filter", "boost"):
        with pytest.raises(ExpressionError):
            shop.recommend("u00", **{argument: hostile})


@pytest.mark.parametrize("context", [{"a": float("nan")}, {"a": object()}, {"a": "x" * 20_000}])
def test_a_context_that_json_does_not_hold_is_refused(
    shop_with: Make, context: dict[str, object]
) -> None:
    with pytest.raises(DataError, match="context"):
        shop_with().recommend("u00", context=context)


@pytest.fixture(scope="module")
def one_shop(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """One shop for many draws of hypothesis."""
    from tests.pipeline.conftest import two_tastes  # noqa: PLC0415 - not a fixture

    import zhiyin  # noqa: PLC0415 - not a fixture

    workspace = zhiyin.open(tmp_path_factory.mktemp("shop"))
    workspace.upsert_items(catalogue())
    workspace.record(two_tastes())
    workspace.train(recipe="ease")
    return workspace


@settings(max_examples=60)
@given(text=st.text(alphabet="priceband<>=()\"'.0123456789 +-*/,[]`", max_size=40))
def test_whatever_the_text_a_slate_or_our_own_error(one_shop: Workspace, text: str) -> None:
    try:
        slate = one_shop.recommend("u00", n=3, filter=text, boost=text)
    except ZhiyinError:
        return
    assert len(slate.item_ids) <= 3
