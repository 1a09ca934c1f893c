"""Search of a workspace: follows its items, reads queries, fuses what meaning and words find."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from zhiyin.core.clock import Clock
from zhiyin.core.errors import UnknownEntityError
from zhiyin.core.histories import Floats
from zhiyin.core.keys import id_keys
from zhiyin.core.progress import Progress, silent
from zhiyin.core.protocols import EntityStore
from zhiyin.encode.text.language import SMALL_WORDS, detect_language
from zhiyin.pipeline.availability import is_listed
from zhiyin.pipeline.encoding import open_encoder
from zhiyin.pipeline.likeness import Neighbour
from zhiyin.pipeline.search.alike import Categories, Likeness, nearest
from zhiyin.pipeline.search.documents import document
from zhiyin.pipeline.search.follow import FollowingIndex
from zhiyin.pipeline.search.index import CatalogueIndex, Found
from zhiyin.pipeline.search.reader import QueryReader
from zhiyin.pipeline.search.rerank import Reranking, pair_text
from zhiyin.pipeline.search.results import SearchHit, SearchResult
from zhiyin.pipeline.search.storage import FOLDER
from zhiyin.pipeline.settings import SearchSettings, TextSettings

Taste = Callable[[Sequence[str]], Floats]
"""How much a user likes some items, in standard deviations above the mean item; shape (k,)."""

_ONE_LANGUAGE = frozenset({"tfidf", "minilm"})
"""Encoders to which a text of another language means nothing."""
_RARE = 0.05
_LONGEST_QUERY = 2000
_SPREAD = 2.0
"""Standard deviations at which taste counts in full."""


class Candidate(NamedTuple):
    """An item that was found, before any reranking."""

    item_id: str
    text: str
    """What a reranker reads of it."""
    meaning: float
    keywords: float

    @property
    def base(self) -> float:
        """What the search gave it, taste left out."""
        return self.meaning + self.keywords


class CatalogueSearch:
    """Finds items by what they are about; works before any training.

    Args:
        entities: The store of items.
        folder: The workspace's folder; the index is kept in ``search/`` within.
        text: Which encoder reads.
        settings: How searches go.
        clock: Source of the present.

    Raises:
        ConfigError: The encoder's settings are wrong.
        MissingExtraError: The encoder that was asked for is not installed.
    """

    def __init__(
        self,
        entities: EntityStore,
        folder: Path,
        *,
        text: TextSettings,
        settings: SearchSettings,
        clock: Clock,
    ) -> None:
        # The index itself remembers vectors; only those that cost a request are kept twice.
        remote = text.encoder == "remote"
        self._chosen = open_encoder(text, folder=folder if remote else None)
        self._settings = settings
        self._entities = entities
        self._reranking = Reranking(settings, folder)
        self._reader = QueryReader(
            self._chosen.encoder,
            remote=remote,
            patience=settings.patience,
            retry=settings.retry,
        )
        self._items = FollowingIndex(
            entities, folder / FOLDER, chosen=self._chosen, reader=self._reader, clock=clock
        )

    def notice(self, item_ids: Iterable[str]) -> None:
        """Told of items that were just stored or erased: the next search knows them."""
        self._items.notice(item_ids)

    def unlist(self, item_id: str) -> int:
        """Takes an erased item out of the index, on disk too; returns how many entries went."""
        return self._items.unlist(item_id)

    def expire(self) -> None:
        """Told that any number of items changed."""
        self._items.expire()

    def search(
        self,
        text: str,
        *,
        n: int = 10,
        user_id: str | None = None,
        taste: Taste | None = None,
        explain: bool = False,
        among: Sequence[str] | None = None,
        progress: Progress = silent,
    ) -> SearchResult:
        """The items that answer a query.

        Args:
            text: The query, in any language that the encoder knows; of a very long one
                the beginning is read.
            n: How many items at most.
            user_id: For whom, as the result tells.
            taste: What that user likes.
            explain: Whether to say which sentence and which words matched.
            among: Only these items; None for all.
            progress: Told how far reading a catalogue for the first time has come.
        """
        asked = text[:_LONGEST_QUERY]
        with self._items.lock:
            index = self._items.current(progress=progress)
            query = self._reader.vector(asked)
            found = index.find(asked, query, among=_rows_of(index, among))
            rows: list[int] = found.rows.tolist()
            ids = [index.ids[row] for row in rows]
            fallbacks = self._fallbacks(index, asked)
        personal = self._personal(taste, ids)
        total = found.meaning + found.keywords + personal
        depth = self._reranking.depth()
        best: list[int] = np.lexsort((id_keys(ids), -total))[: max(n, depth)].tolist()
        attributes = self._entities.get("item", [ids[i] for i in best])
        best = [i for i in best if is_listed(attributes.get(ids[i]))]
        texts = [
            pair_text(document(attributes.get(ids[i], {})), int(found.best[i]))
            for i in best[:depth]
        ]
        reread = self._reranking.apply(asked, texts, total[best[:depth]])
        read = dict(zip(best, reread.scores.tolist(), strict=False))
        order: list[int] = reread.order.tolist()
        best = [*(best[i] for i in order), *best[depth:]][:n]
        fallbacks += [note for note in (self._reranking.trouble, reread.note) if note]
        hits = [
            self._hit(
                index, asked, found, i, ids[i], float(personal[i]), attributes, explain
            ).model_copy(update={"reranked": read.get(i)})
            for i in best
        ]
        if query is None and not fallbacks and not hits:
            fallbacks.append("the query holds no words that can be searched for")
        return SearchResult(
            query=text[:_LONGEST_QUERY],
            user_id=user_id,
            language=detect_language(asked),
            hits=hits,
            encoder="" if query is None else self._chosen.encoder.id,
            fallbacks=fallbacks,
        )

    def candidates(self, text: str, *, n: int) -> list[Candidate]:
        """What a reranker is given for a query: the first n, best first, as they are read."""
        asked = text[:_LONGEST_QUERY]
        with self._items.lock:
            index = self._items.current()
            found = index.find(asked, self._reader.vector(asked))
            rows: list[int] = found.rows.tolist()
            ids = [index.ids[row] for row in rows]
        total = found.meaning + found.keywords
        best: list[int] = np.lexsort((id_keys(ids), -total))[:n].tolist()
        known = self._entities.get("item", [ids[i] for i in best])
        return [
            Candidate(
                ids[i],
                pair_text(document(known.get(ids[i], {})), int(found.best[i])),
                float(found.meaning[i]),
                float(found.keywords[i]),
            )
            for i in best
            if is_listed(known.get(ids[i]))
        ]

    def nearest(self, text: str, *, n: int, among: Sequence[str] | None = None) -> dict[str, float]:
        """The items nearest to a text, by id with their scores, best first; taste left out.

        Args:
            text: The query.
            n: How many at most.
            among: Only these items; None for all.
        """
        asked = text[:_LONGEST_QUERY]
        with self._items.lock:
            index = self._items.current()
            found = index.find(asked, self._reader.vector(asked), among=_rows_of(index, among))
            rows: list[int] = found.rows.tolist()
            ids = [index.ids[row] for row in rows]
        total = found.meaning + found.keywords
        best: list[int] = np.lexsort((id_keys(ids), -total))[:n].tolist()
        return {ids[i]: float(total[i]) for i in best}

    def read(self, item_id: str) -> str:
        """What a reranker reads of an item that a query did not find; "" for an unknown one."""
        known = self._entities.get("item", [item_id])
        return pair_text(document(known[item_id]), 0) if item_id in known else ""

    def similar(
        self, item_id: str, *, n: int, likeness: Likeness, categories: Categories
    ) -> list[Neighbour]:
        """The items most like one by meaning.

        Raises:
            UnknownEntityError: The catalogue has no such item.
        """
        with self._items.lock:
            index = self._items.current()
            row = index.row_of.get(item_id)
            if row is None:
                raise UnknownEntityError(
                    f"the catalogue has no item {item_id!r}", hint="check the id"
                )
            allowed = index.open & categories.allowed(index.categories, row)
            allowed[row] = False
            found, scores = nearest(index.meaning, row, allowed, n=n, likeness=likeness)
            rows: list[int] = found.tolist()
            ids = [index.ids[i] for i in rows]
        return [Neighbour(i, float(s), "meaning") for i, s in zip(ids, scores, strict=True)]

    def allowed(self, item_id: str, categories: Categories) -> set[str]:
        """The items that a choice of categories leaves beside an item."""
        with self._items.lock:
            index = self._items.current()
            mask = categories.allowed(index.categories, index.row_of.get(item_id, -1))
            mask &= index.open
            rows: list[int] = np.flatnonzero(mask).tolist()
            return {index.ids[row] for row in rows}

    def standing(self) -> tuple[str, list[str]]:
        """What reads the texts, and what is wrong with it, without reading the catalogue."""
        notes = [self._chosen.fallback] if self._chosen.fallback else []
        if self._reader.vector("zhiyin") is None and self._reader.trouble:
            notes.append(self._reader.trouble)
        return self._chosen.encoder.id, notes

    def _fallbacks(self, index: CatalogueIndex, text: str) -> list[str]:
        notes = [self._chosen.fallback, index.words.missing, self._reader.trouble]
        if index.unread and not self._reader.trouble:
            notes.append(f"{len(index.unread):,} items are searched by words alone")
        notes += [self._foreign(index, text), self._items.trouble]
        return [note for note in notes if note]

    def _foreign(self, index: CatalogueIndex, text: str) -> str:
        """Said where the query's language is not the catalogue's, and the encoder knows one."""
        if self._chosen.name not in _ONE_LANGUAGE and not self._reader.trouble:
            return ""
        main = index.languages.most_common(1)
        latin = bool(main) and main[0][0] in SMALL_WORDS
        asked = detect_language(text, default=main[0][0] if latin else "en")
        held = index.languages[asked] / max(1, index.languages.total())
        if not main or asked == "other" or held >= _RARE:
            return ""
        return (
            f"the query is in {asked}, the catalogue in {main[0][0]}, and without a "
            "multilingual encoder only shared words are found"
        )

    def _personal(self, taste: Taste | None, ids: Sequence[str]) -> Floats:
        if taste is None or not ids:
            return np.zeros(len(ids), dtype=np.float32)
        liked = np.clip(taste(ids) / _SPREAD, -1.0, 1.0)
        return np.asarray(self._settings.personal * liked, dtype=np.float32)

    def _hit(
        self,
        index: CatalogueIndex,
        query: str,
        found: Found,
        at: int,
        item: str,
        personal: float,
        attributes: Mapping[str, Mapping[str, Any]],
        explain: bool,
    ) -> SearchHit:
        known = attributes.get(item, {})
        passage, words = "", list[str]()
        if explain:
            read = document(known)
            place = int(found.best[at])
            texts = [read.title, *read.passages]
            passage = texts[place] if found.meaning[at] and place < len(texts) else ""
            words = index.words.shared(query, read.words)
        meaning, keywords = float(found.meaning[at]), float(found.keywords[at])
        return SearchHit(
            item_id=item,
            title=str(known.get("title") or ""),
            score=meaning + keywords + personal,
            meaning=meaning,
            keywords=keywords,
            personal=personal,
            passage=passage,
            words=words,
        )


def _rows_of(index: CatalogueIndex, among: Sequence[str] | None) -> NDArray[np.bool_] | None:
    """Rows of some items, bool of shape (len(index.ids),); None for all."""
    if among is None:
        return None
    mask = np.zeros(len(index.ids), dtype=np.bool_)
    mask[[index.row_of[item] for item in among if item in index.row_of]] = True
    return mask
