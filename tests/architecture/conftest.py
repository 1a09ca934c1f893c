"""The source tree as data: files, syntax trees, the import graph."""

from __future__ import annotations

import ast
import importlib
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

import grimp
import pytest


@pytest.fixture(scope="session")
def source_root(repo_root: Path) -> Path:
    """src/zhiyin."""
    return repo_root / "src" / "zhiyin"


@pytest.fixture(scope="session")
def source_files(source_root: Path) -> list[Path]:
    """Every module of the package."""
    files = sorted(source_root.rglob("*.py"))
    assert files, "no sources found: this fixture looks in the wrong place"
    return files


@pytest.fixture(scope="session")
def trees(source_root: Path, source_files: list[Path]) -> dict[str, ast.Module]:
    """Syntax trees by path relative to the package."""
    return {
        path.relative_to(source_root).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
        for path in source_files
    }


@pytest.fixture(scope="session")
def modules(source_root: Path, source_files: list[Path]) -> list[ModuleType]:
    """Every module, imported; migrations run only inside alembic."""
    names = []
    for path in source_files:
        parts = path.relative_to(source_root.parent).with_suffix("").parts
        if "migrations" not in parts and parts[-1] != "__main__":
            names.append(".".join(parts).removesuffix(".__init__"))
    return [importlib.import_module(name) for name in names]


@pytest.fixture(scope="session")
def graph() -> grimp.ImportGraph:
    """Who imports whom, third-party packages included."""
    return grimp.build_graph("zhiyin", include_external_packages=True, cache_dir=None)


@pytest.fixture(scope="session")
def project(repo_root: Path) -> dict[str, Any]:
    """pyproject.toml."""
    return tomllib.loads((repo_root / "pyproject.toml").read_text(encoding="utf-8"))
