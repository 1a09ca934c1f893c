"""A cross-encoder that is fine-tuned here and serves without torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from zhiyin.core.clock import Deadline
from zhiyin.core.errors import ArtifactError, NotEnoughDataError, TrainingError
from zhiyin.core.histories import Floats
from zhiyin.core.progress import Progress, silent
from zhiyin.core.protocols import Arrays
from zhiyin.neural.batches import in_order
from zhiyin.neural.extra import load_neural
from zhiyin.neural.session import OnnxSession
from zhiyin.ranking.cross_encoder.backbones import open_backbone, open_reader
from zhiyin.ranking.cross_encoder.config import CrossEncoderConfig
from zhiyin.ranking.cross_encoder.pairs import JudgedPairs
from zhiyin.ranking.cross_encoder.reading import Pair, Reader, joined, padded_pairs

_LEARN = "zhiyin.ranking.cross_encoder.learning:learn"
_GRAPH = "zhiyin.ranking.cross_encoder.graph:pair_graph"
_READER = "reader/"
_AT_ONCE = 16
_TOKENS_AT_ONCE = 1024


class CrossEncoder:
    """[CLS] query [SEP] item [SEP] through a transformer; score h' W' W h of the state of [CLS].

    Query and item look at each other in every layer, which no pair of vectors can do, and
    which costs a pass through the network for each candidate: it is for the few that stand
    first. Fitted with torch (the extra ``neural``), served by ONNX Runtime alone.

    Args:
        config: Hyperparameters.
    """

    Config = CrossEncoderConfig

    def __init__(self, config: CrossEncoderConfig | None = None) -> None:
        self.config = config or CrossEncoderConfig()
        self.outcome: str = ""
        self.epochs: tuple[dict[str, float | None], ...] = ()
        self._reader: Reader | None = None
        self._graph = np.empty(0, dtype=np.uint8)
        self._session: OnnxSession | None = None

    @property
    def id(self) -> str:
        """Backbone, and hash of the fine-tuned graph."""
        digest = sha256(self._graph.tobytes()).hexdigest()[:12]
        return f"cross-encoder/{self.config.backbone}/{digest}"

    def fit(
        self,
        pairs: JudgedPairs,
        *,
        rng: np.random.Generator,
        deadline: Deadline,
        validation: JudgedPairs | None = None,
        progress: Progress = silent,
    ) -> Self:
        """Fine-tunes; stops early, still usable, when the deadline passes.

        Args:
            pairs: What is learned from; queries whose candidates are all alike are left out.
            rng: Source of the seed of every draw.
            deadline: Of the training.
            validation: Later queries: the epoch that orders them best is kept.
            progress: Told every epoch.

        Raises:
            NotEnoughDataError: No query tells good candidates from bad ones.
            TrainingError: The loss became NaN before any epoch was done, or there was no
                time for a single step.
            MissingExtraError: The extra ``neural``, or that of the backbone, is not installed.
        """
        if not len(pairs.teaching()):
            raise NotEnoughDataError(
                "no query has both a candidate that answers and one that does not",
                hint="record searches and what was clicked after them, with their times",
            )
        settings = self.config
        learn, graph = load_neural(_LEARN), load_neural(_GRAPH)
        backbone = open_backbone(
            settings.backbone, revision=settings.revision, layers=settings.layers
        )
        seed = int(rng.integers(2**31))
        network, outcome = learn(
            backbone,
            pairs,
            validation,
            settings,
            seed=seed,
            deadline=deadline,
            progress=progress,
        )
        if outcome.best < 0:
            raise TrainingError(
                f"the cross-encoder learned nothing: {outcome.stopped}",
                hint="a larger budget, or a smaller model: fewer layers",
            )
        self.outcome = outcome.stopped
        self.epochs = tuple(
            {"loss": each.loss, "validation": each.score, "seconds": each.seconds}
            for each in outcome.epochs
        )
        return self._take(backbone.reader, graph(network, int8=settings.int8))

    def score(self, query: str, texts: Sequence[str]) -> Floats:
        """How well each text answers a query, float32 of shape (n,), fresh; never below 0.

        Raises:
            ArtifactError: Nothing was fitted or restored.
        """
        reader = self._ready()
        asked = reader.pieces([query])[0]
        limits = {"max_tokens": self.config.max_tokens, "max_query": self.config.max_query}
        return self._run([joined(reader, asked, each, **limits) for each in reader.pieces(texts)])

    def score_pairs(self, pairs: JudgedPairs) -> Floats:
        """Scores of all rows, float32 of shape (rows,)."""
        parts = [
            self.score(query, pairs.texts[pairs.rows_of(q)])
            for q, query in enumerate(pairs.queries)
        ]
        return np.concatenate([np.empty(0, dtype=np.float32), *parts])

    def state(self) -> Arrays:
        """The graph, and what its tokeniser needs that no package brings."""
        reader = self._ready()
        held = {f"{_READER}{name}": each for name, each in reader.state().items()}
        return {"graph": self._graph, **held}

    def restore(self, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Takes a state back; the arrays may be read-only memory maps.

        Raises:
            ArtifactError: The state is damaged or not one of a cross-encoder.
            MissingExtraError: The package of its backbone is not installed.
        """
        if "graph" not in arrays:
            raise ArtifactError("the stored cross-encoder has no graph", hint="train it again")
        held = {
            name.removeprefix(_READER): each
            for name, each in arrays.items()
            if name.startswith(_READER)
        }
        return self._take(open_reader(self.config.backbone, held), arrays["graph"])

    def _take(self, reader: Reader, graph: NDArray[np.uint8]) -> Self:
        self._reader, self._graph = reader, np.asarray(graph)
        self._session = OnnxSession(self._graph)
        return self

    def _ready(self) -> Reader:
        if self._reader is None:
            raise ArtifactError("the cross-encoder was not fitted", hint="call fit or restore")
        return self._reader

    def _run(self, pairs: Sequence[Pair]) -> Floats:
        reader, session = self._reader, self._session
        assert reader is not None
        assert session is not None
        lengths = np.array([len(ids) for ids, _ in pairs], dtype=np.int64)
        result = np.zeros(len(pairs), dtype=np.float32)
        for rows in in_order(lengths, batch_size=_AT_ONCE, batch_events=_TOKENS_AT_ONCE):
            chosen: list[int] = rows.tolist()
            batch = padded_pairs([pairs[i] for i in chosen], two_segments=reader.two_segments)
            words = reader.vectors(batch.ids)
            result[rows] = session.run(words=words, segments=batch.segments, mask=batch.mask)[0]
        # A state is normalised, so a score that is not finite can only come of a broken file.
        return np.nan_to_num(result, nan=0.0, posinf=0.0, neginf=0.0)
