"""Where and how exactly to compute."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import torch

from zhiyin.core.errors import ConfigError
from zhiyin.neural.settings import LoopConfig

_torch: Any = torch


def choose_device(settings: LoopConfig) -> torch.device:
    """The device that was asked for, or the best there is.

    Raises:
        ConfigError: It does not exist here.
    """
    if settings.device == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(settings.device)
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise ConfigError(
            f"device {settings.device!r} cannot be used: {str(error).splitlines()[0][:160]}",
            hint='"auto" takes what there is',
        ) from error
    return device


def lower_precision(settings: LoopConfig, device: torch.device) -> bool:
    """Whether large matrix products take bfloat16: "auto" does on hardware made for it."""
    if settings.precision == "auto":
        if device.type == "cpu":
            amx: Any = getattr(torch.cpu, "_is_amx_tile_supported", None)
            return bool(amx is not None and amx())
        return device.type == "cuda" and torch.cuda.is_bf16_supported()
    return settings.precision == "bfloat16"


def autocast(device: torch.device, *, lower: bool) -> AbstractContextManager[Any]:
    """A context in which a GPU's products take bfloat16 where ``lower`` says so.

    On a CPU it does nothing: the casts of narrow layers cost more than their products gain,
    and the loss, which holds half of the products, casts its own.
    """
    return _torch.autocast(
        device.type, dtype=torch.bfloat16, enabled=lower and device.type != "cpu"
    )


@contextmanager
def own_randomness(device: torch.device, *, seed: int, threads: int = 0) -> Generator[None]:
    """Seeds torch's generators and sets its threads, for the while of a block only.

    Args:
        device: Whose generator is seeded beside the CPU's.
        seed: What decides every draw inside.
        threads: CPU threads; 0 leaves them as they are, one for each core.
    """
    before = torch.get_num_threads()
    with _torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        _torch.manual_seed(seed)
        torch.set_num_threads(threads or before)
        try:
            yield
        finally:
            torch.set_num_threads(before)
