"""HSTU: gated attention without softmax, with learned likings for places and times."""

from __future__ import annotations

from typing import ClassVar, Self

from pydantic import Field

from zhiyin.models.sequence.base import SequenceRetriever
from zhiyin.models.sequence.config import SequenceConfig

_SHALLOW, _DEEP = 2, 8


class HstuConfig(SequenceConfig):
    """Hyperparameters of HSTU."""

    blocks: int | None = Field(default=None, ge=1)
    """Layers of gated attention; None: 8 where training runs on a GPU, else 2."""
    heads: int = Field(default=2, ge=1)
    """Attention heads; they divide dim between them."""
    time_bias: bool = False
    """Whether attention knows how long ago an event was, where the events have timestamps. Steps
    and queries take longer, and on ml-100k it learned less (benchmarks/sequence_time.py)."""

    def settled(self, *, gpu: bool, timed: bool) -> Self:
        """With a number of blocks, and without bias for times that nobody knows."""
        blocks = self.blocks or (_DEEP if gpu else _SHALLOW)
        return self.model_copy(update={"blocks": blocks, "time_bias": self.time_bias and timed})


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
