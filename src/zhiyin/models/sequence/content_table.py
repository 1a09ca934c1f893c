"""Item vectors that are made of what the items are, in torch."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from zhiyin.core.histories import Floats

_L2 = 1.0
_TINY = 1e-12


class ContentTable(nn.Module):
    """Vectors P c + d: a learned projection of the content c, and a bounded part of one's own.

    Stands where a network has an embedding. d begins at what the projection lacks, and is
    never longer than ``bound`` times P c: an item without events, which has no d, is then not
    far from those with events that are like it.

    Args:
        contents: What the items are, float32 of shape (n, c); stays as it is.
        start: Where the vectors begin, float32 of shape (n, dim).
        bound: Length of d at most, as a share of that of P c.
    """

    contents: Tensor

    def __init__(self, contents: Floats, start: Floats, *, bound: float) -> None:
        super().__init__()
        self.register_buffer("contents", torch.from_numpy(contents), persistent=False)  # pyright: ignore[reportUnknownMemberType]
        ridge = contents.T @ contents + np.float32(_L2) * np.eye(
            contents.shape[1], dtype=np.float32
        )
        first = np.linalg.solve(ridge, contents.T @ start).astype(np.float32)
        self.projection = nn.Linear(*first.shape, bias=False)
        self.own = nn.Parameter(torch.from_numpy(start - contents @ first))  # pyright: ignore[reportUnknownMemberType]
        self.bound = bound
        with torch.no_grad():
            self.projection.weight.copy_(torch.from_numpy(first.T.copy()))  # pyright: ignore[reportUnknownMemberType]

    @property
    def weight(self) -> Tensor:
        """All vectors, (n, dim)."""
        told = self.projection(self.contents)
        most = self.bound * _length(told.detach())
        share: Tensor = most / (_length(self.own) + _TINY)
        return told + self.own * share.clamp(max=1.0)

    def forward(self, items: Tensor) -> Tensor:
        """Vectors of some items: (..., dim)."""
        return functional.embedding(items, self.weight)


def _length(rows: Tensor) -> Tensor:
    return rows.square().sum(1, keepdim=True).sqrt()
