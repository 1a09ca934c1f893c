"""``zhiyin erase`` and ``zhiyin export``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from zhiyin.app.cli.main import app


def run(folder: Path, *words: str, code: int = 0, given: str = "") -> str:
    result = CliRunner().invoke(app, [*words, "-w", str(folder)], input=given)
    assert result.exit_code == code, result.output
    return result.stdout


def test_a_user_is_exported_then_erased_with_a_certificate(trained_folder: Path) -> None:
    export: dict[str, Any] = json.loads(run(trained_folder, "export", "user", "u00"))
    assert len(export["events"]) == 5
    run(trained_folder, "erase", "user", "u00", code=1, given="n\n")
    assert json.loads(run(trained_folder, "export", "user", "u00")) | {"exported": 0} == export | {
        "exported": 0
    }
    certificate = json.loads(run(trained_folder, "erase", "user", "u00", "--json"))
    assert certificate["found"]
    assert {"place": "store: events", "records": 5} in certificate["removed"]
    run(trained_folder, "export", "user", "u00", code=1)
    shown = run(trained_folder, "erase", "item", "pan-1", "--yes")
    assert "Certificate" in shown
    assert "What remains" in shown


def test_everything_is_exported_as_lines(trained_folder: Path, tmp_path: Path) -> None:
    events = [json.loads(line) for line in run(trained_folder, "export", "events").splitlines()]
    assert len(events) == 300
    rest = run(trained_folder, "export", "events", "--after", str(events[-2]["seq"]))
    assert [json.loads(line) for line in rest.splitlines()] == events[-1:]
    target = tmp_path / "items.jsonl"
    told = json.loads(run(trained_folder, "export", "items", "-o", str(target), "--json"))
    assert told["bytes"] == target.stat().st_size
    assert len(target.read_text(encoding="utf-8").splitlines()) == 20
    run(trained_folder, "export", "users", "u00", code=2)
    run(trained_folder, "export", "everything", code=2)
    run(trained_folder, "erase", "planet", "x", code=2)
