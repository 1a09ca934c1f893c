"""Search read again: what is learned from the log, when it joins, and what is said of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from zhiyin.core.errors import NotEnoughDataError
from zhiyin.core.histories import Floats
from zhiyin.pipeline.search import rerank
from zhiyin.pipeline.search.clicks import answered_searches
from zhiyin.pipeline.search.documents import document
from zhiyin.pipeline.search.rerank import pair_text
from zhiyin.pipeline.search.reranker import train_reranker
from zhiyin.pipeline.workspace import Workspace

Make = Callable[..., Workspace]
MINUTE = 60_000
START = 1_700_000_000_000
ITEMS = [
    {"item_id": "lamp", "title": "Camping lamp", "text": "Light for the tent."},
    {"item_id": "tent", "title": "Tent", "text": "Sleeps two, with room for a lamp."},
    {"item_id": "oil", "title": "Lamp oil", "text": "Burns in any lamp."},
]
WORDS = '[text]\nencoder = "tfidf"\n[search]\n'


def event(minute: float, kind: str, *, user: str = "u", **more: str) -> dict[str, object]:
    return {"user_id": user, "type": kind, "timestamp": START + int(minute * MINUTE), **more}


class Backwards:
    """A reranker that likes what is last in the alphabet."""

    id = "backwards"

    def score(self, query: str, texts: Sequence[str]) -> Floats:
        return np.array([float(ord(text[0])) for text in texts], dtype=np.float32)


def answers(workspace: Workspace) -> dict[str, dict[str, float]]:
    settings = workspace.settings.events
    found = answered_searches(
        workspace.stores.events,
        workspace.stores.entities,
        weights=settings.weights,
        default=settings.default_weight,
    )
    return {search.query: dict(search.clicks) for search in found}


def test_what_users_turn_to_after_a_search_answers_it(make_workspace: Make) -> None:
    workspace = make_workspace()
    workspace.record(
        [
            event(0, "search", query="Desk  lamp"),
            event(1, "view", item_id="lamp"),
            event(2, "view", item_id="lamp"),  # once for each search
            event(3, "hide", item_id="oil"),  # a dislike answers nothing
            event(29, "purchase", item_id="tent"),
            event(45, "view", item_id="oil"),  # too late
            event(100, "search", query="desk lamp", user="v"),
            event(101, "view", item_id="lamp", user="v"),
            event(101, "view", item_id="oil"),  # of another user, who asked nothing
            event(200, "view", item_id="oil", query="oil"),  # says itself what it answers
            event(300, "search", query="never answered"),
        ]
    )
    assert answers(workspace) == {"desk lamp": {"lamp": 2.0, "tent": 1.0}, "oil": {"oil": 1.0}}


def test_a_log_without_searches_has_no_answers(make_workspace: Make) -> None:
    workspace = make_workspace()
    assert answers(workspace) == {}
    workspace.record([event(0, "view", item_id="lamp")])
    assert answers(workspace) == {}
    with pytest.raises(NotEnoughDataError, match="0 searches"):
        train_reranker(workspace)


def test_a_reranker_reads_the_title_with_what_answers_best() -> None:
    short = document({"title": "Tent", "text": "Sleeps two."})
    assert pair_text(short, 0) == "Tent. Sleeps two."
    body = " ".join(
        f"The {word} sentence says something of its own at length." for word in "abcdefghij"
    )
    long = document({"title": "Tent", "text": body})
    assert pair_text(long, 3) == f"Tent. {long.passages[2]}"
    assert pair_text(long, 0) == f"Tent. {long.passages[0]}"
    assert pair_text(document({"title": "Tent"}), 0) == "Tent"
    assert pair_text(document({}), 0) == ""


@pytest.fixture
def backwards(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any folder holds the backward reranker."""
    load = rerank.load_path

    class Opened(Backwards):
        Config = dict

        def __init__(self, config: object) -> None: ...

    monkeypatch.setattr(
        rerank,
        "load_path",
        lambda path: Opened if path.endswith("PretrainedReranker") else load(path),
    )


@pytest.mark.usefixtures("backwards")
def test_a_named_reranker_orders_the_first_and_says_what_it_gave(make_workspace: Make) -> None:
    plain = make_workspace(WORDS + 'rerank = "off"\n', folder="plain")
    plain.upsert_items(ITEMS)
    first = plain.search("lamp")
    assert all(hit.reranked is None for hit in first.hits)
    workspace = make_workspace(WORDS + 'rerank = "some/folder"\n')
    workspace.upsert_items(ITEMS)
    found = workspace.search("lamp")
    assert found.item_ids == ["tent", "oil", "lamp"]
    assert found.item_ids != first.item_ids
    assert [hit.reranked for hit in found.hits] == [float(ord(c)) for c in "TLC"]
    assert found.fallbacks == first.fallbacks


@pytest.mark.usefixtures("backwards")
def test_without_weight_the_order_is_that_of_search(make_workspace: Make) -> None:
    settings = 'rerank = "some/folder"\nrerank_weight = 0.0\n'
    workspace = make_workspace(WORDS + settings)
    workspace.upsert_items(ITEMS)
    plain = make_workspace(WORDS + 'rerank = "off"\n', folder="plain")
    plain.upsert_items(ITEMS)
    assert workspace.search("lamp").item_ids == plain.search("lamp").item_ids


@pytest.mark.usefixtures("backwards")
def test_a_spent_budget_is_told(make_workspace: Make) -> None:
    workspace = make_workspace(WORDS + 'rerank = "some/folder"\nrerank_budget_ms = 0.000001\n')
    workspace.upsert_items(ITEMS)
    found = workspace.search("lamp")
    assert any("reranked the first 2 of 3" in note for note in found.fallbacks)
    assert [hit.reranked is None for hit in found.hits] == [False, False, True]


def test_a_reranker_that_is_not_there_is_told_and_search_goes_on(
    make_workspace: Make, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    workspace = make_workspace(WORDS + f"rerank = {json.dumps(str(tmp_path / 'empty'))}\n")
    workspace.upsert_items(ITEMS)
    found = workspace.search("lamp")
    assert found.hits
    assert any("not reranked" in note and "lacks" in note for note in found.fallbacks)
    wanted = make_workspace(WORDS + 'rerank = "trained"\n', folder="other")
    wanted.upsert_items(ITEMS)
    assert any("no reranker is trained here" in note for note in wanted.search("lamp").fallbacks)
