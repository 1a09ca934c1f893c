"""How a model that was learned becomes the next version."""

from __future__ import annotations

from typing import Protocol

from zhiyin.pipeline.trained import Trained


class Publish(Protocol):
    """Writes a model as the next version; returns its name."""

    def __call__(self, trained: Trained, *, serve: bool = True, refusal: str = "") -> str:
        """Writes it.

        Args:
            trained: The model.
            serve: Whether it serves from now on.
            refusal: Why it should not.
        """
        ...
