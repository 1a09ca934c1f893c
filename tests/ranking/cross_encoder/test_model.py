"""A cross-encoder learns, keeps its state without pickle, and stops when it must."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from zhiyin.core.clock import Deadline
from zhiyin.core.errors import ArtifactError, DataError, NotEnoughDataError, TrainingError
from zhiyin.ranking.cross_encoder.config import CrossEncoderConfig
from zhiyin.ranking.cross_encoder.distil import softened
from zhiyin.ranking.cross_encoder.model import CrossEncoder
from zhiyin.ranking.cross_encoder.pairs import JudgedPairs, judged
from zhiyin.ranking.graded import graded_ndcg

from .conftest import questions

FOREVER = float("inf")


def fitted(
    config: CrossEncoderConfig, pairs: JudgedPairs, *, seconds: float = FOREVER
) -> CrossEncoder:
    return CrossEncoder(config).fit(
        pairs,
        rng=np.random.default_rng(0),
        deadline=Deadline(seconds),
        validation=questions(40, 1),
    )


def ndcg(model: CrossEncoder, pairs: JudgedPairs) -> float:
    return float(graded_ndcg(model.score_pairs(pairs), pairs.labels, pairs.indptr, k=10).mean())


@pytest.fixture(scope="module")
def learned(config: CrossEncoderConfig) -> CrossEncoder:
    return fitted(config, questions(400, 0))


def test_it_learns_what_no_text_says_alone(learned: CrossEncoder) -> None:
    """Measured 1.00; chance is .64."""
    assert ndcg(learned, questions(100, 2)) > 0.9


def test_state_goes_round_without_pickle(learned: CrossEncoder, tmp_path: Path) -> None:
    arrays = {}
    for i, (name, array) in enumerate(learned.state().items()):
        np.save(tmp_path / f"{i}.npy", array, allow_pickle=False)
        arrays[name] = np.load(tmp_path / f"{i}.npy", mmap_mode="r", allow_pickle=False)
    again = CrossEncoder(learned.config).restore(arrays)
    texts = ["the fine knife", "the fine lamp", ""]
    # The vectors of pieces are kept in half precision.
    assert again.score("want a lamp", texts) == pytest.approx(
        learned.score("want a lamp", texts), rel=1e-2
    )
    assert again.id == learned.id


def test_a_score_does_not_depend_on_the_company(learned: CrossEncoder) -> None:
    texts = ["the fine knife", "a", "the fine lamp a the fine bag the a tent", ""]
    together = learned.score("want a lamp", texts)
    alone = np.concatenate([learned.score("want a lamp", [text]) for text in texts])
    assert together == pytest.approx(alone, rel=1e-4)
    assert np.isfinite(together).all()
    assert learned.score("want a lamp", []).shape == (0,)


def test_the_same_seed_gives_the_same_model(config: CrossEncoderConfig) -> None:
    short = config.model_copy(update={"loop": config.loop.model_copy(update={"epochs": 2})})
    first, second = (fitted(short, questions(60, 0)) for _ in range(2))
    assert first.id == second.id


def test_training_ends_when_time_is_spent(config: CrossEncoderConfig) -> None:
    long = config.model_copy(update={"loop": config.loop.model_copy(update={"epochs": 10_000})})
    clock = Deadline(FOREVER)
    model = fitted(long, questions(60, 0), seconds=3.0)
    assert clock.spent < 20.0
    assert "time was spent" in model.outcome or "no better" in model.outcome
    assert model.score("want a lamp", ["the lamp"]).shape == (1,)


def test_without_time_nothing_is_kept(config: CrossEncoderConfig) -> None:
    with pytest.raises(TrainingError, match="learned nothing"):
        fitted(config, questions(20, 0), seconds=0.0)


def test_a_loss_that_is_no_number_stops_training(config: CrossEncoderConfig) -> None:
    wild = config.model_copy(
        update={
            "loop": config.loop.model_copy(
                update={"learning_rate": 1e30, "clip": 1e30, "warmup_steps": 0}
            )
        }
    )
    with pytest.raises(TrainingError, match="learning rate"):
        fitted(wild, questions(60, 0))


def test_a_student_learns_from_its_teacher(learned: CrossEncoder) -> None:
    """One layer, labels that are the teacher's probabilities. Measured .86 in seven epochs."""
    pairs = questions(400, 5)
    soft = softened(learned.score_pairs(pairs), pairs, temperature=2.0)
    assert np.add.reduceat(soft.labels, soft.indptr[:-1]) == pytest.approx(1.0, abs=1e-5)
    small = learned.config.model_copy(update={"layers": 1})
    assert ndcg(fitted(small, soft), questions(100, 2)) > 0.75


def test_queries_that_teach_nothing_are_refused(config: CrossEncoderConfig) -> None:
    alike = judged([("want a lamp", ["a", "the"], [1.0, 1.0]), ("a", ["the"], [0.0])])
    with pytest.raises(NotEnoughDataError, match="no query"):
        fitted(config, alike)


@pytest.mark.parametrize("label", [-1.0, float("nan"), float("inf")])
def test_impossible_labels_are_refused(label: float) -> None:
    with pytest.raises(DataError, match="label"):
        judged([("a", ["the"], [label])])


def test_shapes_must_fit() -> None:
    with pytest.raises(DataError, match="do not fit"):
        JudgedPairs(("a",), ("b",), np.zeros(2, np.float32), np.array([0, 1]))


def test_what_was_not_fitted_says_so(config: CrossEncoderConfig) -> None:
    with pytest.raises(ArtifactError, match="not fitted"):
        CrossEncoder(config).score("a", ["b"])
    with pytest.raises(ArtifactError, match="graph"):
        CrossEncoder(config).restore({})
