"""What the models of this family are told."""

from __future__ import annotations

from pydantic import Field

from zhiyin.core.config import Config
from zhiyin.neural.settings import LoopConfig


class AttentionConfig(Config):
    """Hyperparameters that both models have."""

    dim: int = Field(default=64, ge=1)
    """Size of projected items and users."""
    length: int = Field(default=50, ge=1)
    """Events of a history that are read: the latest."""
    content_dim: int = Field(default=128, ge=1)
    """Attributes with more columns are reduced to so many."""
    dropout: float = Field(default=0.2, ge=0, lt=1)
    """Share of a user's vector that is hidden in training."""
    bias_l2: float = Field(default=0.01, ge=0)
    """Penalty on the mean square of the items' biases, which draws them to their mean, 0."""
    negatives: int | None = Field(default=None, ge=0)
    """Items that the loss compares with, shared by a batch; 0: all; None: all of up to 50,000
    items, else 4,096."""
    cuts: int = Field(default=4, ge=1)
    """Moments of each history that are learned from in an epoch, drawn anew."""
    batch_size: int = Field(default=512, ge=1)
    """Moments of a batch at most."""
    held_out: int = Field(default=1000, ge=0)
    """Users of whom one event is kept for validation, at most: never more than one in five."""
    loop: LoopConfig = LoopConfig(learning_rate=3e-3)
    """How it is trained."""
