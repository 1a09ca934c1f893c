"""How long work tells how far it is, without knowing who listens."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str, float], None]
"""Called with what is being done and the share of the whole that is done, 0..1."""


def silent(_stage: str, _share: float) -> None:
    """Listens to nothing."""
