"""Artifacts: whole or refused, swapped atomically, rolled back."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from zhiyin.core.errors import ArtifactError
from zhiyin.pipeline.artifacts import ArtifactFolder

ARRAYS = {"a": np.arange(5, dtype=np.float32), "deep/b": np.eye(2)}


@pytest.fixture
def folder(tmp_path: Path) -> ArtifactFolder:
    return ArtifactFolder(tmp_path / "models")


def publish(folder: ArtifactFolder, version: str) -> None:
    folder.publish(version, manifest={"note": version}, arrays=ARRAYS)


def test_what_was_published_comes_back_memory_mapped(folder: ArtifactFolder) -> None:
    publish(folder, "v1")
    arrays = folder.arrays("v1")
    assert folder.current() == "v1"
    assert folder.manifest("v1")["note"] == "v1"
    assert isinstance(arrays["a"], np.memmap)
    for name, expected in ARRAYS.items():
        np.testing.assert_array_equal(arrays[name], expected)


def test_rollback_goes_one_back_and_stops_at_the_first(folder: ArtifactFolder) -> None:
    publish(folder, "v1")
    publish(folder, "v2")
    assert folder.rollback() == "v1"
    assert folder.current() == "v1"
    with pytest.raises(ArtifactError, match="no version older"):
        folder.rollback()
    assert folder.versions() == ["v1", "v2"]


@pytest.mark.parametrize("harm", ["truncate", "flip", "remove", "manifest", "format"])
def test_a_damaged_version_is_refused_and_the_pointer_stays(
    folder: ArtifactFolder, harm: str
) -> None:
    publish(folder, "v1")
    publish(folder, "v2")
    folder.rollback()
    damage(folder.root / "v2", harm)
    with pytest.raises(ArtifactError):
        folder.point_at("v2")
    assert folder.current() == "v1"
    folder.check("v1")


def damage(version: Path, harm: str) -> None:
    data = version / "a.npy"
    manifest = version / "manifest.json"
    if harm == "truncate":
        data.write_bytes(data.read_bytes()[:-3])
    elif harm == "flip":
        content = bytearray(data.read_bytes())
        content[-1] ^= 1
        data.write_bytes(bytes(content))
    elif harm == "remove":
        data.unlink()
    elif harm == "manifest":
        manifest.write_text("{")
    else:
        body = json.loads(manifest.read_text())
        manifest.write_text(json.dumps({**body, "format": 99}))


def test_an_unknown_version_is_refused(folder: ArtifactFolder) -> None:
    with pytest.raises(ArtifactError, match="no model v9"):
        folder.point_at("v9")


def test_a_version_is_never_overwritten(folder: ArtifactFolder) -> None:
    publish(folder, "v1")
    with pytest.raises(ArtifactError, match="exists already"):
        publish(folder, "v1")


def test_a_failed_write_leaves_no_trace(
    folder: ArtifactFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(folder, "v1")

    def full(*_args: object, **_kwargs: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "save", full)
    with pytest.raises(ArtifactError, match="No space left"):
        publish(folder, "v2")
    assert folder.versions() == ["v1"]
    assert folder.current() == "v1"
    assert [p.name for p in folder.root.iterdir() if "draft" in p.name] == []


def test_objects_that_need_pickle_are_not_written(folder: ArtifactFolder) -> None:
    with pytest.raises(ValueError, match="allow_pickle"):
        folder.publish("v1", manifest={}, arrays={"a": np.array([{}], dtype=object)})
    assert folder.current() is None
