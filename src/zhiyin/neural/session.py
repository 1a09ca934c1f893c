"""A network at serving time: ONNX Runtime on arrays, without torch."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from zhiyin.core.errors import ArtifactError
from zhiyin.core.histories import Floats

_onnx: Any = onnxruntime


class OnnxSession:
    """Runs an ONNX graph that lies in an array of bytes.

    Args:
        graph: The serialised model, uint8 of shape (bytes,).
        threads: Threads of one run. One: many queries run beside one another.

    Raises:
        ArtifactError: The bytes are no model.
    """

    def __init__(self, graph: NDArray[np.uint8], *, threads: int = 1) -> None:
        options = _onnx.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            self._session: Any = _onnx.InferenceSession(
                graph.tobytes(), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # onnxruntime raises its own classes, one for each fault
            raise ArtifactError(
                f"the network's graph cannot be read: {str(error)[:200]}", hint="train again"
            ) from error
        self.inputs: tuple[str, ...] = tuple(each.name for each in self._session.get_inputs())

    def run(self, **inputs: NDArray[Any]) -> list[Floats]:
        """All outputs, in the order of the graph; inputs that it does not know are left out."""
        known = {name: inputs[name] for name in self.inputs}
        return [np.asarray(each, dtype=np.float32) for each in self._session.run(None, known)]
