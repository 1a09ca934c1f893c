"""The protocols of ``zhiyin benchmark``: how a table becomes training and test histories.

The rules are a contract; `docs/decisions` and the design state them, this module is them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
import polars as pl
from numpy.typing import NDArray

from zhiyin.core.errors import DataError, NotEnoughDataError
from zhiyin.core.histories import Histories, Milliseconds
from zhiyin.data.ordering import by_time
from zhiyin.data.positives import Positives
from zhiyin.data.splits import (
    TEST,
    TRAIN,
    VALID,
    Labels,
    Mask,
    fold,
    leave_one_out,
    random_split,
    validation_mask,
)
from zhiyin.data.splits import cold_items as cold_labels
from zhiyin.data.vocabulary import Vocabulary


class SplitProtocol(StrEnum):
    """How test rows are chosen."""

    LEAVE_ONE_OUT = "leave-one-out"
    GIVEN_SPLIT = "given-split"
    RANDOM_SPLIT = "random-split"
    COLD_ITEMS = "cold-items"


EVERYTHING = "metrics"
"""Name of the test whose candidates are the whole catalogue."""


@dataclass(frozen=True, slots=True, eq=False)
class HeldOut:
    """Test items, and what competes with them.

    Attributes:
        test: The items to find, a row per user.
        allowed: Which items are candidates, bool of shape (n_items,); None for all.
    """

    test: Histories
    allowed: Mask | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """A table divided by a protocol.

    Attributes:
        users: Every user of the kept rows, sorted.
        items: The catalogue, sorted.
        train: Training and validation rows: what is learnt from and queried with.
        held_out: Which events of ``train`` are for choosing, bool of shape (events,).
        tests: What to find, by the name under which its metrics are reported.
        as_of: The newest training event in milliseconds, 0 where times are unknown.
        order: The column that tells what came first, or "row", or "none".
        dropped: Rows left out, by reason.
    """

    users: Vocabulary
    items: Vocabulary
    train: Histories
    held_out: Mask
    tests: dict[str, HeldOut]
    as_of: int
    order: str
    dropped: dict[str, int]


@dataclass(frozen=True, slots=True, eq=False)
class _Log:
    """Kept rows as codes, still in the order of the file."""

    users: Vocabulary
    items: Vocabulary
    user: NDArray[np.int64]
    item: NDArray[np.int64]
    rank: NDArray[np.int64] | None
    times: Milliseconds | None
    names: pl.Series | None
    order: str
    dropped: dict[str, int]

    def histories(self, labels: Labels) -> tuple[Histories, Labels]:
        """All rows grouped by user, oldest first, with their labels alongside."""
        sort = (
            np.argsort(self.user, kind="stable")
            if self.rank is None
            else np.lexsort((self.rank, self.user))
        )
        counts = np.bincount(self.user, minlength=len(self.users))
        whole = Histories(
            np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
            self.item[sort].astype(np.int32),
            np.ones(len(sort), dtype=np.float32),
            len(self.items),
            None if self.times is None else self.times[sort],
            ordered=self.rank is not None,
        )
        return whole, labels[sort]


def split(rows: Positives, *, protocol: SplitProtocol, seed: int) -> Split:
    """Divides the rows of a table.

    Args:
        rows: The positives, in the order of the file.
        protocol: How test rows are chosen.
        seed: Seed of the draws.

    Raises:
        DataError: The table lacks what the protocol needs.
        NotEnoughDataError: Nothing is left to learn from or to test on.
    """
    prepare, label, validate = _STEPS[protocol]
    log = prepare(rows)
    filed, cold = label(log, np.random.default_rng(seed))
    whole, labels = log.histories(filed)
    parts = fold(whole, labels == TEST)
    if not len(parts.test.items) or not len(parts.train.items):
        wanting = "test item" if len(parts.train.items) else "training row"
        raise NotEnoughDataError(
            f"{protocol} leaves no {wanting}: {len(whole.items)} rows of {len(whole)} users",
            hint="use more data, or another --protocol",
        )
    fixed = labels[labels != TEST] == VALID
    dropped = {
        **log.dropped,
        "test item the user already has": parts.seen,
        "test item twice": parts.repeated,
    }
    return Split(
        log.users,
        log.items,
        parts.train,
        fixed if fixed.any() else validate(parts.train, seed),
        _tests(parts.test, cold),
        0 if parts.train.times is None else int(parts.train.times.max()),
        log.order,
        {reason: n for reason, n in dropped.items() if n},
    )


def _tests(test: Histories, cold: Mask | None) -> dict[str, HeldOut]:
    """The whole test, and for cold items both halves with their own candidates."""
    tests = {EVERYTHING: HeldOut(test)}
    if cold is not None:
        tests["metrics_cold"] = HeldOut(test.where(cold[test.items]), cold)
        tests["metrics_warm"] = HeldOut(test.where(~cold[test.items]), ~cold)
    return tests


def _in_order(rows: Positives) -> _Log:
    """Sorted by time, stably; rows without a time dropped; first occurrences in time."""
    ordered = by_time(rows.frame)
    rows = rows.less(ordered.frame, f"without a {ordered.column}")
    if ordered.column is not None:
        rows = replace(rows, frame=rows.frame.sort(ordered.column, maintain_order=True))
    rows = rows.first_occurrences()
    rank = np.arange(rows.frame.height, dtype=np.int64)
    return _log(rows, order=ordered.column or "row", rank=rank)


def _as_filed(rows: Positives) -> _Log:
    """In the order of the file; first occurrences in it. Order is known to models only."""
    rows = rows.first_occurrences()
    order, rank = _soft_rank(rows.frame)
    return _log(rows, order=order, rank=rank)


def _as_given(rows: Positives) -> _Log:
    """Divided by the column ``split``; repeated pairs stay."""
    if "split" not in rows.frame.columns or rows.frame["split"].null_count() == rows.frame.height:
        raise DataError(
            "the table has no column split, or nothing in it",
            hint="add one with train, valid or test in each row, or use another --protocol",
        )
    rows = rows.less(rows.frame.filter(pl.col("split").is_not_null()), "without a split")
    unknown = set(rows.frame["split"].cast(pl.String).unique()) - {"train", "valid", "test"}
    if unknown:
        raise DataError(
            f"the column split holds {', '.join(sorted(unknown))}",
            hint="only train, valid and test are known",
        )
    order, rank = _soft_rank(rows.frame)
    return _log(rows, order=order, rank=rank)


def _soft_rank(frame: pl.DataFrame) -> tuple[str, NDArray[np.int64] | None]:
    """Ranks by the column that orders the table, where one does; no row is dropped.

    A row without a time counts as older than all others, so that it never passes for a
    recent one. Only ranks leave: the gaps that held-out rows leave in ``position`` do not.
    """
    column = by_time(frame).column
    if column is None:
        return "none", None
    rank = frame[column].rank("dense").fill_null(0)
    return column, rank.to_numpy().astype(np.int64)


def _log(rows: Positives, *, order: str, rank: NDArray[np.int64] | None) -> _Log:
    frame = rows.frame
    users = Vocabulary(frame["user_id"].unique().sort().to_list())
    items = Vocabulary(frame["item_id"].unique().sort().to_list())
    times = None
    if order == "timestamp":
        # A row without a time gets the oldest of its user, or of all.
        oldest = pl.col("timestamp").min().over("user_id")
        filled = frame.select(
            pl.col("timestamp").fill_null(oldest).fill_null(pl.col("timestamp").min())
        )
        times = filled["timestamp"].to_numpy().astype(np.int64)
    return _Log(
        users,
        items,
        _codes(frame["user_id"], users),
        _codes(frame["item_id"], items),
        rank,
        times,
        frame["split"].cast(pl.String) if "split" in frame.columns else None,
        order,
        rows.dropped,
    )


def _codes(ids: pl.Series, vocabulary: Vocabulary) -> NDArray[np.int64]:
    names = pl.Series(vocabulary.ids, dtype=pl.String)
    return ids.cast(pl.Enum(names)).to_physical().to_numpy().astype(np.int64)


def _label_last(log: _Log, rng: np.random.Generator) -> tuple[Labels, Mask | None]:
    return leave_one_out(log.user, log.rank), None


def _label_random(log: _Log, rng: np.random.Generator) -> tuple[Labels, Mask | None]:
    return random_split(log.user, rng=rng), None


def _label_cold(log: _Log, rng: np.random.Generator) -> tuple[Labels, Mask | None]:
    return cold_labels(log.user, log.item, rng=rng)


def _label_given(log: _Log, rng: np.random.Generator) -> tuple[Labels, Mask | None]:
    label_of = {"train": int(TRAIN), "valid": int(VALID), "test": int(TEST)}
    assert log.names is not None
    return log.names.replace_strict(label_of, return_dtype=pl.Int8).to_numpy(), None


def _by_share(train: Histories, seed: int) -> Mask:
    return validation_mask(train, rule="share", seed=seed)


def _by_cold(train: Histories, seed: int) -> Mask:
    return validation_mask(train, rule="cold", seed=seed)


def _by_last(train: Histories, seed: int) -> Mask:
    return validation_mask(train, rule="last", seed=seed)


_Steps = tuple[
    Callable[[Positives], _Log],
    Callable[[_Log, np.random.Generator], tuple[Labels, Mask | None]],
    Callable[[Histories, int], Mask],
]

_STEPS: dict[SplitProtocol, _Steps] = {
    SplitProtocol.LEAVE_ONE_OUT: (_in_order, _label_last, _by_last),
    SplitProtocol.GIVEN_SPLIT: (_as_given, _label_given, _by_share),
    SplitProtocol.RANDOM_SPLIT: (_as_filed, _label_random, _by_share),
    SplitProtocol.COLD_ITEMS: (_as_filed, _label_cold, _by_cold),
}
# How rows are prepared, labelled, and held out for choosing where no label says so.
