"""What a conversation can do: typed tools over the engine, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from zhiyin.narrate.chat.state import Wish
from zhiyin.narrate.chat.table import WishTable
from zhiyin.narrate.explain import Length
from zhiyin.narrate.language import Language


class Tools(Protocol):
    """What answers wishes; items come and go by id."""

    @property
    def table(self) -> WishTable:
        """The attributes of the catalogue, and the words for their values."""
        ...

    def search(self, text: str, *, wishes: Sequence[Wish], n: int) -> dict[str, float]:
        """At most n items that a text is about and that keep the wishes, best first, scored."""
        ...

    def recommend(self, user_id: str | None, *, wishes: Sequence[Wish], n: int) -> list[str]:
        """Ids of at most n items for a user that keep the wishes, best first."""
        ...

    def similar(self, item_id: str, *, wishes: Sequence[Wish], n: int) -> list[str]:
        """Ids of at most n items like one that keep the wishes, most alike first."""
        ...

    def records(self, item_ids: Sequence[str]) -> Mapping[str, Mapping[str, Any]]:
        """Attributes by id; unknown ids are absent."""
        ...

    def explain(
        self, user_id: str | None, item_id: str, *, language: Language, length: Length
    ) -> str:
        """Why an item suits a user, from recorded facts; "" where nothing is recorded."""
        ...
