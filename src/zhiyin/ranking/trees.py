"""What all scorers that are made of LightGBM trees have in common."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import lightgbm
import numpy as np
from lightgbm.callback import CallbackEnv, EarlyStopException
from numpy.typing import NDArray
from pydantic import Field

from zhiyin.core.clock import Deadline
from zhiyin.core.config import Config
from zhiyin.core.errors import ArtifactError, DataError, NotEnoughDataError
from zhiyin.core.histories import Floats
from zhiyin.core.protocols import Arrays, RankingData
from zhiyin.ranking.feature_names import as_bytes, check_width, from_bytes
from zhiyin.ranking.grades import Grades
from zhiyin.ranking.groups import groups_of
from zhiyin.ranking.leaf_masks import LeafMasks, leaf_masks
from zhiyin.ranking.objectives import CustomObjective, Gain
from zhiyin.ranking.row_order import settled

_lightgbm: Any = lightgbm
_LONGEST = 10_000
"""Rows of a query that LightGBM ranks at most."""
_MANY = 20_000
"""Rows from which LightGBM scores, with threads; fewer are faster in `LeafMasks`."""
_THREADS = 4
"""Threads with which LightGBM is the faster one."""


class TreesConfig(Config):
    """Settings of boosted trees."""

    trees: int = Field(default=300, ge=1)
    """How many trees are grown at most."""
    leaves: int = Field(default=63, ge=2)
    """Leaves of a tree at most."""
    learning_rate: float = Field(default=0.05, gt=0)
    """How far each tree moves the scores."""
    min_rows: int = Field(default=20, ge=1)
    """A leaf holds at least so many rows."""
    l2: float = Field(default=0.0, ge=0)
    """Ridge penalty on the values of leaves."""
    feature_share: float = Field(default=1.0, gt=0, le=1)
    """Share of the features that each tree may split on."""
    bins: int = Field(default=255, ge=2, le=255)
    """Values of a feature that trees tell apart. Fewer make training and scoring faster."""
    patience: int = Field(default=30, ge=1)
    """Trees without a better validation after which growing ends; the best number stays."""
    threads: int = Field(default=0, ge=0)
    """Threads in training and for large batches, 0 for all cores. The trees do not depend on it."""


class RankingTreesConfig(TreesConfig):
    """Settings of trees that compare rows within their query."""

    k: int = Field(default=10, ge=1)
    """Validation is judged by NDCG of so many first places."""
    gain: Gain = "exponential"
    """What a label is worth to NDCG: "exponential" for 2^label - 1, or "linear"."""


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """What trees are grown for, in LightGBM's terms.

    Attributes:
        objective: Its name, or a function that returns gradients and Hessians.
        metric: What validation is judged by.
        labels: Labels as the two want them, shape (rows,).
        validation: The same for the validation rows; None where they tell nothing.
        parameters: Whatever else LightGBM is told.
    """

    objective: str | CustomObjective
    metric: str
    labels: Floats
    validation: Floats | None
    parameters: dict[str, Any] = field(default_factory=dict[str, Any])


class TreesScorer:
    """Boosted trees behind the protocol of scorers; a subclass says what they are grown for."""

    Config: ClassVar[type[Any]] = TreesConfig
    grouped: ClassVar[bool] = True
    """Whether rows are compared within their query."""

    def __init__(self, config: Any = None) -> None:  # noqa: ANN401 - an instance of Config
        self.config: Any = config or self.Config()
        self._names: tuple[str, ...] = ()
        self._text = ""
        self._booster: Any = None
        self._masks: LeafMasks | None = None

    def _task(self, data: RankingData, validation: RankingData | None) -> Task:
        """What the trees are grown for."""
        raise NotImplementedError

    def fit(
        self,
        data: RankingData,
        *,
        rng: np.random.Generator,
        deadline: Deadline,
        validation: RankingData | None = None,
    ) -> Self:
        """Grows trees until they are all grown, validation stops improving, or time is up.

        Raises:
            NotEnoughDataError: There is no row.
            DataError: A query has more than 10,000 rows, or validation has other features.
        """
        check(data, validation, grouped=self.grouped)
        seed = int(rng.integers(2**31 - 1))
        data = settled(data, rng=rng)
        validation = None if validation is None else settled(validation, rng=rng)
        task = self._task(data, validation)
        parameters = self._parameters(seed) | task.parameters | {"metric": task.metric}
        parameters["objective"] = task.objective
        train = self._dataset(data, task.labels, parameters).construct()
        if not any(train.feature_num_bin(at) > 1 for at in range(len(data.names))):
            # No feature tells two rows apart: LightGBM refuses functions as objectives then.
            parameters["objective"] = "regression"
        stopper = _Stopper(deadline, self.config.patience)
        watched: list[Any] = []
        if validation is not None and task.validation is not None:
            watched = [self._dataset(validation, task.validation, parameters, like=train)]
        booster = _lightgbm.train(
            parameters, train, self.config.trees, valid_sets=watched, callbacks=[stopper]
        )
        self._take(booster.model_to_string(num_iteration=stopper.best), data.names)
        return self

    def _parameters(self, seed: int) -> dict[str, Any]:
        settings: TreesConfig = self.config
        return {
            "num_leaves": settings.leaves,
            "learning_rate": settings.learning_rate,
            "min_data_in_leaf": settings.min_rows,
            "lambda_l2": settings.l2,
            "feature_fraction": settings.feature_share,
            "num_threads": settings.threads,
            "seed": seed,
            "deterministic": True,
            "force_row_wise": True,
            "feature_pre_filter": False,
            "min_data_in_bin": 1,
            "max_bin": settings.bins,
            "verbosity": -1,
        }

    def _dataset(
        self,
        data: RankingData,
        labels: Floats,
        parameters: dict[str, Any],
        *,
        like: Any = None,  # noqa: ANN401 - a data set of LightGBM
    ) -> Any:  # noqa: ANN401 - a data set of LightGBM
        lengths = np.diff(data.indptr)
        return _lightgbm.Dataset(
            np.ascontiguousarray(data.features),
            label=labels,
            weight=data.weights,
            group=lengths[lengths > 0] if self.grouped else None,
            reference=like,
            params={k: v for k, v in parameters.items() if k != "objective"},
        )

    def _take(self, text: str, names: tuple[str, ...]) -> None:
        self._booster = _lightgbm.Booster(model_str=text)
        self._text, self._names = text, names
        self._masks = leaf_masks(text, width=len(names))

    def score(self, features: Floats) -> Floats:
        """The sum of the trees' leaves; LightGBM sends NaN the way that fitted best in training."""
        check_width(features, self._names)
        if not len(features):
            return np.zeros(0, dtype=np.float32)
        few = len(features) < _MANY
        threads = self.config.threads or os.cpu_count() or 1
        if self._masks is not None and (few or threads < _THREADS):
            return self._masks.score(features).astype(np.float32)
        threads = 1 if few else threads
        scores: NDArray[np.float64] = self._booster.predict(
            features, raw_score=True, num_threads=threads
        )
        return scores.astype(np.float32)

    def contributions(self, features: Floats) -> NDArray[np.float64]:
        """Exact SHAP values of the trees, and last the mean score: shape (rows, f + 1).

        Lundberg et al., *From local explanations to global understanding with explainable AI
        for trees* (2020), as LightGBM computes them.
        """
        check_width(features, self._names)
        found: NDArray[np.float64] = self._booster.predict(
            features, raw_score=True, pred_contrib=True, num_threads=1
        )
        return found

    @property
    def names(self) -> tuple[str, ...]:
        """The features that training saw, in their order."""
        return self._names

    def importances(self) -> dict[str, float]:
        """Each feature's share of all that splits gained."""
        gains: NDArray[np.float64] = self._booster.feature_importance("gain")
        total = float(gains.sum()) or 1.0
        return {name: float(gain) / total for name, gain in zip(self._names, gains, strict=True)}

    def state(self) -> Arrays:
        """LightGBM's text, as bytes, and the names of the features."""
        text = np.frombuffer(self._text.encode(), dtype=np.uint8)
        return {"trees": text, "names": as_bytes(self._names)}

    def restore(self, arrays: Arrays) -> Self:
        """Reads the text back.

        Raises:
            ArtifactError: LightGBM cannot read it.
        """
        try:
            self._take(arrays["trees"].tobytes().decode(), from_bytes(arrays["names"]))
        except (_lightgbm.basic.LightGBMError, UnicodeDecodeError, KeyError) as error:
            raise ArtifactError("the trees of a scorer cannot be read") from error
        return self


