"""What surfaces do is told in both languages."""

from __future__ import annotations

import pytest

from zhiyin.app.console.doing import does
from zhiyin.app.console.words import Words
from zhiyin.pipeline.settings import Settings
from zhiyin.pipeline.slating.describing import surfaces_of

FULL = {
    "surfaces": {
        "home": {
            "length": 12,
            "filter": "price < 3",
            "boosts": ["if(price < 2, 2, 1)"],
            "freshness": {"strength": 0.5, "column": "listed"},
            "debias": {"strength": 0.2},
            "diversity": {"method": "mmr", "diversity": 0.3},
            "fairness": {"column": "seller", "factor": 0.5},
            "exploration": {"policy": "epsilon_greedy"},
            "rules": {
                "exclude": ["a"],
                "pins": {"b": 1},
                "caps": {"brand": 2},
                "promoted": "price > 2",
                "promoted_at_least": 0.1,
            },
            "memory": {"frequency_cap": 2, "days": 3, "rotation": 0.5, "hide_days": {"buy": 9}},
        },
        "feed": {"recipe": "popular", "memory": {"hide_seen": False}},
        "cart": {"recipe": "session", "memory": {"frequency_cap": 1, "hide_seen": True}},
    }
}


def lines() -> list[str]:
    found = surfaces_of(Settings()) + surfaces_of(Settings.model_validate(FULL))
    return sorted({line for surface in found for line in surface.does})


@pytest.mark.parametrize("line", lines())
def test_each_line_has_a_chinese_form(line: str) -> None:
    assert does(line, Words("en")) == line
    assert does(line, Words("zh")) != line


def test_values_stay_as_they_are() -> None:
    assert does('only where "Mystery" in categories', Words("zh")) == '只要 "Mystery" in categories'
    assert does("something unheard of", Words("zh")) == "something unheard of"
