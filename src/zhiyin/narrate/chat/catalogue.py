"""Tools over records in memory: for small catalogues, tests and examples."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from zhiyin.core.protocols import Recommender
from zhiyin.narrate.chat.state import Wish, fits
from zhiyin.narrate.chat.vocabulary import Vocabulary
from zhiyin.narrate.explain import explain
from zhiyin.narrate.grounding.lexicon import HAN, phrase
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
        self._vocabulary = Vocabulary(self._all.values())
        self._words = {key: _words(record) for key, record in self._all.items()}

    @property
    def vocabulary(self) -> Vocabulary:
        """See `Tools.vocabulary`."""
        return self._vocabulary

    def search(self, text: str, *, wishes: Sequence[Wish], n: int) -> list[str]:
        """See `Tools.search`."""
        if self._search is not None:
            found = list(self._search(text, len(self._all)))
        else:
            asked = _words({"text": text})
            rank = {key: len(asked & words) for key, words in self._words.items()}
            found = sorted((key for key in rank if rank[key]), key=lambda key: -rank[key])
        return self._fitting(found, wishes, n)

    def recommend(self, user_id: str | None, *, wishes: Sequence[Wish], n: int) -> list[str]:
        """See `Tools.recommend`."""
        fitting = self._fitting(list(self._all), wishes, len(self._all))
        if self._recommender is None or not fitting:
            return fitting[:n]
        return self._recommender.rank(user_id, fitting).item_ids[:n]

    def records(self, item_ids: Sequence[str]) -> Mapping[str, Mapping[str, Any]]:
        """See `Tools.records`."""
        return {key: self._all[key] for key in item_ids if key in self._all}

    def explain(self, user_id: str | None, item_id: str, *, language: Language) -> str:
        """See `Tools.explain`."""
        if self._recommender is None:
            return ""
        slate = self._recommender.rank(user_id, [item_id])
        found = [place for place in slate.positions if place.item_id == item_id and place.evidence]
        return explain(found[0], records=self._all, language=language).text if found else ""

    def _fitting(self, ids: Sequence[str], wishes: Sequence[Wish], n: int) -> list[str]:
        return [key for key in ids if key in self._all and fits(self._all[key], wishes)][:n]


def _words(record: Mapping[str, Any]) -> set[str]:
    text = " ".join(str(value) for key, value in record.items() if key != "item_id").lower()
    pairs = {run[at : at + 2] for run in HAN.findall(text) for at in range(len(run) - 1)}
    return set(phrase(text).split()) | pairs
