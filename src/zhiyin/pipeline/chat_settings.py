"""The section [chat] of ``zhiyin.toml``."""

from __future__ import annotations

from pydantic import Field

from zhiyin.core.config import Config


class ChatSettings(Config):
    """How conversations go."""

    hours: float = Field(default=24.0, gt=0)
    """A conversation is forgotten when nothing was said for so many hours."""
    sessions: int = Field(default=10_000, ge=1)
    """How many conversations are kept; the oldest go first."""
    model: bool = True
    """Whether the language model of [llm], where there is one, reads what the grammar leaves
    unread."""
    patience: float = Field(default=15.0, gt=0)
    """Seconds that a turn waits for that model; then it is answered without, and says so."""
    preload: bool = False
    """Whether a service loads the catalogue's words, the index and the encoder when it starts,
    in the background, and not with the first message."""
