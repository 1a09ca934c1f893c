"""``zhiyin benchmark`` and ``zhiyin evaluate`` as people type them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.pipeline.test_benchmark import log
from typer.testing import CliRunner

from zhiyin.app.cli.main import app


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "tiny"
    root.mkdir()
    log().write_parquet(root / "interactions.parquet")
    return root


def run(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, [str(a) for a in arguments], env={"COLUMNS": "80"})
    return result.exit_code, result.stdout, result.stderr


def test_benchmark_prints_a_table_and_writes_the_report(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "report.json"
    command = ["benchmark", folder, "--protocol", "leave-one-out", "--models", "ease"]
    code, stdout, stderr = run(*command, "--budget", "20s", "--json", out)
    assert code == 0, stderr
    report = json.loads(out.read_text(encoding="utf-8"))
    assert report["models"]["ease"]["metrics"]["hr@10"] > 0
    assert report["budget_s"] == 20
    assert "tiny, leave-one-out, all items: 40 users, 24 items" in stdout
    assert "ease against popularity" in stdout
    assert max(map(len, stdout.splitlines())) <= 80


@pytest.mark.slow
@pytest.mark.parametrize("protocol", ["given-split", "random-split", "cold-items"])
def test_benchmark_prints_json_alone(folder: Path, protocol: str) -> None:
    command = ["benchmark", folder, "--protocol", protocol, "--models", "ease", "--seed", 7]
    code, stdout, _ = run(*command, "--json", "-")
    assert code == 0
    report = json.loads(stdout)
    assert (report["protocol"], report["seed"]) == (protocol, 7)
    assert ("metrics_cold" in report["models"]["ease"]) == (protocol == "cold-items")


def test_benchmark_explains_what_is_wrong(folder: Path, tmp_path: Path) -> None:
    code, stdout, _ = run("benchmark", tmp_path, "--protocol", "leave-one-out", "--json", "-")
    assert code == 1
    assert json.loads(stdout)["error"]["kind"] == "DataError"
    code, _, stderr = run("benchmark", folder, "--protocol", "leave-two-out")
    assert code == 2
    assert "leave-one-out" in stderr
    lost = tmp_path / "no" / "report.json"
    code, _, stderr = run("benchmark", folder, "--protocol", "random-split", "--json", lost)
    assert code == 1
    assert "cannot write" in stderr
    code, _, stderr = run("benchmark", folder, "--protocol", "random-split", "--budget", "soon")
    assert code == 1
    assert "not a duration" in stderr


def test_evaluate_keeps_its_report_in_the_workspace(trained_folder: Path) -> None:
    code, stdout, stderr = run("evaluate", "-w", trained_folder, "--recipe", "ease")
    assert code == 0, stderr
    report = json.loads((trained_folder / "evaluation.json").read_text(encoding="utf-8"))
    assert next(iter(report["models"])) == "ease"
    assert "this workspace, leave-one-out" in stdout
    code, stdout, _ = run(
        "evaluate", "-w", trained_folder, "--recipe", "ease", "--protocol", "temporal", "--json"
    )
    assert code == 0
    assert json.loads(stdout)["protocol"] == "temporal"


def test_evaluate_without_events(tmp_path: Path) -> None:
    run("init", tmp_path / "empty")
    code, stdout, _ = run("evaluate", "-w", tmp_path / "empty", "--json")
    assert code == 1
    assert json.loads(stdout)["error"]["kind"] == "NotEnoughDataError"
