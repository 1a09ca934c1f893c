"""HSTU: gated attention without softmax, with learned likings for places and times."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from zhiyin.models.sequence.base import SequenceRetriever
from zhiyin.models.sequence.config import SequenceConfig


class HstuConfig(SequenceConfig):
    """Hyperparameters of HSTU."""

    blocks: int = Field(default=2, ge=1)
    """Layers of gated attention."""
    heads: int = Field(default=2, ge=1)
    """Attention heads; they divide dim between them."""
    time_bias: bool = True
    """Whether attention knows how long ago an event was, where the events have timestamps."""


class HstuRetriever(SequenceRetriever):
    """Hierarchical sequential transduction units over the history.

    Zhai et al. ("Actions speak louder than words: trillion-parameter sequential transducers
    for generative recommendations", ICML 2024): each block is one attention whose weights
    are SiLU of products plus a learned bias per distance in places and per power of two of
    the distance in seconds, divided by the length; its result is normalised and multiplied
    by a gate. Half of the products of a block with a feed-forward network.
    """

    Config = HstuConfig
    name: ClassVar[str] = "hstu"
    network: ClassVar[str] = "zhiyin.models.sequence.transducer:hstu"
