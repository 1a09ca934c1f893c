"""ONNX Runtime runs a transformer on token ids."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from zhiyin.core.histories import Floats
from zhiyin.encode.errors import ModelFileError

_onnx: Any = onnxruntime

Runner = Callable[[NDArray[np.int64], NDArray[np.int64]], Floats]
"""``run(ids, mask)``, both of shape (n, t): hidden states of shape (n, t, dim)."""


def onnx_runner(weights: Path, *, threads: int) -> Runner:
    """Runs an ONNX file whose first output is the last hidden state.

    Raises:
        ModelFileError: The file is no model, or one with other inputs.
    """
    options = _onnx.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    try:
        session: Any = _onnx.InferenceSession(
            str(weights), options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # onnxruntime raises its own classes, one for each fault
        raise ModelFileError(
            f"{weights} is no model that ONNX Runtime can run: {str(error)[:200]}",
            hint="export the model again",
        ) from error
    names = {each.name for each in session.get_inputs()}
    if "input_ids" not in names or names - {"input_ids", "attention_mask", "token_type_ids"}:
        raise ModelFileError(
            f"{weights} wants the inputs {sorted(names)}",
            hint="export it for feature extraction: input_ids and attention_mask",
        )

    def run(ids: NDArray[np.int64], mask: NDArray[np.int64]) -> Floats:
        known = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        inputs = {name: value for name, value in known.items() if name in names}
        return np.asarray(session.run(None, inputs)[0], dtype=np.float32)

    return run
