"""Filters, boosts, pages and surfaces, as programs and people ask for them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from zhiyin.app.cli.main import app
from zhiyin.app.http.server import create_app
from zhiyin.pipeline.wiring import open_workspace


@pytest.fixture
def priced_folder(trained_folder: Path) -> Path:
    """The workspace with prices, and a surface with a cap."""
    text = "[surfaces.side]\nlength = 2\n[surfaces.side.rules]\npins = { nothing = 1 }\n"
    (trained_folder / "zhiyin.toml").write_text(text, encoding="utf-8")
    with open_workspace(trained_folder) as workspace:
        items = [f"{kind}-{i}" for kind in ("book", "pan") for i in range(10)]
        workspace.upsert_items([{"item_id": i, "price": int(i[-1])} for i in items])
    return trained_folder


@pytest.fixture
def client(priced_folder: Path) -> Iterator[TestClient]:
    with TestClient(create_app(priced_folder), raise_server_exceptions=False) as opened:
        yield opened


def items(slate: dict[str, Any]) -> list[str]:
    return [position["item_id"] for position in slate["positions"]]


def test_both_methods_take_what_a_request_may_ask(client: TestClient) -> None:
    asked = {"user_id": "nobody", "n": 4, "filter": "price < context.most", "boost": "1 + price"}
    body = {**asked, "context": {"most": 5}, "return_properties": ["price"]}
    posted = client.post("/v1/recommend", json=body).json()
    parameters = {**asked, "context": '{"most": 5}', "return_properties": "price"}
    got = client.get("/v1/recommend", params=parameters).json()
    assert items(posted) == items(got)
    assert len(items(posted)) == 4
    assert all(p["properties"]["price"] < 5 for p in posted["positions"] + got["positions"])
    assert got["context"] == {"most": 5}


def test_the_next_page_repeats_nothing(client: TestClient) -> None:
    first = client.get("/v1/recommend", params={"user_id": "u00"}).json()
    asked = {"user_id": "u00", "page_of": first["slate_id"], "n": 5}
    second = client.post("/v1/recommend", json=asked).json()
    assert len(items(first)) == 10
    assert not set(items(first)) & set(items(second))
    assert (second["page"], second["page_of"]) == (2, first["slate_id"])
    assert client.get("/v1/recommend", params={"page_of": "gone"}).status_code == 404


@pytest.mark.parametrize(
    "asked",
    [
        {"filter": "price <"},
        {"filter": "prise < 3"},
        {"boost": "(" * 9_000},
        {"filter": "a" * 20_000},
        {"context": "[1]"},
        {"context": "{"},
    ],
)
def test_what_cannot_be_read_is_the_callers_fault(
    client: TestClient, asked: dict[str, str]
) -> None:
    answer = client.get("/v1/recommend", params=asked)
    assert answer.status_code == 422
    assert answer.json()["detail"]


def test_surfaces_are_told_over_http(client: TestClient) -> None:
    found = {view["name"]: view for view in client.get("/v1/surfaces").json()}
    assert found["side"]["does"] == ["2 items: what the user likes", "nothing at place 1"]
    assert found["home"]["settings"]["diversity"]["method"] == "dpp"
    slate = client.get("/v1/recommend", params={"user_id": "u00", "surface": "side"}).json()
    assert len(items(slate)) == 2
    assert slate["lost_rules"][0]["lost_to"] == "candidates"


def test_the_command_line_asks_the_same(priced_folder: Path) -> None:
    def run(*words: str) -> Any:
        result = CliRunner().invoke(app, [*words, "--workspace", str(priced_folder), "--json"])
        assert result.exit_code == 0, result.output
        return json.loads(result.output)

    first = run("recommend", "u00", "-n", "3", "--filter", "price < 5", "--property", "price")
    assert all(p["properties"]["price"] < 5 for p in first["positions"])
    second = run("recommend", "u00", "-n", "3", "--page-of", first["slate_id"], "--boost", "price")
    assert not set(items(first)) & set(items(second))
    assert "side" in [view["name"] for view in run("surfaces")]
    plain = CliRunner().invoke(app, ["surfaces", "--workspace", str(priced_folder)])
    assert "diverse in behaviour" in plain.output
