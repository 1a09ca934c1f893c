"""What users import: it is listed, light, and the same everywhere."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import entry_points, version
from pathlib import Path
from types import ModuleType

import pytest

import zhiyin

HEAVY = {"torch", "ray", "fastapi", "nicegui", "sqlalchemy", "sklearn", "onnxruntime"}
PROBE = """
import json, sys, time
start = time.perf_counter()
import {module}
seconds = time.perf_counter() - start
print(json.dumps([seconds, sorted({{name.partition(".")[0] for name in sys.modules}})]))
"""


def probe(module: str) -> tuple[float, set[str]]:
    """Seconds that a fresh interpreter takes to import a module, and what it loaded."""
    command = [sys.executable, "-c", PROBE.format(module=module)]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    seconds, loaded = json.loads(result.stdout)
    return seconds, set(loaded)


def test_import_is_quick_and_light() -> None:
    probes = [probe("zhiyin") for _ in range(3)]
    assert not probes[0][1] & HEAVY
    assert min(seconds for seconds, _ in probes) < 0.5


def test_probe_sees_heavy_modules() -> None:
    assert "sqlalchemy" in probe("sqlalchemy")[1] & HEAVY


def test_command_line_starts_without_heavy_modules(repo_root: Path) -> None:
    name = entry_points(group="console_scripts")["zhiyin"].module
    assert not probe(name)[1] & (HEAVY - {"sqlalchemy"})


def test_version_is_that_of_the_distribution() -> None:
    assert zhiyin.__version__ == version("zhiyin")


def exported(module: ModuleType) -> set[str]:
    """Names without an underscore that a package's ``__init__`` binds, submodules aside."""
    return {
        name
        for name, value in vars(module).items()
        if not name.startswith("_")
        and not isinstance(value, ModuleType)
        and getattr(value, "__module__", "") != "__future__"
        and name != "TYPE_CHECKING"
    }


def surface_faults(module: ModuleType) -> list[str]:
    """What is wrong with a package's ``__all__``."""
    if not hasattr(module, "__all__"):
        names = exported(module)
        return [f"{module.__name__} binds {sorted(names)} without __all__"] if names else []
    listed = list(module.__all__)
    faults = [
        f"{module.__name__}.{name} does not exist" for name in listed if not _has(module, name)
    ]
    unlisted = exported(module) - set(listed) - {"Any"}
    faults += [f"{module.__name__}.{name} is not in __all__" for name in sorted(unlisted)]
    if len(set(listed)) != len(listed):
        faults.append(f"{module.__name__}.__all__ repeats a name")
    return faults


def _has(module: ModuleType, name: str) -> bool:
    return getattr(module, name, None) is not None


def test_packages_list_what_they_offer(modules: list[ModuleType]) -> None:
    packages = [module for module in modules if hasattr(module, "__path__")]
    assert zhiyin in packages
    assert not [fault for package in packages for fault in surface_faults(package)]


def test_surface_faults_are_seen() -> None:
    module = ModuleType("shop")
    module.__dict__.update({"__all__": ["sell", "sell"], "buy": len})
    assert surface_faults(module) == [
        "shop.sell does not exist",
        "shop.sell does not exist",
        "shop.buy is not in __all__",
        "shop.__all__ repeats a name",
    ]


def _registered() -> list[tuple[str, str]]:
    groups = sorted(group for group in entry_points().groups if group.startswith("zhiyin."))
    return [(group, name) for group in groups for name in sorted(entry_points(group=group).names)]


@pytest.mark.parametrize(("group", "name"), _registered())
def test_registered_name_leads_to_a_class(group: str, name: str) -> None:
    assert isinstance(entry_points(group=group)[name].load(), type)
