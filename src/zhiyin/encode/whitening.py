"""Whitening: vectors of a language model made fit for comparing.

The vectors of pretrained encoders fill a narrow cone, in which every cosine is high. Taken
from their mean, turned to the principal axes of the catalogue and scaled to equal variance
along each, they spread, and likeness shows (Su et al., "Whitening sentence representations
for better semantics and faster retrieval", 2021).
"""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from zhiyin.core.config import Config
from zhiyin.core.errors import ArtifactError, DataError, NotEnoughDataError
from zhiyin.core.histories import Floats
from zhiyin.core.protocols import Arrays

_LEAST = 2
_TINY = 1e-9


class WhiteningConfig(Config):
    """How vectors are whitened."""

    dim: int = Field(default=128, ge=1)
    """Principal axes kept; fewer where the vectors or the catalogue have fewer."""
    shrinkage: float = Field(default=0.5, ge=0)
    """Pseudo-items, as a multiple of the encoder's dimension, that vary alike along all axes:
    they hold the scaling back where a catalogue is too small to tell its axes apart."""
    strength: float = Field(default=1.0, ge=0, le=1)
    """1 makes all axes vary alike; 0 turns and centres only; between them, axes that vary
    much still count more, which serves texts of another language than the catalogue's."""
    unit: bool = True
    """Scale whitened vectors to length 1."""


class Whitening:
    """PCA whitening fitted on a catalogue."""

    Config = WhiteningConfig

    def __init__(self, config: WhiteningConfig | None = None) -> None:
        self.config = config or WhiteningConfig()
        self._mean: Floats | None = None

    @property
    def dim(self) -> int:
        """Length of a whitened vector: known once fitted."""
        return int(self._fitted()[1].shape[1])

    def fit(self, vectors: Floats, present: NDArray[np.bool_] | None = None) -> Self:
        """Learns mean and axes.

        The covariance is C' = (n C + a t I) / (n + a), with t the mean variance of an
        axis, and a = shrinkage * dimension.

        Args:
            vectors: Shape (n, d).
            present: Which rows hold a vector; None for all.

        Raises:
            NotEnoughDataError: Fewer than two vectors.
        """
        rows: NDArray[np.float64] = (vectors if present is None else vectors[present]).astype(
            np.float64
        )
        n, d = rows.shape
        if n < _LEAST:
            raise NotEnoughDataError(
                f"whitening needs at least {_LEAST} vectors, and got {n}",
                hint="add items with text, or leave whitening out",
            )
        mean = rows.mean(axis=0)
        rows -= mean
        covariance = rows.T @ rows / n
        spread = float(np.trace(covariance)) / d
        pseudo = self.config.shrinkage * d
        values, axes = np.linalg.eigh(covariance)
        order = np.argsort(-values, kind="stable")[: min(self.config.dim, d, n - 1)]
        # The sign of an axis is arbitrary: its largest entry is made positive.
        axes = axes[:, order]
        axes *= np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(len(order))])
        scale = np.sqrt((n * np.maximum(values[order], 0) + pseudo * spread) / (n + pseudo))
        scale = np.maximum(scale, np.sqrt(max(spread, _TINY)) * 1e-3)
        self._mean = mean.astype(np.float32)
        scale **= self.config.strength
        self._axes: Floats = np.ascontiguousarray(axes / scale, dtype=np.float32)
        return self

    def apply(self, vectors: Floats, present: NDArray[np.bool_] | None = None) -> Floats:
        """Whitened vectors, float32 of shape (n, dim); rows not present are zeros.

        Raises:
            DataError: The vectors have another length than those fitted on.
        """
        mean, axes = self._fitted()
        if vectors.ndim != 2 or vectors.shape[1] != len(mean):
            raise DataError(
                f"these vectors have shape {vectors.shape}, and whitening was fitted "
                f"on length {len(mean)}",
                hint="they come from another encoder: fit again",
            )
        result = np.asarray((vectors - mean) @ axes, dtype=np.float32)
        if self.config.unit:
            lengths = np.sqrt(np.einsum("ij,ij->i", result, result))[:, None]
            result /= np.maximum(lengths, np.float32(_TINY))
        if present is not None:
            result[~present] = 0.0
        return result

    def state(self) -> Arrays:
        """Mean of shape (d,), and scaled axes of shape (d, dim)."""
        mean, axes = self._fitted()
        return {"mean": mean, "axes": axes}

    def restore(self, arrays: Arrays) -> Self:
        """Takes a state back; the arrays may be read-only memory maps."""
        self._mean, self._axes = arrays["mean"], arrays["axes"]
        if self._axes.ndim != 2 or self._mean.shape != self._axes.shape[:1]:
            raise ArtifactError(
                f"a whitening has mean {self._mean.shape} and axes {self._axes.shape}",
                hint="the artifact is damaged: train again",
            )
        return self

    def _fitted(self) -> tuple[Floats, Floats]:
        if self._mean is None:
            raise NotEnoughDataError("whitening was not fitted", hint="call fit or restore first")
        return self._mean, self._axes
