"""Which encoder and which index serve where nobody chose."""

from __future__ import annotations

from dataclasses import dataclass

from zhiyin.core.errors import MissingExtraError
from zhiyin.core.protocols import TextEncoder, VectorIndex
from zhiyin.core.registry import ENCODERS, INDEXES, load

DEFAULT_ENCODER = "use"
LAST_RESORT = "tfidf"
SCAN_BELOW = 1_000_000
"""Catalogues below this size are scanned: exact, and fast enough (benchmarks/index.py)."""


@dataclass(frozen=True, slots=True, eq=False)
class ChosenEncoder:
    """An encoder, and why it is not the one wanted.

    Attributes:
        encoder: What encodes.
        name: Its name in the registry.
        fallback: Empty, or a sentence for the reports that says what is missing.
    """

    encoder: TextEncoder
    name: str
    fallback: str = ""


def default_encoder() -> ChosenEncoder:
    """USE multilingual where the extra ``text`` is installed, tf-idf otherwise."""
    try:
        return ChosenEncoder(load(ENCODERS, DEFAULT_ENCODER)(), DEFAULT_ENCODER)
    except MissingExtraError as error:
        return ChosenEncoder(
            load(ENCODERS, LAST_RESORT)(),
            LAST_RESORT,
            fallback=f"texts are compared by their words alone, in one language: {error}",
        )


def default_index(n_items: int) -> VectorIndex:
    """An exact index below a million items, a graph above where usearch is installed."""
    if n_items >= SCAN_BELOW:
        try:
            return load(INDEXES, "hnsw")()
        except MissingExtraError:
            pass  # exact search needs nothing, and is only slower
    return load(INDEXES, "exact")()
