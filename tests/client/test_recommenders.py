"""The engine and the client pass the same suite."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from zhiyin.client import Client
from zhiyin.core.protocols import Recommender
from zhiyin.pipeline.wiring import open_workspace
from zhiyin.testing.recommenders import RecommenderConformance


class TestEngine(RecommenderConformance):
    @pytest.fixture
    def recommender(self, folder: Path) -> Iterator[Recommender]:
        with open_workspace(folder) as workspace:
            yield workspace.engine()


class TestClient(RecommenderConformance):
    @pytest.fixture
    def recommender(self, shop: Client) -> Recommender:
        return shop
