"""What becomes of a candidate once it is shown: calibrated estimates of click, conversion, more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from scipy.special import expm1

from zhiyin.core.candidates import Candidates
from zhiyin.core.errors import ArtifactError, ConfigError
from zhiyin.core.histories import Floats
from zhiyin.core.named_arrays import group_of, under
from zhiyin.core.protocols import Arrays, Scorer
from zhiyin.core.registry import RANKERS, load
from zhiyin.pipeline.ranker.stage import BLEND, RANKER
from zhiyin.pipeline.surfaces import ObjectiveSettings
from zhiyin.ranking.calibration import Calibrator, restored
from zhiyin.ranking.features import Asked, FeatureSet
from zhiyin.ranking.groups import Reals
from zhiyin.ranking.utility import UtilityConfig, utility

CTR, CVR, VALUE, DWELL, UTILITY = "ctr", "cvr", "value", "dwell", "utility"
"""Names of the estimates."""
NEEDED = {"click": CTR, "conversion": CVR, "value": VALUE, "dwell": DWELL}
"""The estimate that each exponent of an objective asks for."""


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """One learned estimate.

    Attributes:
        scorer_name: Registered name of the scorer.
        scorer: Log-odds of the outcome, or log(1 + seconds).
        calibrator: Makes probabilities of log-odds; None for seconds.
        scale: What seconds are multiplied with, so that their mean is true.
    """

    scorer_name: str
    scorer: Scorer
    calibrator: Calibrator | None
    scale: float = 1.0

    def estimate(self, rows: Floats) -> Reals:
        """The estimate of each row."""
        told = self.scorer.score(rows)
        if self.calibrator is not None:
            return self.calibrator.probabilities(told)
        return np.maximum(expm1(told.astype(np.float64)), 0.0) * self.scale


class ObjectiveHeads:
    """Every estimate that a training could learn.

    Args:
        features: What the heads read.
        heads: By name: ctr, cvr, dwell; those that could be learned.
        values: What a conversion of each item is worth, float32 of shape (items,), NaN for
            unknown; None where no value is known.
        candidates: How many of a query's candidates are estimated.
    """

    def __init__(
        self,
        features: FeatureSet,
        heads: Mapping[str, Head],
        *,
        values: Floats | None,
        candidates: int,
    ) -> None:
        self.features = features
        self.heads = dict(heads)
        self.values = values
        self.candidates = candidates

    @property
    def names(self) -> tuple[str, ...]:
        """The estimates there are."""
        return (*self.heads, *([] if self.values is None else [VALUE]))

    @property
    def typical(self) -> float:
        """What stands for a value that is not known: the median of those that are."""
        return 1.0 if self.values is None else float(np.nanmedian(self.values)) or 1.0

    def estimate(self, asked: Asked, wanted: frozenset[str]) -> dict[str, Reals]:
        """Estimates by name, float64 of shape (q, c), NaN where there is no candidate.

        Args:
            asked: The candidates.
            wanted: Names that somebody reads.
        """
        present, found = asked.present, dict[str, Reals]()
        heads = {name: head for name, head in self.heads.items() if name in wanted}
        rows = self.features.compute(asked) if heads else None
        for name, head in heads.items():
            values = np.full(present.shape, np.nan)
            if rows is not None:
                values[present] = head.estimate(rows)
            found[name] = values
        if VALUE in wanted and self.values is not None:
            inside = present & (asked.items < len(self.values))
            values = np.full(present.shape, np.nan)
            values[inside] = self.values[asked.items[inside]]
            found[VALUE] = values
        return found

    def order(
        self, candidates: Candidates, asked: Asked, objective: ObjectiveSettings
    ) -> Candidates:
        """The candidates of one query by their utility, best first.

        Those beyond ``self.candidates`` follow in their order; their scores go on falling from
        the lowest utility.

        Args:
            candidates: As the ranker ordered them.
            asked: The first of them.
            objective: The exponents of the surface.

        Returns:
            With the further columns ctr, cvr, value, dwell (those that the objective reads) and
            utility, NaN where nothing was estimated.
        """
        wanted = frozenset(NEEDED[name] for name in objective.stated)
        found = self.estimate(asked, wanted)
        config = UtilityConfig(**objective.model_dump(), unknown_value=self.typical)
        worth = utility(
            config,
            ctr=found.get(CTR, np.ones(asked.shape)),
            cvr=found.get(CVR),
            value=found.get(VALUE),
            dwell=found.get(DWELL),
        )
        worth = np.where(asked.present, worth, -np.inf)
        scores = np.full(candidates.scores.shape, -np.inf)
        c = asked.shape[1]
        scores[:, :c] = worth
        rest = np.isfinite(candidates.scores[:, c:])
        low = float(worth.min(initial=np.inf, where=asked.present))
        low = low if np.isfinite(low) else 1.0
        steps: Reals = np.linspace(0, 1, rest.shape[1] + 2)[1:-1]
        scores[:, c:] = np.where(rest, low * (1 - steps), -np.inf)
        columns = dict(candidates.columns)
        if BLEND not in columns:  # no ranker came between
            columns |= {BLEND: candidates.scores, RANKER: np.zeros_like(candidates.scores)}
        for name, values in (found | {UTILITY: np.where(asked.present, worth, np.nan)}).items():
            column = np.full(candidates.scores.shape, np.nan, dtype=np.float32)
            column[:, :c] = values
            columns[name] = column
        placed = np.argsort(-scores, axis=1, kind="stable")
        return Candidates(
            np.take_along_axis(candidates.items, placed, axis=1),
            np.take_along_axis(scores, placed, axis=1).astype(np.float32),
            {name: np.take_along_axis(column, placed, axis=1) for name, column in columns.items()},
        )

    def manifest(self) -> dict[str, Any]:
        """Everything that is not an array."""
        heads = {
            name: {
                "scorer": head.scorer_name,
                "config": head.scorer.config.model_dump(mode="json"),
                "calibrated": head.calibrator is not None,
                "scale": head.scale,
            }
            for name, head in self.heads.items()
        }
        features = self.features.manifest()
        return {"heads": heads, "features": features, "candidates": self.candidates}

    def arrays(self) -> Arrays:
        """Every array, by path."""
        arrays: Arrays = under("features", self.features.state())
        for name, head in self.heads.items():
            arrays |= under(f"{name}/scorer", head.scorer.state())
            if head.calibrator is not None:
                arrays |= under(f"{name}/calibrator", head.calibrator.state())
        return arrays if self.values is None else arrays | {"values": self.values}

    @classmethod
    def restored(cls, manifest: Mapping[str, Any], arrays: Arrays) -> Self:
        """The inverse of `manifest` and `arrays`.

        Raises:
            ArtifactError: A head and its features do not fit each other.
        """
        features = FeatureSet.restored(manifest["features"], group_of(arrays, "features"))
        heads: dict[str, Head] = {}
        for name, told in manifest["heads"].items():
            scorer_class = load(RANKERS, told["scorer"])
            scorer: Scorer = scorer_class(scorer_class.Config.model_validate(told["config"]))
            scorer.restore(group_of(arrays, f"{name}/scorer"))
            if scorer.names != features.names:
                raise ArtifactError(f"{name} and its features do not fit", hint="train again")
            calibrator = None
            if told["calibrated"]:
                calibrator = restored(group_of(arrays, f"{name}/calibrator"))
            heads[name] = Head(told["scorer"], scorer, calibrator, float(told["scale"]))
        return cls(
            features, heads, values=arrays.get("values"), candidates=int(manifest["candidates"])
        )


def check_objective(
    surface: str,
    objective: ObjectiveSettings,
    heads: ObjectiveHeads | None,
    report: Mapping[str, Any] | None,
) -> ObjectiveHeads:
    """The heads of a model, where they are all that an objective asks for.

    Args:
        surface: Its name.
        objective: Its exponents.
        heads: Of the model that serves; None where it has none.
        report: What its training said of them.

    Raises:
        ConfigError: One is not there.
    """
    names = () if heads is None else heads.names
    lacking = [name for name in objective.stated if NEEDED[name] not in names]
    if heads is not None and not lacking:
        return heads
    lacking = lacking or list(objective.stated)
    whys = [f"{name}: {_why(report or {}, NEEDED[name])}" for name in lacking]
    raise ConfigError(
        f"the surface {surface} asks for what this model does not estimate: {'; '.join(whys)}",
        hint=f"train on events that tell it, or leave it out of [surfaces.{surface}] objective",
    )


def _why(report: Mapping[str, Any], name: str) -> str:
    told: Mapping[str, Any] = report.get(name) or {}
    return str(told.get("why") or "its training learned none")
