"""The network of SASRec, in torch."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from zhiyin.models.sequence.heads import check_heads
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

    def forward(self, x: Tensor, last: Tensor | None = None) -> Tensor:
        """(b, t, dim) to (b, t, dim), or to (b, 1, dim) where only place ``last`` is asked for."""
        b, t, dim = x.shape
        shape = (b, t, 3, self.heads, dim // self.heads)
        q, k, v = self.inputs(x).view(shape).permute(2, 0, 3, 1, 4).unbind(0)
        if last is None:
            mixed: Tensor = _attend(q, k, v, is_causal=True)
        else:
            q = q.gather(2, last[:, None, None, None].expand(-1, self.heads, 1, dim // self.heads))
            before = torch.arange(t, device=x.device) <= last[:, None, None, None]
            mixed = _attend(q, k, v, attn_mask=before)
        return self.output(mixed.transpose(1, 2).reshape(b, -1, dim))


class Block(nn.Module):
    """Attention, then a feed-forward network, each normalised before and added after.

    Gated: x + f(norm(x)) * sigmoid(W norm(x)) in place of x + f(norm(x)).
    """

    def __init__(self, config: SasrecConfig) -> None:
        super().__init__()
        dim, wide = config.dim, config.widening * config.dim
        self.norms = nn.ModuleList(nn.LayerNorm(dim) for _ in range(2))
        self.attention = CausalAttention(dim, config.heads)
        self.wide = nn.Sequential(nn.Linear(dim, wide), nn.GELU(), nn.Linear(wide, dim))
        gates = 2 if config.block == "gated" else 0
        self.gates = nn.ModuleList(nn.Linear(dim, dim) for _ in range(gates))
        self.dropout = Dropout(config.dropout)

    def forward(self, x: Tensor, last: Tensor | None = None) -> Tensor:
        """(b, t, dim) to (b, t, dim), or to (b, 1, dim) where only place ``last`` is asked for."""
        inner = self.norms[0](x)
        change = self.attention(inner, last)
        if last is not None:
            row = last[:, None, None].expand(-1, 1, x.shape[2])
            x, inner = x.gather(1, row), inner.gather(1, row)
        x = x + self._gated(0, change, inner)
        inner = self.norms[1](x)
        return x + self._gated(1, self.wide(inner), inner)

    def _gated(self, part: int, change: Tensor, inner: Tensor) -> Tensor:
        change = self.dropout(change)
        return change * torch.sigmoid(self.gates[part](inner)) if self.gates else change


class SasrecNetwork(SequenceNetwork):
    """Item vectors and learned positions, blocks, a last normalisation.

    Args:
        config: Sizes and dropout.
        n_items: Size of the catalogue.

    Raises:
        ConfigError: The heads do not divide dim.
    """

    def __init__(self, config: SasrecConfig, n_items: int) -> None:
        check_heads(config.dim, config.heads)
        super().__init__(n_items, config.dim)
        self.scale = config.dim**0.5
        self.positions = nn.Parameter(torch.randn(config.length, config.dim) * 0.02)
        self.dropout = Dropout(config.dropout)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.blocks))
        self.norm = nn.LayerNorm(config.dim)

    def encode(self, vectors: Tensor, times: Tensor | None = None) -> Tensor:
        """States of shape (b, t, dim)."""
        x = self._entered(vectors)
        for block in self.blocks:
            x = block(x)
        return self.norm(x)

    def last(self, vectors: Tensor, last: Tensor, times: Tensor | None = None) -> Tensor:
        """The state at ``last``; the last block computes no other."""
        x = self._entered(vectors)
        for block in self.blocks[:-1]:
            x = block(x)
        return self.norm(self.blocks[-1](x, last))[:, 0]

    def _entered(self, vectors: Tensor) -> Tensor:
        return self.dropout(vectors * self.scale + self.positions[: vectors.shape[1]])


def sasrec(config: SasrecConfig, n_items: int) -> SequenceNetwork:
    """An untrained network."""
    return SasrecNetwork(config, n_items)
