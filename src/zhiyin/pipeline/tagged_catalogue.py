"""The catalogue as profiles see it: a vector and tags for each item, read once."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from threading import RLock
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from zhiyin.core.histories import Floats
from zhiyin.core.protocols import Enrichment, EnrichmentStore, EntityStore, TextEncoder
from zhiyin.data.vocabulary import Vocabulary
from zhiyin.models.profile.facets import FacetReader, learn_facets
from zhiyin.models.profile.reading import TagMatcher, as_matrix
from zhiyin.models.profile.tags import TagTable, tag_table

_TEXTS_KEPT = 20_000
_NAMED_BY_MEANING = 3_000
"""So many of the most frequent tags are found by the meaning of their names too."""
_NO_MEANING = {"price", "decade", "language"}
_KEPT_VOCABULARIES = 4

Attributes = Mapping[str, Any]


class _State(NamedTuple):
    items: Vocabulary
    table: TagTable
    reader: FacetReader
    vectors: Floats | None = None
    encoded: bool = False
    """Whether the vectors were made: nothing but scoring by meaning needs them."""


class TaggedCatalogue:
    """Tags and vectors of every item; items that come later are read when they are met.

    Args:
        entities: Where items are.
        enrichments: What was worked out about them; tags of a language model count.
        open_encoder: Gives what reads texts, when it is first needed; None where only
            words could be compared.
    """

    def __init__(
        self,
        entities: EntityStore,
        *,
        enrichments: EnrichmentStore | None = None,
        open_encoder: Callable[[], TextEncoder | None] = lambda: None,
    ) -> None:
        self._entities = entities
        self._enrichments = enrichments
        self._open_encoder = open_encoder
        self._lock = RLock()
        self._state: _State | None = None
        self._fresh = False
        self._print: tuple[int, ...] = ()
        self._names: Floats | None = None
        self._mean: Floats | None = None
        self._places: dict[int, tuple[Vocabulary, NDArray[np.int32]]] = {}
        self._known_texts: dict[str, Floats] = {}
        self._matches: dict[str, dict[int, float]] = {}

    @cached_property
    def encoder(self) -> TextEncoder | None:
        """What reads texts."""
        return self._open_encoder()

    def expire(self) -> None:
        """Looks at the next use whether the catalogue changed, and reads it again if so."""
        self._fresh = False

    @property
    def items(self) -> Vocabulary:
        """The items, by row."""
        return self._loaded().items

    @property
    def table(self) -> TagTable:
        """Which item has which tag."""
        return self._loaded().table

    @property
    def vectors(self) -> Floats | None:
        """The items' vectors less their mean, float32 of shape (n, dim); None: no encoder.

        They are made when they are first asked for, from the texts as they are then.
        """
        with self._lock:
            state = self._loaded()
            if not state.encoded:
                ids = state.items.ids
                vectors = self._encode(self._columns_of(ids), state.reader, len(ids))
                state = self._state = state._replace(vectors=vectors, encoded=True)
            return state.vectors

    @property
    def text_columns(self) -> tuple[str, ...]:
        """The attributes that hold texts."""
        return self._loaded().reader.texts

    def topics_of(self, attributes: Attributes) -> list[str]:
        """The topics of one item, most telling first."""
        return self._loaded().reader.topics_of(attributes)

    def meet(self, keys: Sequence[int]) -> None:
        """Reads those of some items (by key) that are not known yet."""
        state = self._loaded()
        wanted = np.unique(np.array(keys, dtype=np.int64))
        missing: list[int] = wanted[state.items.locate(wanted) < 0].tolist()
        if not missing:
            return
        ids = [found for _, found in sorted(self._entities.ids("item", missing).items())]
        with self._lock:
            self._extend([i for i in ids if i not in self._loaded().items.index])

    def notice(self, ids: Sequence[str]) -> None:
        """Told that some items are new or were changed; known ones are read anew."""
        with self._lock:
            state = self._state
            if state is None:
                return
            known = [i for i in dict.fromkeys(ids) if i in state.items.index]
            if not known:
                return
            columns = self._columns_of(known)
            places = [state.items.index[i] for i in known]
            table = state.table.replaced(places, state.reader.read(columns, len(known)))
            state = state._replace(table=table)
            if state.vectors is not None:
                vectors = state.vectors.copy()
                vectors[places] = self._encode(columns, state.reader, len(known))
                state = state._replace(vectors=vectors)
            self._state = state

    def places(self, vocabulary: Vocabulary) -> NDArray[np.int32]:
        """The row of each item of a vocabulary, int32 of shape (len(vocabulary),); -1: none."""
        kept = self._places.get(id(vocabulary))
        if kept is None or kept[0] is not vocabulary:
            self.meet(vocabulary.keys.tolist())
            kept = (vocabulary, self._loaded().items.locate(vocabulary.keys))
            if len(self._places) >= _KEPT_VOCABULARIES:
                self._places.clear()
            self._places[id(vocabulary)] = kept
        return kept[1]

    def read_texts(self, texts: Sequence[str]) -> Floats | None:
        """Vectors of searches and wishes, float32 of shape (len(texts), dim); None: no encoder."""
        if self.encoder is None:
            return None
        with self._lock:
            missing = [t for t in dict.fromkeys(texts) if t not in self._known_texts]
            if len(self._known_texts) + len(missing) > _TEXTS_KEPT:
                self._known_texts.clear()
                missing = list(dict.fromkeys(texts))
            if missing:
                found = self.encoder.encode(missing, role="query").vectors
                self._known_texts.update(zip(missing, found, strict=True))
            empty = np.empty((0, self.encoder.dim), dtype=np.float32)
            return np.stack([self._known_texts[t] for t in texts]) if texts else empty

    def match(self, texts: Sequence[str]) -> csr_matrix:
        """How much each text is about each tag, float32 of shape (len(texts), n_tags), 0..1."""
        table = self.table
        with self._lock:
            missing = [text for text in dict.fromkeys(texts) if text not in self._matches]
            if len(self._matches) + len(missing) > _TEXTS_KEPT:
                self._matches.clear()
                missing = list(dict.fromkeys(texts))
            if missing:
                found = TagMatcher(table).match(missing, self._nearness(missing, table))
                self._matches.update(zip(missing, found, strict=True))
            return as_matrix([self._matches[text] for text in texts], len(table.tags))

    def _nearness(self, texts: Sequence[str], table: TagTable) -> Floats | None:
        vectors = self.read_texts(texts)
        if vectors is None or self.encoder is None:
            return None
        with self._lock:
            if self._names is None:
                self._names = _name_vectors(table, self.encoder)
            return np.asarray(vectors @ self._names.T, dtype=np.float32)

    def _loaded(self) -> _State:
        with self._lock:
            if self._state is None or not self._fresh:
                frame = self._entities.scan("item")
                made = [] if self._enrichments is None else self._enrichments.all()
                found = _fingerprint(frame, made)
                if self._state is None or found != self._print:
                    self._names = self._mean = None
                    self._places.clear()
                    self._matches.clear()
                    self._state = self._load(frame, made)
                self._print, self._fresh = found, True
            return self._state

    def _load(self, frame: pl.DataFrame, made: Sequence[Enrichment]) -> _State:
        rows: list[dict[str, Any]] = [json.loads(text or "{}") for text in frame["attributes"]]
        _enrich(rows, frame["key"].to_list(), made)
        columns = _columns(rows)
        reader = learn_facets(columns, len(rows))
        items = Vocabulary(frame["id"].to_list(), keys=frame["key"].to_numpy())
        table = tag_table(reader.read(columns, len(rows)))
        return _State(items, table, reader)

    def _extend(self, ids: list[str]) -> None:
        if not ids:
            return
        state = self._loaded()
        columns = self._columns_of(ids)
        vectors = state.vectors
        if vectors is not None:
            added = self._encode(columns, state.reader, len(ids))
            vectors = vectors if added is None else np.vstack([vectors, added])
        self._state = state._replace(
            items=state.items.extended(ids),
            table=state.table.extended(state.reader.read(columns, len(ids))),
            vectors=vectors,
        )

    def _columns_of(self, ids: Sequence[str]) -> dict[str, list[Any]]:
        """Attributes of some items, by name; none of those that are gone."""
        found = self._entities.get("item", ids)
        return _columns([dict(found.get(i, {})) for i in ids])

    def _encode(self, columns: dict[str, list[Any]], reader: FacetReader, n: int) -> Floats | None:
        """Unit vectors of all texts of each item, less the catalogue's mean; zeros without."""
        if self.encoder is None:
            return None
        total = np.zeros((n, self.encoder.dim), dtype=np.float32)
        for name in reader.texts:
            texts = ["" if v is None else str(v) for v in columns.get(name, [None] * n)]
            total += self.encoder.encode(texts).vectors
        total /= np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-9)
        present = total.any(axis=1)
        if self._mean is None:
            self._mean = total[present].mean(axis=0) if present.any() else total.sum(axis=0)
        total[present] -= self._mean
        return total


