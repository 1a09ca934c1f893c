"""What a surface does."""

from __future__ import annotations

from typing import Any

from zhiyin.core.config import Config


class SurfaceView(Config):
    """One surface."""

    name: str
    """Its name, as requests give it."""
    built_in: bool
    """Whether it is there without a section of its own."""
    does: list[str]
    """What it does, in words."""
    settings: dict[str, Any]
    """Every setting in force, as under ``[surfaces.NAME]``."""
