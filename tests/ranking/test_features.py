"""Features say what they claim, see nothing of their own future, and are the same when serving."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from zhiyin.core.errors import ArtifactError
from zhiyin.core.histories import Histories, histories_from_columns
from zhiyin.core.protocols import Arrays
from zhiyin.ranking.features import Asked, FeatureSet, Known, last_times

DAY = 86_400_000
USERS, ITEMS, EVENTS = 40, 30, 900
DEVICES = ("phone", "desk", "tv")


def log(*, seed: int = 0, days: int = 200) -> Histories:
    rng = np.random.default_rng(seed)
    start = 1_600_000_000_000
    return histories_from_columns(
        rng.integers(USERS, size=EVENTS),
        rng.integers(ITEMS - 2, size=EVENTS),  # two items that nobody takes
        np.where(rng.random(EVENTS) < 0.1, -1.0, 1.0),
        n_users=USERS,
        n_items=ITEMS,
        order=np.sort(start + rng.integers(days * DAY, size=EVENTS)),
        order_is_time=True,
    )


def known(histories: Histories, *, seed: int = 0) -> Known:
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(ITEMS, 5)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors[3] = 0
    price = rng.random(ITEMS)
    price[4] = np.nan
    pairs = np.unique(rng.integers((6, ITEMS), size=(60, 2)), axis=0).astype(np.int32)
    return Known(
        histories,
        (pairs[:, 0], pairs[:, 1]),
        6,
        {"price": price},
        {"text": vectors},
        ("blend", "ease"),
        pl.DataFrame({"device": np.array(DEVICES)[histories.items % 3]}),
        impressions=True,
    )


def asked(histories: Histories, *, c: int = 12, seed: int = 1) -> Asked:
    rng = np.random.default_rng(seed)
    q = len(histories)
    items = np.argsort(rng.random((q, ITEMS)), axis=1)[:, :c].astype(np.int32)
    items[::5, -3:] = -1
    scores = rng.normal(size=(2, q, c)).astype(np.float32)
    return Asked(
        histories,
        items,
        {"blend": scores[0], "ease": scores[1]},
        last_times(histories),
        rng.integers(1, 20, size=(q, c)).astype(np.float32),
        rng.integers(0, 3, size=(q, c)).astype(np.float32),
        tuple({"device": DEVICES[at]} for at in rng.integers(3, size=q)),
    )


@pytest.fixture(scope="module")
def features() -> FeatureSet:
    return FeatureSet.learn(known(log()))


def column(features: FeatureSet, query: Asked, name: str) -> np.ndarray:
    found = np.full(query.items.shape, np.nan, dtype=np.float32)
    found[query.present] = features.compute(query)[:, features.names.index(name)]
    return found


def test_every_feature_has_a_name_of_its_own_a_unit_and_a_meaning(features: FeatureSet) -> None:
    assert len(set(features.names)) == len(features.names) > 25
    assert all(
        each.unit and each.what and features.group_of(each.name) for each in features.features
    )


def test_a_query_alone_has_the_features_that_it_has_in_a_batch(features: FeatureSet) -> None:
    histories = log()
    query = asked(histories)
    whole = features.compute(query)
    starts = np.concatenate([[0], np.cumsum(query.present.sum(axis=1))])
    for row in range(len(histories)):
        alone = features.compute(query.take(slice(row, row + 1)))
        np.testing.assert_array_equal(alone, whole[starts[row] : starts[row + 1]])


def test_nothing_that_happens_later_changes_a_feature() -> None:
    histories = log()
    query = asked(histories)
    cut = int(np.sort(histories.times)[EVENTS * 3 // 5]) + 1000
    early = histories.where(histories.times < cut)
    then = replace(query, histories=early, now=np.full(USERS, cut))
    counted = known(histories), known(early)
    names = FeatureSet.learn(counted[1]).names
    with_future, without = (FeatureSet.learn(k, wanted=names) for k in counted)
    assert {"popularity", "age", "silence", "at this hour", "taken ago"} <= set(names)
    np.testing.assert_allclose(
        with_future.compute(then), without.compute(then), atol=1e-4, equal_nan=True
    )


def test_popularity_counts_the_events_of_its_window_and_no_other(features: FeatureSet) -> None:
    histories = log()
    query = asked(histories)
    liked = histories.positive()
    week = column(features, query, "popularity week")
    age, silence = column(features, query, "age"), column(features, query, "silence")
    for row, place in [(0, 0), (7, 4), (21, 9), (39, 11)]:
        now, item = query.now[row], query.items[row, place]
        seconds = liked.times // 1000
        inside = (seconds < now // 1000) & (seconds >= now // 1000 - 7 * 86_400)
        mine = inside & (liked.items == item)
        share = np.log((mine.sum() + 1) / (inside.sum() + ITEMS))
        assert week[row, place] == pytest.approx(share, abs=1e-5)
        before = liked.times[(liked.items == item) & (seconds < now // 1000)]
        days = (now - before) / DAY
        assert age[row, place] == pytest.approx(np.log1p(days.max()), abs=1e-3)
        assert silence[row, place] == pytest.approx(np.log1p(days.min()), abs=1e-3)


def test_the_user_and_the_item_before(features: FeatureSet) -> None:
    histories = log()
    query = asked(histories)
    taken, ago = column(features, query, "taken"), column(features, query, "taken ago")
    disliked = column(features, query, "disliked")
    for row, place in np.argwhere(query.present):
        past = histories.take(np.array([row]))
        at = np.flatnonzero(past.items == query.items[row, place])
        assert taken[row, place] == pytest.approx(np.log1p(len(at)))
        if len(at):
            assert ago[row, place] == pytest.approx(np.log1p(len(past.items) - 1 - at[-1]))
            assert disliked[row, place] == float(past.weights[at[-1]] < 0)
        else:
            assert np.isnan(ago[row, place])
            assert disliked[row, place] == 0


def test_likeness_is_the_cosine_with_the_last_ten(features: FeatureSet) -> None:
    histories = log()
    query = asked(histories)
    vectors = known(histories).vectors["text"]
    names = [f"text like {what}" for what in ("last", "nearest", "recent")]
    found = [column(features, query, name) for name in names]
    for row in (0, 11, 33):
        past = histories.take(np.array([row])).positive().items[::-1][:10]
        for place, item in enumerate(query.items[row]):
            cosines = vectors[past] @ vectors[item]
            if item < 0 or not vectors[item].any():
                assert all(np.isnan(each[row, place]) for each in found)
                continue
            real = cosines[vectors[past].any(axis=1)]
            assert found[1][row, place] == pytest.approx(real.max(), abs=1e-5)
            assert found[2][row, place] == pytest.approx(real.mean(), abs=1e-5)
            if vectors[past[0]].any():
                assert found[0][row, place] == pytest.approx(cosines[0], abs=1e-5)


def test_categories_and_numbers_compare_with_the_history(features: FeatureSet) -> None:
    histories = log()
    facts, query = known(histories), asked(histories)
    assert facts.categories is not None
    member = np.zeros((ITEMS, 6), dtype=bool)
    member[facts.categories[1], facts.categories[0]] = True
    share = column(features, query, "category share")
    distance = column(features, query, "price distance")
    price = facts.numbers["price"]
    ranks = np.array([(price < p).sum() + (price <= p).sum() for p in price]) / 2 / (ITEMS - 1)
    ranks[np.isnan(price)] = np.nan
    for row in (2, 19):
        past = histories.take(np.array([row])).positive().items
        fading = np.exp(-np.arange(len(past))[::-1] / 10)
        fine = np.isfinite(ranks[past])
        usual = (fading * np.nan_to_num(ranks[past]))[fine].sum() / fading[fine].sum()
        for place, item in enumerate(query.items[row]):
            if item < 0:
                continue
            if member[item].any():
                shares = [member[past][:, c].mean() for c in np.flatnonzero(member[item])]
                assert share[row, place] == pytest.approx(np.mean(shares), abs=1e-5)
            else:
                assert np.isnan(share[row, place])
            expected = abs(ranks[item] - usual)
            assert distance[row, place] == pytest.approx(expected, abs=1e-5, nan_ok=True)


def test_ranks_are_among_the_candidates_that_are_there(features: FeatureSet) -> None:
    query = asked(log())
    ranks, gaps = column(features, query, "rank ease"), column(features, query, "gap ease")
    for row in (0, 5, 6):
        there = query.present[row]
        places = np.round(2 ** ranks[row][there] - 1).astype(int)
        assert sorted(places) == list(range(there.sum()))
        best = query.sources["ease"][row][there].max()
        np.testing.assert_allclose(gaps[row][there], best - query.sources["ease"][row][there])


def test_when_a_slate_is_made_every_candidate_has_the_first_place(features: FeatureSet) -> None:
    query = asked(log())
    serving = replace(query, places=None)
    assert (column(features, serving, "place")[query.present] == 0).all()
    assert (column(features, query, "place")[query.present] > 0).any()


def test_items_newer_than_the_features_are_unknown_not_wrong(features: FeatureSet) -> None:
    query = asked(log())
    items = query.items.copy()
    items[:, 0] = ITEMS + 7
    rows = column(features, replace(query, items=items), "popularity")
    assert np.isnan(rows[:, 0]).all()
    for name in ("category share", "price", "text like recent", "age"):
        assert np.isnan(column(features, replace(query, items=items), name)[:, 0]).all()
    assert (column(features, replace(query, items=items), "taken")[:, 0] == 0).all()


def test_nobody_in_particular_has_features_too(features: FeatureSet) -> None:
    histories = log().where(np.zeros(EVENTS, dtype=bool))
    rows = features.compute(asked(histories))
    assert not np.isinf(rows).any()
    assert np.isfinite(rows[:, features.names.index("events")]).all()


def test_restored_features_are_the_same_bit_for_bit(features: FeatureSet) -> None:
    query = asked(log())
    saved: Arrays = {name: array.copy() for name, array in features.state().items()}
    again = FeatureSet.restored(features.manifest(), saved)
    np.testing.assert_array_equal(again.compute(query), features.compute(query))
    few = features.keeping(frozenset({"popularity week", "rank ease"}))
    assert few.names == ("rank ease", "popularity week")
    restored = FeatureSet.restored(few.manifest(), few.state())
    np.testing.assert_array_equal(restored.compute(query), few.compute(query))


def test_features_that_nothing_computes_are_refused(features: FeatureSet) -> None:
    told = features.manifest()
    with pytest.raises(ArtifactError, match="nothing computes"):
        FeatureSet.restored(told | {"names": ["mood"]}, features.state())
    with pytest.raises(ArtifactError, match="train again"):
        FeatureSet.restored(told | {"groups": {"MoodFeatures": {}}}, features.state())


def test_without_times_there_are_no_windows_and_no_hours() -> None:
    histories = log()
    timeless = Histories(
        histories.indptr, histories.items, histories.weights, ITEMS, None, ordered=True
    )
    features = FeatureSet.learn(Known(timeless))
    assert "popularity" in features.names
    assert not {"popularity week", "age", "hour", "trend"} & set(features.names)
    query = replace(asked(timeless), now=None)
    assert np.isfinite(column(features, query, "popularity")[query.present]).all()


def test_queries_after_the_last_event_find_what_counting_finds(features: FeatureSet) -> None:
    histories = log()
    late = np.full(USERS, int(histories.times.max()) + 90_000) + np.arange(USERS) * 7_200_000
    query = replace(asked(histories), now=late)
    first = query.take(slice(0, 1))
    early = replace(first, now=np.array([int(histories.times.min())]))
    mixed = features.compute(
        Asked(
            histories.take(np.array([0, 0])),
            np.vstack([first.items, early.items]),
            {n: np.vstack([first.sources[n], early.sources[n]]) for n in first.sources},
            np.concatenate([first.now, early.now]),
            np.vstack([first.places, early.places]),
            np.vstack([first.shown, early.shown]),
            first.context * 2,
        )
    )  # one query before the end: all of them are counted
    alone = features.compute(first)
    np.testing.assert_array_equal(alone, mixed[: len(alone)])
    whole = features.compute(query)
    hours = whole[:, features.names.index("at this hour")]
    assert len(np.unique(hours)) > 20
