"""What reads a query and an item together, and says how well they fit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from zhiyin.core.histories import Floats


class PairScorer(Protocol):
    """Scores texts for a query."""

    @property
    def id(self) -> str:
        """Name and content hash."""
        ...

    def score(self, query: str, texts: Sequence[str]) -> Floats:
        """How well each text answers, higher is better; float32 of shape (n,), all finite."""
        ...
