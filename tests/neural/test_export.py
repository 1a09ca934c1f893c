"""Export, serving, memory, and what happens without the extra."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from zhiyin.core import registry
from zhiyin.core.errors import ArtifactError, MissingExtraError, TrainingError
from zhiyin.neural.export import export_onnx
from zhiyin.neural.extra import load_neural
from zhiyin.neural.memory import check_memory, free_bytes
from zhiyin.neural.session import OnnxSession


class Shape(nn.Module):
    """Whose answer depends on a size that the tracer takes for a constant, if asked to."""

    def __init__(self, *, frozen: bool) -> None:
        super().__init__()
        self.frozen = frozen

    def forward(self, x: Tensor) -> Tensor:
        return x.sum(1) * (float(x.shape[1]) if self.frozen else x.new_ones(x.shape[1]).sum())


def exported(module: nn.Module) -> np.ndarray:
    checks = [(torch.ones(1, 2),), (torch.ones(2, 5),)]
    axes = {"x": {0: "rows", 1: "columns"}, "y": {0: "rows"}}
    return export_onnx(module, checks, inputs=("x",), outputs=("y",), axes=axes)


def test_graph_says_what_the_module_says() -> None:
    session = OnnxSession(exported(Shape(frozen=False)))
    (found,) = session.run(x=np.ones((3, 7), dtype=np.float32), unknown=np.ones(1))
    assert found.tolist() == [49.0, 49.0, 49.0]


def test_graph_that_differs_is_refused() -> None:
    with pytest.raises(TrainingError, match="differs from the trained one"):
        exported(Shape(frozen=True))


def test_bytes_that_are_no_graph_are_refused() -> None:
    with pytest.raises(ArtifactError, match="cannot be read"):
        OnnxSession(np.arange(99, dtype=np.uint8))


def test_vocabulary_beyond_memory_is_refused_with_the_figure() -> None:
    with pytest.raises(TrainingError, match=r"71\.7 GB to train 40,000,000 items of 64 .* 8\.0 GB"):
        check_memory("sasrec", n_items=40_000_000, dim=64, free=8e9)
    with pytest.raises(TrainingError, match="dim=7 would fit"):
        check_memory("sasrec", n_items=40_000_000, dim=64, free=8e9)
    assert check_memory("sasrec", n_items=1000, dim=64, free=8e9) == 7 * 4 * 1000 * 64


def test_free_memory_is_known_here() -> None:
    assert 1e6 < free_bytes() < 1e14


@pytest.mark.parametrize("package", ["torch", "onnxruntime"])
def test_missing_extra_is_one_line(monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    def absent(_name: str) -> None:
        raise ModuleNotFoundError(package, name=package)

    monkeypatch.setattr(registry, "import_module", absent)
    with pytest.raises(MissingExtraError) as caught:
        load_neural("zhiyin.neural.loop:train")
    assert str(caught.value) == f"{package} is not installed (pip install 'zhiyin[neural]')"
