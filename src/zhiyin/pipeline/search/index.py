"""A catalogue that can be searched: rows of items, their vectors and their words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zhiyin.core.histories import Floats
from zhiyin.core.progress import Progress, silent
from zhiyin.core.protocols import TextEncoder
from zhiyin.encode.text.language import detect_language
from zhiyin.encode.text.phrases import phrases
from zhiyin.pipeline.search.documents import Document
from zhiyin.pipeline.search.encoding import encode_documents
from zhiyin.pipeline.search.meaning import MeaningIndex
from zhiyin.pipeline.search.words import WordIndex

KEYWORD_WEIGHT = 0.04
"""What a point of BM25 adds to a cosine; a rare word shared is worth some 8 points.
Chosen on titles searched for their text, and film sentences for their plot."""
POOL = 200
"""Items looked at closely, from each of meaning and words."""
_SAMPLE = 1000


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """Candidates of one query, in no order; all arrays have shape (k,).

    Attributes:
        rows: Rows of the catalogue.
        meaning: Cosines, 0 where meaning was not compared.
        keywords: What shared words add.
        best: Which passage is nearest: 0 for the title.
    """

    rows: NDArray[np.int64]
    meaning: Floats
    keywords: Floats
    best: NDArray[np.int32]


class CatalogueIndex:
    """Rows of items; a row keeps its number until the index is built anew.

    Args:
        encoder: What reads texts; fitted on the catalogue where it learns.
    """

    def __init__(self, encoder: TextEncoder) -> None:
        self.encoder = encoder
        self.ids: list[str] = []  # "" for an item that is gone
        self.row_of: dict[str, int] = {}
        self.categories: list[tuple[str, ...]] = []
        self.marks = np.empty(0, dtype=np.int64)
        self.open = np.empty(0, dtype=np.bool_)
        self.languages: Counter[str] = Counter()
        self.unread: set[int] = set()
        self.meaning = MeaningIndex()
        self.words = WordIndex()

    def build(
        self,
        ids: Sequence[str],
        marks: NDArray[np.int64],
        documents: Sequence[Document],
        *,
        progress: Progress = silent,
    ) -> None:
        """Takes a catalogue, words first: when the encoder fails, they are searched alone.

        Args:
            ids: Item ids.
            marks: What tells an edited item from the one that was read, int64 of shape (n,).
            documents: Items as text.
            progress: Told of the share that is done.
        """
        self.build_words(ids, marks, documents)
        self.encoder.fit([f"{d.title} {' '.join(d.passages)}" for d in documents])
        vectors, counts = encode_documents(self.encoder, documents, progress=progress)
        trained = not self.encoder.state()
        centres = query_centres(self.encoder) if trained else {}
        self.meaning = MeaningIndex().build(vectors, counts, whiten=trained, centres=centres)
        self.unread = set()

    def build_words(
        self, ids: Sequence[str], marks: NDArray[np.int64], documents: Sequence[Document]
    ) -> None:
        """Takes a catalogue without its vectors: every row stays unread."""
        self.ids, self.marks = list(ids), marks.copy()
        self.row_of = {item: row for row, item in enumerate(self.ids)}
        self.categories = [d.categories for d in documents]
        self.open = np.array([not d.hidden for d in documents], dtype=np.bool_)
        self.words = WordIndex().build([d.words for d in documents])
        step = max(1, len(documents) // _SAMPLE)
        self.languages = Counter(detect_language(d.words) for d in documents[::step] if d.words)
        self.unread = set(range(len(documents)))
        self.meaning = MeaningIndex()

    def put(
        self, documents: Mapping[str, Document], marks: Mapping[str, int], *, meaning: bool = True
    ) -> None:
        """Adds or replaces some items, words first.

        Args:
            documents: Items as text.
            marks: As in ``build``; an item without one is read again at the next look.
            meaning: Whether to encode them; else they stay unread.
        """
        for item, document in documents.items():
            row = self._row(item)
            self.marks[row] = marks.get(item, 0)
            self.open[row] = not document.hidden
            self.categories[row] = document.categories
            self.words.put(row, document.words)
            self.unread.add(row)
        if not meaning:
            return
        rows = np.array([self.row_of[item] for item in documents], dtype=np.int64)
        vectors, counts = encode_documents(self.encoder, list(documents.values()))
        self.meaning.put(rows, vectors, counts)
        self.unread -= set(rows.tolist())

    def drop(self, items: Sequence[str]) -> None:
        """Forgets some items; unknown ones are ignored."""
        rows = [self.row_of.pop(item) for item in items if item in self.row_of]
        for row in rows:
            self.words.put(row, "")
            self.ids[row] = ""
        self.open[rows] = False
        self.marks[rows] = 0
        self.unread -= set(rows)
        self.meaning.drop(np.array(rows, dtype=np.int64))

    def fold(self, documents: Mapping[str, Document]) -> None:
        """Builds the words anew from all documents; vectors stay as they are."""
        texts = [documents[item].words if item in documents else "" for item in self.ids]
        self.words = WordIndex().build(texts)

    def find(
        self, text: str, query: Floats | None, *, among: NDArray[np.bool_] | None = None
    ) -> Found:
        """Candidates for a query.

        Args:
            text: Its words.
            query: The encoder's vector of it, shape (d,); None where meaning is left out.
            among: Only these rows, bool of shape (n,); None for all.
        """
        opened = self.open if among is None else self.open & among
        words = self.words.scores(text)
        words[~opened] = 0.0
        rows = best_rows(words, POOL)
        if query is not None and len(self.meaning):
            query = self.meaning.aimed(query, language=detect_language(text))
            allowed = None if bool(opened.all()) else opened
            near = self.meaning.near(query, k=POOL, allowed=allowed)
            rows = np.union1d(rows, near)
        meaning, best = (
            (np.zeros(len(rows), dtype=np.float32), np.zeros(len(rows), dtype=np.int32))
            if query is None or not len(self.meaning)
            else self.meaning.scores(query, rows)
        )
        return Found(rows, meaning, np.float32(KEYWORD_WEIGHT) * words[rows], best)

    def _row(self, item: str) -> int:
        row = self.row_of.get(item)
        if row is None:
            row = self.row_of[item] = len(self.ids)
            self.ids.append(item)
            self.categories.append(())
            self.marks = np.append(self.marks, np.int64(0))
            self.open = np.append(self.open, True)
        return row


def query_centres(encoder: TextEncoder) -> dict[str, Floats]:
    """The mean vector of queries by language, "" for languages without phrases; shape (d,)."""
    return {
        language: encoder.encode(phrases(language), role="query").vectors.mean(axis=0)
        for language in ("zh", "en", "")
    }


def best_rows(scores: Floats, k: int) -> NDArray[np.int64]:
    """The rows of the k largest scores above 0, in no order."""
    rows = np.flatnonzero(scores > 0)
    if len(rows) > k:
        rows = rows[np.argpartition(-scores[rows], k)[:k]]
    return rows.astype(np.int64)
