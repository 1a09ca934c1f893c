"""Popularity, counted by hand."""

import numpy as np

from zhiyin.core.histories import histories_from_columns
from zhiyin.models.popularity.category import CategoryPopularityConfig, CategoryPopularityRetriever
from zhiyin.models.popularity.popularity import (
    DecayedPopularityConfig,
    DecayedPopularityRetriever,
    PopularityRetriever,
    RecentPopularityConfig,
    RecentPopularityRetriever,
)
from zhiyin.testing.logs import fit, history, scores_of

DAY = 86_400_000
NOW = 1_700_000_000_000


def log(*, times: bool = True):
    # Item 0: three users long ago (one of them twice). Item 1: two now. Item 2: disliked.
    ages = [90, 90, 89, 90, 0, 1, 0]
    return histories_from_columns(
        np.array([0, 1, 1, 2, 0, 1, 2]),
        np.array([0, 0, 0, 0, 1, 1, 2]),
        np.array([1, 1, 1, 1, 1, 1, -1.0]),
        n_users=3,
        n_items=4,
        order=np.array([NOW - age * DAY for age in ages]),
        order_is_time=times,
    )


def counts(model) -> np.ndarray:
    return np.expm1(scores_of(model, history([0], 4))[0])


def test_all_time_counts_users_once():
    np.testing.assert_allclose(counts(fit(PopularityRetriever(), log())), [3, 2, 0, 0], rtol=1e-5)


def test_recent_counts_the_window_and_breaks_ties_by_the_rest():
    model = RecentPopularityRetriever(RecentPopularityConfig(window_days=7))
    found = counts(fit(model, log(), as_of=NOW))
    np.testing.assert_allclose(found, [3 / 6, 2 + 2 / 6, 0, 0], rtol=1e-5)


def test_recent_without_times_takes_the_end_of_each_history():
    model = RecentPopularityRetriever(RecentPopularityConfig(window_share=0.2))
    found = counts(fit(model, log(times=False)))
    # The last liked event of users 0 and 1 is item 1, that of user 2 item 0.
    np.testing.assert_allclose(found, [1 + 3 / 6, 2 + 2 / 6, 0, 0], rtol=1e-5)


def test_decayed_halves_with_every_half_life():
    model = DecayedPopularityRetriever(DecayedPopularityConfig(half_life_days=45))
    found = counts(fit(model, log(), as_of=NOW))
    np.testing.assert_allclose(
        found, [2 * 0.25 + 0.5 ** (89 / 45), 1 + 0.5 ** (1 / 45), 0, 0], rtol=1e-4
    )


def test_category_popularity_by_hand():
    # Category 0 holds items 0 and 1, category 1 holds 1 and 2; item 3 has none.
    pairs = (np.array([0, 0, 1, 1], np.int32), np.array([0, 1, 1, 2], np.int32))
    model = CategoryPopularityRetriever(CategoryPopularityConfig(prior=0.5))
    fit(model, log(), categories=pairs, n_categories=2)
    p = np.log1p([3.0, 2.0, 0.0, 0.0])
    share_0, share_1 = p / p[:2].sum(), p / p[1:3].sum()
    share_0[2:], share_1[[0, 3]] = 0, 0
    # The history: item 0 (category 0) and item 1 (half in each).
    expected = 1.5 * share_0 + 0.5 * share_1 + 0.5 * p / p.sum()
    np.testing.assert_allclose(scores_of(model, history([0, 1], 4))[0], expected, rtol=1e-5)


def test_category_popularity_without_categories_is_popularity():
    model = fit(CategoryPopularityRetriever(), log())
    assert np.argsort(-scores_of(model, history([1], 4))[0]).tolist()[:2] == [0, 1]
