"""The ranker: learned on what was held out, kept where it wins, the same code when serving."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from zhiyin.core.candidates import Queries
from zhiyin.core.clock import Deadline
from zhiyin.core.histories import Floats
from zhiyin.core.progress import silent
from zhiyin.core.registry import RETRIEVERS, load
from zhiyin.core.topk import bar
from zhiyin.data.dataset import Dataset
from zhiyin.models.hybrid.blend import Blend, Member
from zhiyin.pipeline.assembly import load_dataset
from zhiyin.pipeline.feature_list import list_features
from zhiyin.pipeline.ranker.learn import RankerRecipe, ScorerChoice
from zhiyin.pipeline.ranker.stage import RankerStage
from zhiyin.pipeline.recipes.ranked import LearnedRanker, consider_ranker, on_everything
from zhiyin.pipeline.recipes.validation import hold_out
from zhiyin.pipeline.trained import Trained
from zhiyin.pipeline.workspace import Workspace
from zhiyin.ranking.features import Asked

START = 1_700_000_000_000
USERS, ITEMS = 360, 120
LINEAR = RankerRecipe(scorers=(ScorerChoice(name="linear"),))


def purses(*, priced: bool) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """People who buy within their purse; whether the catalogue tells prices is up to it."""
    rng = np.random.default_rng(11)
    prices = np.round(rng.random(ITEMS), 3)
    items = [
        {"item_id": f"i{at:03}", "price": float(price)} if priced else {"item_id": f"i{at:03}"}
        for at, price in enumerate(prices)
    ]
    events: list[dict[str, Any]] = []
    for user, purse in enumerate(rng.random(USERS)):
        near = np.flatnonzero(np.abs(prices - purse) < 0.06)
        for place, item in enumerate(rng.permutation(near)[:5]):
            moment = START + (user + USERS * place) * 60_000
            event = {"user_id": f"u{user:03}", "item_id": f"i{item:03}", "type": "view"}
            events.append({**event, "timestamp": moment})
    return items, events


def learned(dataset: Dataset, recipe: RankerRecipe = LINEAR) -> LearnedRanker:
    """What `auto` does, with popularity alone, which knows nobody, and all the time there is."""
    validation = hold_out(dataset, seed=1)
    return consider_ranker(
        [popular(dataset, validation.train)],
        dataset,
        validation,
        bridge=None,
        catalogue=None,
        room=Deadline(600),
        seed=1,
        progress=silent,
        recipe=recipe,
    )


def popular(dataset: Dataset, histories: Any = None) -> Member:
    cls = load(RETRIEVERS, "popularity")
    data = dataset.training_data(histories)
    model = cls(cls.Config()).fit(data, rng=np.random.default_rng(0), deadline=Deadline(60))
    return Member("popularity", 1.0, model)


@pytest.fixture
def shop(make_workspace: Callable[..., Workspace]) -> Workspace:
    workspace = make_workspace()
    items, events = purses(priced=True)
    workspace.upsert_items(items)
    workspace.record(events)
    return workspace


@pytest.fixture
def trained(shop: Workspace) -> Trained:
    dataset = load_dataset(shop.stores.events, shop.stores.entities, settings=shop.settings.events)
    found = learned(dataset)
    assert found.stage is not None
    stage = on_everything(found.stage, dataset, (), deadline=Deadline(60), seed=1)
    return Trained(
        dataset.users,
        dataset.items,
        Blend([popular(dataset)]),
        dataset.histories,
        {"recipe": "auto", "ranker": found.report},
        dataset.as_of,
        dataset.order,
        dataset.last_seq,
        ranker=stage,
    )


def published(shop: Workspace, trained: Trained, version: str) -> Workspace:
    shop.artifacts.publish(version, manifest=trained.manifest(), arrays=trained.arrays())
    return shop


def distances(shop: Workspace) -> float:
    """How far, on average, what people are shown is from what they bought."""
    prices = {item["item_id"]: item["price"] for item in purses(priced=True)[0]}
    bought: dict[str, list[float]] = {}
    for event in purses(priced=True)[1]:
        bought.setdefault(event["user_id"], []).append(prices[event["item_id"]])
    off = [
        abs(prices[item] - np.mean(bought[f"u{user:03}"]))
        for user in range(0, USERS, 18)
        for item in shop.recommend(f"u{user:03}", n=5).item_ids
    ]
    return float(np.mean(off))


def test_what_the_retrievers_cannot_see_the_ranker_learns(trained: Trained) -> None:
    told = trained.report["ranker"]
    assert told["kept"]
    trial = told["trials"][0]
    assert trial["ranker"] > 1.2 * trial["blend"]
    assert trial["ranker"] - trial["blend"] > 3 * trial["standard_error"]
    assert "price distance" in list(told["importances"])[:6]
    assert told["importances"]["price distance"] < 0


def test_without_the_ranker_the_slates_are_others(shop: Workspace, trained: Trained) -> None:
    ranked = distances(published(shop, trained, "v000001"))
    alone = distances(published(shop, replace(trained, ranker=None), "v000002"))
    assert ranked < 0.85 * alone


def test_an_artifact_brings_the_ranker_back(shop: Workspace, trained: Trained) -> None:
    published(shop, trained, "v000001")
    served = shop.engine().trained
    everyone = Queries(trained.histories, np.arange(USERS, dtype=np.int32))
    np.testing.assert_array_equal(served.score(everyone), trained.score(everyone))
    assert (served.score(everyone) != served.retrieve(everyone)).any()


def test_training_and_serving_compute_the_same_features(
    shop: Workspace, trained: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[Asked, Floats]] = []
    compute = type(trained.ranker.features).compute

    def watched(self: Any, asked: Asked) -> Floats:
        rows = compute(self, asked)
        seen.append((asked, rows))
        return rows

    monkeypatch.setattr(type(trained.ranker.features), "compute", watched)
    published(shop, trained, "v000001").recommend("u018", n=5)
    asked, served = seen.pop()
    row = trained.users.index["u018"]
    queries = Queries(trained.histories, np.arange(USERS, dtype=np.int32)).take(slice(row, row + 1))
    trained.score(queries)
    batch, rows = seen.pop()
    assert set(asked.items[0]) - {-1} == set(batch.items[0]) - {-1}
    order = {item: at for at, item in enumerate(batch.items[0][batch.present[0]])}
    same = rows[[order[item] for item in asked.items[0][asked.present[0]]]]
    timed = [
        at
        for at, name in enumerate(trained.ranker.features.names)
        if not name.startswith("popularity ")
        and name not in ("trend", "age", "silence")
        and name not in ("hour", "weekday", "at this hour", "popularity")
    ]  # the moment is not the same: a slate is made now
    assert len(timed) > 10
    np.testing.assert_allclose(served[:, timed], same[:, timed], rtol=2e-3, atol=1e-4)


def test_candidates_stay_above_all_others_and_no_score_is_lost(trained: Trained) -> None:
    everyone = Queries(trained.histories, np.arange(USERS, dtype=np.int32))
    few = RankerStage(
        trained.ranker.name,
        trained.ranker.scorer,
        trained.ranker.features,
        weight=trained.ranker.weight,
        candidates=20,
    )
    before = trained.retrieve(everyone)
    after = replace(trained, ranker=few).score(everyone)
    assert np.isfinite(after).all()
    for scores in (before, after):
        bar(scores, everyone.histories)
    ranked = np.argsort(-after, axis=1, kind="stable")[:, :20]
    twentieth = -np.sort(-before, axis=1)[:, 19]
    assert (np.take_along_axis(before, ranked, axis=1) >= twentieth[:, None]).all()
    rest = np.argsort(-after, axis=1, kind="stable")[:, 20:]
    falling = np.diff(np.nan_to_num(np.take_along_axis(before, rest, axis=1)), axis=1)
    assert (falling <= 0).all()


def test_where_nothing_is_to_be_learned_the_blend_stays(
    make_workspace: Callable[..., Workspace],
) -> None:
    rng = np.random.default_rng(4)
    workspace = make_workspace()
    workspace.record(
        [
            {"user_id": f"u{u}", "item_id": f"i{i}", "type": "view", "timestamp": START + n}
            for n, (u, i) in enumerate(rng.integers((USERS, 40), size=(4000, 2)).tolist())
        ]
    )
    stores = workspace.stores
    dataset = load_dataset(stores.events, stores.entities, settings=workspace.settings.events)
    found = learned(dataset)
    assert found.stage is None
    assert "beat the blend" in found.report["why"]


def test_a_hundred_users_are_too_few_to_learn_from(shop: Workspace) -> None:
    stores = shop.stores
    dataset = load_dataset(stores.events, stores.entities, settings=shop.settings.events)
    found = learned(dataset, LINEAR.model_copy(update={"users": 100}))
    assert found.stage is None
    assert "too few" in found.report["why"]


def test_an_update_keeps_the_ranker_and_counts_anew(shop: Workspace, trained: Trained) -> None:
    published(shop, trained, "v000001")
    shop.record([{"user_id": "u000", "item_id": "new", "type": "view", "timestamp": START * 2}])
    after = shop.update()
    assert after.ranker is not None
    assert after.ranker.features.names == trained.ranker.features.names
    assert len(after.items) == ITEMS + 1
    assert shop.recommend("u001", n=5, explain=True).positions[0].sources["ranker"] is not None


def test_features_are_listed_with_what_they_do(trained: Trained) -> None:
    found = list_features(trained)
    assert found["scorer"] == "linear"
    rows = {row["name"]: row for row in found["features"]}
    assert rows["price distance"]["group"] == "numbers"
    assert rows["price distance"]["importance"] < 0
    assert "rose from" in found["note"]
    bare = list_features(replace(trained, ranker=None, report={}))
    assert bare["scorer"] is None
    assert all(row["importance"] is None for row in bare["features"])
