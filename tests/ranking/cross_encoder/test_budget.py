"""As many candidates as there is time for, and two scores as one."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhiyin.core.clock import Deadline
from zhiyin.core.histories import Floats
from zhiyin.ranking.cross_encoder.budget import joined_scores, score_within


class SlowScorer:
    """Takes so many seconds for each text."""

    id = "slow"

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.parts: list[int] = []

    def score(self, query: str, texts: Sequence[str]) -> Floats:
        self.parts.append(len(texts))
        time.sleep(self.seconds * len(texts))
        return np.array([float(len(text)) for text in texts], dtype=np.float32)


TEXTS = ["x" * i for i in range(40)]


def test_everything_is_read_where_time_allows() -> None:
    scores = score_within(SlowScorer(0.0), "q", TEXTS, deadline=Deadline(60.0))
    assert scores.tolist() == [float(i) for i in range(40)]


def test_it_ends_near_the_deadline() -> None:
    scores = score_within(SlowScorer(0.01), "q", TEXTS, deadline=Deadline(0.15))
    assert 2 <= len(scores) < 40


def test_the_first_part_is_read_even_without_time() -> None:
    scorer = SlowScorer(0.0)
    assert len(score_within(scorer, "q", TEXTS, deadline=Deadline(0.0))) == 2
    assert scorer.parts == [2]


def test_no_candidates_are_no_work() -> None:
    scorer = SlowScorer(0.0)
    assert len(score_within(scorer, "q", [], deadline=Deadline(1.0))) == 0
    assert scorer.parts == []


@given(
    st.lists(st.tuples(st.floats(-9, 9, width=32), st.floats(-9, 9, width=32)), max_size=20),
    st.floats(0.1, 100.0),
)
def test_scale_and_offset_of_a_score_do_not_matter(
    pairs: list[tuple[float, float]], scale: float
) -> None:
    first = np.array([a for a, _ in pairs], dtype=np.float32)
    second = np.array([round(b, 2) for _, b in pairs], dtype=np.float32)
    whole = joined_scores(first, second, weight=0.3)
    moved = joined_scores(first, (scale * second + 5).astype(np.float32), weight=0.3)
    assert np.isfinite(whole).all()
    if len(second) and second.std() > 0.1:
        assert moved == pytest.approx(whole, abs=1e-2)


def test_the_weight_chooses_between_the_orders() -> None:
    first = np.array([3.0, 2.0, 1.0], dtype=np.float32)
    second = np.array([0.1, 0.2, 0.9], dtype=np.float32)
    assert np.argmax(joined_scores(first, second, weight=0.0)) == 0
    assert np.argmax(joined_scores(first, second, weight=1.0)) == 2
