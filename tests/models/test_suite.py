"""The shipped suite fails where it should: each fault is caught by the test made for it."""

import sys
from dataclasses import replace

import numpy as np
import pytest
from pydantic import ConfigDict

from zhiyin.core.candidates import Queries, TrainingData
from zhiyin.core.config import Config
from zhiyin.models.neighbours.item_knn import ItemKnnRetriever
from zhiyin.testing.models import RetrieverConformance


class Nan(ItemKnnRetriever):
    def score(self, queries):
        scores = super().score(queries)
        scores[:, 0] = np.where(queries.histories.lengths == 0, np.nan, scores[:, 0])
        return scores


class Shared(ItemKnnRetriever):
    def score(self, queries):
        if not hasattr(self, "_kept"):
            self._kept = super().score(queries)
        return self._kept


class Wide(ItemKnnRetriever):
    def score(self, queries):
        return super().score(queries).astype(np.float64)


class Forgetful(ItemKnnRetriever):
    def state(self):
        arrays = super().state()
        return arrays | {"data": np.round(arrays["data"], 1)}


class Restless(ItemKnnRetriever):
    def fit(self, data, *, rng, deadline):
        super().fit(data, rng=np.random.default_rng(), deadline=deadline)
        noise = np.random.default_rng().random(len(self._alike.data), dtype=np.float32)
        self._alike.data += noise
        return self


class Greedy(ItemKnnRetriever):
    def fit(self, data, *, rng, deadline):
        data.histories.weights[:] = 1.0
        return super().fit(data, rng=rng, deadline=deadline)


class Chatty(ItemKnnRetriever):
    def fit(self, data, *, rng, deadline):
        sys.stdout.write("iteration 1\n")
        return super().fit(data, rng=rng, deadline=deadline)


class Batchwise(ItemKnnRetriever):
    def score(self, queries):
        return super().score(queries) / np.float32(len(queries) + 1)


class Narrow(ItemKnnRetriever):
    def score(self, queries):
        known = queries.histories.items < self._alike.shape[0]
        assert known.all(), "an item that I do not know"
        return super().score(queries)


class Backwards(ItemKnnRetriever):
    def score(self, queries):
        return -super().score(queries)


class Numbered(ItemKnnRetriever):
    def fit(self, data, *, rng, deadline):
        users = np.repeat(np.arange(len(data.histories)), data.histories.lengths)
        weights = (1.0 + users).astype(np.float32)
        return super().fit(
            TrainingData(replace(data.histories, weights=weights)), rng=rng, deadline=deadline
        )


class Impersonal(ItemKnnRetriever):
    def score(self, queries):
        first = Queries(queries.histories.take(np.arange(len(queries))), queries.users)
        if (queries.users < 0).any():
            raise IndexError("who is that?")
        return super().score(first)


class Lax(Config):
    model_config = ConfigDict(extra="ignore", frozen=False)
    k: int = 3


class Misconfigured(ItemKnnRetriever):
    Config = Lax

    def __init__(self, config=None):
        super().__init__()
        self.config = config or Lax()


FAULTS = [
    (Nan, "test_empty_history"),
    (Shared, "test_scores_are_fresh_finite_floats"),
    (Wide, "test_scores_are_fresh_finite_floats"),
    (Forgetful, "test_state_restores_from_memory_maps"),
    (Restless, "test_same_seed_same_model"),
    (Greedy, "test_inputs_stay_as_they_were"),
    (Chatty, "test_prints_nothing"),
    (Batchwise, "test_one_by_one_is_the_same_as_together"),
    (Narrow, "test_items_newer_than_the_model"),
    (Backwards, "test_finds_what_was_planted"),
    (Numbered, "test_numbering_of_users_does_not_matter"),
    (Impersonal, "test_unknown_users"),
    (Misconfigured, "test_config_refuses_unknown_keys"),
    (Misconfigured, "test_config_is_frozen_and_documented"),
]


@pytest.mark.parametrize(
    ("model", "name"), FAULTS, ids=lambda value: getattr(value, "__name__", value)
)
def test_the_suite_catches(model, name, tmp_path, capfd):
    suite = type("Suite", (RetrieverConformance,), {"model": model})()
    given = {
        "test_state_restores_from_memory_maps": (tmp_path,),
        "test_prints_nothing": (capfd,),
    }.get(name, ())
    with pytest.raises((AssertionError, ValueError, IndexError, pytest.fail.Exception)):
        getattr(suite, name)(*given)
