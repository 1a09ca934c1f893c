"""Where a model's files are, and what stands in them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import huggingface_hub

from zhiyin.encode.errors import ModelFileError
from zhiyin.encode.files import sha256_of

_hub: Any = huggingface_hub
_ONNX = ("model.onnx", "onnx/model.onnx")
_WANTED = ["*.json", "*.txt", "*.model", "*.safetensors", "model.onnx", "onnx/model.onnx"]


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """The files of one model.

    Attributes:
        folder: Where they are.
        weights: One ONNX file, or all files of safetensors.
        tokenizer: ``tokenizer.json``.
    """

    folder: Path
    weights: tuple[Path, ...]
    tokenizer: Path

    @property
    def is_onnx(self) -> bool:
        """Whether ONNX Runtime runs it; torch does otherwise."""
        return self.weights[0].suffix == ".onnx"

    def fingerprint(self) -> str:
        """Twelve hex digits of the hash of weights and tokeniser."""
        hashes = "".join(sha256_of(path) for path in (*self.weights, self.tokenizer))
        return sha256(hashes.encode("ascii")).hexdigest()[:12]

    def settings(self, name: str) -> dict[str, Any]:
        """The content of a JSON file of the folder, empty where there is none."""
        path = self.folder / name
        try:
            return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        except ValueError as error:
            raise ModelFileError(
                f"{path} is no JSON: {error}", hint="download the model again"
            ) from error


def find_model(model: str, *, revision: str | None = None) -> ModelFolder:
    """The files of a local folder, or of a model on the Hugging Face hub.

    Args:
        model: A folder, or a hub id such as ``intfloat/multilingual-e5-small``.
        revision: Branch, tag or commit on the hub; pin a commit where it matters.

    Raises:
        ModelFileError: There is no such model, or it lacks files.
    """
    folder = Path(model).expanduser()
    if not folder.is_dir():
        folder = _downloaded(model, revision)
    weights = next(([folder / name] for name in _ONNX if (folder / name).is_file()), None)
    weights = weights or sorted(folder.glob("*.safetensors"))
    tokenizer = folder / "tokenizer.json"
    missing = [] if tokenizer.is_file() else ["tokenizer.json"]
    missing += [] if weights else ["model.onnx or *.safetensors"]
    if missing:
        raise ModelFileError(
            f"the model folder {folder} lacks {' and '.join(missing)}",
            hint="export the model with its fast tokeniser; pickled .bin weights are not read",
        )
    return ModelFolder(folder, tuple(weights), tokenizer)


def _downloaded(model: str, revision: str | None) -> Path:
    try:
        path: str = _hub.snapshot_download(model, revision=revision, allow_patterns=_WANTED)
    except (OSError, ValueError, RuntimeError) as error:
        raise ModelFileError(
            f"{model} is no folder here, and could not be had from the hub: "
            f"{type(error).__name__}: {str(error)[:200]}",
            hint="check the name and the network, or give the path of a downloaded folder",
        ) from error
    return Path(path)
