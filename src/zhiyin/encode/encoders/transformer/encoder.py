"""Any sentence transformer from a local folder or the Hugging Face hub."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from tokenizers import Tokenizer

from zhiyin.core.histories import Floats
from zhiyin.core.protocols import TextRole
from zhiyin.core.registry import load_path
from zhiyin.encode.encoders.base import EncoderConfig, PretrainedEncoder
from zhiyin.encode.encoders.transformer.folder import ModelFolder, find_model
from zhiyin.encode.encoders.transformer.runners import Runner, onnx_runner
from zhiyin.encode.errors import ModelFileError

_POOLING = "1_Pooling/config.json"


class TransformerConfig(EncoderConfig):
    """Settings of a sentence transformer."""

    model: str
    """A folder with tokenizer.json and model.onnx or safetensors, or a hub id."""
    revision: str | None = None
    """Branch, tag or commit on the hub."""
    pooling: Literal["auto", "mean", "cls"] = "auto"
    """How hidden states become one vector; auto: as the folder says, mean where it is silent."""
    query_prefix: str = ""
    """Put before a query, such as ``query: `` for the e5 family."""
    document_prefix: str = ""
    """Put before any other text, such as ``passage: `` for the e5 family."""
    max_tokens: int = Field(default=256, ge=4)
    """Tokens read of each text."""
    batch: int = Field(default=32, ge=1)
    """Texts at a time; they are sorted by length first."""
    threads: int = Field(default=1, ge=0)
    """Threads of ONNX Runtime; 0: all cores."""


class TransformerEncoder(PretrainedEncoder[TransformerConfig]):
    """Reads with the folder's own tokeniser; hidden states are pooled to one vector."""

    Config = TransformerConfig

    def __init__(self, config: TransformerConfig) -> None:
        self.config = config
        self._open(find_model(config.model, revision=config.revision), name=config.model)

    def _open(self, files: ModelFolder, *, name: str) -> None:
        settings = self.config
        self._tokenizer = _tokenizer(files, settings.max_tokens)
        self._run: Runner = (
            onnx_runner(files.weights[0], threads=settings.threads)
            if files.is_onnx
            else load_path("zhiyin.encode.encoders.transformer.torch_runner:torch_runner")(
                files.folder
            )
        )
        self._cls = settings.pooling == "cls" or (
            settings.pooling == "auto"
            and bool(files.settings(_POOLING).get("pooling_mode_cls_token", False))
        )
        self._dim = self._pooled(["a"]).shape[1]
        how = [self._cls, settings.query_prefix, settings.document_prefix, settings.max_tokens]
        digest = sha256(json.dumps(how).encode("utf-8")).hexdigest()[:6]
        self._id = f"transformer/{name}/{files.fingerprint()}/{digest}"

    @property
    def id(self) -> str:
        """Name, hash of weights and tokeniser, hash of pooling, prefixes and limit."""
        return self._id

    @property
    def dim(self) -> int:
        """As the model's hidden states."""
        return self._dim

    def _vectors(self, texts: list[str], role: TextRole) -> Floats:
        settings = self.config
        prefix = settings.query_prefix if role == "query" else settings.document_prefix
        order = np.argsort([len(text) for text in texts], kind="stable")
        vectors = np.empty((len(texts), self._dim), dtype=np.float32)
        for start in range(0, len(texts), settings.batch):
            rows = order[start : start + settings.batch]
            vectors[rows] = self._pooled([prefix + texts[row] for row in rows])
        return vectors

    def _pooled(self, texts: list[str]) -> Floats:
        encoded: list[Any] = self._tokenizer.encode_batch(texts)
        ids: NDArray[np.int64] = np.array([each.ids for each in encoded], dtype=np.int64)
        mask: NDArray[np.int64] = np.array([e.attention_mask for e in encoded], dtype=np.int64)
        hidden = self._run(ids, mask)
        if self._cls:
            return np.ascontiguousarray(hidden[:, 0])
        share = mask.astype(np.float32)
        share /= np.maximum(share.sum(axis=1, keepdims=True), 1.0)
        return np.asarray(np.einsum("ntd,nt->nd", hidden, share), dtype=np.float32)


def _tokenizer(files: ModelFolder, max_tokens: int) -> Any:  # noqa: ANN401 - half typed
    try:
        tokenizer: Any = Tokenizer.from_file(str(files.tokenizer))
    except Exception as error:  # the library raises bare Exception
        raise ModelFileError(
            f"{files.tokenizer} is no tokeniser: {str(error)[:200]}",
            hint="download the model again",
        ) from error
    pad = files.settings("config.json").get("pad_token_id", 0) or 0
    tokenizer.enable_truncation(max_tokens)
    tokenizer.enable_padding(pad_id=pad, pad_token=tokenizer.id_to_token(pad) or "[PAD]")
    return tokenizer
