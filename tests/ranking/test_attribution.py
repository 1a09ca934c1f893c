"""Contributions of features: they sum to the score, and silence gets none."""

from __future__ import annotations

import numpy as np
import pytest

from zhiyin.core.clock import Deadline
from zhiyin.core.protocols import RankingData
from zhiyin.core.registry import RANKERS, load
from zhiyin.ranking.attribution import contributions, slopes


def _data() -> RankingData:
    rng = np.random.default_rng(3)
    features = rng.normal(size=(400, 3)).astype(np.float32)
    features[::7, 1] = np.nan
    labels = (features[:, 0] > 0.3).astype(np.float32)
    indptr = np.arange(0, 401, 10, dtype=np.int64)
    return RankingData(features, labels, indptr, ("tells", "noise", "more"))


@pytest.mark.parametrize("name", ["lambdarank", "linear"])
def test_contributions_sum_to_the_score_and_name_what_tells(name: str):
    data = _data()
    scorer = load(RANKERS, name)().fit(data, rng=np.random.default_rng(0), deadline=Deadline(60))
    found = contributions(scorer, data.features[:50])
    assert found is not None
    assert found.shape == (50, 4)
    assert found.sum(axis=1) == pytest.approx(scorer.score(data.features[:50]), abs=1e-4)
    assert np.abs(found[:, :3]).mean(axis=0).argmax() == 0


def test_slopes_of_a_linear_scorer_are_its_coefficients():
    data = _data()
    scorer = load(RANKERS, "linear")().fit(
        data, rng=np.random.default_rng(0), deadline=Deadline(60)
    )
    found = slopes(scorer, data.features[1:], 0, rng=np.random.default_rng(0))
    assert found[0] == pytest.approx(scorer.importances()["tells"], rel=0.1)
    assert abs(found[1]) < 0.1 * abs(found[0])
