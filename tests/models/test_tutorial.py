"""The model of docs/tutorials/adding-a-model.md works as the page says."""

import importlib
import re
import sys
import tempfile
import tomllib
from pathlib import Path

from zhiyin.core.protocols import Retriever
from zhiyin.testing.planted import hit_rate, planted, train

PAGE = (Path(__file__).parents[2] / "docs/tutorials/adding-a-model.md").read_text(encoding="utf-8")
BLOCKS = dict(re.findall(r'```\w+ title="([^"]+)"\n(.*?)```', PAGE, flags=re.DOTALL))

# The config's field documentation is read from the source file, so there has to be one.
_FOLDER = tempfile.TemporaryDirectory()
for _title in ("my_shop/random_walk.py", "tests/test_random_walk.py"):
    _path = Path(_FOLDER.name) / _title.replace("tests/", "")
    _path.parent.mkdir(exist_ok=True)
    _path.write_text(BLOCKS[_title], encoding="utf-8")
sys.path.insert(0, _FOLDER.name)
try:
    MODULE = importlib.import_module("my_shop.random_walk")
    TestRandomWalk = importlib.import_module("test_random_walk").TestRandomWalk
finally:
    sys.path.remove(_FOLDER.name)


def test_the_registration_names_the_class():
    entries = tomllib.loads(BLOCKS["pyproject.toml"])["project"]["entry-points"]
    module, _, name = entries["zhiyin.retrievers"]["random-walk"].partition(":")
    assert isinstance(getattr(importlib.import_module(module), name)(), Retriever)


def test_the_page_states_the_measured_value():
    case = planted()
    measured = hit_rate(train(MODULE.RandomWalkRetriever(), case.data), case)
    stated = re.search(r"measured (0\.\d\d)", PAGE)
    assert stated is not None
    assert abs(float(stated[1]) - measured) < 0.02, f"measured {measured:.3f}"
    assert TestRandomWalk.floor < measured
