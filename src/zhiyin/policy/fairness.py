"""Who is seen: exposure by group of items, and an order that gives each group its part."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from zhiyin.core.config import Config
from zhiyin.core.histories import ItemIndices

Shares = NDArray[np.float64]

_SLACK = 1e-9
"""So that 0.3 x 10 is 3."""


@dataclass(frozen=True, slots=True, eq=False)
class ExposureReport:
    """Exposure by group.

    Attributes:
        exposure: Share of all exposure that each group got, float64 of shape (groups,).
        target: Share that it would have by its part of the catalogue, or of the merit.
        ratio: exposure / target; 1 is in proportion, NaN where the target is 0.
    """

    exposure: Shares
    target: Shares
    ratio: Shares

    @property
    def disparity(self) -> float:
        """Lowest ratio / highest ratio: 1 where all groups are seen in proportion, 0..1.

        For two groups it is the disparate treatment ratio of Singh & Joachims, lower over
        higher. NaN where no group has a target.
        """
        known = self.ratio[np.isfinite(self.ratio)]
        if not len(known):
            return float("nan")
        return float(known.min() / known.max()) if known.max() > 0 else 1.0


def discounts(n: int) -> Shares:
    """Exposure of the places of a list, 1 / log2(1 + place), shape (n,)."""
    return 1.0 / np.log2(np.arange(n) + 2.0)


def exposure_report(
    lists: ItemIndices,
    groups: NDArray[np.integer],
    *,
    n_groups: int,
    merit: NDArray[np.floating] | None = None,
) -> ExposureReport:
    """Compares what groups of items were shown with what they are.

    Singh & Joachims, "Fairness of exposure in rankings", KDD 2018: the exposure of a place
    is 1 / log2(1 + place), that of a group the sum over the places of its items (their eq.
    2 without the mean); demographic parity asks for shares as in the catalogue, disparate
    treatment for shares as in the merit.

    Args:
        lists: Item indices of shape (q, n), below 0 where a list is shorter.
        groups: Group of each item, shape (n_items,); an item of no group has -1 and takes
            no part.
        n_groups: How many groups there are.
        merit: What each item deserves, 0 or more, shape (n_items,), for instance its clicks
            per exposure or its mean estimated relevance. None: every item alike, so that the
            target is the share of the catalogue.
    """
    shown = np.where(lists >= 0, groups[np.maximum(lists, 0)], -1)
    places = np.broadcast_to(discounts(lists.shape[1]), lists.shape)
    seen = np.bincount(shown[shown >= 0], places[shown >= 0], minlength=n_groups)
    deserved = np.ones(len(groups)) if merit is None else np.maximum(np.nan_to_num(merit), 0.0)
    known = groups >= 0
    target = _shares(np.bincount(groups[known], deserved[known], minlength=n_groups))
    exposure = _shares(seen)
    ratio = np.where(target > 0, exposure / np.where(target > 0, target, 1.0), np.nan)
    return ExposureReport(exposure, target, ratio)


class FairnessConfig(Config):
    """How near each group comes to its part of a list."""

    factor: float = Field(default=0.8, ge=0, le=1)
    """Of the first j places each group gets at least floor(factor x target x j); 0: the order
    stays as it is, 1: in proportion."""


def fair_order(
    groups: NDArray[np.integer],
    targets: Shares,
    *,
    n: int,
    config: FairnessConfig | None = None,
) -> NDArray[np.int64]:
    """The best order in which every beginning of the list holds each group's part.

    The condition is that of Geyik, Ambler & Kenthapadi ("Fairness-aware ranking in search &
    recommendation systems with application to LinkedIn talent search", KDD 2019): among the
    first j places, for every j, at least floor(p_g j) of group g, with p_g = factor x target.
    A rule that looks at one place alone (their DetGreedy) breaks it where several groups come
    due at once; here a candidate is taken only where what is owed later still fits, so it holds
    for any number of groups, and of all lists that meet it this one follows the candidates'
    order longest. With it, a group's
    exposure under any discount v_j that falls with the place is at least
    sum_j v_j (floor(p_g j) - floor(p_g (j - 1))). A group whose p_g n is below 1 is owed
    nothing in one list; look at such groups over many lists with `exposure_report`.

    Args:
        groups: Group of each candidate, best candidate first, shape (c,); -1: of no group.
        targets: Part of each group, shape (groups,), 0 or more; where they sum to more than
            1 they are divided by their sum.
        n: Places of the list.
        config: The factor.

    Returns:
        Indices into the candidates, int64 of shape (min(n, c),). A group with too few
        candidates is owed no more than it has.
    """
    owed = owed_places(groups, targets, n=n, config=config)
    n, n_groups = owed.shape
    queues: list[list[int]] = [
        np.flatnonzero(groups == group).tolist() for group in range(n_groups)
    ]
    queues.append(np.flatnonzero((groups < 0) | (groups >= n_groups)).tolist())
    taken = [0] * len(queues)
    picked: list[int] = []
    for place in range(n):
        able = due(owed, np.asarray(taken[:-1]), place)
        able = list(range(len(queues))) if able is None else able
        heads = [(queues[g][taken[g]], g) for g in able if taken[g] < len(queues[g])]
        first, group = min(heads)
        taken[group] += 1
        picked.append(first)
    return np.asarray(picked, dtype=np.int64)


def owed_places(
    groups: NDArray[np.integer],
    targets: Shares,
    *,
    n: int,
    config: FairnessConfig | None = None,
) -> NDArray[np.int64]:
    """Places that each group is owed among the first j of a list, for every j.

    Args:
        groups: Group of each candidate, shape (c,); -1: of no group.
        targets: Part of each group, shape (groups,); see `fair_order`.
        n: Places of the list.
        config: The factor.

    Returns:
        int64 of shape (min(n, c), groups); no group is owed more than it has candidates.
    """
    n = max(0, min(n, len(groups)))
    part = np.maximum(np.nan_to_num(targets), 0.0)
    part = (config or FairnessConfig()).factor * part / max(1.0, float(part.sum()))
    have = np.bincount(groups[(groups >= 0) & (groups < len(part))], minlength=len(part))
    owed = np.floor(np.arange(1, n + 1)[:, None] * part + _SLACK).astype(np.int64)
    return np.minimum(owed, have)


def due(owed: NDArray[np.int64], taken: NDArray[np.int64], place: int) -> list[int] | None:
    """The groups one of which must have the next place, so that what is owed later still fits.

    Args:
        owed: From `owed_places`.
        taken: Places that each group has, shape (groups,).
        place: The next place, the first being 0.

    Returns:
        Groups, or None where anything may come.
    """
    need = np.maximum(owed[place:] - taken, 0)
    tight = np.flatnonzero(need.sum(axis=1) > np.arange(len(owed) - place))
    return np.flatnonzero(need[tight[0]]).tolist() if len(tight) else None


def _shares(amounts: NDArray[np.number]) -> Shares:
    """Amounts divided by their sum; zeros where it is 0."""
    return amounts.astype(np.float64) / max(float(amounts.sum()), 1e-300)
