"""The networks of this family, in torch: over the items that training met, and no others."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from zhiyin.models.attention.config import AttentionConfig
from zhiyin.neural.dropout import Dropout
from zhiyin.neural.losses import FULL_SOFTMAX_ITEMS, next_item_loss

_torch: Any = torch
_SAMPLED = 4096
_FADE = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Read:
    """What is read of b histories.

    Attributes:
        items: int64 of shape (b, t).
        weights: Of the events, float32 of shape (b, t), 0 where there is none.
        ages: How many events came later, float32 of shape (b, t); 0 without order.
        last: The last item of each, int64 of shape (b,); None without order.
    """

    items: Tensor
    weights: Tensor
    ages: Tensor
    last: Tensor | None


class AttentionNetwork(nn.Module):
    """What both networks have: contents, fading, bias.

    Args:
        contents: Of the n items, float32 of shape (n, d).
        bias: Its start, float32 of shape (n,).
        config: Sizes and penalties.
    """

    contents: Tensor

    def __init__(self, contents: Tensor, bias: Tensor, config: AttentionConfig) -> None:
        super().__init__()
        self.register_buffer("contents", contents, persistent=False)
        self.bias = nn.Parameter(bias)
        self.fade = nn.Parameter(torch.full((1,), _FADE))
        self.dropout = Dropout(config.dropout)
        self.config = config

    def loss(self, read: Read, targets: Tensor, *, lower: bool) -> Tensor:
        """Mean cross-entropy of the targets (int64 of shape (b,)), and the bias's penalty."""
        penalty = self.bias.square().mean() if len(self.bias) else self.bias.sum()
        return self.entropy(read, targets, lower=lower) + self.config.bias_l2 * penalty

    def entropy(self, read: Read, targets: Tensor, *, lower: bool) -> Tensor:
        """Mean cross-entropy of the targets."""
        raise NotImplementedError

    def scores(self, read: Read) -> Tensor:
        """Of all items, shape (b, n)."""
        raise NotImplementedError

    def pooled(self, vectors: Tensor, read: Read, logits: Tensor | None = None) -> Tensor:
        """Means of vectors (b, t, k), weighed by event, age and exp(logits): (b, k)."""
        there = read.weights > 0
        weights = read.weights.clamp(min=1e-9).log() - self.fade * torch.log1p(read.ages)
        weights = weights if logits is None else weights + logits
        shares = weights.masked_fill(~there, -1e30).softmax(dim=1) * there
        return (shares[:, :, None] * vectors).sum(1)


class GatedDotNetwork(AttentionNetwork):
    """See `zhiyin.models.attention.gated_dot`."""

    def __init__(
        self, contents: Tensor, start: Tensor, bias: Tensor, config: AttentionConfig
    ) -> None:
        super().__init__(contents, bias, config)
        start = start * config.dim**0.25
        self.users = nn.Parameter(start.clone())
        self.items = nn.Parameter(start.clone())
        self.gate = nn.Parameter(torch.zeros(config.dim))
        self.item_gate = nn.Parameter(torch.zeros(config.dim))
        self.ajar = nn.Parameter(torch.zeros(1))

    def entropy(self, read: Read, targets: Tensor, *, lower: bool) -> Tensor:
        """Over all items, or over the target and negatives that all rows share.

        The gate is applied to each pair of user and item, so that the scores are not the
        product of two matrices that `zhiyin.neural.losses` asks for. As there, negatives are
        uniform with the logQ correction.
        """
        negatives, n = self.config.negatives, len(self.bias)
        if negatives is None:
            negatives = 0 if n <= FULL_SOFTMAX_ITEMS else _SAMPLED
        user = self._users(read)
        if negatives == 0 or negatives >= n:
            table = self.contents @ self.items.T
            return functional.cross_entropy(self._pairs(user, table, self.bias), targets)
        drawn: Tensor = _torch.randint(n, (negatives,), device=user.device).unique()
        both = torch.cat([targets, drawn])
        table, bias = self.contents[both] @ self.items.T, self.bias[both]
        logits = self._pairs(user, table, bias)
        hit, others = logits[:, : len(targets)].diagonal(), logits[:, len(targets) :]
        others = others + math.log(n / len(drawn))
        others = others.masked_fill(drawn[None] == targets[:, None], float("-inf"))
        every = torch.cat([hit[:, None], others], dim=1)
        return (torch.logsumexp(every, dim=1) - hit).mean()

    def scores(self, read: Read) -> Tensor:
        """Of all items."""
        return self._pairs(self._users(read), self.contents @ self.items.T, self.bias)

    def _users(self, read: Read) -> Tensor:
        return self.dropout(self.pooled((self.contents @ self.users.T)[read.items], read))

    def _pairs(self, user: Tensor, table: Tensor, bias: Tensor) -> Tensor:
        logits = (user @ self.gate)[:, None] + (table @ self.item_gate)[None] + self.ajar
        return torch.sigmoid(logits) * (user @ table.T) / self.config.dim**0.5 + bias


class BilinearNetwork(AttentionNetwork):
    """See `zhiyin.models.attention.bilinear`."""

    def __init__(
        self, contents: Tensor, start: Tensor, bias: Tensor, config: AttentionConfig
    ) -> None:
        super().__init__(contents, bias, config)
        self.items = nn.Parameter(start.clone())
        self.query = nn.Parameter(torch.zeros(config.dim))
        self.attention = nn.Parameter(torch.eye(config.dim))
        self.output = nn.Parameter(torch.eye(config.dim))

    def entropy(self, read: Read, targets: Tensor, *, lower: bool) -> Tensor:
        """Over all items or many negatives, see `zhiyin.neural.losses.next_item_loss`."""
        table = self.contents @ self.items.T
        user = self._users(read, table)
        ones = torch.ones_like(user[:, :1])
        return next_item_loss(
            torch.cat([user, ones], dim=1),
            torch.cat([table, self.bias[:, None]], dim=1),
            targets,
            negatives=self.config.negatives,
            lower=lower,
        )

    def scores(self, read: Read) -> Tensor:
        """Of all items."""
        table = self.contents @ self.items.T
        return self._users(read, table) @ table.T + self.bias

    def _users(self, read: Read, table: Tensor) -> Tensor:
        vectors = table[read.items]
        query = self.query[None]
        if read.last is not None:
            query = query + table[read.last] @ self.attention.T
        logits = (vectors * query[:, None]).sum(-1) / self.config.dim**0.5
        return self.dropout(self.pooled(vectors, read, logits)) @ self.output
