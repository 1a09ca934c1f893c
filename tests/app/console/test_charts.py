"""Charts: what is written beside the drawing."""

from __future__ import annotations

import pytest

pytest.importorskip("nicegui")
from zhiyin.app.console.charts import busiest, when
from zhiyin.app.console.log_charts import counted_range
from zhiyin.core.messages import Bucket

MONDAY = 1_699_833_600_000  # 2023-11-13 00:00 UTC


@pytest.mark.parametrize(
    ("step", "told"),
    [
        ("hour", "11-13 00:00"),
        ("day", "2023-11-13"),
        ("week", "2023-11-13"),
        ("month", "2023-11"),
    ],
)
def test_a_period_is_named_by_its_beginning(step: str, told: str) -> None:
    assert when(MONDAY, step) == told


def test_the_busiest_hour_is_found() -> None:
    week = [[0] * 24 for _ in range(7)]
    week[4][21] = 7
    assert busiest(week) == (4, 21, 7)


@pytest.mark.parametrize(
    ("least", "most", "told"),
    [(0, 0, "0"), (2, 4, "2–4"), (1000, 4999, "1,000–4,999"), (5000, None, "≥ 5,000")],
)
def test_a_range_of_counts_is_written_as_it_is_read(
    least: int, most: int | None, told: str
) -> None:
    assert counted_range(Bucket(least=least, most=most, count=1)) == told
