"""Keyword search by BM25."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from math import log
from pathlib import Path
from typing import Any, Literal, Self

import bm25s
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from zhiyin.core.config import Config
from zhiyin.core.errors import ArtifactError
from zhiyin.core.histories import Floats
from zhiyin.core.topk import TopK, top_k
from zhiyin.encode.text.language import SMALL_WORDS, detect_language
from zhiyin.encode.text.tokens import TokenConfig, Tokeniser

_ARRAYS = ("data", "indices", "indptr")
_SAMPLE = 2000
_REPEATED = 3
"""A word of the query counts this often at most."""


class KeywordConfig(Config):
    """Hyperparameters of BM25."""

    k1: float = Field(default=1.2, ge=0)
    """How soon repeating a word stops helping."""
    b: float = Field(default=0.75, ge=0, le=1)
    """How much long texts are held back."""
    method: Literal["lucene", "robertson", "atire", "bm25l", "bm25+"] = "lucene"
    """The variant of BM25."""
    tokens: TokenConfig = Field(default_factory=TokenConfig)
    """How texts and queries are cut into tokens."""


class KeywordIndex:
    """BM25 over texts (Robertson et al., TREC-3, 1994), scored ahead of time by bm25s.

    Texts are numbered by item index. Changing the texts means building again: 100,000
    titles take seconds. The index keeps nothing of the texts but scores of words.
    """

    Config = KeywordConfig

    def __init__(self, config: KeywordConfig | None = None) -> None:
        self.config = config or KeywordConfig()
        self._place(Tokeniser(self.config.tokens), None, 0)

    def build(self, texts: Sequence[str]) -> Self:
        """Indexes texts 0..n-1 in place of all before; an empty text is never found."""
        tokeniser = Tokeniser(self._tokens_for(texts))
        settings = self.config
        found = tokeniser.batch(texts)
        vocabulary: dict[str, int] = {}
        ids = [[vocabulary.setdefault(t, len(vocabulary)) for t in tokens] for tokens in found]
        if not vocabulary:
            self._place(tokeniser, None, len(texts))
            return self
        scorer: Any = bm25s.BM25(k1=settings.k1, b=settings.b, method=settings.method)
        scorer.index((ids, vocabulary), show_progress=False, create_empty_token=False)
        self._place(tokeniser, scorer, len(texts))
        self._mean_length = sum(map(len, ids)) / len(ids)
        return self

    def __len__(self) -> int:
        return self._n

    def tokens(self, text: str) -> list[str]:
        """The tokens of a text, as this index reads it."""
        return self._tokeniser.tokens(text)

    def weight(self, token: str, *, count: int, length: int) -> float:
        """What a token adds to the score of a text that came after the index was built.

        Robertson et al., 1994, in Lucene's form, with the index's own statistics.

        Args:
            token: The token.
            count: How often the text holds it.
            length: Tokens of the text.
        """
        settings = self.config
        scorer: Any = self._scorer
        seen = 0
        if scorer is not None and token in scorer.vocab_dict:
            place: int = scorer.vocab_dict[token]
            seen = int(np.diff(scorer.scores["indptr"][place : place + 2])[0])
        idf = log(1.0 + (max(self._n, seen) - seen + 0.5) / (seen + 0.5))
        relative = length / self._mean_length if self._mean_length else 1.0
        held_back = settings.k1 * (1.0 - settings.b + settings.b * relative)
        return idf * count / (held_back + count)

    def scores(self, query: str) -> Floats:
        """The BM25 score of every text, float32 of shape (n,); 0 where no word is shared."""
        result = np.zeros(self._n, dtype=np.float32)
        if self._scorer is None:
            return result
        known: dict[str, int] = self._scorer.vocab_dict
        counts = Counter(t for t in self._tokeniser.tokens(query) if t in known)
        wanted = [known[t] for t, n in counts.items() for _ in range(min(n, _REPEATED))]
        if wanted:
            result += self._scorer.get_scores_from_ids(wanted)
        return result

    def search(self, query: str, *, k: int, allowed: NDArray[np.bool_] | None = None) -> TopK:
        """The k best texts that share a word with the query, lists of shape (1, k)."""
        scores = self.scores(query)
        barred = scores <= 0
        if allowed is not None:
            barred[: len(allowed)] |= ~allowed[: self._n]
            barred[len(allowed) :] = True
        scores[barred] = -np.inf
        return top_k(scores[None, :], k=k, tie_order=np.arange(self._n, dtype=np.int32))

    def save(self, folder: Path) -> None:
        """Writes arrays as .npy and the vocabulary as JSON."""
        folder.mkdir(parents=True, exist_ok=True)
        vocabulary: dict[str, int] = {}
        if self._scorer is not None:
            vocabulary = self._scorer.vocab_dict
            for name in _ARRAYS:
                np.save(folder / f"{name}.npy", np.asarray(self._scorer.scores[name]))
            if self._scorer.nonoccurrence_array is not None:
                np.save(folder / "absent.npy", self._scorer.nonoccurrence_array)
        about = {
            "config": self.config.model_dump(),
            "language": self._tokeniser.config.language,
            "n": self._n,
            "mean_length": self._mean_length,
            "vocabulary": list(vocabulary),
        }
        text = json.dumps(about, ensure_ascii=False)
        (folder / "keywords.json").write_text(text, encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Takes a saved index back; its arrays are memory-mapped.

        Raises:
            ArtifactError: The folder holds no index, or a damaged one.
        """
        try:
            about = json.loads((folder / "keywords.json").read_text(encoding="utf-8"))
            index = cls(KeywordConfig.model_validate(about["config"]))
            tokens = index.config.tokens.model_copy(update={"language": about["language"]})
            scorer: Any = None
            if about["vocabulary"]:
                scorer = index._scorer_from(folder, about["vocabulary"], about["n"])
            index._place(Tokeniser(tokens), scorer, about["n"])
            index._mean_length = float(about["mean_length"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ArtifactError(
                f"{folder} holds no keyword index that can be read: {error}",
                hint="train again, or go back with `zhiyin rollback`",
            ) from error
        return index

    def _scorer_from(self, folder: Path, vocabulary: list[str], n: int) -> object:
        settings = self.config
        scorer: Any = bm25s.BM25(k1=settings.k1, b=settings.b, method=settings.method)
        arrays = {
            name: np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)
            for name in _ARRAYS
        }
        if len(arrays["indptr"]) < len(vocabulary) or arrays["indptr"][-1] != len(arrays["data"]):
            raise ValueError("its arrays are of different lengths")
        scorer.scores = {**arrays, "num_docs": n}
        scorer.vocab_dict = {token: place for place, token in enumerate(vocabulary)}
        scorer.unique_token_ids_set = set(range(len(vocabulary)))
        absent = folder / "absent.npy"
        scorer.nonoccurrence_array = (
            np.load(absent, allow_pickle=False) if absent.exists() else None
        )
        return scorer

    def _place(self, tokeniser: Tokeniser, scorer: object, n: int) -> None:
        self._tokeniser = tokeniser
        self._scorer: Any = scorer
        self._n = n
        self._mean_length = 0.0

    def _tokens_for(self, texts: Sequence[str]) -> TokenConfig:
        """Queries are too short to tell their language: the catalogue's most frequent one."""
        settings = self.config.tokens
        if settings.language is not None:
            return settings
        step = max(1, len(texts) // _SAMPLE)
        votes = Counter(detect_language(text) for text in texts[::step])
        latin = {code: n for code, n in votes.items() if code in SMALL_WORDS}
        best = max(latin, key=lambda code: latin[code]) if latin else "en"
        return settings.model_copy(update={"language": best})
