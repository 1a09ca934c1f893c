"""What happens when processes are killed, disks are full, artifacts damaged, clocks set."""

from __future__ import annotations

import importlib.util
import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from fastapi.testclient import TestClient
from tests.pipeline.conftest import two_tastes

from zhiyin.app.http.server import create_app
from zhiyin.core.errors import ArtifactError, StoreFullError
from zhiyin.pipeline.wiring import open_workspace


@pytest.fixture
def faults(repo_root: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("faults", repo_root / "benchmarks" / "faults.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_nothing_acknowledged_is_lost_when_processes_are_killed(
    faults: ModuleType, tmp_path: Path
) -> None:
    report = faults.run_rounds(tmp_path, rounds=10, seed=3)
    assert not report["faults"]
    assert report["acknowledged_events"] > 0


def test_a_lost_event_and_half_a_batch_are_seen(faults: ModuleType, tmp_path: Path) -> None:
    shop = tmp_path / "shop"
    with open_workspace(shop) as workspace:
        workspace.record(two_tastes())
        workspace.train(recipe="popularity")
        workspace.record([{"user_id": "u", "item_id": "i", "timestamp": 1_800_000_000_000}])
    found = faults.look(shop, {5}, set())
    assert any("acknowledged" in fault for fault in found)
    assert any("half a batch" in fault for fault in found)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of a few megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("optional: mounting a small disk needs root")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=False)


def test_a_full_disk_refuses_events_and_models_and_the_old_model_serves(small_disk: Path) -> None:
    shop = small_disk / "shop"
    with open_workspace(shop) as workspace:
        workspace.record(two_tastes())
        workspace.train(recipe="ease")
    with TestClient(create_app(shop), raise_server_exceptions=False) as client:
        assert client.get("/v1/recommend", params={"user_id": "u01"}).status_code == 200
        filler = small_disk / "filler"
        with filler.open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(b"x" * 4096)
            except OSError:
                pass
        batch = [{"user_id": f"new{i}", "item_id": "pan-1", "text": "x" * 500} for i in range(2000)]
        refused = client.post("/v1/events", json=batch)
        assert refused.status_code in (503, 507), refused.text
        with open_workspace(shop) as workspace, pytest.raises((ArtifactError, StoreFullError)):
            workspace.train(recipe="ease")
        ready = client.get("/readyz").json()
        assert ready["model_version"] == "v000001"
        filler.unlink()
        assert client.post("/v1/events", json=batch).status_code == 201
        slate = client.get("/v1/recommend", params={"user_id": "u01"})
        assert slate.status_code == 200
    with open_workspace(shop) as workspace:
        assert workspace.stores.events.count() == len(two_tastes()) + len(batch)
        assert not list(workspace.artifacts.root.glob(".*.draft"))
