"""The clock of a machine may be set: whatever it says, what was just said and done counts."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.pipeline.conftest import DAY, SteppingClock, two_tastes

from zhiyin.core.messages import ChatMessage, CopyQuery, ExplainQuery
from zhiyin.pipeline.copy_arms import draw_shown
from zhiyin.pipeline.copywriting import write_in
from zhiyin.pipeline.explaining import explain_in
from zhiyin.pipeline.traffic import Traffic
from zhiyin.pipeline.workspace import Workspace

YEARS = 3650 * DAY


@pytest.fixture
def shop(make_workspace: Callable[..., Workspace]) -> Workspace:
    workspace = make_workspace('[text]\nencoder = "tfidf"\n')
    workspace.record(two_tastes())
    workspace.upsert_items(
        [
            {"item_id": f"{kind}-{i}", "title": f"{kind} {i}", "categories": [kind]}
            for kind in ("book", "pan")
            for i in range(10)
        ]
    )
    workspace.train(recipe="ease")
    workspace.search("a pan")
    return workspace


@pytest.mark.parametrize("jump", [-YEARS, -DAY, -1, DAY, YEARS])
def test_after_a_jump_what_was_just_done_counts(
    shop: Workspace, clock: SteppingClock, jump: int
) -> None:
    first = shop.recommend("u00", n=3)
    said = shop.chats.say(ChatMessage(message="a pan please", user_id="u00"))
    clock.now += jump
    taken = first.item_ids[0]
    shop.record([{"user_id": "u00", "item_id": taken}])
    after = shop.recommend("u00", n=3)
    assert taken not in after.item_ids
    assert shop.recommend("u00", n=2, page_of=first.slate_id).page == 2
    shop.upsert_items([{"item_id": "kite-1", "title": "A red kite", "categories": ["kite"]}])
    assert shop.search("red kite").item_ids[0] == "kite-1"
    assert "kite-1" in shop.recommend("u00", n=100).item_ids
    found = explain_in(shop, ExplainQuery(user_id="u00", item_id=after.item_ids[0], method="shap"))
    assert taken in [event.item_id for event in found.events]
    again = shop.chats.say(ChatMessage(message="a pan please", user_id="u00"))
    assert [item.item_id for item in again.items] == [item.item_id for item in said.items]
    shop.profiles.edit("u00", {"mute": ["category:book"]})
    assert shop.recommend("u00", n=1).item_ids[0].startswith(("pan", "kite"))
    assert shop.erase("user", "u00").found
    assert any("no history" in told for told in shop.recommend("u00", n=3).fallbacks)


@pytest.mark.parametrize("jump", [-YEARS, YEARS])
def test_counts_of_texts_outlive_a_jump(shop: Workspace, clock: SteppingClock, jump: int) -> None:
    traffic = Traffic(shop.folder, clock=clock)
    query = CopyQuery(item_ids=["pan-1"], kind="push", n=2, show=True)
    for _ in range(2):
        (text,) = draw_shown(
            write_in(shop, query),
            query,
            counts=traffic,
            exposures=shop.stores.exposures,
            config=shop.settings.narrate,
            clock=clock,
        )
        slate = shop.stores.exposures.find(str(text.slate_id))
        assert slate is not None
        traffic.shown(slate)
        clock.now += jump
        assert traffic.answered([slate]) == 1
        assert traffic.answered([slate]) == 0
    assert sum(each.shown for each in traffic.copies()) == 2
    traffic.close()
