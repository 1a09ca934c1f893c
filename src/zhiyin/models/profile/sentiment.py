"""What a review says of its item: liked, disliked, or neither."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from zhiyin.core.histories import Floats
from zhiyin.core.protocols import TextEncoder
from zhiyin.encode.text.cleaning import CleaningConfig, clean
from zhiyin.models.profile.anchors import DISPLEASED, PLEASED, UNMOVED
from zhiyin.models.profile.lexicon import judge_words

_READ = CleaningConfig(max_characters=600)
_RIDGE = 1.0
_REMEMBERED = 20_000


class SentimentJudge:
    """Judges reviews by their words, and by their nearness to sentences of known feeling.

    The second part is a ridge regression on the vectors of 116 anchor sentences; the two
    parts are added. Measured in ``benchmarks/sentiment``.

    Args:
        encoder: What understands sentences; None leaves the words alone to judge.
    """

    def __init__(self, encoder: TextEncoder | None) -> None:
        self._encoder = encoder
        self._direction: tuple[Floats, float] | None = None
        self._known: dict[str, float] = {}

    def judge(self, texts: Sequence[str]) -> Floats:
        """From -1 (disliked) to 1 (liked), float32 of shape (n,); 0 for empty text."""
        cleaned = [clean(text, _READ)[0] for text in texts]
        missing = [text for text in dict.fromkeys(cleaned) if text and text not in self._known]
        if len(self._known) + len(missing) > _REMEMBERED:
            self._known.clear()
            missing = [text for text in dict.fromkeys(cleaned) if text]
        if missing:
            self._known.update(zip(missing, self._scores(missing).tolist(), strict=True))
        return np.array([self._known.get(text, 0.0) for text in cleaned], dtype=np.float32)

    def _scores(self, texts: list[str]) -> Floats:
        scores = np.array([judge_words(text) for text in texts], dtype=np.float32)
        if self._encoder is not None:
            encoded = self._encoder.encode(texts)
            if self._direction is None:
                self._direction = _learn(self._encoder)
            weights, offset = self._direction
            scores += (encoded.vectors @ weights + offset) * encoded.present
        return np.clip(scores, -1.0, 1.0)


def _learn(encoder: TextEncoder) -> tuple[Floats, float]:
    """Weights of shape (dim,) and offset of the ridge regression on the anchors."""
    vectors = encoder.encode([*PLEASED, *DISPLEASED, *UNMOVED]).vectors
    targets = np.repeat([1.0, -1.0, 0.0], [len(PLEASED), len(DISPLEASED), len(UNMOVED)])
    mean = vectors.mean(axis=0)
    centred = vectors - mean
    gram = centred.T @ centred + _RIDGE * np.eye(vectors.shape[1], dtype=np.float32)
    weights = np.asarray(np.linalg.solve(gram, centred.T @ targets), dtype=np.float32)
    return weights, -float(mean @ weights)
