"""What the contracts of import-linter cannot say about the floors."""

from __future__ import annotations

import ast
import graphlib
import re
import sys
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import grimp

OF_THE_CORE = {"numpy", "scipy", "polars", "pyarrow", "pydantic", "threadpoolctl"}


def third_party(graph: grimp.ImportGraph, package: str) -> dict[str, set[str]]:
    """Packages from outside that the modules of a package import: name -> importers."""
    found: dict[str, set[str]] = {}
    for module in {package, *graph.find_descendants(package)}:
        for imported in graph.find_modules_directly_imported_by(module):
            root = imported.partition(".")[0]
            if root not in {"zhiyin", *sys.stdlib_module_names}:
                found.setdefault(root, set()).add(module)
    return found


def contract(project: dict[str, Any], name: str) -> dict[str, Any]:
    contracts = project["tool"]["importlinter"]["contracts"]
    return next(each for each in contracts if each["id"] == name)


def test_providers_are_protected_once_they_exist(
    project: dict[str, Any], source_root: Path
) -> None:
    protected = contract(project, "wiring")["protected_modules"]
    exists = any(source_root.glob("llm/providers*"))
    assert exists == ("zhiyin.llm.providers" in protected)


def test_core_needs_columns_and_numbers_only(graph: grimp.ImportGraph) -> None:
    found = third_party(graph, "zhiyin.core")
    assert found, "no third-party import was seen: the graph lacks external packages"
    extra = {name: sorted(found[name]) for name in found.keys() - OF_THE_CORE}
    assert not extra, extra


def test_every_import_is_a_declared_dependency(
    graph: grimp.ImportGraph, project: dict[str, Any]
) -> None:
    extras = project["project"]["optional-dependencies"]
    lines = [*project["project"]["dependencies"], *(d for group in extras.values() for d in group)]
    declared = {canonical(re.split(r"[\[<>=!~ ;]", line)[0]) for line in lines}
    distributions = packages_distributions()
    undeclared = {
        name: sorted(importers)
        for name, importers in third_party(graph, "zhiyin").items()
        if declared.isdisjoint(map(canonical, distributions.get(name, [])))
    }
    assert not undeclared, f"declare these in pyproject.toml: {undeclared}"


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_no_module_imports_itself_in_a_circle(graph: grimp.ImportGraph) -> None:
    own = {name for name in graph.modules if name.partition(".")[0] == "zhiyin"}
    edges = {name: graph.find_modules_directly_imported_by(name) & own for name in own}
    # Raises CycleError, which names the modules of the circle.
    graphlib.TopologicalSorter(edges).prepare()


def test_nothing_is_pickled(trees: dict[str, ast.Module]) -> None:
    found = [
        f"{path}:{node.lineno}"
        for path, tree in trees.items()
        for node in ast.walk(tree)
        if _pickles(node)
    ]
    assert not found, f"artifacts are arrays and text, never pickles: {found}"


def _pickles(node: ast.AST) -> bool:
    banned = {"pickle", "_pickle", "cloudpickle", "dill", "joblib", "shelve", "marshal"}
    match node:
        case ast.Import(names=names):
            return any(alias.name.partition(".")[0] in banned for alias in names)
        case ast.ImportFrom(module=str(module)):
            return module.partition(".")[0] in banned
        case ast.keyword(arg="allow_pickle", value=ast.Constant(value=False)):
            return False
        case ast.keyword(arg="allow_pickle"):
            return True
        case _:
            return False


def test_pickle_detector_sees_the_ways_in() -> None:
    sinners = ["import pickle", "from joblib import dump", "np.load(f, allow_pickle=True)"]
    assert all(any(map(_pickles, ast.walk(ast.parse(line)))) for line in sinners)
    assert not any(map(_pickles, ast.walk(ast.parse("np.load(f, allow_pickle=False)"))))


def test_time_and_chance_are_parameters(trees: dict[str, ast.Module]) -> None:
    found = [
        f"{path}:{node.lineno} {ast.unparse(node)}"
        for path, tree in trees.items()
        if path not in {"core/clock.py", "core/rng.py"}
        for node in _calls(tree)
        if _hidden_world(node)
    ]
    assert not found, f"take a clock or an rng as a parameter: {found}"


def _calls(tree: ast.AST) -> list[ast.Call]:
    """All calls but those in defaults of parameters: what is a parameter is not hidden."""
    signatures = [node for node in ast.walk(tree) if isinstance(node, ast.arguments)]
    defaults = [default for each in signatures for default in each.defaults + each.kw_defaults]
    injected = {node for default in defaults if default for node in ast.walk(default)}
    return [n for n in ast.walk(tree) if isinstance(n, ast.Call) and n not in injected]


def _hidden_world(call: ast.Call) -> bool:
    name = ast.unparse(call.func)
    seeded = {"Generator", "SeedSequence", "PCG64", "default_rng"}
    if re.search(r"\bdefault_rng$", name):
        return not call.args and not call.keywords
    if found := re.search(r"\b(?:np|numpy)\.random\.(\w+)$", name):
        return found[1] not in seeded
    pattern = r"^(random\.\w+|time\.time(_ns)?|(datetime\.)?datetime\.(now|utcnow)|uuid\.uuid[14])$"
    return re.search(pattern, name) is not None


def test_hidden_world_detector_tells_them_apart() -> None:
    def hidden(line: str) -> bool:
        call = ast.parse(line, mode="eval").body
        assert isinstance(call, ast.Call)
        return _hidden_world(call)

    assert all(map(hidden, ["time.time()", "np.random.rand(3)", "random.random()"]))
    assert all(map(hidden, ["datetime.now(UTC)", "np.random.default_rng()", "uuid.uuid4()"]))
    assert not any(map(hidden, ["np.random.default_rng(seed)", "rng.random()", "clock.now()"]))
    tree = ast.parse("def serve(*, now=lambda: time.time()):\n    return time.time_ns()")
    assert [ast.unparse(call) for call in _calls(tree)] == ["time.time_ns()"]
