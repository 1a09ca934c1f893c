"""Artifacts: what a training writes and serving reads; no pickle, checked, swapped atomically."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray

from zhiyin.core.clock import Clock, system_clock
from zhiyin.core.errors import ArtifactError
from zhiyin.pipeline.scrubbing import concerned, scrubbed
from zhiyin.pipeline.tombstones import Tombstone, Tombstones

_FORMAT = 1
_MANIFEST = "manifest.json"
_POINTER = "current"
_REFUSAL = "refused.txt"
_CHUNK = 2**20


class ArtifactFolder:
    """All versions of one workspace's models, and which of them serves.

    Args:
        root: The folder ``models/``, created where absent.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True)
        self.erased = Tombstones(root)
        self._recover()

    def publish(
        self, version: str, *, manifest: dict[str, Any], arrays: dict[str, NDArray[Any]]
    ) -> Path:
        """`store`, and then `point_at`."""
        final = self.store(version, manifest=manifest, arrays=arrays)
        self.point_at(version)
        return final

    def store(
        self, version: str, *, manifest: dict[str, Any], arrays: dict[str, NDArray[Any]]
    ) -> Path:
        """Writes a version beside the others, whole or not at all; what serves stays.

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
        self.forget(version, self.erased.all())
        return final

    def forget(self, version: str, stones: Iterable[Tombstone]) -> int:
        """Takes what was erased out of the files of a version that may know of it.

        Whoever reads the version meanwhile gets it before or after, never between.

        Returns:
            How many ids and rows went; 0 where it knew nothing, or learned later.

        Raises:
            ArtifactError: It could not be written; erase again.
        """
        with self.steady():
            manifest = self.manifest(version)
            found = concerned(manifest, stones)
            changed, gone = scrubbed(manifest, self.arrays(version), found) if found else ({}, 0)
            if gone:
                self._replace(version, manifest, changed)
        return gone

    def _recover(self) -> None:
        """Puts a version back whose place was being taken when a process died."""
        for old in self.root.glob(".*.old"):
            with self.steady():
                final = self.root / old.name[1:].removesuffix(".old")
                if old.exists() and not final.exists():
                    old.rename(final)

    def steady(self) -> AbstractContextManager[object]:
        """While it lasts, no process takes anything out of any version."""
        return FileLock(self.root / ".steady.lock", timeout=60)

    def _replace(
        self, version: str, manifest: dict[str, Any], changed: dict[str, NDArray[Any]]
    ) -> None:
        """Puts a folder with some arrays changed in the place of a version."""
        final, draft = self.root / version, self.root / f".{version}.scrubbed"
        old = self.root / f".{version}.old"
        try:
            for leftover in (draft, old):
                shutil.rmtree(leftover, ignore_errors=True)
            shutil.copytree(final, draft, copy_function=os.link)
            files: dict[str, str] = dict(manifest["files"])
            for name, array in changed.items():
                (draft / f"{name}.npy").unlink()
                files[f"{name}.npy"] = _write(draft / f"{name}.npy", array)
            (draft / _MANIFEST).unlink()
            text = json.dumps({**manifest, "files": files}, ensure_ascii=False, indent=1)
            _write_text(draft / _MANIFEST, text)
            final.rename(old)
            draft.rename(final)
            shutil.rmtree(old)
        except OSError as error:
            if not final.exists() and old.exists():
                old.rename(final)
            raise ArtifactError(
                f"what was erased could not be taken out of {final}: {error}",
                hint="free some space and erase again; it is in no slate in the meantime",
            ) from error

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
        older = [v for v in older if not self.refusal(v)]
        if not older:
            others = ", ".join(v for v in versions if v != current) or "none"
            raise ArtifactError(
                f"{self.root} holds no version older than {current}",
                hint=f"`zhiyin rollback --to VERSION` takes any; others here: {others}",
            )
        self.point_at(older[-1])
        return older[-1]

    def refuse(self, version: str, reason: str) -> None:
        """Marks a version as one that should not serve; `rollback` passes it over."""
        _write_text(self.root / version / _REFUSAL, reason)

    def refusal(self, version: str) -> str:
        """Why a version should not serve; "" where nothing speaks against it."""
        try:
            return (self.root / version / _REFUSAL).read_text(encoding="utf-8")
        except FileNotFoundError:
            return ""

    def prune(self, keep: int) -> list[str]:
        """Deletes the oldest versions, never the one that serves; returns those deleted.

        Args:
            keep: How many versions stay.
        """
        current = self.current()
        versions = [v for v in self.versions() if v != current]
        gone = versions[: max(0, len(versions) - keep + 1)]
        for version in gone:
            # Its name goes first: a half deleted folder is never taken for a version.
            trash = self.root / f".{version}.deleted"
            (self.root / version).rename(trash)
            shutil.rmtree(trash, ignore_errors=True)
        return gone

    def age_s(self, version: str, *, clock: Clock = system_clock) -> float:
        """Seconds since a version was written."""
        path = self.root / version / _MANIFEST
        return max(0.0, clock() / 1000 - path.stat().st_mtime)

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
        files = self.manifest(version)["files"]
        paths = [self.root / version / name for name in files]
        with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
            found = pool.map(_digest, paths)
            for path, own, expected in zip(paths, found, files.values(), strict=True):
                if own != expected:
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
    """The hash of a file; empty where it is absent."""
    if not path.exists():
        return ""
    digest = blake2b(digest_size=16)
    with path.open("rb") as file:
        while block := file.read(_CHUNK):
            digest.update(block)
    return digest.hexdigest()
