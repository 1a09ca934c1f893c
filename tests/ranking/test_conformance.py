"""Everything registered passes the shipped suite, plug-ins too."""

from typing import Any

from zhiyin.core.registry import RANKERS, load, registered
from zhiyin.testing.rankers import RankerConformance

TREES: dict[str, Any] = {"trees": 60, "leaves": 7, "min_rows": 5, "threads": 1}
# NDCG@5 above that of equal scores: trained on the planted data of seeds 0, 1 and 2, tested on
# those of 10, 11 and 12; with validation up to 0.03 less. The suite trains on 0, tests on 1.
CASES: dict[str, dict[str, Any]] = {
    "lambdarank": {"settings": TREES, "margin": 0.36},  # .455 .396 .473
    "listnet": {"settings": TREES, "margin": 0.36},  # .454 .396 .456
    "pairwise": {"settings": TREES, "margin": 0.36},  # .447 .401 .466
    "binary": {"settings": TREES, "margin": 0.36},  # .452 .390 .464
    "logistic": {"margin": 0.38},  # .478 .426 .489
    "linear": {"margin": 0.38},  # .478 .429 .492
}


def test_every_case_is_registered() -> None:
    assert CASES.keys() <= set(registered(RANKERS))


for _name in registered(RANKERS):
    _members = {"model": load(RANKERS, _name), "__doc__": _name} | CASES.get(_name, {})
    _title = f"Test_{_name.replace('-', '_')}"
    globals()[_title] = type(_title, (RankerConformance,), _members)
