"""Versions of the model, and trainings."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from zhiyin.core.config import Config
from zhiyin.core.slate import Frozen


class MemberInfo(Frozen):
    """One member of a blend."""

    name: str
    """Its registered name."""
    weight: float
    """How much it counts."""


class ModelVersion(Frozen):
    """One version of the model."""

    version: str
    """Its name; sorts by age."""
    serving: bool
    """Whether it answers now."""
    members: list[MemberInfo]
    """What it is made of."""
    as_of: int
    """The newest event that it learned from, in milliseconds; 0 where times are unknown."""
    train_s: float | None = None
    """Seconds that its training took."""
    goal: dict[str, Any] = Field(default_factory=dict)
    """What it reached on held-out events."""
    tried: dict[str, float] = Field(default_factory=dict)
    """What each model reached alone there, by name, with its best settings: the baselines."""


class TrainRequest(Config):
    """A training."""

    kind: Literal["train", "update"] = "train"
    """"train" chooses anew; "update" teaches the serving model what came since."""
    recipe: str | None = Field(default=None, max_length=100)
    """"auto", or one model's name; None for that of the settings."""
    budget: str | None = Field(default=None, max_length=20)
    """Bound on its time, such as "60s" or "15m"; None for that of the settings."""
    gate: bool = True
    """Whether the new model has to pass the evaluation gate before it serves."""


class TrainingJob(Frozen):
    """One training: what was asked, how far it is, what became of it."""

    id: str
    """Identity; sorts by age."""
    kind: str
    """"train" or "update"."""
    state: str
    """starting, running, published, refused, cancelled or failed."""
    reason: str = "asked"
    """Why it was started: asked, schedule, events."""
    recipe: str | None = None
    """The recipe that was asked for."""
    budget: str | None = None
    """The bound that was asked for."""
    stage: str = ""
    """What is being done."""
    share: float = 0.0
    """Part of the whole that is done, 0..1."""
    created: int = 0
    """When it was asked for, in milliseconds since the Unix epoch."""
    finished: int | None = None
    """When it ended, in milliseconds since the Unix epoch."""
    version: str | None = None
    """The model that it made, published or refused."""
    message: str = ""
    """Why it failed or was refused, in a sentence."""
    gate: dict[str, Any] | None = None
    """What the evaluation gate measured."""

    @property
    def ended(self) -> bool:
        """Whether it is over, however it ended."""
        return self.state not in ("starting", "running")
