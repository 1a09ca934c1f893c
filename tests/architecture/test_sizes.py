"""Small files, small protocols, telling names."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

LIMIT = 500
MOST_UNDER = 350
MODEL_LIMIT = 200
TEST_LIMIT = 700

# Files over the limit: path from the root -> lines. The list and each number may only
# shrink: take a file out, or lower its number; never add.
EXCEPTIONS: dict[str, int] = {}
MOST_EXCEPTIONS = 0


def lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def too_long(files: list[Path], root: Path, limit: int) -> dict[str, int]:
    """Files over their limit, which an exception may raise."""
    sizes = {path.relative_to(root).as_posix(): lines(path) for path in files}
    return {path: n for path, n in sizes.items() if n > EXCEPTIONS.get(path, limit)}


def test_sources_are_short(source_files: list[Path], repo_root: Path) -> None:
    assert not too_long(source_files, repo_root, LIMIT)


def test_nine_in_ten_sources_are_shorter_still(source_files: list[Path]) -> None:
    sizes = sorted(lines(path) for path in source_files)
    long = [n for n in sizes if n >= MOST_UNDER]
    assert len(long) <= 0.1 * len(sizes), long


def test_models_fit_on_a_page_or_two(source_root: Path, repo_root: Path) -> None:
    models = list((source_root / "models").rglob("*.py"))
    assert models
    assert not too_long(models, repo_root, MODEL_LIMIT)


def test_tests_are_short(repo_root: Path) -> None:
    tests = list((repo_root / "tests").rglob("*.py"))
    assert Path(__file__) in tests
    assert not too_long(tests, repo_root, TEST_LIMIT)


def test_exceptions_only_shrink(repo_root: Path) -> None:
    assert len(EXCEPTIONS) <= MOST_EXCEPTIONS
    stale = {path: n for path, n in EXCEPTIONS.items() if lines(repo_root / path) < n}
    assert not stale, f"these got shorter; lower their numbers: {stale}"


def test_a_long_file_is_seen(tmp_path: Path) -> None:
    (tmp_path / "long.py").write_text("pass\n" * 501, encoding="utf-8")
    (tmp_path / "fits.py").write_text("pass\n" * 500, encoding="utf-8")
    assert too_long(list(tmp_path.glob("*.py")), tmp_path, LIMIT) == {"long.py": 501}


def test_protocols_have_at_most_six_methods(trees: dict[str, ast.Module]) -> None:
    protocols = {
        node.name: [part.name for part in node.body if isinstance(part, ast.FunctionDef)]
        for path, tree in trees.items()
        if path.startswith("core/protocols/")
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and "Protocol" in [ast.unparse(b) for b in node.bases]
    }
    assert protocols
    assert not {name: methods for name, methods in protocols.items() if len(methods) > 6}


@pytest.mark.parametrize("word", ["util", "helper", "manager", "common", "misc"])
def test_names_say_what_things_are(trees: dict[str, ast.Module], word: str) -> None:
    pattern = re.compile(rf"(?:^|_|\b){word}s?(?:_|\b|$)|{word.title()}s?(?![a-z])")
    vague = [path for path in trees if pattern.search(path.removesuffix(".py"))]
    vague += [
        f"{path}:{node.lineno} {node.name}"
        for path, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and pattern.search(node.name)
    ]
    assert not vague
