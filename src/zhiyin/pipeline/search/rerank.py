"""The few that stand first, read again together with the query by a cross-encoder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zhiyin.core.clock import Deadline
from zhiyin.core.errors import ArtifactError, ZhiyinError
from zhiyin.core.histories import Floats
from zhiyin.core.registry import load_path
from zhiyin.pipeline.artifacts import ArtifactFolder
from zhiyin.pipeline.search.documents import Document
from zhiyin.pipeline.settings import SearchSettings
from zhiyin.ranking.cross_encoder.budget import joined_scores, score_within
from zhiyin.ranking.cross_encoder.scorer import PairScorer

FOLDER = "rerankers"
"""Where a workspace keeps the rerankers that were trained on its log."""
_OWN = ("auto", "trained")
_OWN_CLASS = "zhiyin.ranking.cross_encoder.model:CrossEncoder"
_PRETRAINED = "zhiyin.ranking.cross_encoder.pretrained:PretrainedReranker"


def pair_text(document: Document, place: int) -> str:
    """What a cross-encoder reads of an item: its title with what answers best.

    Args:
        document: The item as text.
        place: Which of its texts is nearest to the query: 0 the title, i the i-th passage.
    """
    if not document.passages:
        return document.title
    first = document.passages[0]
    if document.title and first.startswith(document.title):
        return first  # short enough to be read whole
    passage = document.passages[max(place, 1) - 1] if place <= len(document.passages) else first
    return f"{document.title}. {passage}" if document.title else passage


@dataclass(frozen=True, slots=True, eq=False)
class Reread:
    """What became of the first candidates.

    Attributes:
        order: The candidates in their new order: all of them, int64 of shape (n,).
        scores: Of the m that were read, float32 of shape (m,), as they were given.
        note: What was left out, and why; empty when all is well.
    """

    order: NDArray[np.int64]
    scores: Floats
    note: str = ""


class Reranking:
    """Reads the first candidates of a search again, within a latency budget.

    Args:
        settings: Which reranker, how many candidates, how long.
        folder: The workspace's folder.
    """

    def __init__(self, settings: SearchSettings, folder: Path) -> None:
        self._settings = settings
        self._root = folder / FOLDER
        self._version: str | None = None
        self._scorer: PairScorer | None = None
        self._weight = 1.0
        self._trouble = ""
        self._asked = False

    def depth(self) -> int:
        """How many candidates are to be read: 0 without a reranker."""
        return self._settings.rerank_top if self._current() is not None else 0

    @property
    def trouble(self) -> str:
        """Why there is no reranker although one was asked for."""
        return self._trouble

    def apply(self, query: str, texts: Sequence[str], base: Floats) -> Reread:
        """Orders candidates anew.

        Those for which there was no time keep their place behind those that were read.

        Args:
            query: What is asked.
            texts: Candidates as text, best first.
            base: What the search gave them, float32 of shape (n,).
        """
        n = len(texts)
        scorer = self._current()
        asis = Reread(np.arange(n, dtype=np.int64), np.empty(0, dtype=np.float32))
        if scorer is None or n < 2:
            return asis
        limit = self._settings.rerank_budget_ms
        try:
            scores = score_within(scorer, query, texts, deadline=Deadline(limit / 1000.0))
        except ZhiyinError as error:
            return Reread(asis.order, asis.scores, f"not reranked: {error.message}")
        m = len(scores)
        together = joined_scores(base[:m], scores, weight=self._weight)
        order = np.concatenate([np.lexsort((np.arange(m), -together)), np.arange(m, n)])
        note = f"reranked the first {m} of {n}: {limit:g} ms are spent" if m < n else ""
        return Reread(order.astype(np.int64), scores, note)

    def _current(self) -> PairScorer | None:
        name = self._settings.rerank
        if name == "off":
            return None
        if name in _OWN:
            self._follow(required=name == "trained")
        elif not self._asked:
            self._asked = True
            self._open(lambda: load_path(_PRETRAINED)(load_path(_PRETRAINED).Config(model=name)))
            given = self._settings.rerank_weight
            self._weight = 1.0 if given is None else given
        return self._scorer

    def _follow(self, *, required: bool) -> None:
        """Takes the workspace's own reranker when another is published."""
        pointer = self._root / "current"
        version = pointer.read_text(encoding="utf-8").strip() if pointer.is_file() else None
        if version is None:
            self._scorer = None
            self._trouble = "not reranked: no reranker is trained here" if required else ""
        elif version != self._version:
            self._version, self._scorer = version, None
            self._open(lambda: self._restored(version, required=required))

    def _restored(self, version: str, *, required: bool) -> PairScorer | None:
        kept = ArtifactFolder(self._root)
        manifest = kept.manifest(version)
        try:
            joins, weight = bool(manifest["joins"]), float(manifest["weight"])
            kind: Any = load_path(_OWN_CLASS)
            config = kind.Config.model_validate(manifest["config"])
        except (KeyError, TypeError, ValueError) as error:
            raise ArtifactError(
                f"the reranker {version} has a damaged manifest", hint="train it again"
            ) from error
        if not joins and not required:
            return None
        given = self._settings.rerank_weight
        self._weight = weight if given is None else given
        return kind(config).restore(kept.arrays(version))

    def _open(self, load: Any) -> None:  # noqa: ANN401 - a function without arguments
        self._trouble = ""
        try:
            self._scorer = load()
        except ZhiyinError as error:
            self._trouble = f"not reranked: {error}"
