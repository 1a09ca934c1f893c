"""What a surface does, and all settings."""

from __future__ import annotations

from typing import Any

from zhiyin.core.config import Config
from zhiyin.core.slate import Frozen


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
    etag: str = ""
    """Changes with the settings: sent as If-Match, a change is made only if it is still so."""


class SurfaceRemoved(Frozen):
    """What taking a surface's section out did."""

    name: str
    """Which surface."""
    removed: bool
    """Whether there was a section to take out."""


class SettingsView(Frozen):
    """The settings of a workspace."""

    file: str
    """Where they are written."""
    settings: dict[str, Any]
    """Every setting in force, by section; addresses that may hold a password are left out."""
    trouble: str = ""
    """Why the file as it is now cannot be used; empty when all is well. What was in force
    before goes on."""
