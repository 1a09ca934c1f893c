"""``zhiyin chat`` in a pipe, and searches that are understood."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from zhiyin.app.cli.main import app
from zhiyin.core.errors import UnknownEntityError
from zhiyin.core.messages import ChatMessage
from zhiyin.pipeline.wiring import open_workspace
from zhiyin.pipeline.workspace import Workspace

LAMPS = [
    {"item_id": f"lamp-{i}", "title": f"{colour} lamp", "categories": ["lamp"], "price": price}
    for i, (colour, price) in enumerate([("red", 20), ("blue", 35), ("red", 60)])
]
CHAIRS = [
    {"item_id": f"chair-{i}", "title": f"oak chair {i}", "categories": ["chair"], "price": 50 + i}
    for i in range(3)
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A workspace without a model: conversation and search need none."""
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "zhiyin.toml").write_text('[text]\nencoder = "tfidf"\n', encoding="utf-8")
    with open_workspace(folder) as shop:
        shop.upsert_items([*LAMPS, *CHAIRS])
    return folder


def test_a_message_a_line_makes_an_answer_a_line(folder: Path) -> None:
    lines = "a lamp under 50 dollars\ncheaper\nwhy the first?\n"
    result = CliRunner().invoke(app, ["chat", "-w", str(folder), "--json"], input=lines)
    assert result.exit_code == 0, result.output
    answers = [json.loads(line) for line in result.stdout.splitlines()]
    assert len({answer["session_id"] for answer in answers}) == 1
    shown = [[item["item_id"] for item in answer["items"]] for answer in answers]
    assert set(shown[0]) == {"lamp-0", "lamp-1"}
    assert shown[1] == ["lamp-0"]
    assert answers[2]["acts"] == ["explains"]
    assert answers[2]["about"] == ["lamp-0"]


def test_what_is_shown_to_people_names_id_and_title(folder: Path) -> None:
    result = CliRunner().invoke(app, ["chat", "-w", str(folder)], input="a chair\n")
    assert result.exit_code == 0, result.output
    assert "chair-0" in result.stdout
    assert "oak chair 0" in result.stdout


def test_a_search_that_is_understood_keeps_its_filters(folder: Path) -> None:
    with open_workspace(folder) as shop:
        found = shop.search("red lamp under 50 dollars", understand=True)
        assert found.item_ids == ["lamp-0", "lamp-1"]
        assert found.understood is not None
        filters = {(f.field, f.op, f.value) for f in found.understood.filters}
        assert filters == {("categories", "has", "lamp"), ("price", "<", 50)}
        assert found.understood.rewrite == "red"
        assert shop.search("red lamp under 50 dollars").understood is None


def test_filters_that_nothing_keeps_are_left_to_the_words(folder: Path) -> None:
    with open_workspace(folder) as shop:
        found = shop.search("a lamp under 2 dollars", understand=True)
        assert found.hits
        assert found.understood is not None
        assert found.understood.filters == []


def test_an_imported_item_is_talked_about(folder: Path, tmp_path: Path) -> None:
    more = tmp_path / "more.jsonl"
    more.write_text('{"item_id": "sofa-1", "title": "Sofa", "categories": ["sofa"]}\n')
    with open_workspace(folder) as shop:
        assert shop.chats.say(ChatMessage(message="a lamp")).item_ids
        shop.import_items(more)
        assert shop.chats.say(ChatMessage(message="a sofa")).item_ids == ["sofa-1"]


def test_a_conversation_is_forgotten_in_time(folder: Path) -> None:
    def said(shop: Workspace) -> str:
        return shop.chats.say(ChatMessage(message="a lamp")).session_id

    (folder / "zhiyin.toml").write_text(
        '[text]\nencoder = "tfidf"\n[chat]\nsessions = 1\n', encoding="utf-8"
    )
    with open_workspace(folder) as shop:
        first, second = said(shop), said(shop)
        with pytest.raises(UnknownEntityError, match="no conversation"):
            shop.chats.say(ChatMessage(message="cheaper", session_id=first))
        assert shop.chats.say(ChatMessage(message="cheaper", session_id=second)).item_ids


def test_the_recommender_speaks_first_where_it_is_asked_to(folder: Path) -> None:
    line = ["chat", "-w", str(folder), "--json", "--opening"]
    result = CliRunner().invoke(app, line, input="cheaper\n")
    assert result.exit_code == 0, result.output
    opening, answer = (json.loads(text) for text in result.stdout.splitlines())
    assert opening["acts"] == ["opens", "shows"]
    assert opening["reasons"] == []
    assert len(opening["items"]) == 5
    assert answer["session_id"] == opening["session_id"]


def test_what_is_remembered_of_friday_evenings_is_said_on_a_friday_evening(folder: Path) -> None:
    hour = 3_600_000
    now = int(datetime(2026, 11, 20, 20, tzinfo=UTC).timestamp() * 1000)
    fridays = [(f"lamp-{week % 2}", now - (week + 1) * 168 * hour) for week in range(6)]
    others = [(f"chair-{i % 2}", now - (i * 24 + 30) * hour) for i in range(9)]
    with open_workspace(folder, clock=lambda: now) as shop:
        shop.record(
            [
                {"user_id": "u1", "item_id": item, "type": "view", "timestamp": at}
                for item, at in [*fridays, *others]
            ]
        )
        begun = shop.chats.say(ChatMessage(user_id="u1"))
        assert [reason.kind for reason in begun.reasons] == ["time"]
        assert "Because it is Friday evening: 6 of your 6 earlier visits" in begun.text
        assert begun.reasons[0].item_ids == ["lamp-2"]
        shop.erase("user", "u1")
        assert shop.chats.say(ChatMessage(user_id="u1")).reasons == []
