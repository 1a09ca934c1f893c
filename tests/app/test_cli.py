"""The command line, as a person and as a script use it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import Result
from rich.text import Text
from typer.main import get_command
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


def helps(command: click.Command) -> Iterator[tuple[str, str]]:
    """What is told of a command, its options and the commands below it, as it was written."""
    for told in (command, *command.params):
        yield command.name or "", getattr(told, "help", None) or ""
    for below in getattr(command, "commands", {}).values():
        yield from helps(below)


def test_no_help_loses_what_stands_in_brackets() -> None:
    """A word in brackets is a style to whoever prints it: [llm] would not be seen."""
    told = list(helps(get_command(app)))
    assert len(told) > 100
    assert [each for each in told if Text.from_markup(each[1]).plain != each[1]] == []


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
    run("init", tmp_path / "empty")
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
    run("init", tmp_path / "empty")
    failed = run("train", "-w", tmp_path / "empty", code=1)
    assert "zhiyin import" in failed.stderr
    assert "no item" in failed.stderr


def test_an_unknown_setting_is_an_error_that_names_it(run: Run, trained_folder: Path) -> None:
    (trained_folder / "zhiyin.toml").write_text("[serve]\nhide_sen = true\n")
    failed = run("recommend", "u00", "-w", trained_folder, code=1)
    assert "no setting is named serve.hide_sen" in failed.stderr
    assert "did you mean serve.hide_seen?" in failed.stderr


COMMANDS = (
    ["train"],
    ["evaluate"],
    ["recommend", "u00"],
    ["similar", "pan-1"],
    ["models"],
    ["rollback"],
    ["serve"],
    ["doctor"],
)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_a_mistyped_workspace_is_an_error_and_makes_no_folder(
    run: Run, tmp_path: Path, command: list[str]
) -> None:
    failed = run(*command, "-w", tmp_path / "shpo", code=1)
    assert "is no workspace" in " ".join(failed.stderr.split())
    assert "zhiyin init" in failed.stderr
    assert not (tmp_path / "shpo").exists()


def test_train_says_what_it_reached_and_did_not_take(run: Run, trained_folder: Path) -> None:
    shown = run("train", "-w", trained_folder, "--budget", "20s").stdout
    assert "chosen by ndcg@10 on held-out events" in shown
    assert "not taken:" in shown
    named = run("train", "-w", trained_folder, "--recipe", "ease").stdout
    assert "chosen by" not in named


def test_people_like_a_person_have_no_titles(run: Run, trained_folder: Path) -> None:
    assert "title" in run("similar", "pan-1", "-w", trained_folder).stdout
    assert "title" not in run("similar", "u01", "--user", "-w", trained_folder).stdout


def test_a_file_with_a_header_alone_is_said_to_be_empty(run: Run, tmp_path: Path) -> None:
    (tmp_path / "events.csv").write_text("user_id,item_id,event,timestamp\n")
    shown = run("import", "-w", tmp_path / "shop", "--events", tmp_path / "events.csv")
    assert "no rows" in shown.stdout


def test_an_interrupted_training_publishes_nothing_and_the_next_one_runs(
    run: Run, trained_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("zhiyin.pipeline.train.train", interrupted)
        assert "stopped" in run("train", "-w", trained_folder, code=130).stderr
    assert len(document(run("models", "-w", trained_folder, "--json"))) == 1
    trained = document(run("train", "-w", trained_folder, "--recipe", "ease", "--json"))
    assert trained["version"] == "v000002"


def test_no_progress_bar_in_a_pipe(run: Run, trained_folder: Path) -> None:
    assert run("train", "-w", trained_folder, "--recipe", "ease").stderr == ""


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
