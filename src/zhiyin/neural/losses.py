"""What a network is trained to do: name the next item among all, or among many."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

_torch: Any = torch
CHUNK_BYTES = 8 * 2**20
"""Logits that exist at one time. With 2,048 states over 3,416 items the loss and its gradients
take 55 ms in such chunks, 60 ms in chunks of 1 or 28 MB, 80 ms in one piece with autograd."""
FULL_SOFTMAX_ITEMS = 50_000
"""Up to so many items the softmax runs over all of them."""


class _FullCrossEntropy(torch.autograd.Function):
    """Loss and gradients in one pass over chunks of rows, in buffers that are used again.

    With z the sum of exp(logits - max) of a row, the gradient of the row's loss is
    exp(logits - max) / z less the target's indicator: the division moves onto the narrow
    matrices, so the logits are passed over four times and never stored whole.
    """

    @staticmethod
    def forward(ctx: Any, hidden: Tensor, table: Tensor, targets: Tensor, chunk: int) -> Tensor:  # noqa: ANN401
        rows, items = len(hidden), len(table)
        d_hidden, d_table = torch.empty_like(hidden), torch.zeros_like(table)
        buffer = torch.empty((min(chunk, rows), items), dtype=hidden.dtype, device=hidden.device)
        total = torch.zeros((), dtype=torch.float32, device=hidden.device)
        for start in range(0, rows, chunk):
            part = slice(start, start + chunk)
            h, target = hidden[part], targets[part]
            logits = buffer[: len(h)]
            _torch.mm(h, table.T, out=logits)
            hit = logits.gather(1, target[:, None])
            top = logits.amax(1, keepdim=True)
            logits.sub_(top).exp_()
            z = logits.sum(1, keepdim=True)
            total += (z.log() + top - hit).sum()
            scale = 1.0 / (z * rows)
            _torch.mm(logits, table, out=d_hidden[part])
            d_hidden[part].mul_(scale).sub_(table[target], alpha=1.0 / rows)
            d_table.addmm_(logits.T, h * scale)
            d_table.index_add_(0, target, h, alpha=-1.0 / rows)
        ctx.save_for_backward(d_hidden, d_table)
        return total / rows

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor, None, None]:  # noqa: ANN401
        d_hidden, d_table = ctx.saved_tensors
        return d_hidden * grads[0], d_table * grads[0], None, None


_full: Any = _FullCrossEntropy


def full_cross_entropy(
    hidden: Tensor, table: Tensor, targets: Tensor, *, chunk_bytes: int = CHUNK_BYTES
) -> Tensor:
    """Mean of -log softmax(hidden table')[target] over all items, without whole logits.

    Args:
        hidden: States, float32 of shape (n, d), n > 0.
        table: Item vectors, float32 of shape (items, d).
        targets: int64 of shape (n,).
        chunk_bytes: Size of the logits computed at one time; the result does not depend on it.

    Returns:
        A scalar. Differentiable once, by ``hidden`` and ``table``.
    """
    chunk = max(1, chunk_bytes // (4 * len(table)))
    with _torch.autocast(hidden.device.type, enabled=False):
        return _full.apply(hidden.float(), table.float(), targets, chunk)


def sampled_cross_entropy(
    hidden: Tensor, table: Tensor, targets: Tensor, *, negatives: int
) -> Tensor:
    """Mean of -log softmax over the target and negatives that all rows share.

    Negatives are uniform, without repeats; their logits gain log(items / negatives), the
    logQ correction of sampled softmax (Jean, Cho, Memisevic and Bengio, "On using very large
    target vocabulary for neural machine translation", ACL 2015, eq. 8): the sum estimates
    that over all items. A row's own target is left out of its negatives. With as many
    negatives as items it is `full_cross_entropy`.

    Args:
        hidden: States, float32 of shape (n, d), n > 0.
        table: Item vectors, float32 of shape (items, d).
        targets: int64 of shape (n,).
        negatives: How many are drawn from torch's generator.
    """
    items = len(table)
    if negatives >= items:
        drawn: Tensor = torch.arange(items, device=table.device)
    else:
        drawn = _torch.randint(items, (negatives,), device=table.device).unique()
    hit = (hidden * table[targets]).sum(1, keepdim=True)
    logits = hidden @ table[drawn].T + math.log(items / len(drawn))
    logits = logits.masked_fill(drawn[None] == targets[:, None], float("-inf"))
    both = torch.cat([hit, logits], dim=1).float()
    return (torch.logsumexp(both, dim=1) - both[:, 0]).mean()


def next_item_loss(
    hidden: Tensor, table: Tensor, targets: Tensor, *, negatives: int | None
) -> Tensor:
    """The full loss up to 50,000 items, the sampled one above, or as ``negatives`` says.

    Args:
        hidden: States, shape (n, d).
        table: Item vectors, shape (items, d).
        targets: int64 of shape (n,).
        negatives: 0 for the full loss, None to decide by the size of the catalogue (then
            4,096 are drawn).
    """
    if negatives is None:
        negatives = 0 if len(table) <= FULL_SOFTMAX_ITEMS else 4096
    if negatives == 0:
        return full_cross_entropy(hidden, table, targets)
    return sampled_cross_entropy(hidden, table, targets, negatives=negatives)
