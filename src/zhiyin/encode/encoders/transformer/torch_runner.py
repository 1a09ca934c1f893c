"""torch and transformers run a model from safetensors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from numpy.typing import NDArray

from zhiyin.core.histories import Floats
from zhiyin.encode.encoders.transformer.runners import Runner
from zhiyin.encode.errors import ModelFileError

_torch: Any = torch
_transformers: Any = transformers


def torch_runner(folder: Path) -> Runner:
    """Runs a folder with config.json and safetensors; code from the folder is never run.

    Raises:
        ModelFileError: The folder holds no model that transformers knows.
    """
    try:
        model: Any = _transformers.AutoModel.from_pretrained(
            str(folder), local_files_only=True, use_safetensors=True, trust_remote_code=False
        )
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise ModelFileError(
            f"{folder} holds no model that transformers can load: {str(error)[:200]}",
            hint="download the model again, or export it to ONNX",
        ) from error
    model = model.eval().float()

    def run(ids: NDArray[np.int64], mask: NDArray[np.int64]) -> Floats:
        with _torch.inference_mode():
            out = model(input_ids=_torch.from_numpy(ids), attention_mask=_torch.from_numpy(mask))
        return out.last_hidden_state.numpy()

    return run
