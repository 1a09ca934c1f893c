"""Hyperparameters that all sequence models have."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field

from zhiyin.core.config import Config
from zhiyin.neural.settings import LoopConfig


class SequenceConfig(Config):
    """Hyperparameters that all sequence models have."""

    dim: int = Field(default=64, ge=1)
    """Size of item vectors and of states."""
    length: int = Field(default=200, ge=1)
    """Events of a history that are read: the latest."""
    dropout: float = Field(default=0.2, ge=0, lt=1)
    """Share of activations hidden in training: about 0.2 for dense data, 0.5 for sparse."""
    negatives: int | None = Field(default=None, ge=0)
    """Items that the loss compares with, shared by a batch; 0: all; None: all of up to 50,000
    items, else 4,096."""
    start: Literal["behaviour", "random"] = "behaviour"
    """Where item vectors begin: where the singular vectors of who took what put the items, or
    anywhere."""
    windows: int = Field(default=1, ge=1)
    """Windows of ``length`` events taken from each history, latest first."""
    batch_size: int = Field(default=128, ge=1)
    """Sequences of a batch at most."""
    batch_events: int = Field(default=2048, ge=1)
    """Events of a batch at most, padding included. Small batches learn more from an epoch."""
    held_out: int = Field(default=1000, ge=0)
    """Users whose last event is kept for validation, at most: never more than one in five."""
    update_epochs: int = Field(default=2, ge=1)
    """Passes over the histories with new events in an update."""
    update_rate: float = Field(default=0.3, gt=0)
    """Step size of an update, as a share of the training's: what is known should stay."""
    memory_gb: float | None = Field(default=None, gt=0)
    """Memory that the item table may take in training; None: what is free."""
    loop: LoopConfig = LoopConfig(learning_rate=4e-3)
    """How it is trained."""

    def settled(self, *, gpu: bool, timed: bool) -> Self:
        """With what the machine and the data decide.

        Args:
            gpu: Whether training runs on one.
            timed: Whether the events have timestamps.
        """
        del gpu, timed
        return self
