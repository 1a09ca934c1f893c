"""A small data set with tastes planted in it, for tests that measure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from zhiyin.core.attributes import Attribute
from zhiyin.core.candidates import Queries, TrainingData
from zhiyin.core.clock import Deadline
from zhiyin.core.histories import Histories, histories_from_columns
from zhiyin.core.protocols import Retriever
from zhiyin.core.topk import bar, top_k

GROUPS, PER_GROUP = 6, 24
N_ITEMS = GROUPS * PER_GROUP
N_USERS = 240
DAY = 86_400_000
START = 1_700_000_000_000
_TEXT_DIM = 16


@dataclass(frozen=True, slots=True, eq=False)
class Planted:
    """Histories, and what each user did next.

    Attributes:
        data: What a model learns from; the categories are the planted tastes.
        following: The item that each user took after their history, int32 of shape (users,).
    """

    data: TrainingData
    following: NDArray[np.int32]


@cache
def planted(seed: int = 0, *, n_users: int = N_USERS) -> Planted:
    """Users with one taste each, who wander through its items mostly in order.

    A user walks round the items of a taste by steps of 1 to 3, starting among the first
    ones; one event in five is a hit, an item of the six that everybody takes now and then.
    Nobody takes an item twice. The arrays are read-only, and shared between calls.
    """
    rng = np.random.default_rng(seed)
    users: list[int] = []
    items: list[int] = []
    times: list[int] = []
    following: list[int] = []
    for user in range(n_users):
        walk = _walk(rng, int(rng.integers(GROUPS)), int(rng.integers(5, 10)))
        start = START + int(rng.integers(60)) * DAY
        users += [user] * (len(walk) - 1)
        items += walk[:-1]
        times += [start + DAY * step for step in range(len(walk) - 1)]
        following.append(walk[-1])
    histories = histories_from_columns(
        np.array(users),
        np.array(items),
        np.ones(len(items)),
        n_users=n_users,
        n_items=N_ITEMS,
        order=np.array(times),
        order_is_time=True,
    )
    for array in (histories.indptr, histories.items, histories.weights, histories.times):
        if array is not None:
            array.flags.writeable = False
    every = np.arange(N_ITEMS, dtype=np.int32)
    data = TrainingData(
        histories,
        categories=((every // PER_GROUP).astype(np.int32), every),
        n_categories=GROUPS,
        as_of=max(times),
    )
    return Planted(data, np.array(following, dtype=np.int32))


def described(data: TrainingData) -> TrainingData:
    """The data with contents: tags that name an item's taste, and a text that tells a little more.

    The text's vector leans towards the taste, and half of it is the item's own.
    """
    rng = np.random.default_rng(0)
    tastes = (np.arange(data.n_items) // PER_GROUP) % GROUPS
    tags = np.eye(GROUPS, dtype=np.float32)[tastes]
    texts = rng.standard_normal((data.n_items, _TEXT_DIM), dtype=np.float32)
    texts /= np.linalg.norm(texts, axis=1, keepdims=True)
    texts[:, :GROUPS] += tags
    texts /= np.linalg.norm(texts, axis=1, keepdims=True)
    return replace(data, attributes=(Attribute("tags", csr_matrix(tags)), Attribute("text", texts)))


def _walk(rng: np.random.Generator, group: int, length: int) -> list[int]:
    walk: list[int] = []
    place = min(int(rng.geometric(0.4)) - 1, PER_GROUP - 1)
    while len(walk) < length:
        item = group * PER_GROUP + place % PER_GROUP
        if rng.random() < 0.2:
            item = int(rng.integers(GROUPS)) * PER_GROUP
        else:
            place += int(rng.integers(1, 4))
        if item not in walk:
            walk.append(item)
    return walk


def queries_of(histories: Histories, *, as_of: int = 0) -> Queries:
    """Every training user's history as a query."""
    return Queries(histories, np.arange(len(histories), dtype=np.int32), as_of)


def train(model: Retriever, data: TrainingData, *, seed: int = 0, seconds: float = 60) -> Retriever:
    """Fits a model with a seed and a deadline."""
    return model.fit(data, rng=np.random.default_rng(seed), deadline=Deadline(seconds))


def hit_rate(model: Retriever, case: Planted, *, k: int = 10) -> float:
    """Share of users whose next item is among the k best that they do not have."""
    histories = case.data.histories
    scores = model.score(queries_of(histories, as_of=case.data.as_of))
    bar(scores, histories)
    order = np.random.default_rng(0).permutation(N_ITEMS).astype(np.int32)
    best = top_k(scores, k=k, tie_order=order).items
    return float((best == case.following[:, None]).any(axis=1).mean())
