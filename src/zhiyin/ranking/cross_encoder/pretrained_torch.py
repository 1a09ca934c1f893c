"""torch and transformers run a reranker from safetensors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from numpy.typing import NDArray

from zhiyin.core.histories import Floats
from zhiyin.encode.errors import ModelFileError

_torch: Any = torch
_transformers: Any = transformers
_HEADS = "ForSequenceClassification"


def torch_logits(folder: Path) -> Any:  # noqa: ANN401 - see pretrained.Logits
    """Runs a folder with config.json and safetensors; code from the folder is never run.

    Raises:
        ModelFileError: The folder holds no model with a head for classification.
    """
    try:
        about: Any = _transformers.AutoConfig.from_pretrained(
            str(folder), local_files_only=True, trust_remote_code=False
        )
        named: list[str] = list(about.architectures or [])
        if named and not any(name.endswith(_HEADS) for name in named):
            raise ValueError(f"it is a {', '.join(named)}, whose head would be random")
        model: Any = _transformers.AutoModelForSequenceClassification.from_pretrained(
            str(folder), local_files_only=True, use_safetensors=True, trust_remote_code=False
        )
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise ModelFileError(
            f"{folder} holds no reranker that transformers can load: {str(error)[:200]}",
            hint=f"name a model of a class …{_HEADS}, or export it to ONNX",
        ) from error
    model = model.eval().float()
    segmented = int(getattr(about, "type_vocab_size", 0) or 0) > 1

    def logits(
        ids: NDArray[np.int64], mask: NDArray[np.int64], segments: NDArray[np.int64]
    ) -> Floats:
        inputs = {"input_ids": _torch.from_numpy(ids), "attention_mask": _torch.from_numpy(mask)}
        if segmented:
            inputs["token_type_ids"] = _torch.from_numpy(segments)
        with _torch.inference_mode():
            return model(**inputs).logits.numpy()

    return logits