def _enrich(rows: list[dict[str, Any]], keys: list[int], made: Sequence[Enrichment]) -> None:
    """Adds tags that a language model found; those of statistics are topics anyway."""
    place = {key: row for row, key in enumerate(keys)}
    for each in made:
        row = place.get(each.item_key)
        if row is not None and each.source.startswith("model:"):
            body = json.loads(each.body)
            rows[row]["_tags"] = [*body.get("tags", []), *body.get("topics", [])]


def _fingerprint(frame: pl.DataFrame, made: Sequence[Enrichment]) -> tuple[int, ...]:
    """Changes with the catalogue, within one process."""
    rows = frame.select("key", "attributes").hash_rows().to_numpy()
    return len(rows), int(np.bitwise_xor.reduce(rows, initial=0)), hash(tuple(made))


def _columns(rows: Sequence[Attributes]) -> dict[str, list[Any]]:
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}


def _name_vectors(table: TagTable, encoder: TextEncoder) -> Floats:
    """Vectors of the names of the most frequent tags, shape (n_tags, dim); zeros for others."""
    frequent: list[int] = np.argsort(-table.counts, kind="stable").tolist()
    chosen = [c for c in frequent if table.tags[c].facet not in _NO_MEANING][:_NAMED_BY_MEANING]
    vectors = np.zeros((len(table.tags), encoder.dim), dtype=np.float32)
    if chosen:
        vectors[chosen] = encoder.encode([table.tags[c].name for c in chosen]).vectors
    return vectors
