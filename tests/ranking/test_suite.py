"""The shipped suite fails where it should: each fault is caught by the test made for it."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pytest

from zhiyin.ranking.lambdarank import LambdaRankScorer
from zhiyin.ranking.linear import LinearScorer
from zhiyin.testing.rankers import RankerConformance


class Upside(LinearScorer):
    def score(self, features):
        return -super().score(features)


class Still(LinearScorer):
    def score(self, features):
        return np.zeros(len(features), dtype=np.float32)


class Shared(LinearScorer):
    def score(self, features):
        if not hasattr(self, "_kept") or len(self._kept) != len(features):
            self._kept = super().score(features)
        return self._kept


class Nan(LinearScorer):
    def score(self, features):
        return np.where(np.isnan(features).any(axis=1), np.nan, super().score(features))


class Relative(LinearScorer):
    def score(self, features):
        scores = super().score(features)
        return scores - scores.mean() if len(scores) else scores


class Restless(LinearScorer):
    def fit(self, data, *, rng, deadline, validation=None):
        super().fit(data, rng=rng, deadline=deadline, validation=validation)
        self._coefficients = self._coefficients + 1e-3 * np.random.default_rng().normal(size=5)
        return self


class Forgetful(LinearScorer):
    def state(self):
        arrays = super().state()
        return arrays | {"coefficients": np.round(arrays["coefficients"], 1)}


class Deaf(LinearScorer):
    def fit(self, data, *, rng, deadline, validation=None):
        return super().fit(replace(data, weights=None), rng=rng, deadline=deadline)


class Told(LambdaRankScorer):
    def fit(self, data, *, rng, deadline, validation=None):
        features = data.features.copy()
        features[:, 3] = np.arange(len(features)) - np.repeat(
            data.indptr[:-1], np.diff(data.indptr)
        )
        data = replace(data, features=features)
        return super().fit(data, rng=rng, deadline=deadline, validation=validation)


class Chatty(LinearScorer):
    def fit(self, data, *, rng, deadline, validation=None):
        sys.stdout.write("iteration 1\n")
        return super().fit(data, rng=rng, deadline=deadline)


class Greedy(LinearScorer):
    def fit(self, data, *, rng, deadline, validation=None):
        data.features[:] = np.nan_to_num(data.features)
        return super().fit(data, rng=rng, deadline=deadline)


@pytest.mark.parametrize(
    ("model", "name"),
    [
        (Upside, "test_learns_the_planted_order"),
        (Still, "test_learns_the_planted_order"),
        (Shared, "test_learns_the_planted_order"),
        (Nan, "test_unknown_and_infinite_features"),
        (Nan, "test_learns_the_planted_order"),
        (Relative, "test_company_does_not_matter"),
        (Restless, "test_same_seed_same_scorer"),
        (Deaf, "test_weights_count"),
        (Told, "test_order_of_rows_does_not_matter"),
        (Greedy, "test_inputs_stay_as_they_were"),
    ],
)
def test_fault_is_caught(model, name):
    small = {"trees": 20, "leaves": 7, "threads": 1} if model is Told else {}
    suite = type("Suite", (RankerConformance,), {"model": model, "settings": small})()
    with pytest.raises((AssertionError, ValueError)):
        getattr(suite, name)()


def test_forgetting_is_caught(tmp_path):
    suite = type("Suite", (RankerConformance,), {"model": Forgetful})()
    with pytest.raises(AssertionError):
        suite.test_state_restores_from_memory_maps(tmp_path)


def test_noise_is_caught(capfd):
    suite = type("Suite", (RankerConformance,), {"model": Chatty})()
    with pytest.raises(AssertionError):
        suite.test_prints_nothing(capfd)
