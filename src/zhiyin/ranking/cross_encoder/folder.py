"""A BERT from a folder, or from the Hugging Face hub: config.json, tokenizer.json, safetensors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import safetensors
import safetensors.numpy
from tokenizers import Tokenizer

from zhiyin.core.errors import ArtifactError
from zhiyin.core.histories import Floats
from zhiyin.core.protocols import Arrays
from zhiyin.encode.encoders.transformer.folder import ModelFolder, find_model
from zhiyin.encode.errors import ModelFileError
from zhiyin.encode.text.cleaning import CleaningConfig, clean
from zhiyin.ranking.cross_encoder.backbones import Backbone
from zhiyin.ranking.cross_encoder.reading import Ids

_safetensors: Any = safetensors.numpy
_CLEANING = CleaningConfig()
_MARKS = (("[CLS]", "[SEP]"), ("<s>", "</s>"))
_NAMES = {
    "attend": ("attention.self.query", "attention.self.key", "attention.self.value"),
    "join": ("attention.output.dense",),
    "first": ("attention.output.LayerNorm",),
    "widen": ("intermediate.dense",),
    "narrow": ("output.dense",),
    "second": ("output.LayerNorm",),
}


class FolderReader:
    """A fast tokeniser and a table of vectors, both stored with the model.

    Args:
        tokenizer: The content of ``tokenizer.json``.
        words: Vectors of pieces, of shape (vocabulary, dim).
        two_segments: Whether the model has a vector for the second text.
    """

    def __init__(
        self, tokenizer: bytes, words: np.ndarray[Any, Any], *, two_segments: bool
    ) -> None:
        try:
            self._tokenizer: Any = Tokenizer.from_str(tokenizer.decode("utf-8"))
        except Exception as error:  # the library raises bare Exception
            raise ModelFileError(
                f"a tokeniser cannot be read: {str(error)[:200]}", hint="download the model again"
            ) from error
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self._json, self._words, self.two_segments = tokenizer, words, two_segments
        marks = [[self._tokenizer.token_to_id(mark) for mark in pair] for pair in _MARKS]
        known = next((pair for pair in marks if None not in pair), None)
        if known is None:
            raise ModelFileError(
                "the tokeniser has neither [CLS] and [SEP] nor <s> and </s>",
                hint="a cross-encoder needs an encoder such as BERT, no language model",
            )
        self.begin, self.end = known

    @classmethod
    def restored(cls, state: Mapping[str, np.ndarray[Any, Any]]) -> Self:
        """The reader whose ``state`` this is.

        Raises:
            ArtifactError: Parts are missing.
        """
        try:
            text, words = state["tokenizer"].tobytes(), state["words"]
            return cls(text, words, two_segments=bool(state["two_segments"][0]))
        except (KeyError, IndexError) as error:
            raise ArtifactError(
                f"the stored cross-encoder lacks {error}", hint="train it again"
            ) from error

    def pieces(self, texts: Sequence[str]) -> list[list[int]]:
        """The pieces of texts, without marks."""
        cleaned = [clean(text, _CLEANING)[0] for text in texts]
        found: list[Any] = self._tokenizer.encode_batch(cleaned, add_special_tokens=False)
        return [each.ids for each in found]

    def vectors(self, ids: Ids) -> Floats:
        """The vectors of pieces: of shape (*ids.shape, dim)."""
        return self._words[ids].astype(np.float32)

    def state(self) -> Arrays:
        """The tokeniser's file, and the vectors in half precision."""
        return {
            "tokenizer": np.frombuffer(self._json, dtype=np.uint8),
            "words": self._words.astype(np.float16),
            "two_segments": np.array([self.two_segments]),
        }


def folder_backbone(
    name: str, *, revision: str | None = None, layers: int | None = None
) -> Backbone:
    """The weights of a folder or hub id whose model is a BERT.

    Raises:
        ModelFileError: It is another kind of model, or tensors are missing.
    """
    files = find_model(name, revision=revision)
    about = files.settings("config.json")
    kind = about.get("model_type")
    if files.is_onnx or kind != "bert" or about.get("hidden_act") != "gelu":
        raise ModelFileError(
            f"{files.folder} holds no BERT in safetensors (model_type {kind!r}, "
            f"activation {about.get('hidden_act')!r})",
            hint="fine-tune from a BERT such as MiniLM or multilingual-e5; "
            "a finished reranker of any kind is used by its path, as it is",
        )
    tensors = _tensors(files)
    try:
        return _backbone(name, files, about, tensors, layers)
    except (KeyError, ValueError) as error:
        raise ModelFileError(
            f"{files.folder} lacks or distorts {error}", hint="download the model again"
        ) from error


def _tensors(files: ModelFolder) -> dict[str, Floats]:
    """All tensors as float32, whatever head they are under."""
    found: dict[str, Floats] = {}
    for path in files.weights:
        try:
            held: dict[str, np.ndarray[Any, Any]] = _safetensors.load_file(str(path))
        except (OSError, ValueError, TypeError, safetensors.SafetensorError) as error:
            raise ModelFileError(
                f"{path} cannot be read: {str(error)[:200]}", hint="download the model again"
            ) from error
        found |= {
            key.removeprefix("bert."): value.astype(np.float32)
            for key, value in held.items()
            if value.dtype.kind == "f"
        }
    return found


def _backbone(
    name: str,
    files: ModelFolder,
    about: Mapping[str, Any],
    tensors: Mapping[str, Floats],
    layers: int | None,
) -> Backbone:
    depth = int(about["num_hidden_layers"])
    segments = tensors["embeddings.token_type_embeddings.weight"]
    two = len(segments) > 1
    norm = "embeddings.LayerNorm"
    return Backbone(
        id=f"{Path(name).name}/{files.fingerprint()}",
        reader=FolderReader(
            files.tokenizer.read_bytes(),
            tensors["embeddings.word_embeddings.weight"],
            two_segments=two,
        ),
        heads=int(about["num_attention_heads"]),
        eps=float(about.get("layer_norm_eps", 1e-12)),
        places=tensors["embeddings.position_embeddings.weight"],
        segments=segments[:2] if two else np.repeat(segments, 2, axis=0),
        norm=(tensors[f"{norm}.weight"], tensors[f"{norm}.bias"]),
        blocks=[
            {
                f"{part}.{what}": np.concatenate(
                    [tensors[f"encoder.layer.{i}.{each}.{what}"] for each in names]
                )
                for part, names in _NAMES.items()
                for what in ("weight", "bias")
            }
            for i in range(depth if layers is None else min(layers, depth))
        ],
    )
