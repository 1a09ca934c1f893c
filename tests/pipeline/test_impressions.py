"""Slates that teach: joined with what was done with them, with places and fatigue."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from scipy.stats import spearmanr

from zhiyin.core.clock import Deadline
from zhiyin.core.histories import Histories
from zhiyin.core.progress import silent
from zhiyin.core.protocols import RankingData
from zhiyin.core.registry import RETRIEVERS, load
from zhiyin.data.dataset import Dataset
from zhiyin.models.hybrid.blend import Blend, Member
from zhiyin.pipeline.assembly import load_dataset
from zhiyin.pipeline.ranker.fatigue import DAYS, Showings, shown_now
from zhiyin.pipeline.ranker.impressions import slate_lessons
from zhiyin.pipeline.ranker.knowledge import knowledge
from zhiyin.pipeline.ranker.learn import RankerRecipe, ScorerChoice, fitted_scorer
from zhiyin.pipeline.ranker.lessons import Lessons
from zhiyin.pipeline.recipes.ranked import consider_ranker, on_everything
from zhiyin.pipeline.recipes.validation import hold_out
from zhiyin.pipeline.stores import Stores
from zhiyin.pipeline.wiring import open_workspace
from zhiyin.pipeline.workspace import Workspace
from zhiyin.ranking.features import FeatureSet

START, DAY = 1_700_000_000_000, 86_400_000
USERS, ITEMS, PLACES = 500, 30, 10
LINEAR = ScorerChoice(name="linear")


def appeal() -> np.ndarray:
    """How likely each item is to be taken when looked at; goodness says it, shelf does not."""
    return np.linspace(0.1, 0.9, ITEMS)


def shelves() -> np.ndarray:
    """Where the old policy likes to put each item: rather the dull ones first."""
    rng = np.random.default_rng(9)
    return np.argsort(np.argsort(appeal() + rng.normal(0, 0.3, ITEMS))).astype(float)


@contextmanager
def logged(root: Any) -> Iterator[Workspace]:
    """Slates in the order of the shelves; the first place is looked at, the tenth hardly."""
    rng = np.random.default_rng(5)
    shelf, taken = shelves(), appeal()
    with open_workspace(root) as workspace:
        workspace.upsert_items(
            [
                {"item_id": f"i{i}", "goodness": taken[i] + rng.normal(0, 0.02), "shelf": shelf[i]}
                for i in range(ITEMS)
            ]
        )
        events: list[dict[str, Any]] = []
        for user in range(USERS):
            moment, name = START + user * 60_000, f"u{user}"
            order = rng.permutation(ITEMS)
            before, rest = order[:3], order[3:]
            for place, item in enumerate(before.tolist()):
                event = {"user_id": name, "item_id": f"i{item}", "type": "view"}
                events.append({**event, "timestamp": moment + place * 1000})
            shown = rest[np.argsort(shelf[rest] + rng.normal(0, 4, len(rest)))][:PLACES]
            workspace.stores.exposures.record(
                {
                    "slate_id": f"s{user}",
                    "user_id": name,
                    "surface": "home",
                    "created": moment + DAY,
                    "positions": [{"item_id": f"i{item}"} for item in shown.tolist()],
                }
            )
            looked = rng.random(PLACES) < 0.75 ** np.arange(PLACES)
            clicked = shown[looked & (rng.random(PLACES) < taken[shown])]
            for item in clicked.tolist():
                event = {"user_id": name, "item_id": f"i{item}", "type": "click"}
                context = {"slate_id": f"s{user}"}
                events.append({**event, "timestamp": moment + DAY + 5000, "context": context})
        workspace.record(events)
        yield workspace


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    with logged(tmp_path_factory.mktemp("shop")) as workspace:
        return read(workspace.stores, workspace)


def read(stores: Stores, workspace: Workspace) -> Dataset:
    settings = workspace.settings.events
    return load_dataset(
        stores.events, stores.entities, settings=settings, exposures=stores.exposures
    )


def popular(dataset: Dataset, histories: Histories) -> Member:
    cls = load(RETRIEVERS, "popularity")
    data = dataset.training_data(histories)
    model = cls(cls.Config()).fit(data, rng=np.random.default_rng(0), deadline=Deadline(60))
    return Member("popularity", 1.0, model)


def taught(dataset: Dataset, *, least: int = 100) -> tuple[Lessons | None, dict[str, Any]]:
    train = hold_out(dataset, seed=1).train
    return slate_lessons(
        Blend([popular(dataset, train)]),
        None,
        train,
        dataset,
        dataset.kept_out(seed=1),
        least=least,
        per_second=100,
        deadline=Deadline(600),
        seed=1,
    )


def test_slates_are_joined_with_their_answers(dataset: Dataset) -> None:
    lessons, told = taught(dataset)
    assert lessons is not None
    assert told["read"] == told["slates"] == USERS
    assert told["answered"] == int(lessons.hits.any(axis=1).sum())
    assert 0.2 * USERS < told["answered"] < USERS
    assert lessons.hits.sum() > 1.2 * told["answered"]
    rates = lessons.hits.mean(axis=0)
    assert rates[0] > 3 * rates[5:].mean()
    assert lessons.asked.places is not None
    assert (lessons.asked.places[0] == np.arange(1, PLACES + 1)).all()
    assert lessons.asked.context[0] == {"surface": "home"}


def test_a_few_answered_slates_teach_nothing(dataset: Dataset) -> None:
    lessons, told = taught(dataset, least=USERS)
    assert lessons is None
    assert "too few slates" in told["why"]


def test_with_its_place_the_ranker_finds_the_true_order_and_without_it_does_not(
    dataset: Dataset,
) -> None:
    lessons, _ = taught(dataset)
    assert lessons is not None
    known = knowledge(
        dataset,
        hold_out(dataset, seed=1).train,
        attributes=(),
        sources=("blend", "popularity"),
        seed=1,
        deadline=Deadline(60),
        impressions=True,
    )
    found: dict[str, float] = {}
    for name, wanted in (
        ("with", ("goodness", "shelf", "place")),
        ("without", ("goodness", "shelf")),
    ):
        features = FeatureSet.learn(known, wanted=wanted)
        data: RankingData = lessons.data(lessons.described(features), features.names)
        scorer = fitted_scorer(LINEAR, data, Deadline(60), seed=1)
        serving = lessons.asked.take(slice(0, 200))
        rows = features.compute(
            type(serving)(serving.histories, serving.items, serving.sources, serving.now)
        )
        of_row = appeal()[[int(item[1:]) for item in dataset.items.ids]]
        truth = of_row[serving.items[serving.present]]
        found[name] = float(spearmanr(scorer.score(rows), truth).statistic)
    # Measured: 0.97 with the place, 0.73 without.
    assert found["with"] > 0.9
    assert found["with"] > found["without"] + 0.05


def test_training_learns_from_slates_and_serving_reads_the_log(
    tmp_path_factory: pytest.TempPathFactory, dataset: Dataset
) -> None:
    validation = hold_out(dataset, seed=1)
    recipe = RankerRecipe(scorers=(LINEAR,), slates=100, least=50, certainty=-100.0)
    trial = consider_ranker(
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
    assert trial.report["slates"] == USERS
    assert trial.report["impressions"]["read"] == USERS
    assert trial.stage is not None
    assert "place" in trial.stage.features.names
    # Nobody here was shown anything twice: fatigue tells nothing, and is left out.
    assert "fatigue" not in trial.stage.features.names
    again = on_everything(trial.stage, dataset, (), deadline=Deadline(60), seed=1)
    assert again is not None
    assert again.features.names == trial.stage.features.names


def test_fatigue_counts_what_was_shown_since_the_last_answer_alike_in_both(
    make_workspace: Callable[..., Workspace],
) -> None:
    workspace = make_workspace()
    now = START + 60 * DAY
    moments = {"i0": [2, 3, 40], "i1": [2, 3, 5], "i2": [61], "i3": []}  # days before now
    slates = [(item, now - days * DAY) for item, all_ in moments.items() for days in all_]
    for at, (item, created) in enumerate(slates):
        slate = {"slate_id": f"s{at}", "user_id": "u", "surface": "home", "created": created}
        workspace.stores.exposures.record({**slate, "positions": [{"item_id": item}]})
    event = {"user_id": "u", "item_id": "i1", "type": "view", "timestamp": now - 4 * DAY}
    workspace.record([event, *({**event, "item_id": f"i{i}", "user_id": "v"} for i in range(4))])
    dataset = read(workspace.stores, workspace)
    assert dataset.slates is not None
    user = dataset.users.index["u"]
    past = dataset.histories.take(np.array([user]))
    items = np.array([[dataset.items.index[f"i{i}"] for i in range(4)] + [-1]], dtype=np.int32)
    moment = np.array([now])
    trained = Showings.of_slates(dataset.slates).unanswered(np.array([user]), past, items, moment)
    assert DAYS == 30
    assert trained.tolist() == [[2, 2, 0, 0, 0]]
    exposures = workspace.stores.exposures
    served = shown_now(exposures, "u", past, items, dataset.items, now=now)
    np.testing.assert_array_equal(served, trained)
    nobody = shown_now(exposures, None, past, items, dataset.items, now=now)
    assert not nobody.any()


@pytest.mark.parametrize("objective", ["lambdarank", "listnet", "pairwise", "linear"])
def test_every_objective_of_the_settings_is_what_learns(
    dataset: Dataset, objective: str, make_workspace: Callable[..., Workspace], require: Any
) -> None:
    if objective != "linear":
        require.module("lightgbm", extra="ranking")
    workspace = make_workspace(f'[ranker]\nobjective = "{objective}"\nslates = 100\n')
    recipe = RankerRecipe(
        **workspace.settings.ranker.model_dump(), least=50, certainty=-100.0, folds=2
    )
    validation = hold_out(dataset, seed=1)
    trial = consider_ranker(
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
    assert [told["scorer"] for told in trial.report["trials"]] == [objective]
    assert trial.stage is not None
    assert trial.stage.name == objective


def test_a_ranker_that_is_off_is_not_learned(dataset: Dataset) -> None:
    assert RankerRecipe(objective="off").choices == ()
