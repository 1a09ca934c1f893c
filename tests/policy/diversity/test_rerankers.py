"""Diversity: each re-ranker against its definition, and what all of them promise."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from zhiyin.policy.diversity import (
    DiversityConfig,
    DppConfig,
    DppReranker,
    MmrReranker,
    XquadConfig,
    XquadReranker,
)

Reranker = MmrReranker | DppReranker | XquadReranker
MAKERS: dict[str, Callable[[float], Reranker]] = {
    "mmr": lambda d: MmrReranker(DiversityConfig(diversity=d)),
    "dpp": lambda d: DppReranker(DppConfig(diversity=d)),
    "xquad": lambda d: XquadReranker(XquadConfig(diversity=d)),
}
each = pytest.mark.parametrize("name", MAKERS)
Gain = Callable[[int, list[int]], float]


def drawn(seed: int, c: int, width: int = 5) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Scores, and features that are 0..1 so that they serve as memberships too."""
    rng = np.random.default_rng(seed)
    features = rng.random((c, width)) * (rng.random((c, width)) < 0.6)
    return rng.standard_normal(c).astype(np.float32), features.astype(np.float32)


def cosines(features: NDArray[np.floating]) -> NDArray[np.float64]:
    """Pairwise cosines; rows of zeros stand for the mean direction of the others."""
    lengths = np.linalg.norm(features, axis=1)
    known = lengths > 0
    unit = np.zeros(features.shape)
    unit[known] = features[known] / lengths[known][:, None]
    unit[~known] = unit[known].mean(axis=0)
    return unit @ unit.T


def by_definition(scores: NDArray[np.floating], gain: Gain, n: int, diversity: float) -> list[int]:
    """The greedy list, with every value worked out from nothing at every place."""
    wide = scores.astype(np.float64)
    relevance = (wide - wide.min()) / (wide.max() - wide.min())
    picked: list[int] = []
    while len(picked) < min(n, len(scores)):
        left = [i for i in range(len(scores)) if i not in picked]
        value = [(1 - diversity) * relevance[i] + diversity * gain(i, picked) for i in left]
        picked.append(left[int(np.argmax(value))])
    return picked


def mmr_gain(features: NDArray[np.floating]) -> Gain:
    like = cosines(features)
    return lambda i, picked: -max((like[i, j] for j in picked), default=0.0)


def dpp_gain(features: NDArray[np.floating], own: float) -> Gain:
    kernel = (1 - own) * cosines(features)
    np.fill_diagonal(kernel, 1.0)

    def volume(rows: list[int]) -> float:
        sign, log = np.linalg.slogdet(kernel[np.ix_(rows, rows)])
        assert sign > 0
        return float(log)

    return lambda i, picked: (volume([*picked, i]) - volume(picked)) / -math.log(own)


def xquad_gain(
    features: NDArray[np.floating], wanted: NDArray[np.floating], settles: float
) -> Gain:
    def gain(i: int, picked: list[int]) -> float:
        return sum(
            wanted[g]
            * settles
            * features[i, g]
            * float(np.prod([1 - settles * features[j, g] for j in picked]))
            for g in range(features.shape[1])
        )

    first = max(gain(i, []) for i in range(len(features)))
    return lambda i, picked: gain(i, picked) / first


