"""SASRec: self-attention over the history."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from zhiyin.models.sequence.base import SequenceRetriever
from zhiyin.models.sequence.config import SequenceConfig


class SasrecConfig(SequenceConfig):
    """Hyperparameters of SASRec."""

    blocks: int = Field(default=2, ge=1)
    """Layers of attention and feed-forward network."""
    heads: int = Field(default=2, ge=1)
    """Attention heads; they divide dim between them."""
    widening: int = Field(default=4, ge=1)
    """Width of the feed-forward networks, in dims."""
    block: Literal["plain", "gated"] = "gated"
    """Kind of block: with plain residuals, or with learned gates on them (LiGR)."""


class SasrecRetriever(SequenceRetriever):
    """A causal transformer that predicts the next item at every position.

    Kang and McAuley ("Self-attentive sequential recommendation", ICDM 2018), with what later
    work found to matter: softmax over all items, or many negatives, in place of one negative
    (Klenitskiy and Vasilev, "Turning dross into gold loss", RecSys 2023), normalisation
    before each sublayer, and gates on the residuals (Borisyuk et al., "LiGR", 2025).
    """

    Config = SasrecConfig
    name: ClassVar[str] = "sasrec"
    network: ClassVar[str] = "zhiyin.models.sequence.transformer:sasrec"
