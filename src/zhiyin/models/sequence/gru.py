"""GRU4Rec: a recurrent network over the history."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from zhiyin.models.sequence.base import SequenceRetriever
from zhiyin.models.sequence.config import SequenceConfig


class GruConfig(SequenceConfig):
    """Hyperparameters of the recurrent model."""

    layers: int = Field(default=1, ge=1)
    """Recurrent layers, one above the other."""


class GruRetriever(SequenceRetriever):
    """Gated recurrent units read the history event by event.

    Hidasi, Karatzoglou, Baltrunas and Tikk ("Session-based recommendations with recurrent
    neural networks", ICLR 2016), with tied item vectors and the softmax over all items, or
    many negatives, in place of in-batch pairs.
    """

    Config = GruConfig
    name: ClassVar[str] = "gru"
    network: ClassVar[str] = "zhiyin.models.sequence.recurrent:gru"
