"""What a network of this family is, in torch, and what serving asks of it."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from zhiyin.core.histories import Floats
from zhiyin.core.named_arrays import under
from zhiyin.core.protocols import Arrays
from zhiyin.models.sequence.config import SequenceConfig
from zhiyin.models.sequence.content_table import ContentTable
from zhiyin.neural.export import export_onnx


class SequenceNetwork(nn.Module):
    """Base of networks: item vectors, and states over sequences of them.

    Args:
        n_items: Size of the catalogue.
        dim: Size of an item's vector, and of a state.
    """

    reads_times: bool = False
    """Whether `encode` looks at when the events were."""

    def __init__(self, n_items: int, dim: int) -> None:
        super().__init__()
        self.items: nn.Embedding | ContentTable = nn.Embedding(n_items, dim)
        nn.init.normal_(self.items.weight, std=0.02)

    def over_content(self, contents: Floats, *, bound: float) -> None:
        """Makes the item vectors anew, of what the items are; see `ContentTable`."""
        start = self.items.weight.detach().numpy()
        self.items = ContentTable(contents, start, bound=bound)

    def encode(self, vectors: Tensor, times: Tensor | None = None) -> Tensor:
        """States of shape (b, t, dim) from item vectors of shape (b, t, dim).

        The state at a position depends on that position and earlier ones only, so what
        stands on the right of a shorter sequence changes nothing.

        Args:
            vectors: Of the events, float32.
            times: When they were, int64 seconds of shape (b, t) from any origin; None:
                unknown. For networks with `reads_times`.
        """
        raise NotImplementedError

    def freeze(self) -> None:
        """Computes once what no input changes; called before the graphs are written."""

    def last(self, vectors: Tensor, last: Tensor, times: Tensor | None = None) -> Tensor:
        """The state at position ``last`` (int64 of shape (b,)) of each sequence: (b, dim).

        Networks that need not know all states to tell one of them say so here.
        """
        row = last[:, None, None].expand(-1, 1, vectors.shape[2])
        return self.encode(vectors, times).gather(1, row)[:, 0]


class LastState(nn.Module):
    """What a score needs: the last state."""

    def __init__(self, network: SequenceNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, vectors: Tensor, last: Tensor, times: Tensor | None = None) -> Tensor:
        """Last states, (b, dim), of vectors (b, t, dim) that end at ``last``."""
        return self.network.last(vectors, last, times)


class PooledState(nn.Module):
    """What else a history tells: all its states, pooled by attention of the last."""

    def __init__(self, network: SequenceNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, vectors: Tensor, last: Tensor, times: Tensor | None = None) -> Tensor:
        """Pooled states, (b, dim), of vectors (b, t, dim) that end at ``last``."""
        states = self.network.encode(vectors, times)
        dim = states.shape[-1]
        final = states.gather(1, last[:, None, None].expand(-1, 1, dim))
        weights = (states * final).sum(-1) / dim**0.5
        beyond = torch.arange(vectors.shape[1], device=vectors.device)[None] > last[:, None]
        weights = weights.masked_fill(beyond, float("-inf")).softmax(dim=1)
        return (weights[:, :, None] * states).sum(1)


def served(network: SequenceNetwork, config: SequenceConfig) -> Arrays:
    """What serving needs of a trained network, which is on the CPU.

    Returns:
        The arrays "items" (float32, (n_items, dim)), "graph" and "pooled" (uint8: what is
        above the item table, for the last and for the pooled state, as ONNX) and
        "weights/NAME" for every parameter but the items; "projection" of shape (dim, c) where
        these are made of content.

    Raises:
        TrainingError: A graph differs from the network.
    """
    network.freeze()
    weights: Arrays = {
        name: each.detach().numpy()
        for name, each in network.named_parameters()
        if not name.startswith("items.")
    }
    arrays = {"items": network.items.weight.detach().numpy(), **under("weights", weights)}
    if isinstance(network.items, ContentTable):
        arrays["projection"] = network.items.projection.weight.detach().numpy()
    arrays["graph"] = _graph(LastState(network), config, network.reads_times)
    arrays["pooled"] = _graph(PooledState(network), config, network.reads_times)
    return arrays


def _graph(module: nn.Module, config: SequenceConfig, reads_times: bool) -> NDArray[np.uint8]:
    generator = torch.Generator().manual_seed(0)
    shapes = [(1, min(2, config.length)), (3, min(5, config.length)), (1, 1), (2, config.length)]
    checks: list[tuple[Tensor, ...]] = []
    for b, t in shapes:
        vectors = torch.randn((b, t, config.dim), generator=generator) * 0.05
        check: tuple[Tensor, ...] = (vectors, torch.randint(t, (b,), generator=generator))
        if reads_times:
            gaps = torch.randint(2**22, (b, t), generator=generator)
            check = (*check, gaps.cumsum(1))
        checks.append(check)
    shape = {0: "queries", 1: "events"}
    axes = {"vectors": shape, "last": {0: "queries"}, "state": {0: "queries"}}
    inputs = ("vectors", "last", *(("times",) if reads_times else ()))
    if reads_times:
        axes["times"] = shape
    return export_onnx(module, checks, inputs=inputs, outputs=("state",), axes=axes)
