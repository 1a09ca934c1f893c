"""Texts as arms: what is drawn has the odds that are logged, and answers decide."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.pipeline.conftest import SteppingClock

from zhiyin.core.keys import id_key
from zhiyin.core.messages import Copy, CopyQuery
from zhiyin.narrate.copy import CopyConfig
from zhiyin.pipeline.copy_arms import draw_shown
from zhiyin.pipeline.ingest import Ingest
from zhiyin.pipeline.traffic import CountedEvents, CountedExposures, Traffic
from zhiyin.pipeline.workspace import Workspace

QUERY = CopyQuery(item_ids=["pan-0"], kind="push", surface="push", user_id="u00", show=True)


def texts(n: int, item: str = "pan-0") -> list[Copy]:
    return [
        Copy(
            item_id=item,
            kind="push",
            language="en",
            parts={"text": f"Words {at}."},
            made_by="template",
            variant=at,
        )
        for at in range(n)
    ]


class Drawing:
    """A workspace whose showings and answers are counted."""

    def __init__(self, shop: Workspace, clock: SteppingClock) -> None:
        self.traffic = Traffic(shop.folder, clock=clock)
        stores = shop.stores
        self.log = CountedExposures(stores.exposures, self.traffic, frozenset)
        self.events = CountedEvents(
            stores.events, stores.exposures, self.traffic, shop.settings.events
        )
        self._shop = shop
        self._clock = clock

    def draw(self, arms: list[Copy], *, explore: float) -> Copy:
        (shown,) = draw_shown(
            arms,
            QUERY,
            counts=self.traffic,
            exposures=self.log,
            config=CopyConfig(explore=explore),
            clock=self._clock,
        )
        return shown

    def answer(self, shown: Copy, kind: str = "click") -> None:
        stores = self._shop.stores
        self._clock.now += 1  # the same event at the same moment is one event
        row: dict[str, Any] = {"user_id": "u00", "item_id": shown.item_id, "type": kind}
        row["context"] = {"slate_id": shown.slate_id, "position": 1}
        counted = replace(stores, events=self.events)  # type: ignore[arg-type]
        Ingest(lambda: counted).record([row], now=self._clock())


@pytest.fixture
def drawing(shop: Workspace, clock: SteppingClock) -> Iterator[Drawing]:
    made = Drawing(shop, clock)
    yield made
    made.traffic.close()


def test_every_text_is_tried_before_any_is_shown_again(drawing: Drawing) -> None:
    arms = texts(4)
    drawn = [drawing.draw(arms, explore=0.0) for _ in arms]
    assert {each.copy_id for each in drawn} == {arm.copy_id for arm in arms}
    assert [each.propensity for each in drawn] == [1.0] * 4
    assert len({each.slate_id for each in drawn}) == 4


def test_the_text_that_is_answered_is_shown_from_then_on(drawing: Drawing) -> None:
    arms = texts(3)
    drawn = [drawing.draw(arms, explore=0.0) for _ in arms]
    drawing.answer(drawn[1])
    drawing.answer(drawn[1])  # a slate is answered once
    for _ in range(8):
        drawing.answer(drawing.draw([arms[1]], explore=0.0))
    assert {drawing.draw(arms, explore=0.0).copy_id for _ in range(5)} == {drawn[1].copy_id}
    counted = {each.copy_id: (each.shown, each.answered) for each in drawing.traffic.copies()}
    assert counted[drawn[1].copy_id] == (14, 9)
    assert counted[drawn[0].copy_id] == (1, 0)
    rates = drawing.traffic.copy_rates()
    assert rates["push", "push", "1"].answered == 9
    assert sum(rate.shown for rate in rates.values()) == 16


def test_a_showing_does_not_count_as_an_answer(drawing: Drawing) -> None:
    shown = drawing.draw(texts(2), explore=0.0)
    drawing.answer(shown, "impression")
    assert [each.answered for each in drawing.traffic.copies()] == [0]


@pytest.mark.parametrize("explore", [0.3, 1.0])
def test_texts_are_drawn_with_the_odds_that_are_logged(
    drawing: Drawing, shop: Workspace, explore: float
) -> None:
    arms, rounds = texts(3), 600
    for _ in range(200):  # so often that one text stays the best
        drawing.answer(drawing.draw([arms[2]], explore=0.0))
    for arm in arms[:2] * 10:
        drawing.draw([arm], explore=0.0)
    drawn = [drawing.draw(arms, explore=explore) for _ in range(rounds)]
    odds = {each.copy_id: each.propensity for each in drawn}
    found = Counter(each.copy_id for each in drawn)
    assert sum(p or 0 for p in odds.values()) == pytest.approx(1.0)
    for copy_id, share in odds.items():
        assert share is not None
        spread = 4 * np.sqrt(share * (1 - share) / rounds)
        assert found[copy_id] / rounds == pytest.approx(share, abs=spread)
    logged = shop.stores.exposures.find(str(drawn[0].slate_id))
    assert logged is not None
    assert logged["arm"] == drawn[0].copy_id
    assert logged["positions"][0]["propensity"] == drawn[0].propensity
    assert (logged["policy"], logged["surface"]) == ("copy", "push")


def test_texts_are_no_slates_of_a_model(drawing: Drawing) -> None:
    drawing.answer(drawing.draw(texts(2), explore=0.0))
    drawing.traffic.flush()
    assert drawing.traffic.rates(by=("version", "surface", "arm")) == {}
    assert drawing.traffic.totals() == {}


def test_items_and_surfaces_are_counted_apart(drawing: Drawing) -> None:
    drawing.draw(texts(1), explore=0.0)
    drawing.draw(texts(1, "pan-1"), explore=0.0)
    key = id_key("pan-1")
    assert len(drawing.traffic.copies(item_key=key, surface="push", kind="push")) == 1
    assert drawing.traffic.copies(item_key=key, surface="home", kind="push") == []
    assert len(drawing.traffic.copies(most=1)) == 1


def test_texts_that_are_not_shown_any_more_are_forgotten(
    drawing: Drawing, clock: SteppingClock
) -> None:
    drawing.draw(texts(1), explore=0.0)
    drawing.traffic.forget_old()
    assert len(drawing.traffic.copies()) == 1
    clock.now += 61 * 86_400_000
    drawing.traffic.forget_old()
    assert drawing.traffic.copies() == []
