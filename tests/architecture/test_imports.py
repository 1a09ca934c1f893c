"""The contracts of import-linter hold, and each of them can be broken."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"][
    "importlinter"
]["contracts"]
LINT = "import sys; from importlinter.cli import lint_imports_command; lint_imports_command()"

# A house with one empty module in each room, on which violations are tried.
MODULES = [
    "app/main.py",
    "testing/suite.py",
    "client/client.py",
    "pipeline/wiring.py",
    "pipeline/engine.py",
    "policy/greedy.py",
    "models/linear/ease.py",
    "models/popularity/top.py",
    "ranking/objectives.py",
    "evaluation/protocol.py",
    "data/dataset.py",
    "backends/sqlite.py",
    "core/topk.py",
]


def lint(folder: Path, *contracts: str) -> subprocess.CompletedProcess[str]:
    """Runs import-linter in a folder, on the package that lies there."""
    chosen = [word for contract in contracts for word in ("--contract", contract)]
    return subprocess.run(
        [sys.executable, "-c", LINT, "--no-cache", *chosen],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder / "src"), "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def write(folder: Path, path: str, code: str) -> None:
    """Makes a module of the house hold some code."""
    (folder / "src" / "zhiyin" / path).write_text(code + "\n", encoding="utf-8")


@pytest.fixture
def empty_house(tmp_path: Path) -> Callable[[str, str], Path]:
    """Builds the empty house, with one line of code added to one module."""

    def build(path: str, line: str) -> Path:
        shutil.copy(ROOT / "pyproject.toml", tmp_path)
        for module in [*MODULES, path]:
            file = tmp_path / "src" / "zhiyin" / module
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch()
        for folder in [tmp_path / "src/zhiyin", *(tmp_path / "src/zhiyin").rglob("*/")]:
            (folder / "__init__.py").touch()
        write(tmp_path, path, line)
        return tmp_path

    return build


@pytest.mark.parametrize("contract", [contract["id"] for contract in CONTRACTS])
def test_contract_is_kept(contract: str) -> None:
    result = lint(ROOT, contract)
    assert result.returncode == 0, result.stdout + result.stderr


def test_empty_house_keeps_every_contract(empty_house: Callable[[str, str], Path]) -> None:
    house = empty_house("backends/sqlite.py", "import sqlalchemy")
    write(house, "app/main.py", "import fastapi, zhiyin.client.client, zhiyin.backends.sqlite")
    write(house, "pipeline/wiring.py", "import zhiyin.backends.sqlite")
    write(house, "client/client.py", "import httpx, zhiyin.core.topk")
    result = lint(house)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(
    ("contract", "path", "line"),
    [
        ("floors", "core/topk.py", "import zhiyin.data.dataset"),
        ("floors", "models/linear/ease.py", "import zhiyin.evaluation.protocol"),
        ("floors", "core/topk.py", "def late():\n    import zhiyin.policy.greedy"),
        ("floors", "basement/junk.py", ""),
        ("families", "models/linear/ease.py", "from zhiyin.models.popularity import top"),
        ("cycles", "pipeline/wiring.py", "import zhiyin.pipeline.engine, zhiyin.pipeline.loop"),
        ("wiring", "pipeline/engine.py", "from zhiyin.backends.sqlite import connect"),
        ("floors", "pipeline/engine.py", "import zhiyin.client.client"),
        ("floors", "policy/greedy.py", "import zhiyin.client.client"),
        ("client", "client/client.py", "import zhiyin.data.dataset"),
        ("client", "client/client.py", "from zhiyin.pipeline import engine"),
        ("frameworks", "data/dataset.py", "import sqlalchemy"),
        ("frameworks", "pipeline/engine.py", "def late():\n    from fastapi import FastAPI"),
    ],
)
def test_violation_is_caught(
    empty_house: Callable[[str, str], Path], contract: str, path: str, line: str
) -> None:
    folder = empty_house(path, line)
    if contract == "cycles":
        write(folder, "pipeline/loop.py", "import zhiyin.pipeline.wiring")
    result = lint(folder, contract)
    assert result.returncode == 1, result.stdout + result.stderr
    assert "BROKEN" in result.stdout, result.stdout + result.stderr


def test_violations_cover_every_contract() -> None:
    (mark,) = (mark for mark in test_violation_is_caught.pytestmark if mark.name == "parametrize")
    assert {case[0] for case in mark.args[1]} == {contract["id"] for contract in CONTRACTS}
