"""What a network of this family is, in torch, and what serving asks of it."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from zhiyin.core.protocols import Arrays
from zhiyin.models.sequence.base import SequenceConfig
from zhiyin.neural.export import export_onnx


class SequenceNetwork(nn.Module):
    """Base of networks: item vectors, and states over sequences of them.

    Args:
        n_items: Size of the catalogue.
        dim: Size of an item's vector, and of a state.
    """

    def __init__(self, n_items: int, dim: int) -> None:
        super().__init__()
        self.items = nn.Embedding(n_items, dim)
        nn.init.normal_(self.items.weight, std=0.02)

    def encode(self, vectors: Tensor) -> Tensor:
        """States of shape (b, t, dim) from item vectors of shape (b, t, dim).

        The state at a position depends on that position and earlier ones only, so what
        stands on the right of a shorter sequence changes nothing.
        """
        raise NotImplementedError


class LastState(nn.Module):
    """What serving asks of a network: the last state, and the states pooled by attention."""

    def __init__(self, network: SequenceNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, vectors: Tensor, last: Tensor) -> tuple[Tensor, Tensor]:
        """Last and pooled states, (b, dim) each, of vectors (b, t, dim) that end at ``last``."""
        states = self.network.encode(vectors)
        dim = states.shape[-1]
        final = states.gather(1, last[:, None, None].expand(-1, 1, dim))
        weights = (states * final).sum(-1) / dim**0.5
        beyond = torch.arange(vectors.shape[1], device=vectors.device)[None] > last[:, None]
        weights = weights.masked_fill(beyond, float("-inf")).softmax(dim=1)
        return final[:, 0], (weights[:, :, None] * states).sum(1)


def served(network: SequenceNetwork, config: SequenceConfig) -> Arrays:
    """What serving needs of a trained network, which is on the CPU.

    Returns:
        The arrays "items" (float32, (n_items, dim)), "graph" (uint8: the network above the
        item table, as ONNX) and "weights.NAME" for every parameter but the items.

    Raises:
        TrainingError: The graph differs from the network.
    """
    weights = {name: each.detach().numpy() for name, each in network.named_parameters()}
    arrays: Arrays = {"items": weights.pop("items.weight")}
    arrays |= {f"weights.{name}": each for name, each in weights.items()}
    generator = torch.Generator().manual_seed(0)
    shapes = [(1, min(2, config.length)), (3, min(5, config.length)), (1, 1), (2, config.length)]
    checks: list[tuple[Tensor, ...]] = []
    for b, t in shapes:
        vectors = torch.randn((b, t, config.dim), generator=generator) * 0.05
        checks.append((vectors, torch.randint(t, (b,), generator=generator)))
    arrays["graph"] = export_onnx(
        LastState(network),
        checks,
        inputs=("vectors", "last"),
        outputs=("state", "pooled"),
        axes={
            "vectors": {0: "queries", 1: "events"},
            "last": {0: "queries"},
            "state": {0: "queries"},
            "pooled": {0: "queries"},
        },
    )
    return arrays
