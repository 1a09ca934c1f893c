"""Randomness as a parameter: every stream is derived from a seed and a name."""

from __future__ import annotations

import random
import uuid

import numpy as np

from zhiyin.core.keys import id_key


def derive_rng(seed: int, *names: str) -> np.random.Generator:
    """A generator that depends only on the seed and the names.

    Two streams with different names are independent, so adding a model to a recipe
    does not change the draws of the others.
    """
    words = [seed % 2**64, *(id_key(name) % 2**64 for name in names)]
    return np.random.default_rng(words)


def fresh_id() -> str:
    """An id that nothing else has: 32 hexadecimal digits."""
    return uuid.uuid4().hex


def unseeded() -> random.Random:
    """Chance that need not be repeated: the jitter of retries."""
    return random.Random()
