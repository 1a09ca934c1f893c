"""The command line, as a person and as a script use it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from zhiyin.app.cli.main import app

Run = Callable[..., Result]


@pytest.fixture
def run() -> Run:
    def invoke(*arguments: object, code: int = 0) -> Result:
        result = CliRunner().invoke(app, [str(a) for a in arguments])
        assert result.exit_code == code, result.output
        return result

    return invoke


def document(result: Result) -> Any:
    return json.loads(result.stdout)


def test_recommend_prints_a_table_and_json(run: Run, trained_folder: Path) -> None:
    shown = run("recommend", "u00", "-w", trained_folder, "-n", 3)
    assert "For u00" in shown.stdout
    assert shown.stdout.count("book-") == 3
    slate = document(run("recommend", "u00", "-w", trained_folder, "-n", 3, "--json"))
    assert [p["item_id"][:5] for p in slate["positions"]] == ["book-"] * 3


def test_explain_shows_the_events_that_speak_for_an_item(run: Run, trained_folder: Path) -> None:
    shown = run("recommend", "u00", "-w", trained_folder, "-n", 2, "--explain")
    assert "view" in shown.stdout


def test_similar_serves_items_and_people(run: Run, trained_folder: Path) -> None:
    found = document(run("similar", "pan-1", "-w", trained_folder, "-n", 2, "--json"))
    assert [entry["id"][:3] for entry in found] == ["pan", "pan"]
    people = document(run("similar", "u01", "--user", "-w", trained_folder, "--json"))
    assert all(int(entry["id"][1:]) % 2 == 1 for entry in people)


def test_an_error_teaches_and_exits_1(run: Run, trained_folder: Path, tmp_path: Path) -> None:
    failed = run("similar", "none", "-w", trained_folder, code=1)
    assert "UnknownEntityError" in failed.stderr
    assert "check the id" in failed.stderr
    as_json = document(run("recommend", "u", "-w", tmp_path / "empty", "--json", code=1))
    assert as_json["error"]["kind"] == "ArtifactError"
    assert "zhiyin train" in as_json["error"]["hint"]


def test_train_models_and_rollback(run: Run, trained_folder: Path) -> None:
    trained = document(run("train", "-w", trained_folder, "--recipe", "popularity", "--json"))
    assert trained["version"] == "v000002"
    listed = document(run("models", "-w", trained_folder, "--json"))
    assert [(m["version"], m["serving"]) for m in listed] == [("v000001", False), ("v000002", True)]
    assert document(run("rollback", "-w", trained_folder, "--json")) == {"version": "v000001"}
    run("rollback", "-w", trained_folder, code=1)


def test_train_without_events_says_what_to_do(run: Run, tmp_path: Path) -> None:
    failed = run("train", "-w", tmp_path / "empty", code=1)
    assert "zhiyin import" in failed.stderr
    assert "no item" in failed.stderr


def test_an_unknown_setting_is_an_error_that_names_it(run: Run, trained_folder: Path) -> None:
    (trained_folder / "zhiyin.toml").write_text("[serve]\nhide_sen = true\n")
    failed = run("recommend", "u00", "-w", trained_folder, code=1)
    assert "serve.hide_sen" in failed.stderr


def test_doctor_finds_what_is_wrong(
    run: Run, trained_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZHIYIN_COLOUR", "red")
    (trained_folder / "zhiyin.toml").write_text("[events.weights]\nbuy = 3.0\n")
    findings = {f["subject"]: f for f in document(run("doctor", "-w", trained_folder, "--json"))}
    assert findings["store"]["detail"] == "300 events, 60 users, 20 items"
    assert findings["model"]["status"] == "ok"
    assert findings["ZHIYIN_COLOUR"]["status"] == "warning"
    assert "buy" in findings["events.weights"]["detail"]
    weights = trained_folder / "models" / "v000001" / "members" / "0" / "weights.npy"
    weights.write_bytes(b"")
    damaged = run("doctor", "-w", trained_folder, code=1)
    assert "damaged" in damaged.stdout


def test_the_map_names_every_command(run: Run) -> None:
    shown = run("--help").stdout
    for command in app.registered_commands:
        name = command.name or command.callback.__name__  # type: ignore[union-attr]
        assert name.replace("_", "-") in shown
