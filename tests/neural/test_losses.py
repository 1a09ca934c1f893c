"""The losses against plain implementations."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from zhiyin.neural import losses
from zhiyin.neural.losses import full_cross_entropy, next_item_loss, sampled_cross_entropy

N, ITEMS, DIM = 37, 50, 8


def case(scale: float = 1.0) -> tuple[Tensor, Tensor, Tensor]:
    """States, item vectors, targets (one of them twice)."""
    generator = torch.Generator().manual_seed(5)
    hidden = (torch.randn(N, DIM, generator=generator) * scale).requires_grad_()
    table = torch.randn(ITEMS, DIM, generator=generator).requires_grad_()
    targets = torch.randint(ITEMS, (N,), generator=generator)
    targets[1] = targets[0]
    return hidden, table, targets


def with_gradients(loss: Tensor, *leaves: Tensor) -> list[Tensor]:
    return [loss.detach(), *torch.autograd.grad(loss, leaves)]


@pytest.mark.parametrize("scale", [1.0, 40.0])  # the second overflows without a shift
def test_full_loss_is_cross_entropy(scale: float) -> None:
    hidden, table, targets = case(scale)
    plain = functional.cross_entropy(hidden @ table.T, targets)
    ours = full_cross_entropy(hidden, table, targets)
    pairs = zip(
        with_gradients(3 * plain, hidden, table),
        with_gradients(3 * ours, hidden, table),
        strict=True,
    )
    for expected, found in pairs:
        torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("rows", [1, 5, 36, 37, 1000])
def test_chunks_do_not_matter(rows: int) -> None:
    hidden, table, targets = case()
    whole = with_gradients(full_cross_entropy(hidden, table, targets), hidden, table)
    loss = full_cross_entropy(hidden, table, targets, chunk_bytes=rows * 4 * ITEMS)
    for expected, found in zip(whole, with_gradients(loss, hidden, table), strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("scale", [1.0, 40.0])
def test_bfloat16_is_close(scale: float) -> None:
    hidden, table, targets = case(scale)
    exact = with_gradients(full_cross_entropy(hidden, table, targets), hidden, table)
    loss = full_cross_entropy(hidden, table, targets, lower=True)
    for expected, found in zip(exact, with_gradients(loss, hidden, table), strict=True):
        assert float((found - expected).norm() / expected.norm()) < 0.02


def test_no_logits_are_stored_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    largest = 0
    empty = torch.empty

    def watched(shape: tuple[int, ...], **options: object) -> Tensor:
        nonlocal largest
        largest = max(largest, shape[0] * shape[1])
        return empty(shape, **options)

    monkeypatch.setattr(losses.torch, "empty", watched)
    hidden, table, targets = case()
    full_cross_entropy(hidden, table, targets, chunk_bytes=5 * 4 * ITEMS)
    assert largest == 5 * ITEMS


def test_with_every_item_as_negative_it_is_the_full_loss() -> None:
    hidden, table, targets = case()
    full = with_gradients(full_cross_entropy(hidden, table, targets), hidden, table)
    sampled = sampled_cross_entropy(hidden, table, targets, negatives=ITEMS)
    for expected, found in zip(full, with_gradients(sampled, hidden, table), strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-6)


def test_sampled_loss_estimates_the_full_one() -> None:
    hidden, table, targets = (each.detach() for each in case(0.3))
    full = float(full_cross_entropy(hidden, table, targets))
    torch.manual_seed(1)
    draws = [float(sampled_cross_entropy(hidden, table, targets, negatives=20)) for _ in range(99)]
    # Without the correction it would be near log(18 / 50) = 1 below.
    assert sum(draws) / len(draws) == pytest.approx(full, abs=0.08)


def test_a_target_among_the_negatives_does_not_count_twice() -> None:
    hidden, table = torch.zeros(1, DIM), torch.zeros(2, DIM)
    loss = sampled_cross_entropy(hidden, table, torch.tensor([1]), negatives=2)
    assert float(loss) == pytest.approx(0.6931, abs=1e-4)  # log 2, not log 3


def test_large_catalogues_are_sampled(monkeypatch: pytest.MonkeyPatch) -> None:
    hidden, table, targets = (each.detach() for each in case())
    full = float(full_cross_entropy(hidden, table, targets))
    assert float(next_item_loss(hidden, table, targets, negatives=None)) == pytest.approx(full)
    monkeypatch.setattr(losses, "FULL_SOFTMAX_ITEMS", ITEMS - 1)
    called: list[int] = []
    sampled = losses.sampled_cross_entropy

    def spy(*arguments: Tensor, negatives: int) -> Tensor:
        called.append(negatives)
        return sampled(*arguments, negatives=negatives)

    monkeypatch.setattr(losses, "sampled_cross_entropy", spy)
    next_item_loss(hidden, table, targets, negatives=None)
    next_item_loss(hidden, table, targets, negatives=7)
    next_item_loss(hidden, table, targets, negatives=0)
    assert called == [4096, 7]