@pytest.mark.parametrize("diversity", [0.1, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("seed", range(5))
class TestAgainstTheDefinition:
    def test_mmr(self, seed: int, diversity: float) -> None:
        scores, features = drawn(seed, 12)
        found = MAKERS["mmr"](diversity).rerank(scores, features, n=8)
        assert found.tolist() == by_definition(scores, mmr_gain(features), 8, diversity)

    def test_dpp(self, seed: int, diversity: float) -> None:
        """Eight places in five dimensions: beyond the rank of the vectors too."""
        scores, features = drawn(seed, 12)
        found = DppReranker(DppConfig(diversity=diversity, own=0.02)).rerank(scores, features, n=8)
        assert found.tolist() == by_definition(scores, dpp_gain(features, 0.02), 8, diversity)

    def test_xquad_with_interests(self, seed: int, diversity: float) -> None:
        scores, features = drawn(seed, 12)
        wanted = np.random.default_rng(seed).random(5).astype(np.float32)
        reranker = XquadReranker(XquadConfig(diversity=diversity, settles=0.7))
        found = reranker.rerank(scores, features, n=8, interests=wanted)
        gain = xquad_gain(features, wanted / wanted.sum(), 0.7)
        assert found.tolist() == by_definition(scores, gain, 8, diversity)

    def test_xquad_without_interests(self, seed: int, diversity: float) -> None:
        scores, features = drawn(seed, 12)
        relevance = (scores - scores.min()) / (scores.max() - scores.min())
        wanted = relevance @ features
        found = MAKERS["xquad"](diversity).rerank(scores, features, n=8)
        gain = xquad_gain(features, wanted / wanted.sum(), 0.5)
        assert found.tolist() == by_definition(scores, gain, 8, diversity)


def test_mmr_by_hand() -> None:
    """The twin of the first waits until the other direction has been shown."""
    scores = np.array([1.0, 0.9, 0.0], dtype=np.float32)
    vectors = np.array([[1, 0], [1, 0], [0, 1]], dtype=np.float32)
    assert MAKERS["mmr"](0.5).rerank(scores, vectors, n=3).tolist() == [0, 2, 1]
    # .6 x .9 - .4 x 1 = .14 for the twin, 0 for the other
    assert MAKERS["mmr"](0.4).rerank(scores, vectors, n=3).tolist() == [0, 1, 2]


def test_dpp_finds_the_greatest_volume_of_two() -> None:
    """At diversity 1 the second of two is the one least like the first."""
    vectors = np.array([[1, 0], [0.9, 0.1], [0.5, 0.5], [0.1, 0.9]], dtype=np.float32)
    scores = np.array([4, 3, 2, 1], dtype=np.float32)
    assert DppReranker(DppConfig(diversity=1.0)).rerank(scores, vectors, n=2).tolist() == [0, 3]


@each
@given(
    scores=st.lists(st.floats(allow_nan=False, allow_infinity=False, width=32), max_size=12),
    n=st.integers(0, 15),
)
def test_without_diversity_the_order_is_that_of_the_scores(
    name: str, scores: list[float], n: int
) -> None:
    array = np.asarray(scores, dtype=np.float32)
    found = MAKERS[name](0.0).rerank(array, np.ones((len(array), 2), dtype=np.float32), n=n)
    assert found.tolist() == sorted(range(len(array)), key=lambda i: -array[i])[:n]


WIDTH = 3
ANY = st.floats(width=32)
ROWS = st.lists(st.tuples(ANY, st.lists(ANY, min_size=WIDTH, max_size=WIDTH)), max_size=10)


@each
@pytest.mark.parametrize("scale", ["minmax", "softmax"])
@given(rows=ROWS, n=st.integers(0, 12), diversity=st.floats(0, 1))
def test_a_list_is_a_subset_without_repeats_whatever_comes_in(
    name: str, scale: str, rows: list[tuple[float, list[float]]], n: int, diversity: float
) -> None:
    scores = np.array([score for score, _ in rows], dtype=np.float32)
    features = np.array([row for _, row in rows], dtype=np.float32).reshape(-1, WIDTH)
    made = MAKERS[name](diversity)
    reranker = type(made)(type(made).Config(diversity=diversity, scale=scale))
    found = reranker.rerank(scores, features, n=n).tolist()
    able = np.flatnonzero(np.isfinite(scores)).tolist()
    assert len(found) == min(n, len(able))
    assert len(set(found)) == len(found)
    assert set(found) <= set(able)


@each
@pytest.mark.parametrize("diversity", [0.0, 0.3, 0.7, 1.0])
def test_relabelling_candidates_relabels_the_list(name: str, diversity: float) -> None:
    """Also with unknown items among them. No ties: those go by position."""
    scores, features = drawn(3, 30)
    features[[4, 7]] = 0
    if name != "xquad" and diversity == 1.0:
        scores[11] = 9  # without relevance the first place would be a tie of all
    order = np.random.default_rng(0).permutation(30)
    reranker = MAKERS[name](min(diversity, 0.99) if name != "xquad" else diversity)
    found = reranker.rerank(scores, features, n=10)
    again = reranker.rerank(scores[order], features[order], n=10)
    assert order[again].tolist() == found.tolist()


@each
@pytest.mark.parametrize("diversity", [0.0, 0.5, 1.0])
def test_ties_go_to_the_earlier_candidate(name: str, diversity: float) -> None:
    """Identical items, many enough for products to be summed in different ways."""
    rng = np.random.default_rng(1)
    vector = rng.random(67).astype(np.float32)
    features = np.repeat(vector[None], 53, axis=0)
    found = MAKERS[name](diversity).rerank(np.ones(53, dtype=np.float32), features, n=60)
    assert found.tolist() == list(range(53))


@each
@pytest.mark.parametrize("broken", [0.0, np.nan, np.inf])
def test_unknown_items_neither_lead_nor_vanish(name: str, broken: float) -> None:
    """One item in two has no features: it is in the list by its score, as others are."""
    scores, features = drawn(5, 20)
    features[::2] = broken
    found = MAKERS[name](0.3).rerank(scores, features, n=20)
    assert sorted(found.tolist()) == list(range(20))
    first = MAKERS[name](0.3).rerank(scores, features, n=10)
    assert 1 <= sum(i % 2 == 0 for i in first.tolist()) <= 9


@each
def test_nothing_known_of_any_item_leaves_the_order(name: str) -> None:
    scores, features = drawn(6, 15)
    found = MAKERS[name](0.6).rerank(scores, np.zeros_like(features), n=15)
    assert found.tolist() == np.argsort(-scores, kind="stable").tolist()


@each
def test_more_diversity_spreads_the_list(name: str) -> None:
    """Mean likeness of the pairs of a list falls (greedy picks do not promise how evenly)."""
    rng = np.random.default_rng(2)
    centres = np.eye(6)[rng.integers(0, 6, 60)]
    features = (centres + 0.05 * rng.random((60, 6))).clip(0, 1).astype(np.float32)
    scores = (centres @ np.arange(6.0) + 0.1 * rng.random(60)).astype(np.float32)
    like = cosines(features)
    seen = []
    for diversity in (0.0, 0.7, 1.0):
        found = MAKERS[name](diversity).rerank(scores, features, n=6)
        seen.append(like[np.ix_(found, found)][np.triu_indices(6, 1)].mean())
    assert seen[1] < seen[0]
    assert seen[2] < 0.25 < 0.9 < seen[0]


@each
def test_a_batch_gives_what_its_queries_give(name: str) -> None:
    """Over one table, with lists of different lengths and barred candidates."""
    rng = np.random.default_rng(4)
    table = rng.random((40, 5)).astype(np.float32)
    items = np.stack([rng.permutation(40)[:9] for _ in range(7)]).astype(np.int32)
    scores = -np.sort(-rng.standard_normal((7, 9)).astype(np.float32), axis=1)
    items[2, 5:] = -1
    scores[2, 5:] = -np.inf
    scores[3, 1] = np.nan
    reranker = MAKERS[name](0.4)
    found = reranker.rerank_all(scores, items, table, n=8)
    assert found.shape == (7, 8)
    for q in range(7):
        inside = items[q] >= 0
        alone = reranker.rerank(scores[q][inside], table[items[q][inside]], n=8)
        assert found[q][found[q] >= 0].tolist() == alone.tolist()
        assert (found[q][len(alone) :] == -1).all()
    assert (found[2] >= 0).sum() == 5
    assert 1 not in found[3]


def test_softmax_reads_scores_as_logits() -> None:
    """What min-max calls half as relevant, logits call hopeless."""
    scores = np.array([10.0, 5.0, 0.0], dtype=np.float32)
    vectors = np.array([[1, 0], [1, 0.2], [0, 1]], dtype=np.float32)
    lists = {
        scale: MmrReranker(DiversityConfig(diversity=0.3, scale=scale))
        .rerank(scores, vectors, n=2)
        .tolist()
        for scale in ("minmax", "softmax")
    }
    assert lists == {"minmax": [0, 1], "softmax": [0, 2]}


def test_a_settled_category_counts_no_more() -> None:
    """With settles = 1 and diversity alone: every category once, then the order."""
    member = np.array([[1, 0, 0], [1, 0, 0], [0, 1, 0], [0, 1, 0], [0, 0, 1]], dtype=np.float32)
    scores = np.array([5, 4, 3, 2, 1], dtype=np.float32)
    reranker = XquadReranker(XquadConfig(diversity=1.0, settles=1.0))
    found = reranker.rerank(scores, member, n=5, interests=np.ones(3, dtype=np.float32))
    assert found.tolist() == [0, 2, 4, 1, 3]
