"""What a search answers."""

from __future__ import annotations

from pydantic import Field

from zhiyin.core.messages.chat import ChatWish
from zhiyin.core.slate import Frozen


class SearchHit(Frozen):
    """One item that was found."""

    item_id: str
    """The item."""
    title: str = ""
    """Its title; empty where it has none."""
    score: float
    """What ranked it: the sum of the parts below."""
    meaning: float = 0.0
    """Likeness of meaning between query and item, a cosine; 0 where meaning was not compared."""
    keywords: float = 0.0
    """What shared words added."""
    personal: float = 0.0
    """What the user's taste added or took."""
    reranked: float | None = None
    """What a reranker made of query and item together; with the score it decides the order.
    None where it did not read the item."""
    passage: str = ""
    """The sentence of the item that answers best, where an explanation was asked for."""
    words: list[str] = Field(default_factory=list[str])
    """Words of the query that the item shares, where an explanation was asked for."""


class Understood(Frozen):
    """What a query was taken to mean."""

    intent: str
    """find: something certain; browse: whatever keeps the filters; refused: an order to the
    machine or a question about somebody else, searched for by its words alone."""
    filters: list[ChatWish] = Field(default_factory=list[ChatWish])
    """What every hit keeps."""
    rewrite: str
    """The words that were searched for."""
    order: str | None = None
    """The order that was asked for, such as "price asc"; hits come best first all the same."""


class SearchResult(Frozen):
    """The answer to one search."""

    query: str
    """What was searched for."""
    user_id: str | None = None
    """For whom; None for anybody."""
    language: str
    """ISO 639-1 code of the query's language, as far as it can be told."""
    hits: list[SearchHit]
    """The items, best first."""
    encoder: str
    """Id of the encoder that compared meanings; empty where none did."""
    understood: Understood | None = None
    """What the query was taken to mean, where that was asked for."""
    fallbacks: list[str] = Field(default_factory=list[str])
    """Paths that were taken because the usual one was not open; empty when all is well."""

    @property
    def item_ids(self) -> list[str]:
        """The items, best first."""
        return [hit.item_id for hit in self.hits]
