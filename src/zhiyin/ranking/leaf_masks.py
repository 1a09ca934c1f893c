"""Scores of a few hundred rows from LightGBM's trees, without walking down any tree.

QuickScorer (Lucchese et al., SIGIR 2015): each tree has a word with one bit per leaf. A split
whose answer is no takes the leaves on its left away; of those that stay, the first is where the
row ends. Here all splits on a feature are answered at once: between two neighbouring thresholds
the words of all trees are the same, so that a row takes one line from a table per feature.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zhiyin.core.histories import Floats
from zhiyin.ranking.groups import Reals

MOST_LEAVES = 64
"""Leaves of a tree that a word has room for."""
_BYTES_AT_ONCE = 1 << 18
"""Size of the words of some rows: twice this lies in the cache."""
_ROWS_AT_ONCE = 2048
"""Rows whose places between thresholds are looked up together: they lie in the cache too."""
_WORDS = ((8, np.uint8), (16, np.uint16), (32, np.uint32), (64, np.uint64))

Words = NDArray[Any]
"""Unsigned integers of 8 to 64 bits."""


@dataclass(frozen=True, slots=True, eq=False)
class _Split:
    """A split: which leaves fall away where its answer is no."""

    tree: int
    feature: int
    threshold: float
    mask: int
    unknown_stays: bool


class LeafMasks:
    """All trees of a model, as tables of words.

    Args:
        trees: The trees of LightGBM's text, at most 64 leaves each, without categorical splits.
        width: How many features there are.
    """

    def __init__(self, trees: list[dict[str, str]], *, width: int) -> None:
        walked = [_walk(tree, at) for at, tree in enumerate(trees)]
        values = [leaves for leaves, _ in walked]
        splits = [split for _, own in walked for split in own]
        most = max(map(len, values))
        word: Any = next(kind for bits, kind in _WORDS if most <= bits)
        self._leaves = np.zeros((len(trees), most))
        for at, leaves in enumerate(values):
            self._leaves[at, : len(leaves)] = leaves
        self._tables: list[tuple[Reals, Words]] = []
        used: list[int] = []
        for feature in range(width):
            own = sorted((s for s in splits if s.feature == feature), key=lambda s: s.threshold)
            if own:
                used.append(feature)
                self._tables.append(_table(own, len(trees), word))
        self._used = np.array(used, dtype=np.intp)
        last = [len(table) - 1 for _, table in self._tables]
        self._unknown = np.array(last, dtype=np.intp)[:, None]
        self._word = word
        # The place of a lone bit is the exponent of the number that it is.
        wide = word is np.uint64
        self._float: Any = np.float64 if wide else np.float32
        self._int: Any = np.int64 if wide else np.int32
        self._shift, bias = (52, 1023) if wide else (23, 127)
        self._first = (np.arange(len(trees)) * most - bias).astype(self._int)

    def score(self, features: Floats) -> Reals:
        """The sum of the leaves that each row ends in, shape (rows,)."""
        scores = np.empty(len(features))
        for start in range(0, len(features), _ROWS_AT_ONCE):
            part = slice(start, start + _ROWS_AT_ONCE)
            scores[part] = self._score(features[part])
        return scores

    def _score(self, features: Floats) -> Reals:
        trees = len(self._leaves)
        common = np.full(trees, np.iinfo(self._word).max, dtype=self._word)
        varying: list[tuple[Words, NDArray[np.intp]]] = []
        columns = features.T[self._used].astype(np.float64)
        lines = np.empty(columns.shape, dtype=np.intp)
        for (thresholds, _), column, line in zip(self._tables, columns, lines, strict=True):
            line[:] = thresholds.searchsorted(column)
        np.copyto(lines, self._unknown, where=np.isnan(columns))
        alike = (lines == lines[:, :1]).all(axis=1).tolist()
        for (_, table), own, same in zip(self._tables, lines, alike, strict=True):
            if same and len(own):  # like the hour, the same for all candidates
                common &= table[own[0]]
            else:
                varying.append((table, own))
        scores = np.empty(len(features))
        at_once = max(32, _BYTES_AT_ONCE // common.nbytes)
        shape = (min(at_once, len(features)), trees)
        word, spare = np.empty(shape, dtype=self._word), np.empty(shape, dtype=self._word)
        for start in range(0, len(features), at_once):
            part = slice(start, start + at_once)
            rows = len(scores[part])
            scores[part] = self._sums(common, varying, part, word[:rows], spare[:rows])
        return scores

    def _sums(
        self,
        common: Words,
        varying: list[tuple[Words, NDArray[np.intp]]],
        part: slice,
        word: Words,
        line: Words,
    ) -> Reals:
        word[:] = common
        for table, lines in varying:
            table.take(lines[part], axis=0, out=line, mode="clip")
            np.bitwise_and(word, line, out=word)
        np.negative(word, out=line)
        np.bitwise_and(word, line, out=word)
        places = word.astype(self._float).view(self._int) >> self._shift
        places += self._first
        return self._leaves.take(places, mode="clip").sum(axis=1)


def leaf_masks(text: str, *, width: int) -> LeafMasks | None:
    """The tables of LightGBM's text; None where trees have more leaves or other splits.

    Args:
        text: A booster's ``model_to_string()``.
        width: How many features there are.
    """
    trees = list(_trees(text))
    fine = all(int(tree["num_leaves"]) <= MOST_LEAVES and tree["num_cat"] == "0" for tree in trees)
    return LeafMasks(trees, width=width) if trees and fine else None


def _trees(text: str) -> Iterator[dict[str, str]]:
    """The blocks of the text that begin with "Tree=", as key and value."""
    for block in text.partition("\nend of trees")[0].split("\nTree=")[1:]:
        yield dict(line.split("=", 1) for line in block.split("\n") if "=" in line)


def _walk(tree: dict[str, str], at: int) -> tuple[list[float], list[_Split]]:
    """The leaves of a tree from left to right, and its splits."""
    values = [float(value) for value in tree["leaf_value"].split()]
    if len(values) == 1:
        return values, []
    lefts, rights, features, kinds = (
        [int(number) for number in tree[key].split()]
        for key in ("left_child", "right_child", "split_feature", "decision_type")
    )
    thresholds = [float(number) for number in tree["threshold"].split()]
    order: list[int] = []
    splits: list[_Split] = []

    def below(node: int) -> None:
        if node < 0:
            order.append(~node)
            return
        begin = len(order)
        below(lefts[node])
        mask = (1 << len(order)) - (1 << begin)
        # Bit 1: unknown goes left; bits 2 and 3: what counts as unknown, 2 for NaN.
        aware, left = kinds[node] >> 2 == 2, bool(kinds[node] & 2)
        stays = left if aware else thresholds[node] >= 0.0
        splits.append(_Split(at, features[node], thresholds[node], mask, stays))
        below(rights[node])

    below(0)
    return [values[leaf] for leaf in order], splits


def _table(splits: list[_Split], trees: int, word: Any) -> tuple[Reals, Words]:  # noqa: ANN401
    """Thresholds of one feature, and the words below, between and above them, and for NaN."""
    everything = int(np.iinfo(word).max)
    thresholds = np.unique([split.threshold for split in splits])
    table = np.full((len(thresholds) + 2, trees), everything, dtype=word)
    for split, line in zip(
        splits, np.searchsorted(thresholds, [s.threshold for s in splits]), strict=True
    ):
        keep = word(everything & ~split.mask)
        table[line + 1, split.tree] &= keep
        if not split.unknown_stays:
            table[-1, split.tree] &= keep
    np.bitwise_and.accumulate(table[:-1], axis=0, out=table[:-1])
    return thresholds, table
