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


TokenRunner = Callable[[dict[str, NDArray[np.int64]]], Floats]
"""First output of a model for input_ids, attention_mask and token_type_ids, as far as it asks."""


def onnx_runner(weights: Path, *, threads: int) -> Runner:
    """Runs an ONNX file whose first output is the last hidden state.

    Raises:
        ModelFileError: The file is no model, or one with other inputs.
    """
    answer = token_runner(weights, threads=threads, purpose="feature extraction")

    def run(ids: NDArray[np.int64], mask: NDArray[np.int64]) -> Floats:
        segments = np.zeros_like(ids)
        return answer({"input_ids": ids, "attention_mask": mask, "token_type_ids": segments})

    return run


def token_runner(weights: Path, *, threads: int, purpose: str) -> TokenRunner:
    """Runs an ONNX file over token ids.

    Args:
        weights: The file.
        threads: Threads of one call.
        purpose: What it should have been exported for, for the message.

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
            hint=f"export it for {purpose}: input_ids and attention_mask",
        )

    def run(known: dict[str, NDArray[np.int64]]) -> Floats:
        inputs = {name: value for name, value in known.items() if name in names}
        return np.asarray(session.run(None, inputs)[0], dtype=np.float32)

    return run
