"""Pretrained BERT weights as arrays: multilingual-e5-small, or any folder of safetensors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from zhiyin.core.histories import Floats
from zhiyin.core.registry import load_path
from zhiyin.ranking.cross_encoder.reading import Reader

E5 = "e5"
"""The name of the backbone that comes with the extra ``e5``."""
_ROOM = "zhiyin.ranking.cross_encoder"


@dataclass(frozen=True, slots=True, eq=False)
class Backbone:
    """A pretrained encoder, ready to be fine-tuned.

    Attributes:
        id: Name and hash of the weights.
        reader: Tokeniser and vectors of pieces.
        heads: Attention heads.
        eps: What layer normalisation adds to the variance.
        places: Vectors of positions, float32 of shape (longest, dim).
        segments: Vectors of the two segments, float32 of shape (2, dim).
        norm: Gain and bias after the vectors are added, each of shape (dim,).
        blocks: The layers from the lowest: matrices of shape (outputs, inputs) and vectors,
            by the names that `zhiyin.ranking.cross_encoder.network` gives its parameters.
    """

    id: str
    reader: Reader
    heads: int
    eps: float
    places: Floats
    segments: Floats
    norm: tuple[Floats, Floats]
    blocks: list[dict[str, Floats]]


def open_backbone(name: str, *, revision: str | None = None, layers: int | None = None) -> Backbone:
    """The weights behind a name.

    Args:
        name: "e5", or a folder or hub id with config.json, tokenizer.json and safetensors.
        revision: Branch, tag or commit of a hub id.
        layers: So many of the lowest layers; None: all.

    Raises:
        ModelFileError: Files are absent or damaged, or the model is no BERT.
        MissingExtraError: ``e5`` or ``huggingface`` is not installed.
    """
    if name == E5:
        return load_path(f"{_ROOM}.e5:e5_backbone")(layers=layers)
    return load_path(f"{_ROOM}.folder:folder_backbone")(name, revision=revision, layers=layers)


def open_reader(name: str, state: dict[str, np.ndarray[Any, Any]]) -> Reader:
    """The reader of a fine-tuned model: from the package that brings it, or from its state."""
    if name == E5:
        return load_path(f"{_ROOM}.e5:E5Reader")()
    return load_path(f"{_ROOM}.folder:FolderReader").restored(state)
