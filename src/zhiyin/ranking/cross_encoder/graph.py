"""A fine-tuned network as an ONNX graph, in 8 bits where that was asked for."""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnxruntime import quantization

from zhiyin.neural.export import export_onnx
from zhiyin.ranking.cross_encoder.network import PairNetwork

_onnx: Any = onnx
_quantization: Any = quantization
_torch: Any = torch
INPUTS = ("words", "segments", "mask")
"""What a graph takes."""


def pair_graph(network: PairNetwork, *, int8: bool) -> NDArray[np.uint8]:
    """The bytes of the graph, compared with torch before the weights are rounded.

    Args:
        network: On the CPU.
        int8: Round the weights of linear maps to 8 bits, a scale for each output; what they
            multiply is rounded as it comes (dynamic quantisation).

    Raises:
        TrainingError: The graph says something else than the network.
    """
    dim = network.places.shape[1]
    axes = {name: {0: "pairs", 1: "pieces"} for name in INPUTS} | {"score": {0: "pairs"}}
    longest = len(network.places)
    checks = [_example(n, min(t, longest), dim) for n, t in ((2, 7), (3, 12), (1, 5))]
    graph = export_onnx(network, checks, inputs=INPUTS, outputs=["score"], axes=axes)
    return _rounded(graph) if int8 else graph


def _example(n: int, t: int, dim: int) -> tuple[torch.Tensor, ...]:
    rng = np.random.default_rng([n, t])
    words = rng.standard_normal((n, t, dim)).astype(np.float32) * 0.1
    mask = (np.arange(t) < rng.integers(2, t + 1, (n, 1))).astype(np.int64)
    segments = np.broadcast_to((np.arange(t) >= t // 2).astype(np.int64), (n, t)).copy()
    return tuple(torch.as_tensor(each) for each in (words, segments, mask))


def _rounded(graph: NDArray[np.uint8]) -> NDArray[np.uint8]:
    root = logging.getLogger()
    before = root.level
    root.setLevel(logging.ERROR)  # the library recommends a preparation that changes nothing here
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "int8.onnx"
            _quantization.quantize_dynamic(
                _onnx.load_from_string(graph.tobytes()),
                str(path),
                per_channel=True,
                op_types_to_quantize=["MatMul", "Gemm"],
                weight_type=_quantization.QuantType.QInt8,
            )
            return np.frombuffer(path.read_bytes(), dtype=np.uint8)
    finally:
        root.setLevel(before)
