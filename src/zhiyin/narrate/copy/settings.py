"""How copy sounds, and how long it may be."""

from __future__ import annotations

from typing import Literal, TypeAlias

from pydantic import Field

from zhiyin.core.config import Config
from zhiyin.core.messages import CopyKind

Kind: TypeAlias = CopyKind
"""What is written."""

PARTS: dict[Kind, tuple[str, ...]] = {
    "title": ("text",),
    "blurb": ("text",),
    "push": ("text",),
    "email": ("subject", "body"),
    "ad": ("headline", "body"),
}
"""The parts of each kind."""
_LIMITS = {
    "title.text": 60, "blurb.text": 200, "push.text": 90, "email.subject": 60,
    "email.body": 600, "ad.headline": 40, "ad.body": 90,
}  # fmt: skip


class CopyConfig(Config):
    """How copy sounds, and how long it may be."""

    tone: str = "plain and friendly"
    """The brand's tone, in words for the language model."""
    language: Literal["auto", "en", "zh"] = "auto"
    """Language of copy where the caller names none; "auto" is that of the title."""
    banned: tuple[str, ...] = ()
    """Words that are never to be shown, such as "miracle" or 最佳."""
    limits: dict[str, int] = Field(default_factory=lambda: dict(_LIMITS))
    """Most characters of each part, as ``kind.part``."""
    tries: int = Field(default=2, ge=1, le=5)
    """How often a model is asked before a template is used."""
    patience: float = Field(default=30.0, gt=0)
    """Seconds after which the rest of a request is written from templates; a question that is
    under way then is still waited for."""
    explore: float = Field(default=0.1, ge=0, le=1)
    """How often the text that is shown is drawn from all texts of its item alike; else it is the
    one that was answered most often. 1 draws always."""

    def limit(self, kind: Kind, part: str) -> int:
        """Most characters of a part; that of the shipped settings where none is given."""
        name = f"{kind}.{part}"
        return self.limits.get(name, _LIMITS[name])
