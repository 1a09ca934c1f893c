"""The benchmark gives the figures that others got from the same rows by other code."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from zhiyin.core.clock import Deadline
from zhiyin.core.registry import RETRIEVERS, load
from zhiyin.data.dataset import Dataset
from zhiyin.data.protocols import Split, SplitProtocol
from zhiyin.evaluation.scoring import evaluate_scorer
from zhiyin.pipeline.benchmark.folder import as_dataset, read_split
from zhiyin.pipeline.measuring import as_queries, describe

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def last_out(shared_data: Callable[[str], Path]) -> tuple[Split, Dataset]:
    folder = shared_data("ml-1m")
    parts = read_split(folder, protocol=SplitProtocol.LEAVE_ONE_OUT, seed=42)
    return parts, as_dataset(parts, folder)


def figures(parts: Split, dataset: Dataset, name: str, *, on_all: bool) -> dict[str, float]:
    held = dataset.held_out
    assert held is not None
    rows = dataset.histories if on_all else dataset.histories.where(~held)
    model = load(RETRIEVERS, name)()
    model.fit(
        dataset.training_data(rows), rng=np.random.default_rng(0), deadline=Deadline(float("inf"))
    )
    found = evaluate_scorer(
        model.score,
        as_queries(dataset),
        parts.tests["metrics"].test,
        ks=[10, 20],
        catalogue=describe(dataset),
    )
    return found.metrics


def test_ml_1m_has_the_size_of_the_sequence_file(last_out: tuple[Split, Dataset]) -> None:
    parts, dataset = last_out
    assert (len(parts.users), len(parts.items)) == (6040, 3416)
    assert len(parts.train.items) + 6040 == 999_611
    assert parts.dropped == {"without a position": 598}
    assert dataset.held_out is not None
    assert dataset.held_out.sum() == 6040


@pytest.mark.parametrize(
    ("name", "hr", "ndcg"), [("popularity", 0.0369, 0.0180), ("ease", 0.1084, 0.0535)]
)
def test_leave_one_out_fitted_without_validation_rows(
    last_out: tuple[Split, Dataset], name: str, hr: float, ndcg: float
) -> None:
    # Ten lines of numpy gave these, fitted on train, asked with train and validation.
    found = figures(*last_out, name, on_all=False)
    assert found["hr@10"] == pytest.approx(hr, abs=0.00015)
    assert found["ndcg@10"] == pytest.approx(ndcg, abs=0.00015)


@pytest.mark.parametrize(
    ("name", "recall", "ndcg"), [("popularity", 0.1139, 0.1937), ("ease", 0.2771, 0.4200)]
)
def test_random_split(
    shared_data: Callable[[str], Path], name: str, recall: float, ndcg: float
) -> None:
    # Same rule and seed, another order of users: other draws, hence the tolerance.
    folder = shared_data("ml-1m")
    parts = read_split(folder, protocol=SplitProtocol.RANDOM_SPLIT, seed=42)
    found = figures(parts, as_dataset(parts, folder), name, on_all=True)
    assert found["recall@20"] == pytest.approx(recall, abs=0.0015)
    assert found["ndcg@20"] == pytest.approx(ndcg, abs=0.0015)
