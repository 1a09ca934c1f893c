"""Users without a history, by what is known of them: learned, judged, saved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from zhiyin.core.histories import Floats, Histories
from zhiyin.core.metrics import hits, ndcg
from zhiyin.core.named_arrays import group_of, under
from zhiyin.core.protocols import Arrays
from zhiyin.core.rng import derive_rng
from zhiyin.core.topk import top_k
from zhiyin.encode.attributes.catalogue import CatalogueReader
from zhiyin.models.content.newcomers import Newcomers

_HELD = 0.1
"""Share of the users by whom it is judged."""
_LEAST_USERS = 50
_MOST_JUDGES = 2_000
_CUT = 20
_ERRORS = 2.0
"""Standard errors by which attributes must beat popularity: a lesser gain is chance."""


class KnownPeople:
    """Reads users' attributes, and says what people like them take.

    Args:
        reader: Reads attributes.
        newcomers: Scores them.
    """

    def __init__(self, reader: CatalogueReader, newcomers: Newcomers) -> None:
        self._reader = reader
        self._newcomers = newcomers

    def score(self, attributes: Mapping[str, Any]) -> Floats | None:
        """Expected share of takers per item, shape (1, n_items); None where nothing is known."""
        if not any(attributes.get(name) not in (None, "") for name in self._reader.columns):
            return None
        return self._newcomers.score(self._reader.read_rows([attributes]))

    def manifest(self) -> list[dict[str, Any]]:
        """Everything that is not an array."""
        return self._reader.manifest()

    def arrays(self) -> Arrays:
        """Every array, by path."""
        return under("reader", self._reader.state()) | under("model", self._newcomers.state())

    @classmethod
    def restored(cls, manifest: list[dict[str, Any]], arrays: Arrays) -> Self:
        """The inverse of `manifest` and `arrays`."""
        reader = CatalogueReader(None).restore(manifest, group_of(arrays, "reader"))
        return cls(reader, Newcomers().restore(group_of(arrays, "model")))


def learn_people(
    table: pl.DataFrame | None, behaviour: csr_matrix, *, seed: int
) -> tuple[KnownPeople | None, str]:
    """Learns what people take by their attributes, if that beats what everybody takes.

    Judged by NDCG@20 over users whose events were all left out.

    Args:
        table: A row per user, a column per attribute; None where nothing is known.
        behaviour: Ones, of shape (users, items).
        seed: Draws the users who judge.

    Returns:
        What was learned, or None; and a line for the report, empty where there is no table.
    """
    if table is None or behaviour.shape[0] < _LEAST_USERS:
        return None, ""
    reader = CatalogueReader(None)
    attributes = reader.fit({name: table[name].to_list() for name in table.columns})
    if not attributes:
        return None, "users' attributes: none that groups them"
    held = derive_rng(seed, "newcomers").random(behaviour.shape[0]) < _HELD
    judges = np.flatnonzero(held & (np.diff(behaviour.indptr) > 0))[:_MOST_JUDGES]
    if not len(judges):
        return None, ""
    rest = np.flatnonzero(~held)
    model = Newcomers().fit([a.take(rest) for a in attributes], behaviour[rest])
    found = _ndcg(model.score([a.take(judges) for a in attributes]), behaviour[judges])
    share = np.asarray(behaviour[rest].mean(axis=0), dtype=np.float32)
    everybody = _ndcg(np.repeat(share.reshape(1, -1), len(judges), axis=0), behaviour[judges])
    gain = found - everybody
    told = f"users' attributes: ndcg@20 {found.mean():.4f}, popularity {everybody.mean():.4f}"
    if gain.mean() <= _ERRORS * gain.std() / np.sqrt(len(gain)):
        return None, f"{told}: left out"
    return KnownPeople(reader, Newcomers().fit(attributes, behaviour)), told


def _ndcg(scores: Floats, wanted: csr_matrix) -> NDArray[np.float64]:
    """NDCG of each row."""
    starts = wanted.indptr.astype(np.int64)
    truth = Histories(starts, wanted.indices, wanted.data, wanted.shape[1])
    order = np.arange(scores.shape[1], dtype=np.int32)
    lists = top_k(scores, k=_CUT, tie_order=order).items
    return ndcg(hits(lists, truth), _CUT)
