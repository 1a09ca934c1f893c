"""Artifacts: what a training writes and serving reads; no pickle, checked, swapped atomically."""

from __future__ import annotations

import json
import os
import shutil
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zhiyin.core.errors import ArtifactError

_FORMAT = 1
_MANIFEST = "manifest.json"
_POINTER = "current"
_CHUNK = 2**20


class ArtifactFolder:
    """All versions of one workspace's models, and which of them serves.

    Args:
        root: The folder ``models/``, created where absent.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True)

    def publish(
        self, version: str, *, manifest: dict[str, Any], arrays: dict[str, NDArray[Any]]
    ) -> Path:
        """Writes a version beside the others and points at it when it is whole.

        Args:
            version: A name that sorts by age.
            manifest: Config, data fingerprint, metrics: whatever JSON carries.
            arrays: Arrays by path, such as "members/0/weights".
        """
        final = self.root / version
        if final.exists():
            raise ArtifactError(f"the version {version} exists already in {self.root}")
        draft = self.root / f".{version}.draft"
        shutil.rmtree(draft, ignore_errors=True)
        try:
            files = {
                f"{name}.npy": _write(draft / f"{name}.npy", array)
                for name, array in arrays.items()
            }
            body = {"format": _FORMAT, "version": version, **manifest, "files": files}
            text = json.dumps(body, ensure_ascii=False, indent=1)
            _write_text(draft / _MANIFEST, text)
            draft.rename(final)
        except OSError as error:
            shutil.rmtree(draft, ignore_errors=True)
            raise ArtifactError(
                f"could not write {final}: {error}", hint="the old model still serves"
            ) from error
        self.point_at(version)
        return final

    def point_at(self, version: str) -> None:
        """Makes a version the one that serves, after checking it.

        Raises:
            ArtifactError: It is damaged or absent; the pointer stays where it was.
        """
        self.check(version)
        draft = self.root / f".{_POINTER}.draft"
        _write_text(draft, version)
        os.replace(draft, self.root / _POINTER)

    def current(self) -> str | None:
        """The version that serves, or None."""
        try:
            return (self.root / _POINTER).read_text(encoding="utf-8").strip() or None
        except FileNotFoundError:
            return None

    def versions(self) -> list[str]:
        """Every whole version, oldest first."""
        return sorted(
            p.name for p in self.root.iterdir() if (p / _MANIFEST).exists() and p.name[0] != "."
        )

    def rollback(self) -> str:
        """Points at the version before the one that serves, and returns it.

        Raises:
            ArtifactError: There is none.
        """
        versions = self.versions()
        current = self.current()
        older = [v for v in versions if current is None or v < current]
        if not older:
            others = ", ".join(v for v in versions if v != current) or "none"
            raise ArtifactError(
                f"{self.root} holds no version older than {current}",
                hint=f"`zhiyin rollback --to VERSION` takes any; others here: {others}",
            )
        self.point_at(older[-1])
        return older[-1]

    def manifest(self, version: str) -> dict[str, Any]:
        """The manifest of a version.

        Raises:
            ArtifactError: Absent, unreadable, or of another format.
        """
        path = self.root / version / _MANIFEST
        try:
            manifest = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise ArtifactError(
                f"no model {version} in {self.root}", hint="run `zhiyin train`"
            ) from error
        except ValueError as error:
            raise ArtifactError(f"{path} is damaged", hint="roll back, or train again") from error
        if manifest.get("format") != _FORMAT:
            raise ArtifactError(
                f"{path} has format {manifest.get('format')}, not {_FORMAT}", hint="train again"
            )
        return manifest

    def check(self, version: str) -> None:
        """Compares every file of a version with its hash.

        Raises:
            ArtifactError: A file is absent, cut short or changed.
        """
        for name, expected in self.manifest(version)["files"].items():
            path = self.root / version / name
            if not path.exists() or _digest(path) != expected:
                raise ArtifactError(
                    f"{path} is absent or damaged", hint="roll back, or train again"
                )

    def arrays(self, version: str) -> dict[str, NDArray[Any]]:
        """Every array of a checked version, memory-mapped, so that workers share pages."""
        self.check(version)
        folder = self.root / version
        return {
            name.removesuffix(".npy"): np.load(folder / name, mmap_mode="r", allow_pickle=False)
            for name in self.manifest(version)["files"]
        }


def _write(path: Path, array: NDArray[Any]) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        np.save(file, array, allow_pickle=False)
        file.flush()
        os.fsync(file.fileno())
    return _digest(path)


def _write_text(path: Path, text: str) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _digest(path: Path) -> str:
    digest = blake2b(digest_size=16)
    with path.open("rb") as file:
        while block := file.read(_CHUNK):
            digest.update(block)
    return digest.hexdigest()
