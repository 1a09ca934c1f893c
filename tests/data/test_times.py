"""Timestamps of every kind."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhiyin.data.importing.times import to_milliseconds

T = 1_700_000_000_000
"""2023-11-14 22:13:20 UTC."""


def parse(*values: object, unit: str = "auto", zone: str = "UTC") -> list[int | None]:
    return to_milliseconds(pl.Series(values), unit=unit, zone=zone).milliseconds.to_list()  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "value",
    [
        1_700_000_000, 1_700_000_000.0, 1_700_000_000_000, 1_700_000_000_000_000,
        1_700_000_000_000_000_000, "1700000000", " 1700000000 ", "1700000000.0", "1.7e9",
        "2023-11-14 22:13:20", "2023-11-14T22:13:20Z", "2023-11-14T22:13:20.000Z",
        "2023/11/14 22:13:20", "2023-11-15T06:13:20+08:00", "2023-11-14T17:43:20-0430",
        "2023年11月14日 22:13:20", "2023-11-14 22:13:20 +0000 UTC", "2023.11.14 22:13:20",
        datetime(2023, 11, 14, 22, 13, 20),
        datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC),
        datetime(2023, 11, 15, 6, 13, 20, tzinfo=timezone(timedelta(hours=8))),
    ],
    ids=str,
)  # fmt: skip
def test_one_moment_in_many_ways(value: object) -> None:
    assert parse(value) == [T]


@pytest.mark.parametrize(
    "value",
    ["2023-11-14", "2023/11/14", "2023年11月14日", "20231114", 20231114, date(2023, 11, 14)],
    ids=str,
)
def test_days(value: object) -> None:
    assert parse(value) == [1_699_920_000_000]


def test_details() -> None:
    assert parse("2024-1-2 3:04") == [1_704_164_640_000]
    assert parse("2023-11-14T22:13:20.1239") == [T + 123]
    assert parse("1700000000.5") == [T + 500]
    assert parse("2023-11-15 06:13:20", zone="Asia/Shanghai") == [T]
    assert parse("2023-11-14T22:43:20+00:30") == [T]
    assert parse(5_000_000, unit="us") == [5000]
    assert parse("5", unit="s") == [5000]
    assert parse(7, unit="ms") == [7]


@pytest.mark.parametrize(
    "value",
    ["yesterday", "2023-13-01", "2023-02-30", "14:00", "2023-11-14 25:00", "1e400", "12/25/2023"],
)
def test_what_is_no_time(value: str) -> None:
    times = to_milliseconds(pl.Series([value, None]))
    assert times.milliseconds.to_list() == [None, None]
    assert times.bad.to_list() == [True, False]


def test_mixed_text_and_numbers() -> None:
    assert parse("1700000000", "2023-11-14 22:13:20", None, "nothing") == [T, T, None, None]


def test_numbers_that_look_like_days_only_sometimes() -> None:
    """One value that is no day, and they are seconds."""
    assert parse(20231114, 20231199) == [20_231_114_000, 20_231_199_000]


@given(st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2100, 1, 1)))
def test_iso_comes_back(moment: datetime) -> None:
    expected = int((moment.replace(microsecond=0) - datetime(1970, 1, 1)).total_seconds()) * 1000
    assert parse(moment.isoformat(timespec="seconds")) == [expected]


@given(st.lists(st.text(max_size=20)))
def test_any_text_is_a_time_or_bad(values: list[str]) -> None:
    times = to_milliseconds(pl.Series(values, dtype=pl.String))
    assert len(times.milliseconds) == len(values)
    assert (times.milliseconds.is_null() == times.bad).all()


@given(st.lists(st.integers(-(2**63), 2**63 - 1) | st.none()))
def test_any_number_is_a_time_or_bad(values: list[int | None]) -> None:
    times = to_milliseconds(pl.Series(values, dtype=pl.Int64))
    assert (
        times.bad
        == (times.milliseconds.is_null() & pl.Series(values, dtype=pl.Int64).is_not_null())
    ).all()
