"""Scores for everybody, also for those without a past."""

from __future__ import annotations

import numpy as np

from zhiyin.core.candidates import Queries
from zhiyin.core.clock import Deadline
from zhiyin.core.histories import histories_from_columns
from zhiyin.core.registry import RETRIEVERS, load
from zhiyin.data.dataset import Dataset
from zhiyin.data.vocabulary import Vocabulary
from zhiyin.models.hybrid.blend import Blend, Member
from zhiyin.pipeline.measuring import as_queries, describe
from zhiyin.pipeline.trained import Trained


def dataset() -> Dataset:
    """User 2 has no past; item 0 is liked by two, item 3 by nobody."""
    users, items = np.array([0, 0, 0, 1, 1]), np.array([0, 1, 1, 0, 2])
    past = histories_from_columns(users, items, np.ones(5), n_users=3, n_items=4)
    return Dataset(Vocabulary(list("abc")), Vocabulary(list("wxyz")), past, {}, None, [], 0)


def trained(name: str) -> Trained:
    data = dataset()
    model = load(RETRIEVERS, name)()
    model.fit(data.training_data(), rng=np.random.default_rng(0), deadline=Deadline(9))
    return Trained(data.users, data.items, Blend([Member(name, 1.0, model)]), data.histories)


def test_popularity_speaks_where_the_model_is_silent() -> None:
    scores = trained("ease").score(as_queries(dataset()))
    assert scores[2].argsort()[::-1].tolist()[0] == 0
    np.testing.assert_allclose(scores[2], np.log1p([2, 1, 1, 0]), rtol=1e-6)
    assert not np.allclose(scores[0], scores[2])


def test_a_model_that_knows_an_answer_keeps_it() -> None:
    fitted = trained("popularity")
    queries = as_queries(dataset())
    np.testing.assert_array_equal(fitted.score(queries), fitted.blend.score(queries))


def test_nobody_is_silent() -> None:
    queries: Queries = as_queries(dataset()).take(np.array([0, 1]))
    assert np.isfinite(trained("ease").score(queries)).all()


def test_users_without_a_past_are_unknown_to_the_model() -> None:
    assert as_queries(dataset()).users.tolist() == [0, 1, -1]


def test_the_catalogue_counts_each_user_once() -> None:
    known = describe(dataset())
    assert known.training_users.tolist() == [2, 1, 1, 0]
    assert known.n_users == 2
    assert known.vectors is None
