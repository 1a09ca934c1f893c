"""How ``auto`` chooses what content says of items: for cold ones, and beside the other models."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import InitVar, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zhiyin.core.attributes import Attribute
from zhiyin.core.clock import Deadline
from zhiyin.core.config import Config
from zhiyin.core.histories import Floats, Histories
from zhiyin.core.metrics import hits, ndcg, recall
from zhiyin.core.rng import derive_rng
from zhiyin.core.topk import bar, top_k
from zhiyin.models.content.alignment import attribute_weights
from zhiyin.models.content.bridge import ContentBridge
from zhiyin.models.content.bridge_config import BridgeConfig, Part
from zhiyin.pipeline.recipes.validation import Validation

_PARTS: dict[Part, float] = {"carried": 1.0, "past": 1.0, "near": 1.0}
_FEW = 30
"""Held-out events on cold items that choosing by them needs."""
_PRETEND = 0.2
"""Share of the items that play cold ones where none is held out."""
_USERS = 1_200
_WORK_PER_SECOND = 2e10
"""Multiply-adds, counting what goes with them: a cautious machine."""
_LEAST_POINTS = 8
_LIKED = 4.0
"""Standard deviations above the mean at which the best of a list stand."""
_MOST_BYTES = 512 * 2**20
"""Memory that the columns of the ridge may take."""
_CUT = 20


class ColdSearchConfig(Config):
    """What is tried."""

    ridges: tuple[tuple[int, float], ...] = ((3, 0.3), (1, 1.0), (3, 0.1), (1, 3.0), (3, 1.0))
    """Power of the kernel and l2, the likeliest first."""
    parts: tuple[float, ...] = (0.15, 0.3, 0.6, 1.0)
    """Weights at which a further part may join the leading one."""
    beside: tuple[float, ...] = (0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 1.5)
    """Weights of content beside the other models."""
    scales: tuple[float, ...] = (0.5, 0.7, 1.0, 1.4, 2.0, 2.8)
    """Stretches of the scores of cold items."""
    shifts: tuple[float, ...] = (-0.5, 0.0, 0.5, 1.0, 1.5, 2.0, 2.5)
    """Shifts of the scores of cold items."""
    least_gain: float = 0.002
    """Relative gain below which a change is taken for noise."""
    worth: float = 0.02
    """Relative gain that content beside the other models must bring: it makes queries slower."""
    newness: float = 0.01
    """Relative loss of the goal that showing new items may cost."""


@dataclass(frozen=True, slots=True)
class ChosenBridge:
    """What was decided.

    Attributes:
        config: Settings of the bridge.
        weights: Of the attributes.
        report: How it was judged, for the training's report.
        seconds: What fitting it took.
    """

    config: BridgeConfig
    weights: dict[str, float]
    report: dict[str, Any]
    seconds: float


def choose_bridge(
    attributes: Sequence[Attribute],
    validation: Validation,
    scores: Floats,
    *,
    taken: NDArray[np.bool_],
    deadline: Deadline,
    seed: int,
    config: ColdSearchConfig | None = None,
) -> ChosenBridge | None:
    """Chooses a content bridge on validation; None where content tells nothing.

    Where the validation holds out whole items, they are the cold ones to be found.
    Elsewhere a fifth of the items plays them: content scores of items with users are made
    without these, so they are judged as if they had none.

    Args:
        attributes: Of all items.
        validation: What is held out.
        scores: The blend's scores of its queries, shape (q, n_items).
        taken: Items that somebody took in all training rows, bool of shape (n_items,):
            no other can be held out, so no other is a candidate.
        deadline: For this choice alone.
        seed: Seed of every draw.
        config: What is tried.
    """
    return _Search(
        attributes, validation, scores, taken, deadline, seed, config or ColdSearchConfig()
    ).choose()


@dataclass
class _Search:
    attributes: Sequence[Attribute]
    validation: InitVar[Validation]
    all_scores: InitVar[Floats]
    taken: NDArray[np.bool_]
    deadline: Deadline
    seed: InitVar[int]
    config: ColdSearchConfig

    def __post_init__(self, validation: Validation, all_scores: Floats, seed: int) -> None:
        self.behaviour = validation.train.liked()
        self.counts = np.bincount(self.behaviour.indices, minlength=self.behaviour.shape[1])
        self.rng = derive_rng(seed, "content")
        rows = np.arange(len(all_scores))
        if len(rows) > _USERS:
            rows = np.sort(self.rng.choice(rows, _USERS, replace=False))
        self.queries = validation.queries.take(rows).histories
        self.truth = validation.truth.take(rows)
        self.scores = all_scores[rows]
        cold = (self.counts == 0) & self.taken
        self.real = int(cold[self.truth.items].sum()) >= _FEW
        if not self.real:
            warm = np.flatnonzero(~cold)
            cold = np.zeros(len(cold), dtype=np.bool_)
            cold[self.rng.choice(warm, max(2, int(_PRETEND * len(warm))), replace=False)] = True
        self.cold = cold

    def choose(self) -> ChosenBridge | None:
        """See `choose_bridge`."""
        warm = np.flatnonzero(self.counts)
        weights = attribute_weights(
            self.attributes, self.behaviour, trust=BridgeConfig().trust, rng=self.rng
        )
        self.points = self._affordable_points(len(warm))
        if not weights or self.points < _LEAST_POINTS or not self.cold.any():
            return None
        judge = _Judge(self.queries, self.truth, self.cold)
        if not judge.users:
            return None
        best = self._best_ridge(weights, judge)
        if best is None or best.goal < 1.5 * judge.by_chance:
            return None
        chosen = best.config.model_copy(update={"parts": self._mixed(best, judge)})
        report = {"attributes": {n: round(w, 3) for n, w in weights.items()}}
        report |= {"cold_goal": round(judge.value(best.total), 5), "held_out_items": self.real}
        chosen, seconds = self._beside(chosen, weights)
        return ChosenBridge(chosen, weights, report | chosen.model_dump(), seconds)

    def _affordable_points(self, warm: int) -> int:
        """How many items may teach the ridge, for four fits to have time."""
        points = min(warm, BridgeConfig().points)
        while points >= _LEAST_POINTS:
            work = points**3 / 3 + 2 * points**2 * len(self.counts)
            if 4 * work / _WORK_PER_SECOND < self.deadline.left and (
                4 * points * len(self.counts) <= _MOST_BYTES
            ):
                break
            points = points * 3 // 4
        return points

    def _best_ridge(self, weights: dict[str, float], judge: _Judge) -> _Tried | None:
        """The best of the grid, by its best single part."""
        best: _Tried | None = None
        for power, l2 in self.config.ridges:
            if best is not None and self.deadline.spent + 1.5 * best.seconds > (
                self.deadline.seconds - 2.0 * best.seconds
            ):
                break
            started = self.deadline.spent
            config = BridgeConfig(
                power=power, l2=l2, parts=_PARTS, beside=float(not self.real), points=self.points
            )
            bridge = ContentBridge(config, weights).fit(self.attributes, self.counts)
            parts = self._parts(bridge)
            goals: list[tuple[float, Part]] = [(judge.value(s), part) for part, s in parts.items()]
            goal, lead = max(goals)
            spent = self.deadline.spent - started
            if best is None or goal > best.goal:
                best = _Tried(config, parts, lead, goal, parts[lead], spent)
        return best

    def _parts(self, bridge: ContentBridge) -> dict[Part, Floats]:
        """Parts as if of all items; those that are not scored get the least score."""
        found = bridge.parts(self.queries, bridge.rows(self.scores))
        full: dict[Part, Floats] = {}
        for name, scores in found.items():
            wide = np.full(self.scores.shape, -np.inf, dtype=np.float32)
            wide[:, bridge.items] = scores
            full[name] = wide
        return full

    def _mixed(self, best: _Tried, judge: _Judge) -> dict[Part, float]:
        """The leading part, and those that help it."""
        mixed: dict[Part, float] = {best.lead: 1.0}
        for name, part in best.parts.items():
            if name == best.lead:
                continue
            tries = [(judge.value(_sum(best.total, w, part)), w) for w in self.config.parts]
            goal, weight = max(tries)
            if goal > best.goal * (1 + self.config.least_gain):
                best.goal, mixed[name] = goal, weight
                best.total = _sum(best.total, weight, part)
        return mixed

    def _beside(
        self, config: BridgeConfig, weights: dict[str, float]
    ) -> tuple[BridgeConfig, float]:
        """How much content counts for items with users, and how cold items rank among them."""
        started = self.deadline.spent
        bridge = ContentBridge(config.model_copy(update={"beside": 1.0}), weights)
        bridge.fit(self.attributes, self.counts)
        seconds = self.deadline.spent - started
        rows = bridge.rows(self.scores)
        content = bridge.content(self.queries, rows)
        warm = _Judge(self.queries, self.truth, self.counts > 0)
        tried = [
            (warm.value(mixed), settings["beside"])
            for settings, mixed in self._mixes(
                bridge, rows, content, [{"beside": w} for w in (0.0, *self.config.beside)]
            )
        ]
        base, (goal, _) = tried[0][0], max(tried)
        beside = 0.0
        # Where items are held out, queries read content anyway: any gain will do.
        if goal > base * (1 + (self.config.least_gain if self.real else self.config.worth)):
            # The smallest weight that keeps half of the gain: the rest may be the fold's luck.
            beside = next(w for value, w in tried if value >= base + (goal - base) / 2)
        placed = self._placed(bridge.pretending(self.cold), rows, content, beside)
        return config.model_copy(update=placed), seconds

    def _placed(
        self, bridge: ContentBridge, rows: Floats, content: Floats, beside: float
    ) -> dict[str, float]:
        """Scale and shift with which cold items stand among the others.

        The best of the grid where whole items are held out. Elsewhere new items get what
        they can have for a small price: of the settings within ``newness`` of the best, the
        one that puts a well-liked new item highest.
        """
        judge = _Judge(self.queries, self.truth, self.taken)
        grid = [
            {"beside": beside, "scale": scale, "shift": shift}
            for scale in self.config.scales
            for shift in self.config.shifts
        ]
        mixes = self._mixes(bridge, rows, content, grid)
        tried = [(judge.value(mixed), at) for at, (_, mixed) in enumerate(mixes)]
        best = max(tried)[0]
        if self.real:
            return grid[max(tried)[1]]
        near = [grid[at] for value, at in tried if value >= best * (1 - self.config.newness)]
        return max(near, key=lambda s: s["shift"] + _LIKED * s["scale"])

    def _mixes(
        self,
        bridge: ContentBridge,
        rows: Floats,
        content: Floats,
        grid: Sequence[dict[str, float]],
    ) -> Iterator[tuple[dict[str, float], Floats]]:
        for settings in grid:
            bridge.config = bridge.config.model_copy(update=settings)
            total = rows.copy()
            bridge.mix(total, content)
            yield settings, total


@dataclass(slots=True)
class _Tried:
    config: BridgeConfig
    parts: dict[Part, Floats]
    lead: Part
    goal: float
    total: Floats
    seconds: float


class _Judge:
    """Mean of Recall@20 and NDCG@20 among some candidates, over the users who have one to find."""

    def __init__(self, seen: Histories, truth: Histories, candidates: NDArray[np.bool_]) -> None:
        self._candidates = candidates
        self._seen = seen
        self._wanted = truth.where(candidates[truth.items])
        self._rows = np.flatnonzero(self._wanted.lengths)

    @property
    def users(self) -> int:
        """How many users have something to find."""
        return len(self._rows)

    @property
    def by_chance(self) -> float:
        """What a random order reaches, about: the expected recall."""
        return min(1.0, _CUT / max(1, int(self._candidates.sum()))) / 2

    def value(self, scores: Floats) -> float:
        """The goal of scores of shape (q, n_items)."""
        barred = scores[self._rows]
        bar(barred, self._seen.take(self._rows))
        barred[:, ~self._candidates] = -np.inf
        order = np.arange(barred.shape[1], dtype=np.int32)
        lists = top_k(barred, k=_CUT, tie_order=order).items
        found = hits(lists, self._wanted.take(self._rows))
        return float((recall(found, _CUT) + ndcg(found, _CUT)).mean() / 2)


def _sum(total: Floats, weight: float, part: Floats) -> Floats:
    return np.asarray(total + np.float32(weight) * part, dtype=np.float32)
