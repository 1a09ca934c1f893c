"""Users without a history, by what is known of them: learned, judged, saved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import polars as pl
from scipy.sparse import csr_matrix

from zhiyin.core.histories import Floats
from zhiyin.core.protocols import Arrays
from zhiyin.core.rng import derive_rng
from zhiyin.encode.attributes.catalogue import CatalogueReader
from zhiyin.models.content.newcomers import Newcomers

_HELD = 0.1
"""Share of the users by whom it is judged."""
_LEAST_USERS = 50
_MOST_JUDGES = 2_000
_CUT = 20


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
        names = {column for read in self._reader.plan for column in read.columns}
        if not any(attributes.get(name) not in (None, "") for name in names):
            return None
        columns = {name: [attributes.get(name)] for name in sorted(names)}
        return self._newcomers.score(self._reader.read(columns))

    def manifest(self) -> list[dict[str, Any]]:
        """Everything that is not an array."""
        return self._reader.manifest()

    def arrays(self) -> Arrays:
        """Every array, by path."""
        reader = {f"reader/{name}": array for name, array in self._reader.state().items()}
        return reader | {f"model/{name}": a for name, a in self._newcomers.state().items()}

    @classmethod
    def restored(cls, manifest: list[dict[str, Any]], arrays: Arrays) -> Self:
        """The inverse of `manifest` and `arrays`."""
        parts: dict[str, Arrays] = {"reader": {}, "model": {}}
        for path, array in arrays.items():
            part, _, name = path.partition("/")
            parts[part][name] = array
        reader = CatalogueReader(None).restore(manifest, parts["reader"])
        return cls(reader, Newcomers().restore(parts["model"]))


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
    told = f"users' attributes: ndcg@20 {found:.4f}, popularity {everybody:.4f}"
    if found <= everybody:
        return None, f"{told}: left out"
    return KnownPeople(reader, Newcomers().fit(attributes, behaviour)), told


def _ndcg(scores: Floats, wanted: csr_matrix) -> float:
    k = min(_CUT, scores.shape[1])
    best = np.argpartition(-scores, k - 1, axis=1)[:, :k]
    order = np.argsort(-np.take_along_axis(scores, best, axis=1), axis=1, kind="stable")
    best = np.take_along_axis(best, order, axis=1)
    hit = np.take_along_axis(np.asarray(wanted.toarray()), best, axis=1) > 0
    discounts = 1 / np.log2(np.arange(2, k + 2))
    ideal = np.cumsum(discounts)[np.minimum(np.diff(wanted.indptr), k) - 1]
    return float(((hit @ discounts) / ideal).mean())
