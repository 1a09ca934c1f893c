"""The network of SASRec, in torch."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from zhiyin.core.errors import ConfigError
from zhiyin.models.sequence.network import SequenceNetwork
from zhiyin.models.sequence.sasrec import SasrecConfig
from zhiyin.neural.dropout import Dropout

_attend: Any = functional.scaled_dot_product_attention


class CausalAttention(nn.Module):
    """softmax(Q K' / sqrt(dim / heads)) V, each position looking at itself and before."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.inputs = nn.Linear(dim, 3 * dim)
        self.output = nn.Linear(dim, dim)

    def forward(self, x: Tensor) -> Tensor:
        """(b, t, dim) to (b, t, dim)."""
        b, t, dim = x.shape
        shape = (b, t, 3, self.heads, dim // self.heads)
        q, k, v = self.inputs(x).view(shape).permute(2, 0, 3, 1, 4).unbind(0)
        mixed: Tensor = _attend(q, k, v, is_causal=True)
        return self.output(mixed.transpose(1, 2).reshape(b, t, dim))


class Block(nn.Module):
    """Attention, then a feed-forward network, each normalised before and added after.

    Gated: x + f(norm(x)) * sigmoid(W norm(x)) in place of x + f(norm(x)).
    """

    def __init__(self, config: SasrecConfig) -> None:
        super().__init__()
        dim, wide = config.dim, config.widening * config.dim
        self.norms = nn.ModuleList(nn.LayerNorm(dim) for _ in range(2))
        network = nn.Sequential(nn.Linear(dim, wide), nn.GELU(), nn.Linear(wide, dim))
        attention = CausalAttention(dim, config.heads)
        self.parts = nn.ModuleList([attention, network])
        gates = 2 if config.block == "gated" else 0
        self.gates = nn.ModuleList(nn.Linear(dim, dim) for _ in range(gates))
        self.dropout = Dropout(config.dropout)

    def forward(self, x: Tensor) -> Tensor:
        """(b, t, dim) to (b, t, dim)."""
        for i, (norm, part) in enumerate(zip(self.norms, self.parts, strict=True)):
            inner = norm(x)
            change = self.dropout(part(inner))
            if self.gates:
                change = change * torch.sigmoid(self.gates[i](inner))
            x = x + change
        return x


class SasrecNetwork(SequenceNetwork):
    """Item vectors and learned positions, blocks, a last normalisation.

    Args:
        config: Sizes and dropout.
        n_items: Size of the catalogue.

    Raises:
        ConfigError: The heads do not divide dim.
    """

    def __init__(self, config: SasrecConfig, n_items: int) -> None:
        if config.dim % config.heads:
            raise ConfigError(
                f"dim = {config.dim} cannot be divided among {config.heads} heads",
                hint="choose heads that divide dim",
            )
        super().__init__(n_items, config.dim)
        self.scale = config.dim**0.5
        self.positions = nn.Parameter(torch.randn(config.length, config.dim) * 0.02)
        self.dropout = Dropout(config.dropout)
        self.blocks = nn.Sequential(*(Block(config) for _ in range(config.blocks)))
        self.norm = nn.LayerNorm(config.dim)

    def encode(self, vectors: Tensor) -> Tensor:
        """States of shape (b, t, dim)."""
        x = vectors * self.scale + self.positions[: vectors.shape[1]]
        return self.norm(self.blocks(self.dropout(x)))


def sasrec(config: SasrecConfig, n_items: int) -> SequenceNetwork:
    """An untrained network."""
    return SasrecNetwork(config, n_items)
