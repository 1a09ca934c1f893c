"""A trained workspace on disk, for commands and the service."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.pipeline.conftest import two_tastes

from zhiyin.pipeline.wiring import open_workspace


@pytest.fixture
def trained_folder(tmp_path: Path) -> Path:
    """The folder of a workspace with two tastes and a trained EASE."""
    folder = tmp_path / "shop"
    with open_workspace(folder) as workspace:
        workspace.record(two_tastes())
        workspace.train(recipe="ease")
    return folder
