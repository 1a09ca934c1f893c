"""Updates: what came since is learned, choices stay, the model that serves is left alone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from tests.pipeline.conftest import START, two_tastes
from tests.pipeline.test_new_items import catalogue

from zhiyin.core.errors import ArtifactError, NotEnoughDataError
from zhiyin.pipeline.workspace import Workspace

Make = Callable[..., Workspace]


def later(user: str, item: str, minutes: int = 100_000) -> dict[str, object]:
    return {
        "user_id": user,
        "item_id": item,
        "type": "view",
        "timestamp": START + minutes * 60_000,
    }


def test_new_users_items_and_events_are_learned(make_workspace: Make) -> None:
    shop = make_workspace()
    shop.record(two_tastes())
    before = shop.train(recipe="ease")
    serving = shop.engine()
    weights = before.blend.members[0].model.state()["weights"].copy()
    shop.record([later(f"u{n:02}", "book-new", 100_000 + n) for n in range(0, 40, 2)])
    shop.record([later("reader", "book-1"), later("reader", "book-2", 100_001)])
    after = shop.update()
    assert shop.artifacts.current() == "v000002"
    assert len(after.items) == len(before.items) + 1
    assert "reader" in after.users.index
    assert after.report["new_events"] == 22
    assert after.report["updates"] == 1
    assert [m.name for m in after.blend.members] == ["ease"]
    assert "book-new" in shop.recommend("reader", n=8).item_ids
    assert np.array_equal(serving.trained.blend.members[0].model.state()["weights"], weights)


def test_members_that_go_on_are_not_trained_from_the_beginning(make_workspace: Make) -> None:
    shop = make_workspace()
    shop.record(two_tastes())
    before = shop.train(recipe="gru", budget="20s")
    old = before.blend.members[0].model.state()["items"]
    shop.record([later("u00", "book-new"), later("u02", "book-new", 100_001)])
    after = shop.update(budget="30s")
    new = after.blend.members[0].model.state()["items"]
    assert len(new) == len(old) + 1
    known = before.items.locate(after.items.keys)
    shifts = np.abs(new[known >= 0] - old[known[known >= 0]])
    assert 0 < shifts.max() < 0.2 * np.abs(old).max()


def test_content_reads_items_that_came_since(make_workspace: Make) -> None:
    shop = make_workspace('[text]\nencoder = "tfidf"\n')
    shop.upsert_items(catalogue())
    shop.record(two_tastes())
    assert shop.train(budget="60s").content is not None
    shop.upsert_items([{"item_id": "book-late", "title": "A paperback novel", "shelf": "books"}])
    shop.record([later("u00", "book-1")])
    after = shop.update()
    assert after.content is not None
    assert after.content.bridge.n_items == len(after.items)
    assert "book-late" in after.items.index


def test_nothing_new_and_nothing_trained_are_errors(make_workspace: Make) -> None:
    shop = make_workspace()
    shop.record(two_tastes())
    with pytest.raises(ArtifactError, match="no trained model"):
        shop.update()
    shop.train(recipe="ease")
    with pytest.raises(NotEnoughDataError, match="nothing came since"):
        shop.update()
    assert shop.artifacts.current() == "v000001"


def test_an_interrupted_training_goes_on_where_it_was(make_workspace: Make) -> None:
    shop = make_workspace()
    shop.record(two_tastes())
    told: list[str] = []

    def stop(stage: str, _share: float) -> None:
        told.append(stage.partition(":")[0])
        if stage.startswith("epoch 3:"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        shop.train(recipe="gru", budget="60s", progress=stop)
    kept = shop.folder / "models" / ".unfinished"
    assert [path.name.partition("-")[0] for path in kept.iterdir()] == ["gru"]
    told.clear()
    trained = shop.train(
        recipe="gru", budget="60s", progress=lambda stage, _: told.append(stage.partition(":")[0])
    )
    assert told[1] == "epoch 3"
    assert trained.report["training"]["epochs"] >= 3
    assert not list(kept.iterdir())
    assert shop.artifacts.current() == "v000001"


def test_an_event_changes_what_a_sequence_model_says_next(make_workspace: Make) -> None:
    shop = make_workspace()
    shop.record(two_tastes())
    shop.train(recipe="gru", budget="30s")
    before = shop.recommend("u00", n=5)
    shop.record([later("u00", "pan-3"), later("u00", "pan-4", 100_001)])
    after = shop.recommend("u00", n=5)
    assert {p.item_id: p.score for p in after.positions} != {
        p.item_id: p.score for p in before.positions
    }
    pans = [sum(item.startswith("pan") for item in slate.item_ids) for slate in (before, after)]
    assert pans[1] > pans[0]
