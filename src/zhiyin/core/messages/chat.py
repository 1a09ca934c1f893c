"""What is said in a conversation."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from zhiyin.core.config import Config
from zhiyin.core.messages.ids import EntityId
from zhiyin.core.slate import Frozen

LONGEST_MESSAGE = 20_000
"""Characters of a message at most; the first 2,000 are read."""


class ChatMessage(Config):
    """A message of a user."""

    message: str | None = Field(default=None, max_length=LONGEST_MESSAGE)
    """What is said, in any words; the first 2,000 characters are read. Absent: the conversation
    is begun for the user, with a slate and the recorded reasons for it."""
    session_id: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    """The conversation, as the answer before named it; absent: a new one begins."""
    user_id: EntityId | None = None
    """Who speaks; absent for somebody unknown. A conversation belongs to whom it began with."""
    n: Annotated[int, Field(ge=1, le=50)] = 5
    """How many items a slate has."""
    remember: bool = False
    """The user's consent: what this message wishes enters their profile. Without it nothing
    is kept, unless the message itself asks for it ("remember that …", 记住…)."""
    language: Literal["en", "zh"] | None = None
    """Of the words that begin a conversation; absent: that of most titles that are shown. A
    message is answered in its own language."""
    utc_offset_minutes: Annotated[int, Field(ge=-840, le=840)] = 0
    """Minutes that the user's clock is ahead of UTC, for what is said of weekday and hour."""


class ChatItem(Frozen):
    """An item of an answer, from the engine."""

    item_id: str
    """The item."""
    title: str = ""
    """Its title; empty where it has none."""


class ChatWish(Frozen):
    """Something that every item keeps until the user takes it back."""

    field: str
    """Name of the attribute; "title" for a word."""
    op: str
    """has, lacks, <, <=, >, >= or ==."""
    value: str | float
    """By which value."""
    or_else: list[str] = Field(default_factory=list[str])
    """Further values of which one is enough."""


OccasionKind: TypeAlias = Literal["time", "unfinished", "begun", "return"]
"""What an opening goes by; see `ChatReason`."""


class ChatReason(Frozen):
    """Why something is suggested at the beginning, from what is recorded of the user."""

    kind: OccasionKind
    text: str
    """In words."""
    item_ids: list[str] = Field(default_factory=list[str])
    """The items of the slate that it is for."""
    events: list[int] = Field(default_factory=list[int])
    """The events that it rests on, by their number in the log: the latest 20."""
    event_count: int = 0
    """How many events there are."""
    evidence_items: list[str] = Field(default_factory=list[str])
    """The items of those events."""


class ChatAnswer(Frozen):
    """The answer to a message."""

    session_id: str
    """The conversation: send it with the next message."""
    user_id: str | None = None
    """Whose it is."""
    text: str
    """The words."""
    items: list[ChatItem] = Field(default_factory=list[ChatItem])
    """The slate, best first; empty where nothing is shown."""
    acts: list[str] = Field(default_factory=list[str])
    """What the answer does: opens, shows, asks, refuses, explains, describes, compares, lacks,
    admits, unknown_item, resets, remembers, forgets."""
    about: list[str] = Field(default_factory=list[str])
    """The items that an explanation, description or comparison is of."""
    wishes: list[ChatWish] = Field(default_factory=list[ChatWish])
    """What is in force now."""
    topic: str = ""
    """What is searched for now."""
    remembered: list[str] = Field(default_factory=list[str])
    """What this message added to the user's profile, as tags or wishes; to be taken back by
    `forget` at /v1/profile, or in words."""
    ask_to_remember: bool = False
    """Whether the user may be asked if this should be remembered: the message says a lasting
    preference, and nothing was kept of it."""
    reasons: list[ChatReason] = Field(default_factory=list[ChatReason])
    """Why some of the slate is suggested, where a conversation is begun; empty where nothing is
    recorded that bears on this moment."""
    tools: list[str] = Field(default_factory=list[str])
    """Names of the tools that were used."""
    made_by: str = "grammar"
    """"grammar", or the id of the model that read what the grammar did not understand."""
    fallbacks: list[str] = Field(default_factory=list[str])
    """Paths that were taken because the usual one was not open; empty when all is well."""

    @property
    def item_ids(self) -> list[str]:
        """The slate, by id."""
        return [item.item_id for item in self.items]


class ChatPiece(Frozen):
    """A piece of an answer, as it is spoken."""

    text: str = ""
    """Further words."""
    answer: ChatAnswer | None = None
    """The whole answer, with the last piece."""
