"""Items as vectors: one to find them by, and one for each of their passages to judge by.

An item is found by its lead, the sum of its title's vector and the mean of its passages'.
The nearest are then judged by three cosines with the query: the title's, the mean
passage's, and the best passage's, since a question is mostly about one thing that a
description says. The weights were chosen on sentences of film plots, taken out of their
plot and searched for (docs/search.md), never on the pairs of benchmarks/language.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from zhiyin.core.errors import ArtifactError
from zhiyin.core.histories import Floats
from zhiyin.core.protocols import VectorIndex
from zhiyin.core.topk import EMPTY, TopK
from zhiyin.encode.choose import default_index
from zhiyin.encode.whitening import Whitening, WhiteningConfig

WHITENING = WhiteningConfig(dim=192, strength=0.5)
"""Chosen on film sentences in English and on dictionary entries across languages."""
_TITLE, _MEAN, _BEST = 0.3, 1.0, 1.0
_ENOUGH = 200
"""Vectors from which whitening is fitted; with fewer the encoder's own are compared."""
_GROWN = 4.0
"""Whitening, and an encoder that learns, are fitted again at so many times as many vectors."""
_PART = 8192
"""Items whose vectors are copied at a time."""

Half = NDArray[np.float16]


class MeaningIndex:
    """The vectors of a catalogue; items are numbered by row of the catalogue."""

    def __init__(self) -> None:
        self._whitening: Whitening | None = None
        self._centres: dict[str, Floats] = {}
        self._fitted_on = 0
        self._leads: VectorIndex = default_index(0)
        self._rows: list[Half] = [np.empty((0, 0), dtype=np.float16)]
        self._first = np.empty(0, dtype=np.int64)
        self._count = np.empty(0, dtype=np.int32)
        self._spread = np.empty(0, dtype=np.float32)

    def __len__(self) -> int:
        """How many vectors there are."""
        return sum(map(len, self._rows))

    @property
    def outgrown(self) -> bool:
        """Whether so many vectors came that what was fitted ought to be fitted again."""
        return len(self) >= max(_ENOUGH, _GROWN * self._fitted_on)

    def build(
        self,
        vectors: Floats,
        counts: NDArray[np.int32],
        *,
        whiten: bool,
        centres: Mapping[str, Floats] | None = None,
    ) -> Self:
        """Takes the catalogue, in place of all before.

        Args:
            vectors: Of all items one after the other: first the title's (zeros for none),
                then those of its passages; float32 of shape (m, d).
            counts: Vectors of each item, 0 for an item without text; shape (n,).
            whiten: Whether to fit whitening: for encoders that came trained.
            centres: The mean vector of queries by language, "" for all others; where
                whitening is fitted, it is taken from a query in place of the catalogue's.
        """
        self._centres = dict(centres or {})
        present = _present(vectors)
        self._whitening, self._fitted_on = None, len(vectors)
        if whiten and int(present.sum()) >= _ENOUGH:
            self._whitening = Whitening(WHITENING).fit(vectors, present)
        white = self._white(vectors)
        self._rows = [white.astype(np.float16)]
        self._count = counts.astype(np.int32)
        self._first = np.cumsum(counts, dtype=np.int64) - counts
        leads, self._spread = _leads(white, counts)
        self._leads = default_index(len(counts)).build(leads)
        return self

    def put(self, items: NDArray[np.int64], vectors: Floats, counts: NDArray[np.int32]) -> None:
        """Adds or replaces some items; vectors and counts as in ``build``."""
        self._grow(int(items.max()) + 1 if len(items) else 0)
        white = self._white(vectors)
        begin = len(self)
        if not begin:
            self._rows = []
        self._rows.append(white.astype(np.float16))
        self._first[items] = begin + np.cumsum(counts, dtype=np.int64) - counts
        self._count[items] = counts
        leads, self._spread[items] = _leads(white, counts)
        self._leads.upsert(items, leads)

    def drop(self, items: NDArray[np.int64]) -> None:
        """Forgets some items."""
        known = items[items < len(self._count)]
        self._count[known] = 0
        self._leads.delete(known)

    def aimed(self, query: Floats, *, language: str) -> Floats:
        """The encoder's vector of a query, of shape (d,), as ``near`` and ``scores`` take it.

        A query is short, and may be in another language than the catalogue: what sets such
        texts apart from descriptions is no meaning, and is taken away.

        Args:
            query: The encoder's vector.
            language: ISO 639-1 code of the query's language.

        Returns:
            Shape (dim,).
        """
        centre = self._centres.get(language, self._centres.get(""))
        if self._whitening is None or centre is None:
            return self._white(query[None])[0]
        return self._white((query - centre + self._whitening.state()["mean"])[None])[0]

    def near(
        self, query: Floats, *, k: int, allowed: NDArray[np.bool_] | None = None
    ) -> NDArray[np.int64]:
        """The k items whose leads are nearest to an aimed query of shape (dim,)."""
        if not len(self):
            return np.empty(0, dtype=np.int64)
        found = self._leads.search(query[None], k=k, allowed=allowed).items[0]
        return found[found != EMPTY].astype(np.int64)

    def like(self, vector: Floats, *, k: int, allowed: NDArray[np.bool_]) -> TopK:
        """The k items whose leads are nearest to one of shape (1, dim)."""
        return self._leads.search(vector, k=k, allowed=allowed)

    def scores(self, query: Floats, items: NDArray[np.int64]) -> tuple[Floats, NDArray[np.int32]]:
        """How near some items are, and which of their vectors is nearest.

        Args:
            query: An aimed query, shape (dim,).
            items: Distinct items.

        Returns:
            Weighted mean of cosines, float32 of shape (k,), 0 for items without vectors;
            and 0 for the title, or i for the i-th passage.
        """
        result = np.zeros(len(items), dtype=np.float32)
        best = np.zeros(len(items), dtype=np.int32)
        known = np.flatnonzero(items < len(self._count))
        known = known[self._count[items[known]] > 0]
        if not len(known):
            return result, best
        counts = self._count[items[known]]
        rows = self._gather(self._first[items[known]], counts)
        cosines: Floats = rows @ query
        starts = np.cumsum(counts) - counts
        titles = cosines[starts]
        titled = rows[starts].any(axis=1)
        described = counts > 1
        top = np.maximum.reduceat(cosines, starts)
        spread = np.maximum(self._spread[items[known]], np.float32(1e-9))
        mean = (np.add.reduceat(cosines, starts) - titles) / spread
        mean = np.where(described, mean, titles)
        titles = np.where(titled, titles, mean)
        result[known] = (_TITLE * titles + _MEAN * mean + _BEST * top) / (_TITLE + _MEAN + _BEST)
        order = np.arange(len(rows)) - np.repeat(starts, counts)
        places = np.flatnonzero(cosines == np.repeat(top, counts))
        owners = np.repeat(np.arange(len(known)), counts)[places]
        best[known[owners[::-1]]] = order[places[::-1]]
        return result, best

    def vectors_of(self, item: int) -> Floats:
        """The lead of an item, shape (1, dim); zeros where it has no text."""
        if item >= len(self._count) or not self._count[item]:
            return np.zeros((1, self._rows[0].shape[1]), dtype=np.float32)
        counts = self._count[item : item + 1]
        return _leads(self._gather(self._first[item : item + 1], counts), counts)[0]

    def leads(self) -> Floats:
        """The leads of all items, float32 of shape (n, dim); zeros where there is no text."""
        result = np.zeros((len(self._count), self._rows[0].shape[1]), dtype=np.float32)
        known = np.flatnonzero(self._count)
        for part in np.array_split(known, max(1, len(known) // _PART)) if len(known) else ():
            counts = self._count[part]
            result[part] = _leads(self._gather(self._first[part], counts), counts)[0]
        return result

    def save(self, folder: Path) -> None:
        """Writes the vectors as .npy, and the index of leads."""
        folder.mkdir(parents=True, exist_ok=True)
        first = np.cumsum(self._count, dtype=np.int64) - self._count
        rows = np.empty((int(self._count.sum()), self._rows[0].shape[1]), dtype=np.float16)
        known = np.flatnonzero(self._count)
        for part in np.array_split(known, max(1, len(known) // _PART)):
            if len(part):
                counts = self._count[part]
                begin = int(first[part[0]])
                end = begin + int(counts.sum())
                rows[begin:end] = self._gather(self._first[part], counts)
        np.save(folder / "rows.npy", rows)
        np.save(folder / "first.npy", first)
        np.save(folder / "count.npy", self._count)
        np.save(folder / "spread.npy", self._spread)
        state = {} if self._whitening is None else self._whitening.state()
        for name, array in state.items():
            np.save(folder / f"whitening-{name}.npy", array)
        names = sorted(self._centres)
        if names:
            np.save(folder / "centres.npy", np.stack([self._centres[name] for name in names]))
        self._leads.save(folder / "leads")
        about = {
            "fitted_on": self._fitted_on,
            "n": len(self._count),
            "white": self._whitening is not None,
            "centres": names,
        }
        (folder / "meaning.json").write_text(json.dumps(about), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Takes a saved index back; vectors are memory-mapped.

        Raises:
            ArtifactError: The folder holds none, or a damaged one.
        """
        index = cls()
        try:
            about = json.loads((folder / "meaning.json").read_text(encoding="utf-8"))
            index._fitted_on = int(about["fitted_on"])
            index._rows = [np.load(folder / "rows.npy", mmap_mode="r", allow_pickle=False)]
            index._first = np.load(folder / "first.npy", allow_pickle=False)
            index._count = np.load(folder / "count.npy", allow_pickle=False)
            index._spread = np.load(folder / "spread.npy", allow_pickle=False)
            ends = index._first + index._count
            if len(ends) and int(ends.max()) > len(index._rows[0]):
                raise ValueError("vectors are missing")
            if about["centres"]:
                centres = np.load(folder / "centres.npy", allow_pickle=False)
                index._centres = dict(zip(about["centres"], centres, strict=True))
            if about["white"]:
                parts = ("mean", "axes")
                state = {name: np.load(folder / f"whitening-{name}.npy") for name in parts}
                index._whitening = Whitening(WHITENING).restore(state)
            index._leads = default_index(int(about["n"])).load(folder / "leads")
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ArtifactError(f"{folder} holds no vectors that can be read: {error}") from error
        return index

    def _white(self, vectors: Floats) -> Floats:
        if self._whitening is None:
            return np.asarray(vectors, dtype=np.float32)
        return self._whitening.apply(vectors, _present(vectors))

    def _grow(self, n: int) -> None:
        more = n - len(self._count)
        if more > 0:
            self._first = np.append(self._first, np.zeros(more, dtype=np.int64))
            self._count = np.append(self._count, np.zeros(more, dtype=np.int32))
            self._spread = np.append(self._spread, np.zeros(more, dtype=np.float32))

    def _gather(self, first: NDArray[np.int64], counts: NDArray[np.int32]) -> Floats:
        """The vectors of some items, one after the other; all counts are above 0."""
        starts = np.cumsum(counts) - counts
        places = np.repeat(first - starts, counts) + np.arange(int(counts.sum()))
        if len(self._rows) > 2:  # what came since the last build stands in one piece
            self._rows = [self._rows[0], np.concatenate(self._rows[1:])]
        base = self._rows[0]
        if len(self._rows) == 1 or int(places.max()) < len(base):
            return base[places].astype(np.float32)
        result = np.empty((len(places), base.shape[1]), dtype=np.float32)
        old = places < len(base)
        result[old] = base[places[old]]
        result[~old] = self._rows[1][places[~old] - len(base)]
        return result


def _leads(white: Floats, counts: NDArray[np.int32]) -> tuple[Floats, Floats]:
    """The unit vectors by which items are found, and the lengths of their passages' sums.

    Returns:
        Shapes (n, dim) and (n,); zeros for items without vectors.
    """
    result = np.zeros((len(counts), white.shape[1]), dtype=np.float32)
    lengths = np.zeros(len(counts), dtype=np.float32)
    known = np.flatnonzero(counts)
    if len(known):
        starts = (np.cumsum(counts) - counts)[known]
        titles = white[starts]
        spread = np.add.reduceat(white, starts, axis=0) - titles
        lengths[known] = np.sqrt(np.einsum("ij,ij->i", spread, spread))
        result[known] = _unit(_TITLE / _MEAN * titles + _unit(spread))
    return result, lengths


def _present(rows: Floats) -> NDArray[np.bool_]:
    return np.asarray(rows.any(axis=1), dtype=np.bool_)


def _unit(rows: Floats) -> Floats:
    lengths = np.sqrt(np.einsum("ij,ij->i", rows, rows))[:, None]
    return rows / np.maximum(lengths, np.float32(1e-9))
