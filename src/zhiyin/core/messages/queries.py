"""What is asked of the service."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from zhiyin.core.config import Config
from zhiyin.core.messages.ids import EntityId

LONGEST_QUERY = 100_000
"""Characters of a search at most; of a very long one the beginning is read."""
MOST_CANDIDATES = 10_000
"""Items that one request may rank or exclude."""

Length = Annotated[int, Field(ge=1, le=1000)]
"""How many items are asked for."""
Surface = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00]+$")]
"""Where a slate appears."""
Seed = Annotated[int, Field(ge=0, le=2**53)]
"""Seed of a draw."""
ItemIds = Annotated[list[EntityId], Field(max_length=MOST_CANDIDATES)]
"""Ids of items."""


class RecommendQuery(Config):
    """A query for a slate."""

    user_id: EntityId | None = None
    """For whom; absent for an anonymous session."""
    n: Length | None = None
    """How many items; absent: as many as the surface has."""
    surface: Surface = "home"
    """Where the slate appears."""
    session: ItemIds = Field(default_factory=list[str])
    """Items that the visitor has just looked at, oldest first."""
    exclude: ItemIds = Field(default_factory=list[str])
    """Items that must not appear."""
    context: dict[str, Any] = Field(default_factory=dict[str, Any])
    """What the moment is like: device, place, the item on the page."""
    filter: str | None = Field(default=None, max_length=10_000)
    """Only items for which this expression holds, such as ``price < 30``."""
    boost: str | None = Field(default=None, max_length=10_000)
    """Raises or lowers scores, such as ``if("new" in tags, 1.5, 1)``."""
    page_of: str | None = Field(default=None, max_length=200)
    """The slate whose next page is asked for: none of its items comes again."""
    return_properties: bool | list[str] = False
    """True for all attributes of each item, or the names of those that are wanted."""
    seed: Seed = 0
    """Seed of the draw, for policies that draw."""
    explain: bool = False
    """Whether to add sources and evidence to each position."""
    weights: dict[str, Annotated[float, Field(ge=0, le=100)]] = Field(
        default_factory=dict[str, float], max_length=100
    )
    """What sources count for in place of the model's own weights, by the name of a member of
    the blend or "ranker"; only with ``log`` false: what is shown is never of this kind."""
    log: bool = True
    """False for a slate that nobody is shown: no exposure is recorded, and no feedback or
    further page can name it."""

    @model_validator(mode="after")
    def _weights_only_for_looks(self) -> Self:
        if self.weights and self.log:
            raise ValueError("weights are for a look that nobody is shown: send log as false")
        return self


class RankQuery(Config):
    """Candidates of the caller's, to be put into order."""

    items: Annotated[list[EntityId], Field(min_length=1, max_length=MOST_CANDIDATES)]
    """Ids of the candidates; of a repeated one the first counts."""
    user_id: EntityId | None = None
    """For whom; absent for an anonymous session."""
    surface: Surface = "home"
    """Where they are shown."""
    session: ItemIds = Field(default_factory=list[str])
    """Items that the visitor has just looked at, oldest first."""
    context: dict[str, Any] = Field(default_factory=dict[str, Any])
    """What the moment is like; kept with the exposure."""
    log: bool = False
    """Whether the order is shown as it is: then its exposure is logged, for feedback."""


class SearchQuery(Config):
    """A search."""

    text: str = Field(max_length=LONGEST_QUERY)
    """What is searched for; of a very long text the beginning is read."""
    n: Length = 10
    """How many items."""
    user_id: EntityId | None = None
    """For whom: once a model is trained, taste decides between near equals."""
    explain: bool = False
    """Whether to say which sentence and which words matched."""
    understand: bool = False
    """Whether to read filters out of the query ("red, under 20 euros") that every hit keeps."""


class ProfileChange(Config):
    """Edits of a profile, all or none; tags as "facet:name", or by their name alone."""

    pin: list[str] = Field(default_factory=list[str], max_length=100)
    """Tags to keep at full weight."""
    mute: list[str] = Field(default_factory=list[str], max_length=100)
    """Tags whose items go to the end of every slate."""
    forget: list[str] = Field(default_factory=list[str], max_length=100)
    """Tags or wishes to drop; later behaviour may bring a tag back."""
    wish: list[str] = Field(default_factory=list[str], max_length=100)
    """What the user would like, in their words."""


class ProfileReset(Config):
    """What a reset did."""

    removed: int
    """Edits that were taken back."""


class Health(Config):
    """Whether the service can answer."""

    status: str
    """"ok", or what is missing."""
    model_version: str | None = None
    """The artifact that serves."""
