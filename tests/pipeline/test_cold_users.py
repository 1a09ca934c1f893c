"""Users of whom little is known: attributes, a wish, first clicks, then behaviour."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy.sparse import csr_matrix
from tests.pipeline.conftest import two_tastes
from tests.pipeline.test_new_items import catalogue

from zhiyin.core import schema
from zhiyin.core.keys import id_keys
from zhiyin.pipeline.engine import Engine
from zhiyin.pipeline.newcomers import learn_people
from zhiyin.pipeline.workspace import Workspace


def describe_users(shop: Workspace, users: dict[str, dict[str, Any]]) -> None:
    rows = pl.DataFrame(
        {
            "key": id_keys(list(users)),
            "id": list(users),
            "attributes": [json.dumps(a) for a in users.values()],
        },
        schema=schema.ENTITIES,
    )
    shop.stores.entities.upsert("user", rows)


@pytest.fixture
def town(make_workspace: Callable[..., Workspace]) -> Workspace:
    """The two tastes among people whose street tells the taste."""
    workspace = make_workspace('[text]\nencoder = "tfidf"\n')
    workspace.upsert_items(catalogue())
    workspace.record(two_tastes())
    streets = {f"u{n:02}": {"street": "Library" if n % 2 == 0 else "Market"} for n in range(60)}
    describe_users(workspace, streets)
    workspace.train(budget="60s")
    return workspace


def kinds(items: list[str]) -> set[str]:
    return {item.split("-")[0] for item in items}


@pytest.mark.parametrize(("street", "kind"), [("Library", "book"), ("Market", "pan")])
def test_somebody_without_a_history_gets_what_their_like_take(
    town: Workspace, street: str, kind: str
) -> None:
    describe_users(town, {"new": {"street": street}})
    slate = town.recommend("new", n=5)
    assert kinds(slate.item_ids) == {kind}
    assert slate.fallbacks == ["no history: what people with like attributes take"]


def test_without_attributes_everybody_gets_the_same(town: Workspace) -> None:
    describe_users(town, {"library": {"street": "Library"}, "market": {"street": "Market"}})
    engine = town.engine()
    blind = Engine(
        replace(engine.trained, people=None),
        version=engine.version,
        stores=town.stores,
        policy=town._policy,
        settings=town.settings,
    )
    slates = [blind.recommend(user, n=5) for user in ("library", "market")]
    assert slates[0].item_ids == slates[1].item_ids
    assert slates[0].fallbacks == ["no history: popular items"]


def test_an_unknown_street_is_no_error(town: Workspace) -> None:
    describe_users(town, {"new": {"street": "Elsewhere", "pets": 3}})
    assert len(town.recommend("new", n=5).item_ids) == 5


def test_what_people_take_survives_the_artifact(
    town: Workspace, make_workspace: Callable[..., Workspace]
) -> None:
    describe_users(town, {"new": {"street": "Market"}})
    wanted = town.recommend("new", n=5).item_ids
    town.close()
    assert make_workspace().recommend("new", n=5).item_ids == wanted


def test_a_wish_makes_a_personal_slate_and_behaviour_takes_over(town: Workspace) -> None:
    town.profiles.edit("asker", {"wish": ["iron pan with lid"]})
    slate = town.recommend("asker", n=3)
    assert kinds(slate.item_ids) == {"pan"}
    assert slate.fallbacks == []
    for n in range(5):
        town.record([{"user_id": "asker", "item_id": f"book-{n}", "type": "view"}] * 8)
    assert "book" in kinds(town.recommend("asker", n=3).item_ids)


def test_what_is_muted_comes_behind_everything_else(town: Workspace) -> None:
    town.profiles.edit("u00", {"mute": ["category:paper"]})
    slate = town.recommend("u00", n=50).item_ids
    books = [place for place, item in enumerate(slate) if item.startswith("book")]
    assert books == list(range(len(slate) - len(books), len(slate)))


def test_attributes_that_tell_nothing_are_left_out() -> None:
    rng = np.random.default_rng(0)
    behaviour = csr_matrix((rng.random((400, 30)) < 0.2).astype(np.float32))
    table = pl.DataFrame({"shoe": rng.choice(["s", "m", "l"], 400)})
    people, told = learn_people(table, behaviour, seed=1)
    assert people is None
    assert told.endswith("left out")


def test_attributes_that_tell_the_taste_are_learned() -> None:
    rng = np.random.default_rng(0)
    group = rng.integers(0, 2, 400)
    odds = np.where(group[:, None] == (np.arange(30) % 2)[None], 0.3, 0.02)
    behaviour = csr_matrix((rng.random((400, 30)) < odds).astype(np.float32))
    table = pl.DataFrame({"city": np.where(group == 0, "北京", "上海")})
    people, _ = learn_people(table, behaviour, seed=1)
    assert people is not None
    scores = people.score({"city": "上海"})
    assert scores is not None
    assert scores[0, 1::2].mean() > scores[0, ::2].mean()
    assert people.score({"age": 3}) is None
