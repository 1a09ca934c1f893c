"""Objectives: what is learned of clicks, conversions, values, dwell; what slates make of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from zhiyin.app.cli.features import estimate_line
from zhiyin.core.candidates import Queries
from zhiyin.core.clock import Deadline
from zhiyin.core.errors import ArtifactError, ConfigError
from zhiyin.core.progress import silent
from zhiyin.core.registry import RETRIEVERS, load
from zhiyin.data.dataset import Dataset
from zhiyin.models.hybrid.blend import Blend, Member
from zhiyin.pipeline.assembly import load_dataset
from zhiyin.pipeline.doctor import examine
from zhiyin.pipeline.feature_list import list_features
from zhiyin.pipeline.recipes.ranked import LearnedRanker, consider_ranker, heads_on_everything
from zhiyin.pipeline.recipes.validation import hold_out
from zhiyin.pipeline.settings import Settings
from zhiyin.pipeline.trained import Trained, restore
from zhiyin.pipeline.update import update
from zhiyin.pipeline.wiring import open_workspace
from zhiyin.pipeline.workspace import Workspace

START = 1_700_000_000_000
USERS, ITEMS = 300, 40
BOUGHT = 0.6
"""Part of the views of a dear item that end in a purchase; of the others none do."""
SURFACES = {
    "clicks": {"objective": {"click": 1.0}},
    "sales": {"objective": {"click": 1.0, "conversion": 1.0}},
    "revenue": {"objective": {"conversion": 1.0, "value": 1.0}, "recipe": "personal"},
    "reading": {"objective": {"dwell": 1.0}},
}


def shop_events() -> list[dict[str, Any]]:
    """Views of everything alike; items 0..9 are bought, the higher the dearer, 10..19 read long."""
    rng = np.random.default_rng(3)
    events: list[dict[str, Any]] = []
    for user in range(USERS):
        for place, item in enumerate(rng.permutation(ITEMS)[:8].tolist()):
            event = {"user_id": f"u{user}", "item_id": f"i{item}"}
            moment = START + (user + USERS * place) * 60_000
            events.append({**event, "type": "view", "timestamp": moment})
            if item < 10 and rng.random() < BOUGHT:
                paid = {"type": "purchase", "value": 10.0 * (item + 1)}
                events.append({**event, **paid, "timestamp": moment + 1000})
            stayed = 100.0 if 10 <= item < 20 else 5.0
            stay = {"type": "dwell", "value": stayed, "timestamp": moment + 2000}
            events.append({**event, **stay})
    return events


def popular(dataset: Dataset, histories: Any = None) -> Member:
    cls = load(RETRIEVERS, "popularity")
    data = dataset.training_data(histories)
    model = cls(cls.Config()).fit(data, rng=np.random.default_rng(0), deadline=Deadline(60))
    return Member("popularity", 1.0, model)


def learned(dataset: Dataset) -> LearnedRanker:
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
    )


def stocked(workspace: Workspace) -> Workspace:
    told = workspace.settings.model_dump() | {"surfaces": SURFACES}
    workspace.settings = Settings.model_validate(told)
    items = [{"item_id": f"i{i}", "grade": float(i), "price": 7.0} for i in range(ITEMS)]
    workspace.upsert_items([*items, {"item_id": "unsold", "price": 3.5}])
    workspace.record(shop_events())
    return workspace


@pytest.fixture
def shop(make_workspace: Callable[..., Workspace]) -> Workspace:
    return stocked(make_workspace())


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    with open_workspace(tmp_path_factory.mktemp("shop")) as opened:
        stores = stocked(opened).stores
        return load_dataset(stores.events, stores.entities, settings=opened.settings.events)


@pytest.fixture(scope="module")
def trained(dataset: Dataset) -> Trained:
    trial = learned(dataset)
    heads = heads_on_everything(trial.heads, dataset, (), deadline=Deadline(60), seed=1)
    return Trained(
        dataset.users,
        dataset.items,
        Blend([popular(dataset)]),
        dataset.histories,
        {"recipe": "auto", "ranker": trial.report},
        dataset.as_of,
        dataset.order,
        dataset.last_seq,
        heads=heads,
    )


def published(shop: Workspace, trained: Trained, version: str = "v000001") -> Workspace:
    shop.artifacts.publish(version, manifest=trained.manifest(), arrays=trained.arrays())
    return shop


def test_what_was_bought_is_held_out_with_its_view(dataset: Dataset) -> None:
    held = dataset.kept_out(seed=1)
    pairs = dataset.histories.rows * ITEMS * 2 + dataset.histories.items
    assert not np.isin(pairs[~held], pairs[held]).any()
    assert dataset.facts is not None
    assert (held & dataset.facts["converted"].to_numpy()).sum() > 20


def test_the_estimates_find_what_was_planted(shop: Workspace, trained: Trained) -> None:
    told = trained.report["ranker"]["objectives"]
    assert told["cvr"]["auc"] > 0.9
    assert told["cvr"]["log_loss"] < 0.7 * told["cvr"]["log_loss_of_rate"]
    assert told["cvr"]["ece"] < 0.06
    assert told["ctr"]["ece"] < 0.01
    assert told["dwell"]["error_s"] < 0.7 * told["dwell"]["error_of_mean_s"]
    slate = published(shop, trained).recommend("u1", surface="sales", n=40, explain=True)
    at = {position.item_id: position.estimates for position in slate.positions}
    dear = [told["cvr"] for item, told in at.items() if item in {f"i{i}" for i in range(10)}]
    others = [told["cvr"] for item, told in at.items() if item in {f"i{i}" for i in range(10, 40)}]
    assert abs(np.mean(dear) - BOUGHT) < 0.2
    assert np.mean(others) < 0.1
    for told in at.values():
        assert told["utility"] == pytest.approx(told["ctr"] * told["cvr"], rel=1e-4)
    falling = [position.estimates["utility"] for position in slate.positions]
    assert falling == sorted(falling, reverse=True)


def test_a_surface_gets_what_it_asks_for(shop: Workspace, trained: Trained) -> None:
    served = published(shop, trained)

    def part(surface: str, wanted: range) -> float:
        names = {f"i{i}" for i in wanted}
        users = [f"u{i}" for i in range(0, USERS, 30)]
        slates = [served.recommend(user, surface=surface, n=5) for user in users]
        return float(np.mean([item in names for slate in slates for item in slate.item_ids]))

    assert part("sales", range(10)) > 0.9 > 0.6 > part("clicks", range(10))
    assert part("revenue", range(5, 10)) > 0.7
    assert part("reading", range(10, 20)) > 0.7
    plain = served.recommend("u1", surface="home", explain=True)
    assert not any(position.estimates for position in plain.positions)
    quiet = served.recommend("u1", surface="sales")
    assert not any(position.estimates for position in quiet.positions)


def test_values_are_those_of_sales_else_of_the_catalogue(trained: Trained) -> None:
    assert trained.heads is not None
    assert trained.heads.values is not None
    values = dict(zip(trained.items.ids, trained.heads.values.tolist(), strict=True))
    assert (values["i4"], values["i30"], values["unsold"]) == (50.0, 7.0, 3.5)


def test_an_artifact_brings_the_estimates_back_and_refuses_a_damaged_one(
    shop: Workspace, trained: Trained
) -> None:
    served = published(shop, trained)
    again = restore(served.artifacts.manifest("v000001"), served.artifacts.arrays("v000001"))
    assert again.heads is not None
    assert again.heads.names == trained.heads.names == ("ctr", "cvr", "dwell", "value")
    for name, head in trained.heads.heads.items():
        rows = np.random.default_rng(1).normal(size=(50, len(trained.heads.features.names)))
        rows = rows.astype(np.float32)
        np.testing.assert_array_equal(again.heads.heads[name].estimate(rows), head.estimate(rows))
    next((served.artifacts.root / "v000001" / "heads" / "cvr").rglob("*.npy")).write_bytes(b"x")
    with pytest.raises(ArtifactError, match="damaged"):
        served.artifacts.arrays("v000001")


def test_a_model_without_the_estimate_refuses_the_surface_and_no_other(
    shop: Workspace, trained: Trained
) -> None:
    few = replace(trained, heads=None, report={"ranker": {"objectives": {"cvr": {"why": "rain"}}}})
    served = published(shop, few)
    with pytest.raises(ConfigError, match=r"surface sales asks .* conversion: rain"):
        served.recommend("u1", surface="sales")
    assert served.recommend("u1", surface="home").positions


def test_an_update_keeps_the_estimates_and_learns_new_values(
    shop: Workspace, trained: Trained
) -> None:
    event = {"user_id": "u1", "item_id": "i30", "type": "purchase", "value": 99.0}
    shop.record([{**event, "timestamp": START + 10**9}])
    stores = shop.stores
    grown = load_dataset(stores.events, stores.entities, settings=shop.settings.events)
    newer = update(trained, grown, budget_s=60, seed=1, encoder=None)
    assert newer.heads is not None
    assert newer.heads.names == trained.heads.names
    assert newer.heads.values[newer.items.index["i30"]] == 99.0
    everyone = Queries(newer.histories, np.arange(len(newer.users), dtype=np.int32))
    assert np.isfinite(newer.score(everyone)).all()


def test_a_log_of_views_alone_learns_no_estimates(make_workspace: Callable[..., Workspace]) -> None:
    workspace = make_workspace()
    workspace.record([event for event in shop_events() if event["type"] == "view"])
    stores = workspace.stores
    views = load_dataset(stores.events, stores.entities, settings=workspace.settings.events)
    assert views.facts is None
    assert learned(views).heads is None


def test_the_list_of_features_tells_how_true_the_estimates_are(trained: Trained) -> None:
    found = list_features(trained)
    assert {"ctr", "cvr", "dwell", "value"} <= set(found["estimates"])
    assert "score popularity" in {row["name"] for row in found["features"]}
    assert "calibration error" in estimate_line(found["estimates"]["cvr"])
    assert estimate_line({"why": "rain"}) == "rain"
    assert "items" in estimate_line(found["estimates"]["value"])


def test_the_doctor_sees_a_surface_that_the_model_cannot_serve(
    shop: Workspace, trained: Trained
) -> None:
    healthy = {found.subject for found in examine(published(shop, trained))}
    assert "surface sales" not in healthy
    published(shop, replace(trained, heads=None), "v000002")
    ill = {found.subject: found for found in examine(shop)}
    assert ill["surface sales"].status == "error"
    assert "click, conversion" in ill["surface sales"].detail
    assert "surface home" not in ill
