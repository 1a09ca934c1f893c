"""The network of HSTU, in torch."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from zhiyin.models.sequence.heads import check_heads
from zhiyin.models.sequence.hstu import HstuConfig
from zhiyin.models.sequence.network import SequenceNetwork
from zhiyin.neural.dropout import Dropout

_SPANS = 32
"""Powers of two of seconds that are told apart: the last begins at 68 years."""
_LONGEST = 2.0 ** (_SPANS - 0.5)
_STD = 0.02
_NEVER = -1e4
"""Added where an event must not be seen: SiLU of it is 0."""


class _Lookup(torch.autograd.Function):
    """Values of a short table by index, with a gradient that costs one pass.

    torch's own lookup takes ten times as long backwards for tables as narrow as these.
    """

    @staticmethod
    def forward(ctx: Any, table: Tensor, index: Tensor) -> Tensor:  # noqa: ANN401
        ctx.save_for_backward(index)
        ctx.size = table.shape[1]
        return table[:, index]

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:  # noqa: ANN401
        (index,) = ctx.saved_tensors
        flat, grad = index.reshape(1, -1), grads[0].flatten(1)
        found = grad.new_zeros((len(grad), ctx.size))
        return found.scatter_add_(1, flat.expand(len(grad), -1), grad), None


_lookup: Any = _Lookup


class Bias(nn.Module):
    """What attention adds for a distance in places, and for one in time.

    Args:
        heads: Attention heads, each with its own.
        length: Places that are told apart.
        times: Whether distances in time are.
    """

    def __init__(self, heads: int, length: int, *, times: bool) -> None:
        super().__init__()
        self.places = nn.Parameter(torch.randn(heads, length) * _STD)
        self.spans = nn.Parameter(torch.randn(heads, _SPANS) * _STD) if times else None
        self.whole: Tensor | None = None

    def freeze(self) -> None:
        """Keeps the bias of places as a matrix: (1, heads, length, length)."""
        with torch.no_grad():
            self.whole = self._of_places(self.places.shape[1])

    def forward(self, t: int, spans: Tensor | None) -> Tensor:
        """Bias of each place on those before, far below 0 on those behind: (b or 1, heads, t, t).

        Args:
            t: Events.
            spans: `spans` between the events, (b, t, t), where times are known.
        """
        bias = self._of_places(t) if self.whole is None else self.whole[:, :, :t, :t]
        return self._with_spans(bias, spans)

    def of_last(self, last: Tensor, t: int, spans: Tensor | None) -> Tensor:
        """The same for place ``last`` (b,) alone: (b, heads, 1, t)."""
        distance = last[:, None, None] - torch.arange(t, device=last.device)
        bias = _lookup.apply(self.places, distance.clamp(min=0)).masked_fill(distance < 0, _NEVER)
        return self._with_spans(bias.transpose(0, 1), spans)

    def _of_places(self, t: int) -> Tensor:
        # Row i of the reshaped tiling begins with the distances -i, -i + 1, ...
        told = functional.pad(self.places[:, :t], (0, t), value=_NEVER).repeat(1, t)
        rows = told[:, : t * (2 * t - 1)].reshape(len(told), t, 2 * t - 1)
        return rows[:, :, :t].transpose(1, 2)[None]

    def _with_spans(self, bias: Tensor, spans: Tensor | None) -> Tensor:
        if self.spans is None or spans is None:
            return bias
        return bias + _lookup.apply(self.spans, spans).transpose(0, 1)


def spans(asking: Tensor, times: Tensor) -> Tensor:
    """Powers of two of the seconds from ``times`` (b, t) to ``asking`` (b, q): (b, q, t)."""
    seconds = (asking[:, :, None] - times[:, None, :]).float()
    return torch.log2(seconds.clamp(1.0, _LONGEST)).long()


class Unit(nn.Module):
    """x + W (norm(A v) * u), with u, v, q, k = SiLU(W' norm(x)), A = SiLU(q k' + bias) / length."""

    def __init__(self, config: HstuConfig) -> None:
        super().__init__()
        dim = config.dim
        self.heads, self.length = config.heads, config.length
        self.before, self.after = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.inputs, self.output = nn.Linear(dim, 4 * dim), nn.Linear(dim, dim)
        self.bias = Bias(config.heads, config.length, times=config.time_bias)
        self.dropout = Dropout(config.dropout)

    def forward(self, x: Tensor, spans: Tensor | None, last: Tensor | None = None) -> Tensor:
        """(b, t, dim) to (b, t, dim), or to (b, 1, dim) where only place ``last`` is asked for."""
        b, t, dim = x.shape
        u, v, q, k = functional.silu(self.inputs(self.before(x))).chunk(4, dim=-1)
        if last is None:
            bias = self.bias(t, spans)
        else:
            row = last[:, None, None].expand(-1, 1, dim)
            x, u, q = x.gather(1, row), u.gather(1, row), q.gather(1, row)
            bias = self.bias.of_last(last, t, spans)
        heads = (self.heads, dim // self.heads)
        q, k, v = (each.reshape(b, -1, *heads).transpose(1, 2) for each in (q, k, v))
        weights = functional.silu(q @ k.transpose(-1, -2) + bias)  # SiLU of far below 0 is 0
        mixed = (weights @ (v / self.length)).transpose(1, 2).reshape(b, -1, dim)
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
        if config.blocks is None:
            config = config.settled(gpu=False, timed=config.time_bias)
        super().__init__(n_items, config.dim)
        self.reads_times = config.time_bias
        self.scale = config.dim**0.5
        self.positions = nn.Parameter(torch.randn(config.length, config.dim) * _STD)
        self.dropout = Dropout(config.dropout)
        self.units = nn.ModuleList(Unit(config) for _ in range(config.blocks or 0))
        self.norm = nn.LayerNorm(config.dim)

    def freeze(self) -> None:
        """Keeps the biases of places as matrices."""
        for each in self.modules():
            if isinstance(each, Bias):
                each.freeze()

    def encode(self, vectors: Tensor, times: Tensor | None = None) -> Tensor:
        """States of shape (b, t, dim)."""
        x, between = self._entered(vectors), self._between(times, times)
        for unit in self.units:
            x = unit(x, between)
        return self.norm(x)

    def last(self, vectors: Tensor, last: Tensor, times: Tensor | None = None) -> Tensor:
        """The state at ``last``; the last unit computes no other."""
        x = self._entered(vectors)
        if len(self.units) > 1:
            between = self._between(times, times)
            for unit in self.units[:-1]:
                x = unit(x, between)
        asking = None if times is None else times.gather(1, last[:, None])
        return self.norm(self.units[-1](x, self._between(asking, times), last))[:, 0]

    def _between(self, asking: Tensor | None, times: Tensor | None) -> Tensor | None:
        if not self.reads_times or asking is None or times is None:
            return None
        return spans(asking, times)

    def _entered(self, vectors: Tensor) -> Tensor:
        return self.dropout(vectors * self.scale + self.positions[: vectors.shape[1]])


def hstu(config: HstuConfig, n_items: int) -> SequenceNetwork:
    """An untrained network."""
    return HstuNetwork(config, n_items)
