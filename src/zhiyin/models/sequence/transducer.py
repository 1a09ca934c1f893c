"""The network of HSTU, in torch."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from zhiyin.models.sequence.heads import check_heads
from zhiyin.models.sequence.hstu import HstuConfig
from zhiyin.models.sequence.network import SequenceNetwork
from zhiyin.neural.dropout import Dropout

_SPANS = 32
"""Powers of two of seconds that are told apart: the last begins at 68 years."""
_STD = 0.02


class Bias(nn.Module):
    """What attention adds for a distance in places, and for one in time.

    Args:
        heads: Attention heads, each with its own.
        length: Places that are told apart.
        times: Whether distances in time are.
    """

    def __init__(self, heads: int, length: int, *, times: bool) -> None:
        super().__init__()
        self.places = nn.Parameter(torch.randn(length, heads) * _STD)
        self.spans = nn.Parameter(torch.randn(_SPANS, heads) * _STD) if times else None

    def forward(self, asking: Tensor, t: int, when: Tensor | None, times: Tensor | None) -> Tensor:
        """Bias of shape (b or 1, heads, q, t).

        Args:
            asking: Places that look back, int64 of shape (b or 1, q).
            t: Events that are looked at.
            when: Seconds of the places that look back, (b, q).
            times: Seconds of the events, (b, t).
        """
        distance = (asking[:, :, None] - torch.arange(t, device=asking.device)).clamp(min=0)
        bias = functional.embedding(distance, self.places)
        if self.spans is not None and when is not None and times is not None:
            seconds = (when[:, :, None] - times[:, None, :]).clamp(min=1)
            span = torch.log2(seconds.float()).long().clamp(max=_SPANS - 1)
            bias = bias + functional.embedding(span, self.spans)
        return bias.permute(0, 3, 1, 2)


class Unit(nn.Module):
    """x + W (norm(A v) * u), with u, v, q, k = SiLU(W' norm(x)), A = SiLU(q k' + bias) / length."""

    def __init__(self, config: HstuConfig, *, times: bool) -> None:
        super().__init__()
        dim = config.dim
        self.heads, self.length = config.heads, config.length
        self.before, self.after = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.inputs, self.output = nn.Linear(dim, 4 * dim), nn.Linear(dim, dim)
        self.bias = Bias(config.heads, config.length, times=times)
        self.dropout = Dropout(config.dropout)

    def forward(self, x: Tensor, times: Tensor | None, last: Tensor | None = None) -> Tensor:
        """(b, t, dim) to (b, t, dim), or to (b, 1, dim) where only place ``last`` is asked for."""
        b, t, dim = x.shape
        u, v, q, k = functional.silu(self.inputs(self.before(x))).chunk(4, dim=-1)
        places = torch.arange(t, device=x.device)
        asking, when = places[None], times
        if last is not None:
            row = last[:, None, None].expand(-1, 1, dim)
            x, u, q = x.gather(1, row), u.gather(1, row), q.gather(1, row)
            asking = last[:, None]
            when = None if times is None else times.gather(1, asking)
        q, k, v = (
            each.view(b, -1, self.heads, dim // self.heads).transpose(1, 2) for each in (q, k, v)
        )
        weights = functional.silu(q @ k.transpose(-1, -2) + self.bias(asking, t, when, times))
        before = (places <= asking[:, :, None])[:, None]
        mixed = (weights * (before / self.length)) @ v
        mixed = mixed.transpose(1, 2).reshape(b, -1, dim)
        return x + self.output(self.dropout(self.after(mixed) * u))


class HstuNetwork(SequenceNetwork):
    """Item vectors and learned positions, units, a last normalisation.

    Args:
        config: Sizes and dropout.
        n_items: Size of the catalogue.

    Raises:
        ConfigError: The heads do not divide dim.
    """

    def __init__(self, config: HstuConfig, n_items: int) -> None:
        check_heads(config.dim, config.heads)
        super().__init__(n_items, config.dim)
        self.reads_times = config.time_bias
        self.scale = config.dim**0.5
        self.positions = nn.Parameter(torch.randn(config.length, config.dim) * _STD)
        self.dropout = Dropout(config.dropout)
        units = (Unit(config, times=config.time_bias) for _ in range(config.blocks))
        self.units = nn.ModuleList(units)
        self.norm = nn.LayerNorm(config.dim)

    def encode(self, vectors: Tensor, times: Tensor | None = None) -> Tensor:
        """States of shape (b, t, dim)."""
        x = self._entered(vectors)
        for unit in self.units:
            x = unit(x, times)
        return self.norm(x)

    def last(self, vectors: Tensor, last: Tensor, times: Tensor | None = None) -> Tensor:
        """The state at ``last``; the last unit computes no other."""
        x = self._entered(vectors)
        for unit in self.units[:-1]:
            x = unit(x, times)
        return self.norm(self.units[-1](x, times, last))[:, 0]

    def _entered(self, vectors: Tensor) -> Tensor:
        return self.dropout(vectors * self.scale + self.positions[: vectors.shape[1]])


def hstu(config: HstuConfig, n_items: int) -> SequenceNetwork:
    """An untrained network."""
    return HstuNetwork(config, n_items)
