"""What a network is trained to do: name the next item among all, or among many."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn

_torch: Any = torch
CHUNK_BYTES = 8 * 2**20
"""Logits that exist at one time; they are passed over while they are in the cache."""
FULL_SOFTMAX_ITEMS = 50_000
"""Up to so many items the softmax runs over all of them."""
_SAFE = 60.0
"""Logits within this can be exponentiated as they are: their sum stays far inside float32."""

_GRAIN = 128
"""Rows of bfloat16 products are a multiple of this: oneDNN prepares a kernel for each shape
that it meets, which takes longer than the product."""


class _FullCrossEntropy(torch.autograd.Function):
    """Loss and gradients in one pass over chunks of rows, in buffers that are used again.

    With e = exp(logits) and z its sum over a row, the gradient of the row's loss is e / z less
    the target's indicator. The division moves onto the narrow matrices, and where no product
    of norms exceeds 60 nothing is subtracted before exp: two passes over the logits are left.
    """

    @staticmethod
    def forward(
        ctx: Any,  # noqa: ANN401
        hidden: Tensor,
        table: Tensor,
        targets: Tensor,
        chunk: int,
        lower: bool,
    ) -> Tensor:
        rows, kind = len(hidden), torch.bfloat16 if lower else torch.float32
        d_hidden, d_table = torch.empty_like(hidden), torch.zeros_like(table)
        grain = _GRAIN if lower else 1
        chunk = max(grain, chunk // grain * grain)
        items_in, rows_in = table.to(kind), _padded(hidden.to(kind), grain)
        shape = (min(chunk, len(rows_in)), len(table))
        buffer = torch.empty(shape, dtype=kind, device=hidden.device)
        shifted = not _norm(hidden) * _norm(table) < _SAFE
        total = torch.zeros((), dtype=torch.float32, device=hidden.device)
        for start in range(0, rows, chunk):
            part = slice(start, start + chunk)
            h, target, inputs = hidden[part], targets[part], rows_in[part]
            n = len(h)
            logits = buffer[: len(inputs)]
            _torch.mm(inputs, items_in.T, out=logits)
            hit = (h * table[target]).sum(1, keepdim=True)
            top = logits.amax(1, keepdim=True) if shifted else logits.new_zeros((len(logits), 1))
            e = (logits.sub_(top) if shifted else logits).exp_()
            z = e.sum(1, keepdim=True, dtype=torch.float32)[:n]
            total += (z.log() + top[:n] - hit).sum()
            scale = 1.0 / (z * rows)
            d_hidden[part] = torch.mm(e, items_in)[:n]
            d_hidden[part].mul_(scale).sub_(table[target], alpha=1.0 / rows)
            d_table.add_(torch.mm(e.T, _padded((h * scale).to(kind), grain)))
            d_table.index_add_(0, target, h, alpha=-1.0 / rows)
        ctx.save_for_backward(d_hidden, d_table)
        return total / rows

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401
        d_hidden, d_table = ctx.saved_tensors
        return d_hidden * grads[0], d_table * grads[0], None, None, None


_full: Any = _FullCrossEntropy


def _padded(rows: Tensor, grain: int) -> Tensor:
    """Rows of zeros added, up to a multiple of ``grain``."""
    return nn.functional.pad(rows, (0, 0, 0, -len(rows) % grain)) if len(rows) % grain else rows


def _norm(rows: Tensor) -> float:
    """The largest length of any row."""
    return float(rows.square().sum(1).max().sqrt())


def full_cross_entropy(
    hidden: Tensor,
    table: Tensor,
    targets: Tensor,
    *,
    chunk_bytes: int = CHUNK_BYTES,
    lower: bool = False,
) -> Tensor:
    """Mean of -log softmax(hidden table')[target] over all items, without whole logits.

    Args:
        hidden: States, float32 of shape (n, d), n > 0.
        table: Item vectors, float32 of shape (items, d).
        targets: int64 of shape (n,).
        chunk_bytes: Size of the logits computed at one time; the result does not depend on it.
        lower: Whether logits are bfloat16; sums, gradients and the targets' own logits are float32.

    Returns:
        A scalar. Differentiable once, by ``hidden`` and ``table``.
    """
    chunk = max(1, chunk_bytes // (4 * len(table)))
    with _torch.autocast(hidden.device.type, enabled=False):
        return _full.apply(hidden.float(), table.float(), targets, chunk, lower)


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
    hidden: Tensor, table: Tensor, targets: Tensor, *, negatives: int | None, lower: bool = False
) -> Tensor:
    """The full loss up to 50,000 items, the sampled one above, or as ``negatives`` says.

    Args:
        hidden: States, shape (n, d).
        table: Item vectors, shape (items, d).
        targets: int64 of shape (n,).
        negatives: 0 for the full loss, None to decide by the size of the catalogue (then
            4,096 are drawn).
        lower: Whether the full loss's products take bfloat16.
    """
    if negatives is None:
        negatives = 0 if len(table) <= FULL_SOFTMAX_ITEMS else 4096
    if negatives == 0:
        return full_cross_entropy(hidden, table, targets, lower=lower)
    return sampled_cross_entropy(hidden, table, targets, negatives=negatives)
