"""Contexts: read from events and from requests by the same code, and safe whatever they hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhiyin.core.candidates import Candidates, Queries
from zhiyin.data.dataset import Dataset
from zhiyin.data.facts import CONTEXT, context_of
from zhiyin.pipeline.assembly import load_dataset
from zhiyin.pipeline.ranker.lessons import contexts_of
from zhiyin.pipeline.ranker.stage import asked_for, asked_now
from zhiyin.pipeline.workspace import Workspace
from zhiyin.ranking.features import FeatureSet, Known
from zhiyin.ranking.features.moment import number_of, values_of

START = 1_700_000_000_000
CONTEXTS: list[dict[str, Any]] = [
    {"device": " Phone ", "place": "Paris", "surface": "home", "query": "Red shoes"},
    {"device": "desk", "hour": 8.5, "weekday": "2", "query": "蓝色 鞋", "surface": "cart"},
    {"device": 7, "place": None, "hour": "23", "query": "red", "mood": ["good"]},
    {"device": True, "place": ["a"], "query": {"text": "x"}, "hour": "late", "weekday": 9},
]


def told_events() -> list[dict[str, Any]]:
    """Users with a context each; on a phone the first half of the items is taken."""
    rng = np.random.default_rng(2)
    events: list[dict[str, Any]] = []
    for user in range(120):
        context = CONTEXTS[user % len(CONTEXTS)]
        phone = user % len(CONTEXTS) == 0
        for place, item in enumerate(rng.permutation(10)[:6].tolist()):
            event = {"user_id": f"u{user}", "item_id": f"i{item if phone else item + 10}"}
            moment = START + (user + 120 * place) * 60_000
            events.append({**event, "type": "view", "timestamp": moment, "context": context})
    return events


@pytest.fixture
def dataset(make_workspace: Callable[..., Workspace]) -> Dataset:
    workspace = make_workspace()
    workspace.record(told_events())
    stores = workspace.stores
    return load_dataset(stores.events, stores.entities, settings=workspace.settings.events)


def features_of(dataset: Dataset) -> FeatureSet:
    assert dataset.facts is not None
    return FeatureSet.learn(Known(dataset.histories, context=dataset.facts.select(CONTEXT)))


def test_training_and_serving_compute_the_same_features_bit_for_bit(dataset: Dataset) -> None:
    features = features_of(dataset)
    held = dataset.histories.from_end == 0
    told = contexts_of(dataset.facts, dataset.histories, held)
    assert told is not None
    users = np.arange(len(dataset.users))
    past = dataset.histories.where(~held)
    rng = np.random.default_rng(0)
    n = len(dataset.items)
    items = np.stack([rng.permutation(n)[:12] for _ in users]).astype(np.int32)
    blend = -np.sort(-rng.random((len(users), 12)).astype(np.float32), axis=1)
    queries = Queries(past, users.astype(np.int32))
    taught = asked_for(queries, items, blend, {}, contexts=tuple(told))
    rows = features.compute(taught)
    assert {"device", "device lift", "place lift", "query lift", "surface"} <= set(features.names)
    for user in range(0, len(users), 7):
        number = int(dataset.users.ids[user][1:])
        asked = asked_now(
            Candidates(items[[user]], blend[[user]]),
            queries.take(slice(user, user + 1)),
            12,
            now=int(taught.now[user]),
            context=CONTEXTS[number % len(CONTEXTS)],
            shown=None,
        )
        served = features.compute(asked)
        np.testing.assert_array_equal(served, rows[user * 12 : (user + 1) * 12])


def test_what_is_taken_on_a_device_is_lifted_there(dataset: Dataset) -> None:
    features = features_of(dataset)
    late = START + 10**10
    for device, sign in (("phone", 1), ("DESK", -1)):
        asked = asked_now(
            Candidates(
                np.array([[dataset.items.index["i3"], dataset.items.index["i13"]]], dtype=np.int32),
                np.zeros((1, 2), dtype=np.float32),
            ),
            Queries(dataset.histories.take(np.array([0])), np.zeros(1, dtype=np.int32)),
            2,
            now=late,
            context={"device": device},
            shown=None,
        )
        column = features.compute(asked)[:, features.names.index("device lift")]
        assert sign * (column[0] - column[1]) > 0.5


def test_contexts_of_events_are_those_of_requests(dataset: Dataset) -> None:
    assert dataset.facts is not None
    for event in range(0, len(dataset.histories.items), 50):
        user = int(dataset.users.ids[int(dataset.histories.rows[event])][1:])
        given, kept = CONTEXTS[user % len(CONTEXTS)], context_of(dataset.facts, event)
        for name in ("device", "place", "surface", "query"):
            assert values_of(name, given.get(name)) == values_of(name, kept.get(name))
        for name, below in (("hour", 24), ("weekday", 7)):
            assert number_of(given, name, below=below) == number_of(kept, name, below=below)


def test_values_and_numbers_are_read_as_people_write_them() -> None:
    assert values_of("device", " Phone  X ") == ("phone x",)
    assert values_of("query", "Red RED shoes, 红鞋") == ("red", "shoes", "红", "鞋")
    assert (
        values_of("device", ["phone"]) == values_of("device", None) == values_of("place", "") == ()
    )
    assert number_of({"hour": "8.5"}, "hour", below=24) == 8
    assert number_of({"hour": 24}, "hour", below=24) is None
    assert number_of({"hour": True}, "hour", below=24) is None
    assert number_of({"hour": "noon"}, "hour", below=24) is None


@given(st.dictionaries(st.sampled_from([*CONTEXT, "mood"]), st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=300),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)))  # fmt: skip
def test_no_context_causes_an_error(context: dict[str, Any]) -> None:
    for name in CONTEXT:
        assert all(len(value) <= 100 for value in values_of(name, context.get(name)))
        number = number_of(context, name, below=24)
        assert number is None or 0 <= number < 24


def test_unknown_values_are_unknown_features(dataset: Dataset) -> None:
    features = features_of(dataset)
    places = [features.names.index(name) for name in ("device", "device lift", "place lift")]
    for context in ({"device": "toaster", "place": 3.5}, {}, None):
        asked = asked_now(
            Candidates(np.array([[0, 1]], dtype=np.int32), np.zeros((1, 2), dtype=np.float32)),
            Queries(dataset.histories.take(np.array([0])), np.zeros(1, dtype=np.int32)),
            2,
            now=START,
            context=context,
            shown=None,
        )
        rows = features.compute(asked)
        assert np.isnan(rows[:, places]).all()
        assert not np.isinf(rows).any()
