"""A finished reranker of any kind, from a folder or the Hugging Face hub."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from tokenizers import Tokenizer

from zhiyin.core.config import Config
from zhiyin.core.histories import Floats
from zhiyin.core.registry import load_path
from zhiyin.encode.encoders.transformer.folder import ModelFolder, find_model
from zhiyin.encode.encoders.transformer.runners import token_runner
from zhiyin.encode.errors import EncoderError, ModelFileError
from zhiyin.encode.text.cleaning import CleaningConfig, clean
from zhiyin.neural.batches import in_order

_CLEANING = CleaningConfig()
_TORCH = "zhiyin.ranking.cross_encoder.pretrained_torch:torch_logits"

Ids = NDArray[np.int64]
Logits = Callable[[Ids, Ids, Ids], Floats]
"""``logits(ids, mask, segments)``, all of shape (n, t): float32 of shape (n, classes)."""


class PretrainedRerankerConfig(Config):
    """Settings of a finished reranker."""

    model: str
    """A folder with tokenizer.json and model.onnx or safetensors, or a hub id."""
    revision: str | None = None
    """Branch, tag or commit on the hub."""
    max_tokens: int = Field(default=256, ge=8)
    """Tokens of query and item together; the longer of the two is cut."""
    batch: int = Field(default=16, ge=1)
    """Pairs at a time."""
    threads: int = Field(default=1, ge=0)
    """Threads of ONNX Runtime; 0: all cores."""


class PretrainedReranker:
    """Any model for the classification of text pairs, read with its own tokeniser.

    Its one logit is the score; of two classes the second less the first. ONNX Runtime runs
    ``model.onnx``; safetensors need the extra ``huggingface``, and torch. Code from the folder
    is never run.

    Args:
        config: Settings.

    Raises:
        ModelFileError: There is no such model, or it lacks files.
    """

    Config = PretrainedRerankerConfig

    def __init__(self, config: PretrainedRerankerConfig) -> None:
        self.config = config
        files = find_model(config.model, revision=config.revision)
        self._tokenizer = _tokenizer(files, config.max_tokens)
        self._logits: Logits = (
            _onnx_logits(files.weights[0], threads=config.threads)
            if files.is_onnx
            else load_path(_TORCH)(files.folder)
        )
        self._id = f"reranker/{Path(config.model).name}/{files.fingerprint()}"

    @property
    def id(self) -> str:
        """Name, and hash of weights and tokeniser."""
        return self._id

    def score(self, query: str, texts: Sequence[str]) -> Floats:
        """How well each text answers a query, float32 of shape (n,).

        Raises:
            EncoderError: The model's answer has another shape, or is not finite.
        """
        asked = clean(query, _CLEANING)[0]
        pairs = [(asked, clean(text, _CLEANING)[0]) for text in texts]
        encoded: list[Any] = self._tokenizer.encode_batch(pairs)
        lengths = np.array([len(each.ids) for each in encoded], dtype=np.int64)
        result = np.zeros(len(pairs), dtype=np.float32)
        size = self.config.batch
        for rows in in_order(lengths, batch_size=size, batch_events=size * self.config.max_tokens):
            result[rows] = self._part([encoded[row] for row in rows.tolist()])
        return result

    def _part(self, encoded: Sequence[Any]) -> Floats:
        width = max(len(each.ids) for each in encoded)
        arrays = [
            np.array([list(row) + [fill] * (width - len(row)) for row in rows], dtype=np.int64)
            for rows, fill in (
                ([each.ids for each in encoded], self._tokenizer.padding_id),
                ([each.attention_mask for each in encoded], 0),
                ([each.type_ids for each in encoded], 0),
            )
        ]
        logits = self._logits(*arrays)
        if logits.ndim == 1:
            logits = logits[:, None]
        fits = logits.ndim == 2 and len(logits) == len(encoded) and logits.shape[1] in (1, 2)
        if not fits or not bool(np.isfinite(logits).all()):
            raise EncoderError(
                f"the reranker {self.id} gave logits of shape {logits.shape}, or not finite",
                hint="name a model that classifies text pairs, with one class or two",
            )
        return logits[:, -1] - logits[:, 0] if logits.shape[1] == 2 else logits[:, 0]


class _PairTokenizer:
    """The folder's own tokeniser, and what it pads with."""

    def __init__(self, tokenizer: Any, padding_id: int) -> None:  # noqa: ANN401 - half typed
        self._tokenizer = tokenizer
        self.padding_id = padding_id

    def encode_batch(self, pairs: Sequence[tuple[str, str]]) -> list[Any]:
        return self._tokenizer.encode_batch(list(pairs))


def _tokenizer(files: ModelFolder, max_tokens: int) -> _PairTokenizer:
    try:
        tokenizer: Any = Tokenizer.from_file(str(files.tokenizer))
    except Exception as error:  # the library raises bare Exception
        raise ModelFileError(
            f"{files.tokenizer} is no tokeniser: {str(error)[:200]}",
            hint="download the model again",
        ) from error
    about = files.settings("config.json")
    longest = int(about.get("max_position_embeddings", max_tokens))
    tokenizer.no_padding()
    tokenizer.enable_truncation(min(max_tokens, longest), strategy="longest_first")
    return _PairTokenizer(tokenizer, int(about.get("pad_token_id", 0) or 0))


def _onnx_logits(weights: Path, *, threads: int) -> Logits:
    answer = token_runner(weights, threads=threads, purpose="sequence classification")

    def logits(ids: Ids, mask: Ids, segments: Ids) -> Floats:
        return answer({"input_ids": ids, "attention_mask": mask, "token_type_ids": segments})

    return logits
