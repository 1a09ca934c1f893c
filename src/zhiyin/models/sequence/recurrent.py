"""The network of GRU4Rec, in torch."""

from __future__ import annotations

from torch import Tensor, nn

from zhiyin.models.sequence.gru import GruConfig
from zhiyin.models.sequence.network import SequenceNetwork
from zhiyin.neural.dropout import Dropout


class GruNetwork(SequenceNetwork):
    """Item vectors, dropout, recurrent layers, normalisation.

    Args:
        config: Sizes and dropout.
        n_items: Size of the catalogue.
    """

    def __init__(self, config: GruConfig, n_items: int) -> None:
        super().__init__(n_items, config.dim)
        between = config.dropout if config.layers > 1 else 0.0
        self.scale = config.dim**0.5
        self.dropout = Dropout(config.dropout)
        self.units = nn.GRU(
            config.dim, config.dim, config.layers, batch_first=True, dropout=between
        )
        self.norm = nn.LayerNorm(config.dim)

    def encode(self, vectors: Tensor, times: Tensor | None = None) -> Tensor:
        """States of shape (b, t, dim)."""
        states, _ = self.units(self.dropout(vectors * self.scale))
        return self.norm(self.dropout(states))


def gru(config: GruConfig, n_items: int) -> SequenceNetwork:
    """An untrained network."""
    return GruNetwork(config, n_items)