def check(data: RankingData, validation: RankingData | None, *, grouped: bool) -> None:
    """Refuses what LightGBM would choke on.

    Raises:
        NotEnoughDataError: There is no row.
        DataError: A query is too long, or the two have different features.
    """
    if not len(data.labels):
        raise NotEnoughDataError("there is no row to learn to rank from")
    if validation is not None and validation.names != data.names:
        raise DataError("validation has other features than training")
    longest = max(int(np.diff(d.indptr).max()) for d in (data, validation) if d and len(d))
    if grouped and longest > _LONGEST:
        raise DataError(
            f"a query has {longest:,} rows, and LightGBM ranks up to {_LONGEST:,}",
            hint="sample the candidates that nobody took",
        )


def ranking_task(
    objective: str | CustomObjective,
    config: RankingTreesConfig,
    data: RankingData,
    validation: RankingData | None,
) -> Task:
    """A task that validation judges by NDCG.

    Validation in which all labels of each query are equal tells nothing, and is not looked at.
    """
    grades = Grades(data.labels, gain=config.gain)
    tells = validation is not None and _differ(validation)
    levels = grades.levels(validation.labels) if validation is not None and tells else None
    parameters = {"eval_at": [config.k], "label_gain": grades.gains}
    return Task(objective, "ndcg", grades.levels(data.labels), levels, parameters)


def _differ(data: RankingData) -> bool:
    groups = groups_of(data.indptr)
    labels = data.labels.astype(np.float64)
    return bool((groups.largest(labels) > -groups.largest(-labels)).any())


class _Stopper:
    """Ends growing when time is up, or when validation has long been no better.

    ``best`` is the number of trees to keep, None for all that were grown.
    """

    before_iteration = False

    def __init__(self, deadline: Deadline, patience: int) -> None:
        self._deadline, self._patience = deadline, patience
        self._value = -np.inf
        self.best: int | None = None
        self.order = 0

    def __call__(self, env: CallbackEnv) -> None:
        results = env.evaluation_result_list or []
        if results:
            value = float(results[0][2]) * (1.0 if results[0][3] else -1.0)
            if value > self._value:
                self._value, self.best = value, env.iteration + 1
        waited = env.iteration + 1 - (self.best or env.iteration + 1)
        if waited >= self._patience or self._deadline.left <= 0:
            raise EarlyStopException((self.best or env.iteration + 1) - 1, results)
