"""From what a user did, said and searched for to weights of tags.

Each statement (an event on an item, a search, a wish) has a mass, above 0 in favour of its
tags and below 0 against them. The weight of a tag is its contribution to the divergence
between what the user takes and what the catalogue offers (Kullback and Leibler, 1951):
share * log2(share / base rate), with the share shrunk towards the base rate by ``PRIOR``.
A tag that every item has weighs nothing, a rare one needs more than one event.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_matrix, csr_matrix

from zhiyin.core.histories import Floats
from zhiyin.models.profile.interest import TagEvidence

PRIOR = 5.0
"""Mass at which the user's own share counts as much as the catalogue's."""
_HALF = 0.5
"""Bits at which a weight is half of the possible."""
_CITED = 3


@dataclass(frozen=True, slots=True, eq=False)
class Statements:
    """What speaks for and against tags.

    Attributes:
        tags: float32 of shape (n, n_tags): how much each statement is about each tag, 0..1.
        mass: How much it says, and in which direction, float64 of shape (n,).
        times: When, int64 of shape (n,), in milliseconds; -1 where unknown.
        kinds: The type of event behind each.
        items: The item that each is about; None for searches and wishes.
        queries: The words of each search; None for others.
    """

    tags: csr_matrix
    mass: NDArray[np.float64]
    times: NDArray[np.int64]
    kinds: Sequence[str]
    items: Sequence[str | None]
    queries: Sequence[str | None]

    def __len__(self) -> int:
        return len(self.mass)


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """What was found in a user's past.

    Attributes:
        statements: About tags.
        vector: Where it all points in meaning, shape (dim,); None where there is none.
    """

    statements: Statements
    vector: Floats | None


def weigh(
    statements: Statements, base_rates: Floats, *, since: dict[int, int] | None = None
) -> Floats:
    """The weight of every tag, float32 of shape (n_tags,), from -1 to 1.

    Args:
        statements: What speaks for and against them.
        base_rates: Share of the catalogue that has each tag, shape (n_tags,).
        since: By column: statements up to this time say nothing of the tag any more.
    """
    about = np.diff(statements.tags.indptr) > 0
    mass = statements.mass * about
    wanted, shunned = np.maximum(mass, 0.0), np.maximum(-mass, 0.0)
    both = np.stack([wanted, shunned])
    sums = np.asarray(statements.tags.T @ both.T).T
    totals = np.repeat(both.sum(axis=1, keepdims=True), len(base_rates), axis=1)
    for column, time in (since or {}).items():
        stale = (statements.times <= time) & (statements.times >= 0)
        held = statements.tags[:, column].toarray().ravel() * stale
        sums[:, column] -= both @ held
        totals[:, column] -= both @ stale
    bits = _divergence(sums, totals, base_rates) * totals
    bits = (bits[0] - bits[1]) / np.maximum(totals.sum(axis=0), 1e-12)
    return (bits / (np.abs(bits) + _HALF)).astype(np.float32)


def _divergence(
    sums: NDArray[np.float64], totals: NDArray[np.float64], base_rates: Floats
) -> NDArray[np.float64]:
    """Bits that each tag contributes, never below 0; 0 where nothing was said of it."""
    share = (sums + PRIOR * base_rates) / (totals + PRIOR)
    bits = share * np.log2(np.maximum(share, 1e-12) / base_rates)
    return np.where(sums > 1e-9, np.maximum(bits, 0.0), 0.0)


def evidence(statements: Statements, columns: Sequence[int]) -> list[TagEvidence]:
    """What each of some tags rests on; the same whatever order the statements came in."""
    by_tag = csc_matrix(statements.tags[:, list(columns)])
    order = sorted(range(len(statements)), key=lambda row: _rank(statements, row))
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    ranked: list[list[int]] = []
    for at in range(len(columns)):
        rows = by_tag.indices[by_tag.indptr[at] : by_tag.indptr[at + 1]]
        ranked.append(rows[np.argsort(place[rows], kind="stable")].tolist())
    mass: list[float] = statements.mass.tolist()
    times: list[int] = statements.times.tolist()
    return [_facts(statements, rows, mass, times) for rows in ranked]


def _facts(
    statements: Statements, rows: list[int], mass: list[float], times: list[int]
) -> TagEvidence:
    """The facts of some statements, weightiest first."""
    kinds = statements.kinds
    newest = max((times[row] for row in rows), default=-1)
    return TagEvidence(
        speaking_for=_counts([kinds[row] for row in rows if mass[row] > 0]),
        speaking_against=_counts([kinds[row] for row in rows if mass[row] < 0]),
        last=newest if newest >= 0 else None,
        items=_first([statements.items[row] for row in rows]),
        queries=_first([statements.queries[row] for row in rows]),
    )


def _rank(statements: Statements, row: int) -> tuple[float, int, str, str]:
    item, query = statements.items[row] or "", statements.queries[row] or ""
    return -abs(float(statements.mass[row])), -int(statements.times[row]), item, query


def _counts(kinds: list[str]) -> dict[str, int]:
    counts = {kind: kinds.count(kind) for kind in set(kinds)}
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def _first(values: list[str | None]) -> list[str]:
    found: list[str] = []
    for value in values:
        if value is not None and value not in found:
            found.append(value)
            if len(found) == _CITED:
                break
    return found
