"""From torch to ONNX, with proof that both say the same."""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from zhiyin.core.errors import TrainingError
from zhiyin.neural.session import OnnxSession

_torch: Any = torch
TOLERANCE = 1e-4
"""Least agreement between torch and ONNX Runtime, relative to outputs larger than 1."""
_OPSET = 17


def export_onnx(
    module: nn.Module,
    checks: Sequence[tuple[Tensor, ...]],
    *,
    inputs: Sequence[str],
    outputs: Sequence[str],
    axes: dict[str, dict[int, str]],
) -> NDArray[np.uint8]:
    """A module as the bytes of an ONNX graph, compared with torch on every check.

    Args:
        module: On the CPU; takes and returns tensors. It is left in evaluation mode.
        checks: Inputs to compare on; the first also serves to trace. Give shapes that differ.
        inputs: Names of the inputs.
        outputs: Names of the outputs.
        axes: For each name the axes that vary, and what they are called.

    Returns:
        uint8 of shape (bytes,).

    Raises:
        TrainingError: The graph says something else than the module, by more than 1e-4.
    """
    module.eval()
    file = io.BytesIO()
    with warnings.catch_warnings(), torch.no_grad():
        # The tracer warns of every Python number; the checks tell what it got wrong. The
        # newer exporter needs another package and takes ten times as long.
        warnings.simplefilter("ignore")
        _torch.onnx.export(
            module,
            checks[0],
            file,
            dynamo=False,
            opset_version=_OPSET,
            input_names=list(inputs),
            output_names=list(outputs),
            dynamic_axes=axes,
        )
    graph = np.frombuffer(file.getvalue(), dtype=np.uint8)
    session = OnnxSession(graph)
    for check in checks:
        worst = _difference(module, session, check, inputs)
        if not worst <= TOLERANCE:
            raise TrainingError(
                f"the exported network differs from the trained one by {worst:.2g}",
                hint="report this, with the versions of torch and onnxruntime",
            )
    return graph


def _difference(
    module: nn.Module, session: OnnxSession, check: tuple[Tensor, ...], inputs: Sequence[str]
) -> float:
    """The largest difference of any output, relative where the output is above 1."""
    with torch.no_grad():
        said: Any = module(*check)
    expected: list[Tensor] = [said] if isinstance(said, Tensor) else list(said)
    named = {name: each.numpy() for name, each in zip(inputs, check, strict=True)}
    worst = 0.0
    for tensor, found in zip(expected, session.run(**named), strict=True):
        array = np.asarray(tensor.float().numpy())
        error = np.abs(found - array) / np.maximum(1.0, np.abs(array))
        worst = float(np.maximum(worst, error.max(initial=0.0)))
    return worst
