"""Evaluation of a recipe on a workspace's own data."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from tests.pipeline.conftest import two_tastes

from zhiyin.core.errors import NotEnoughDataError, UnknownModelError
from zhiyin.core.histories import Histories, histories_from_columns
from zhiyin.evaluation.bootstrap import BootstrapConfig
from zhiyin.pipeline.assembly import load_dataset
from zhiyin.pipeline.evaluate import (
    EvaluationSettings,
    HoldOut,
    evaluate,
    hold_out,
    write_report,
)

QUICK = BootstrapConfig(resamples=50)


def histories(log: list[tuple[int, int]], weights: list[float] | None = None) -> Histories:
    users, items = np.array(log).T
    order = np.arange(len(log), dtype=np.int64)
    values = np.ones(len(log)) if weights is None else np.array(weights)
    return histories_from_columns(
        users, items, values, n_users=3, n_items=9, order=order, order_is_time=True
    )


def test_the_last_new_item_is_held_out_with_all_its_events() -> None:
    # User 0 takes up 1, 2, 3, and comes back to 1 and 3.
    past = histories([(0, 1), (0, 2), (0, 3), (0, 1), (0, 3), (1, 4), (1, 5)])
    parts = hold_out(past, protocol=HoldOut.LEAVE_ONE_OUT, seed=0)
    assert parts.train.items.tolist() == [1, 2, 1, 4, 5]
    assert parts.test.items.tolist() == [3]
    assert (parts.seen, parts.repeated) == (0, 1)


def test_a_disliked_item_is_never_looked_for() -> None:
    past = histories([(0, 1), (0, 2), (0, 3), (0, 4)], [1, 1, 1, -1])
    parts = hold_out(past, protocol=HoldOut.LEAVE_ONE_OUT, seed=0)
    assert parts.test.items.tolist() == [3]
    assert parts.train.items.tolist() == [1, 2, 4]


def test_the_newest_events_are_held_out_in_time() -> None:
    log = [(i % 3, i % 9) for i in range(18)] + [(0, 8), (1, 1)]
    parts = hold_out(histories(log), protocol=HoldOut.TEMPORAL, seed=0)
    # 20 events, two held out; user 1 has had item 1 already.
    assert parts.test.items.tolist() == [8]
    assert parts.seen == 1
    assert len(parts.train.items) == 18


def test_a_split_in_time_needs_times() -> None:
    past = histories([(0, 1), (0, 2), (0, 3)])
    timeless = Histories(past.indptr, past.items, past.weights, past.n_items)
    with pytest.raises(NotEnoughDataError, match="needs timestamps"):
        hold_out(timeless, protocol=HoldOut.TEMPORAL, seed=0)


@pytest.mark.parametrize("protocol", [HoldOut.LEAVE_ONE_OUT, HoldOut.RANDOM_SPLIT])
def test_too_little_to_hold_out(protocol: HoldOut) -> None:
    with pytest.raises(NotEnoughDataError, match="nothing to hold out"):
        hold_out(histories([(0, 1), (0, 1), (0, 2)]), protocol=protocol, seed=0)


@pytest.mark.parametrize("protocol", list(HoldOut))
def test_the_report_holds_recipe_and_baselines(make_workspace, protocol: HoldOut) -> None:
    shop = make_workspace()
    shop.record(two_tastes())
    dataset = load_dataset(shop.stores.events, shop.stores.entities, settings=shop.settings.events)
    settings = EvaluationSettings(recipe="ease", protocol=protocol, bootstrap=QUICK)
    report = evaluate(dataset, settings)
    assert list(report["models"])[:2] == ["ease", "popularity"]
    assert report["protocol"] == ("leave-one-out" if protocol == "auto" else protocol)
    assert report["n_test_users"]["metrics"] > 0
    metrics = report["models"]["ease"]["metrics"]
    least = report["models"]["popularity"]["metrics"]["hr@5"]
    # The newest tenth belongs to users without a past: nobody can do better than popularity.
    assert metrics["hr@5"] == least if protocol == HoldOut.TEMPORAL else metrics["hr@5"] > least
    assert json.loads(json.dumps(report, allow_nan=False)) == report
    path = write_report(report, shop.folder)
    assert json.loads(path.read_text(encoding="utf-8")) == report
    assert evaluate(dataset, settings)["models"]["ease"]["metrics"] == metrics


def test_an_unknown_recipe_is_an_error(make_workspace, tmp_path: Path) -> None:
    shop = make_workspace()
    shop.record(two_tastes())
    dataset = load_dataset(shop.stores.events, shop.stores.entities, settings=shop.settings.events)
    with pytest.raises(UnknownModelError):
        evaluate(dataset, EvaluationSettings(recipe="eaze"))
