"""Profiles and enrichment, on the command line and over HTTP."""

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
def folder(tmp_path: Path) -> Path:
    """A workspace with tents and teas; u looked at tents."""
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "zhiyin.toml").write_text('[text]\nencoder = "tfidf"\n', encoding="utf-8")
    with open_workspace(folder) as workspace:
        workspace.upsert_items(
            [
                {
                    "item_id": f"{kind}-{i}",
                    "title": f"{kind} [bold]{i}",
                    "category": "Outdoor" if kind == "tent" else "Tea",
                }
                for kind in ("tent", "tea")
                for i in range(5)
            ]
        )
        workspace.record([{"user_id": "u", "item_id": f"tent-{i}"} for i in range(3)])
        workspace.record([{"user_id": f"v{i}", "item_id": f"tea-{i % 5}"} for i in range(9)])
        workspace.train(recipe="popularity")
    return folder


def cli(*arguments: object, code: int = 0) -> Any:
    result = CliRunner().invoke(app, [str(a) for a in arguments])
    assert result.exit_code == code, result.output
    return result


def tags(document: dict[str, Any]) -> dict[str, tuple[float, str]]:
    return {f"{i['facet']}:{i['name']}": (i["weight"], i["source"]) for i in document["interests"]}


def test_profile_shows_tags_with_bars_and_evidence(folder: Path) -> None:
    shown = cli("profile", "u", "-w", folder).stdout
    assert "Outdoor" in shown
    assert "█" in shown
    assert "3 x view" in shown
    assert "“tent [bold]0”" in shown.replace("\n", "")
    assert "Nothing is known" in cli("profile", "nobody", "-w", folder).stdout


def test_profile_is_edited(folder: Path) -> None:
    edited = json.loads(
        cli("profile", "u", "-w", folder, "--mute", "Outdoor", "--pin", "category:Tea",
            "--wish", "quiet evenings", "--json").stdout
    )  # fmt: skip
    assert tags(edited) == {
        "wish:quiet evenings": (1.0, "wish"),
        "category:Outdoor": (-1.0, "mute"),
        "category:Tea": (1.0, "pin"),
    }
    assert "muted by the user" in cli("profile", "u", "-w", folder).stdout.replace("\n", " ")
    forgotten = cli("profile", "u", "-w", folder, "--forget", "quiet evenings", "--json")
    assert json.loads(forgotten.stdout)["wishes"] == []
    reset = json.loads(cli("profile", "u", "-w", folder, "--reset", "--json").stdout)
    assert tags(reset)["category:Outdoor"][1] == "behaviour"


def test_a_wrong_tag_teaches(folder: Path) -> None:
    failed = cli("profile", "u", "-w", folder, "--pin", "Outdor", code=1)
    assert "did you mean outdoor" in failed.stderr


def test_enrich_reports(folder: Path) -> None:
    report = json.loads(cli("enrich", "-w", folder, "--limit", 4, "--json").stdout)
    assert (report["by_source"], report["left"]) == ({"statistics": 4}, 6)
    shown = cli("enrich", "-w", folder).stdout
    assert "6 by statistics" in shown
    assert "4 as they were" in shown
    assert "none enriched now" in cli("enrich", "-w", folder).stdout


@pytest.fixture
def http(folder: Path) -> Iterator[TestClient]:
    with TestClient(create_app(folder)) as client:
        yield client


def slate(http: TestClient, user: str) -> list[str]:
    answer = http.get("/v1/recommend", params={"user_id": user, "n": 10}).json()
    return [position["item_id"] for position in answer["positions"]]


def test_a_profile_alone_makes_a_slate_personal(http: TestClient) -> None:
    assert slate(http, "new")[0].startswith("tea")
    changed = http.patch("/v1/profile/new", json={"wish": ["a tent for Outdoor trips"]})
    assert changed.status_code == 200
    assert changed.json()["wishes"] == ["a tent for Outdoor trips"]
    assert slate(http, "new")[0].startswith("tent")


def test_mutes_lower_items_for_warm_users_too(http: TestClient) -> None:
    http.patch("/v1/profile/v0", json={"mute": ["category:Tea"]})
    found = slate(http, "v0")
    assert [item.split("-")[0] for item in found] == ["tent"] * 5 + ["tea"] * 4
    assert http.get("/v1/profile/v0").json()["interests"][0]["source"] == "mute"
    assert http.delete("/v1/profile/v0").json() == {"removed": 1}
    assert slate(http, "v0")[0].startswith("tea")


@pytest.mark.parametrize(
    "body", [{"pin": ["no such tag"]}, {"wish": [""]}, {"pin": "Tea"}, {"like": ["Tea"]}]
)
def test_wrong_edits_are_problems(http: TestClient, body: dict[str, Any]) -> None:
    answer = http.patch("/v1/profile/u", json=body)
    assert answer.status_code == 422
    assert answer.json()["detail"]


def test_nobody_has_an_empty_profile(http: TestClient) -> None:
    answer = http.get("/v1/profile/%E4%BD%A0%E5%A5%BD")
    assert answer.status_code == 200
    assert answer.json() == {
        "user_id": "你好", "events": 0, "wishes": [], "interests": [], "unknown": [],
        "words": "",
    }  # fmt: skip


def test_a_profile_in_words_is_corrected_through_every_door(folder: Path, http: TestClient) -> None:
    def words(language: str) -> str:
        return http.get("/v1/profile/u", params={"language": language}).json()["words"]

    shown = http.get("/v1/profile/u", params={"language": "en"}).json()
    (outdoor,) = [i for i in shown["interests"] if i["name"] == "Outdoor"]
    assert outdoor["words"].startswith("You like category “Outdoor”: you looked at such items 3")
    assert outdoor["words"] in shown["words"]
    assert "你喜欢类别“Outdoor”" in words("zh")
    assert http.get("/v1/profile/u").json()["words"] == ""
    http.patch("/v1/profile/u", json={"mute": ["category:Outdoor"]})
    assert "You said that you do not want category “Outdoor”." in words("en")
    assert slate(http, "u")[0].startswith("tea")
    cli("profile", "u", "--reset", "-w", folder)
    told = cli("profile", "u", "--wish", "tea for two", "--language", "en", "-w", folder).stdout
    assert "You asked for “tea for two”. You like category “Tea”" in told.replace("\n", " ")
    said = http.post(
        "/v1/chat", json={"message": "no tea please", "user_id": "u", "remember": True}
    )
    assert said.json()["remembered"]
    assert "You said that you do not want" in words("en")
    assert http.get("/v1/profile/u", params={"language": "fr"}).status_code == 422
    assert "Nothing is known" in http.get("/v1/profile/nobody?language=en").json()["words"]
