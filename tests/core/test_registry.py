"""Models come through entry points, ours and other people's."""

import sys
import tomllib
from pathlib import Path

import pytest

from zhiyin.core import registry
from zhiyin.core.errors import MissingExtraError, UnknownModelError
from zhiyin.core.protocols import Retriever
from zhiyin.core.registry import RETRIEVERS, load, load_path, registered

ROOT = Path(__file__).parents[2]


def test_what_pyproject_names_is_registered_and_loads():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    named = project["project"]["entry-points"][RETRIEVERS]
    assert set(named) <= set(registered(RETRIEVERS)), "run: pip install -e . --no-deps"
    for name in named:
        assert isinstance(load(RETRIEVERS, name)(), Retriever)
    assert registered(RETRIEVERS) == sorted(registered(RETRIEVERS))


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(UnknownModelError, match=r"no retriever is named 'esae'.*ease"):
        load(RETRIEVERS, "esae")


def test_a_module_that_needs_an_extra_says_which(tmp_path, monkeypatch):
    (tmp_path / "wants_redis.py").write_text("import redis_that_is_not_here\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(registry._EXTRA_OF, "redis_that_is_not_here", "redis")
    with pytest.raises(MissingExtraError, match=r"zhiyin\[redis\]"):
        load_path("wants_redis:Anything")


def test_a_module_that_is_broken_otherwise_says_so(tmp_path, monkeypatch):
    (tmp_path / "wants_nonsense.py").write_text("import nonsense_of_mine\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="nonsense_of_mine"):
        load_path("wants_nonsense:Anything")


def test_an_installed_plug_in_is_found(tmp_path, monkeypatch):
    (tmp_path / "plug_in_for_test.py").write_text("class Mine: pass\n")
    info = tmp_path / "plug_in_for_test-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: plug-in-for-test\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[{RETRIEVERS}]\nmine = plug_in_for_test:Mine\n")
    monkeypatch.syspath_prepend(tmp_path)
    registry._entries.cache_clear()
    try:
        assert load(RETRIEVERS, "mine").__name__ == "Mine"
        assert "ease" in registered(RETRIEVERS)
    finally:
        registry._entries.cache_clear()
        sys.modules.pop("plug_in_for_test", None)
