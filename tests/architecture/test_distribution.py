"""What is shipped: the wheel's content, its dependencies and their licences."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

# MPL is copyleft by file and asks nothing of those who only use the file as it is.
# docutils: public domain and BSD; its one GPL file is an Emacs mode.
EXCUSED = {"docutils"}
COPYLEFT = re.compile(r"\b(A|L)?GPL|GNU (Affero|Lesser|General)|SSPL|Commons Clause", re.IGNORECASE)


@pytest.fixture(scope="session")
def wheel(repo_root: Path, tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel of the working tree."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=repo_root, check=True, capture_output=True)
    (path,) = folder.glob("*.whl")
    with zipfile.ZipFile(path) as archive:
        return archive


def test_wheel_holds_what_runs_and_nothing_else(
    wheel: zipfile.ZipFile, source_root: Path, source_files: list[Path]
) -> None:
    names = set(wheel.namelist())
    assert "zhiyin/py.typed" in names
    assert {p.relative_to(source_root.parent).as_posix() for p in source_files} <= names
    assert any(re.fullmatch(r"zhiyin/.*/migrations/versions/0001_\w+\.py", n) for n in names)
    assert {name.partition("/")[0].partition("-")[0] for name in names} == {"zhiyin"}


def test_wheel_carries_the_licence(wheel: zipfile.ZipFile) -> None:
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in wheel.namelist())


def test_constraints_pin_every_dependency(repo_root: Path, project: dict[str, Any]) -> None:
    text = (repo_root / "constraints.txt").read_text(encoding="utf-8")
    pins = {canonical(Requirement(r).name) for r in text.split("\n") if r and r[0] != "#"}
    assert re.search(r"^torch==[\d.]+$", text, re.MULTILINE), "torch is pinned without a suffix"
    extras = project["project"]["optional-dependencies"]
    wanted = {
        canonical(Requirement(line).name)
        for group in [project["project"]["dependencies"], *extras.values()]
        for line in group
    }
    assert wanted - {"zhiyin"} <= pins, "run `make constraints`"


def licence(found: Distribution) -> str:
    """What a distribution says of its licence."""
    meta = found.metadata
    classifiers = [c for c in meta.get_all("Classifier", []) if c.startswith("License")]
    return meta.get("License-Expression") or "; ".join(classifiers) or meta.get("License") or ""


def closure(lines: list[str]) -> dict[str, Distribution]:
    """Everything that requirements bring along, as installed here."""
    found: dict[str, Distribution] = {}
    waiting = [Requirement(line) for line in lines]
    while waiting:
        need = waiting.pop()
        name = canonical(need.name)
        if name in found or name == "zhiyin":
            continue
        try:
            found[name] = distribution(name)
        except PackageNotFoundError:
            continue
        extras = need.extras or {""}
        below = map(Requirement, found[name].requires or [])
        waiting += [
            r for r in below if not r.marker or any(r.marker.evaluate({"extra": e}) for e in extras)
        ]
    return found


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_licences_are_permissive(project: dict[str, Any]) -> None:
    extras = project["project"]["optional-dependencies"]
    lines = [*project["project"]["dependencies"]]
    lines += [
        line for name, group in extras.items() if name not in {"dev", "all"} for line in group
    ]
    found = {name: licence(each) for name, each in closure(lines).items()}
    assert len(found) > len(lines)
    assert not {n: text for n, text in found.items() if COPYLEFT.search(text)}.keys() - EXCUSED


def test_default_installation_is_small_and_without_pyarrow(project: dict[str, Any]) -> None:
    found = closure(project["project"]["dependencies"])
    assert {"numpy", "polars", "scipy"} <= found.keys()
    assert not {"pyarrow", "pandas", "torch", "fastapi"} & found.keys()
    files = [file.locate() for each in found.values() for file in each.files or []]
    megabytes = (
        sum(Path(str(path)).stat().st_size for path in files if Path(str(path)).exists()) / 1e6
    )
    # Measured 2026-01: 480 MB on Linux, polars 180, scipy 140, numpy 70.
    assert 100 < megabytes < 700


@pytest.mark.parametrize(
    ("text", "copyleft"),
    [("LGPL-3.0-only", True), ("GNU Affero GPL", True), ("MPL-2.0", False), ("MIT", False)],
)
def test_copyleft_is_recognised(text: str, copyleft: bool) -> None:
    assert bool(COPYLEFT.search(text)) == copyleft
