"""Copy: texts about items, written for a channel."""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Literal, TypeAlias

from pydantic import Field, computed_field

from zhiyin.core.config import Config
from zhiyin.core.messages.ids import EntityId
from zhiyin.core.messages.queries import Surface
from zhiyin.core.slate import Frozen

CopyKind: TypeAlias = Literal["title", "blurb", "push", "email", "ad"]
"""What is written."""


class CopyQuery(Config):
    """Texts about items, please."""

    item_ids: Annotated[list[EntityId], Field(min_length=1, max_length=100)]
    """Which items."""
    kind: CopyKind = "blurb"
    """What is written."""
    user_id: EntityId | None = None
    """For whom: events of this user may be named. Absent: for everybody."""
    segment: str = Field(default="", max_length=200)
    """Whom it is for, in words, such as ``runners who buy in spring``; a model reads it."""
    surface: Surface = "home"
    """Where it will stand."""
    language: Literal["en", "zh"] | None = None
    """Its language; absent: as [narrate] says, else that of the title."""
    n: Annotated[int, Field(ge=1, le=10)] = 1
    """How many different texts for each item, at most: the arms of a bandit."""
    model: bool = True
    """False for templates, even where a language model is configured."""
    show: bool = False
    """Whether one text of each item is drawn, to be shown now: the draw is logged with its odds
    under a ``slate_id``, and feedback that names it counts for the text."""


class Copy(Frozen):
    """A text for a surface, and how it was made."""

    item_id: str
    """The item."""
    kind: CopyKind
    """What it is."""
    language: Literal["en", "zh"]
    """Its language."""
    parts: dict[str, str]
    """The words: ``text``; or ``subject`` and ``body``; or ``headline`` and ``body``."""
    made_by: str
    """``model:NAME`` or ``template``."""
    refused: list[str] = Field(default_factory=list[str])
    """Why what a model wrote was not used, one line per try."""
    variant: int = 0
    """Which of several texts for the same item it is."""
    slate_id: str | None = None
    """Under which the showing is logged, where the text was drawn to be shown."""
    propensity: float | None = None
    """Probability that this one of the item's texts was drawn, where it was."""

    @computed_field
    @property
    def copy_id(self) -> str:
        """Name of the text, the same wherever and whenever these words are: an arm of a bandit."""
        said = json.dumps([self.item_id, self.kind, self.parts], ensure_ascii=False, sort_keys=True)
        return hashlib.sha256(said.encode()).hexdigest()[:16]
