"""Keeps a search index in step with the store of items."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from threading import RLock
from time import perf_counter
from typing import Any

import numpy as np
import polars as pl

from zhiyin.core.clock import Clock
from zhiyin.core.errors import ArtifactError
from zhiyin.core.keys import id_keys
from zhiyin.core.progress import Progress, silent
from zhiyin.core.protocols import EntityStore
from zhiyin.encode.choose import ChosenEncoder
from zhiyin.pipeline.search.documents import Document, document
from zhiyin.pipeline.search.index import CatalogueIndex
from zhiyin.pipeline.search.reader import FAILURES, QueryReader
from zhiyin.pipeline.search.storage import load_index, save_index, written

LOOK_EVERY_MS = 1000
"""Milliseconds between looks for items that other processes stored."""
_SHARE = 50
"""A look takes at most this part of the time: large catalogues are looked at less often."""
_PATIENCE_S = 30.0
_FOLD_FROM = 500
_FOLD_SHARE = 0.05
"""Words are indexed anew, and the index written, when so many items changed."""


class FollowingIndex:
    """The index of a workspace's items: loaded or built at first use, then kept up to date.

    Items that this process stores are told of by ``notice`` and are there at once; those
    of other processes are found by looking, a second later in catalogues of a few
    thousand items, later in larger ones, since every item's content is compared.

    Args:
        entities: The store.
        folder: Where the index is kept.
        chosen: The encoder.
        reader: Told when the encoder fails.
        clock: Source of the present.
    """

    def __init__(
        self,
        entities: EntityStore,
        folder: Path,
        *,
        chosen: ChosenEncoder,
        reader: QueryReader,
        clock: Clock,
    ) -> None:
        self._entities = entities
        self._folder = folder
        self._encoder = chosen.encoder
        self._reader = reader
        self._clock = clock
        self._noticed: set[str] = set()
        self._next_look = 0
        self._index: CatalogueIndex | None = None
        self.trouble = ""
        """Why the index was not written, where it could not be."""
        self.lock = RLock()
        """Held while the index changes or is read."""

    def notice(self, item_ids: Iterable[str]) -> None:
        """Told of items that were just stored or erased."""
        with self.lock:
            self._noticed.update(item_ids)

    def unlist(self, item_id: str) -> int:
        """Takes an erased item out, of the files too; returns how many entries went."""
        with self.lock:
            if self._index is None:
                if not self._folder.exists():
                    return 0
                self._open(silent)
            index = self._index or CatalogueIndex(self._encoder)
            held = item_id in index.row_of
            index.drop([item_id])
            ids, _, attributes = self._everything()
            pairs = zip(ids, attributes, strict=True)
            index.fold({item: document(json.loads(text or "{}")) for item, text in pairs})
            before = written(self._folder)
            if not index.unread:
                # Another writer may have read the catalogue before the item went: this index
                # comes after that one.
                save_index(index, self._folder, patience_s=_PATIENCE_S)
            if written(self._folder) == before:  # an old index would still name it
                shutil.rmtree(self._folder, ignore_errors=True)
            return int(held)

    def expire(self) -> None:
        """Told that any number of items changed: the next search looks at all."""
        self._next_look = 0

    def current(self, *, progress: Progress = silent) -> CatalogueIndex:
        """The index as of now.

        Args:
            progress: Told how far reading a catalogue for the first time has come.
        """
        with self.lock:
            if self._index is None:
                self._open(progress)
            index = self._index or CatalogueIndex(self._encoder)
            if self._noticed:
                noticed, self._noticed = self._noticed, set()
                self._renew(index, self._entities.get("item", sorted(noticed)), noticed, {})
            now = self._clock()
            if now >= self._next_look or self._next_look - now > _SHARE * 3_600_000:
                start = perf_counter()
                self._look(index, progress)
                took = 1000 * (perf_counter() - start)
                self._next_look = now + max(LOOK_EVERY_MS, round(_SHARE * took))
            return index

    def _open(self, progress: Progress) -> None:
        try:
            self._index = load_index(self._encoder, self._folder)
        except ArtifactError:  # damaged, or of another encoder: it is made again
            self._index = None
        if self._index is None:
            self._build(progress)

    def _build(self, progress: Progress) -> None:
        ids, marks, attributes = self._everything()
        index = self._index = CatalogueIndex(self._encoder)
        documents = [document(json.loads(text or "{}")) for text in attributes]
        if self._reader.vector("zhiyin") is None and self._reader.trouble:
            index.build_words(ids, marks, documents)
            return
        try:
            index.build(ids, marks, documents, progress=progress)
        except FAILURES as error:
            self._reader.failed(error)
            return
        self._save(index)

    def _look(self, index: CatalogueIndex, progress: Progress) -> None:
        ids, marks, attributes = self._everything()
        known = np.array([index.row_of.get(item, -1) for item in ids], dtype=np.int64)
        stale = np.ones(len(ids), dtype=np.bool_)
        stale[known >= 0] = index.marks[known[known >= 0]] != marks[known >= 0]
        if index.unread and not self._reader.down:
            stale |= np.isin(known, list(index.unread))
        changed: list[int] = np.flatnonzero(stale).tolist()
        gone = index.row_of.keys() - set(ids) if len(ids) < len(index.row_of) + len(changed) else ()
        if len(changed) > max(_FOLD_FROM, len(ids) // 2):
            self._build(progress)
            return
        found = {ids[i]: json.loads(attributes[i] or "{}") for i in changed}
        self._renew(index, found, gone, {ids[i]: int(marks[i]) for i in changed})
        self._settle(index, ids, attributes, progress)

    def _settle(
        self,
        index: CatalogueIndex,
        ids: list[str],
        attributes: list[str | None],
        progress: Progress,
    ) -> None:
        """Builds anew what has changed too much to be kept beside the rest."""
        if index.meaning.outgrown and not index.unread:
            self._build(progress)
        elif index.words.changes > max(_FOLD_FROM, _FOLD_SHARE * len(ids)) and not index.unread:
            pairs = zip(ids, attributes, strict=True)
            index.fold({item: document(json.loads(text or "{}")) for item, text in pairs})
            self._save(index)

    def _save(self, index: CatalogueIndex) -> None:
        """Writes the index; where that cannot be, searches go on from memory and say so."""
        try:
            save_index(index, self._folder)
        except ArtifactError as error:
            self.trouble = error.message
        else:
            self.trouble = ""

    def _renew(
        self,
        index: CatalogueIndex,
        found: Mapping[str, Mapping[str, Any]],
        touched: Iterable[str],
        marks: Mapping[str, int],
    ) -> None:
        """Reads items again, and forgets those of ``touched`` that are not found."""
        gone = [item for item in touched if item not in found]
        if gone:
            index.drop(gone)
        documents: dict[str, Document] = {i: document(attrs) for i, attrs in found.items()}
        if not documents:
            return
        try:
            index.put(documents, marks, meaning=not self._reader.down)
        except FAILURES as error:
            self._reader.failed(error)

    def _everything(self) -> tuple[list[str], np.ndarray[Any, Any], list[str | None]]:
        frame = self._entities.scan("item", columns=["id", "attributes"])
        texts = frame["attributes"].cast(pl.String)
        return frame["id"].to_list(), id_keys(texts.fill_null("").to_list()), texts.to_list()
