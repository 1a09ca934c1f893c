"""Tools over records in memory: for small catalogues, tests and examples."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from zhiyin.core.protocols import Recommender
from zhiyin.narrate.chat.state import Wish, folded
from zhiyin.narrate.chat.table import WishTable
from zhiyin.narrate.chat.vocabulary import words_of
from zhiyin.narrate.explain import Length, explain
from zhiyin.narrate.language import Language

Search = Callable[[str, int], Sequence[str]]
"""Ids of the items nearest to a text, best first."""


class CatalogueTools:
    """Answers from records, with a recommender and a search where there are any.

    Args:
        records: Attributes by item id, in order of popularity.
        recommender: What personalises and explains; None: the order of the records.
        search: What searches by meaning; None: words in common.
    """

    def __init__(
        self,
        records: Mapping[str, Mapping[str, Any]],
        *,
        recommender: Recommender | None = None,
        search: Search | None = None,
    ) -> None:
        self._all = {key: {**record, "item_id": key} for key, record in records.items()}
        self._recommender = recommender
        self._search = search
        self._table = WishTable(records.items())
        self._words = {key: _words(record) for key, record in self._all.items()}

    @property
    def table(self) -> WishTable:
        """See `Tools.table`."""
        return self._table

    def search(self, text: str, *, wishes: Sequence[Wish], n: int) -> dict[str, float]:
        """See `Tools.search`."""
        allowed = set(self._table.chosen(wishes))
        if self._search is not None:
            found = [key for key in self._search(text, len(self._all)) if key in allowed]
            return {key: 1 / (1 + place) for place, key in enumerate(found[:n])}
        asked = set(words_of(folded(text)))
        shared = {key: len(asked & self._words[key]) for key in self._all if key in allowed}
        best = sorted((key for key in shared if shared[key]), key=lambda key: -shared[key])
        return {key: shared[key] / max(1, len(asked)) for key in best[:n]}

    def recommend(self, user_id: str | None, *, wishes: Sequence[Wish], n: int) -> list[str]:
        """See `Tools.recommend`."""
        fitting = self._table.chosen(wishes)
        if self._recommender is None or not fitting:
            return fitting[:n]
        return self._recommender.rank(user_id, fitting).item_ids[:n]

    def similar(self, item_id: str, *, wishes: Sequence[Wish], n: int) -> list[str]:
        """See `Tools.similar`: by words in common."""
        mine = self._words.get(item_id, set())
        others = [key for key in self._table.chosen(wishes) if key != item_id]
        return sorted(others, key=lambda key: -len(mine & self._words[key]))[:n]

    def records(self, item_ids: Sequence[str]) -> Mapping[str, Mapping[str, Any]]:
        """See `Tools.records`."""
        return {key: self._all[key] for key in item_ids if key in self._all}

    def explain(
        self, user_id: str | None, item_id: str, *, language: Language, length: Length
    ) -> str:
        """See `Tools.explain`."""
        if self._recommender is None:
            return ""
        slate = self._recommender.rank(user_id, [item_id])
        found = [place for place in slate.positions if place.item_id == item_id and place.evidence]
        if not found:
            return ""
        return explain(found[0], records=self._all, language=language, length=length).text


def _words(record: Mapping[str, Any]) -> set[str]:
    parts = [str(value) for key, value in record.items() if key != "item_id"]
    return set(words_of(folded(" ".join(parts))))
