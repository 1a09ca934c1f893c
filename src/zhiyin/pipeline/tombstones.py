"""What was erased: kept beside the models, so that no model brings it back.

A tombstone holds the key of an id (its hash) and how far the event log had come; never the id.
A model that learned from events up to there may know what was erased: it is made to forget when
it is stored, when it is loaded, and at once where it is serving.
"""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from typing import NamedTuple

from zhiyin.core.errors import StoreError, StoreFullError
from zhiyin.core.protocols import EntityKind

TOMBSTONES_FILE = "erased.jsonl"
"""Name of the file in the folder of models."""


class Tombstone(NamedTuple):
    """One erasure."""

    kind: EntityKind
    key: int
    """Key of the id; see `zhiyin.core.keys`."""
    seq: int
    """Number of the newest event when it was erased: later ones are of a new life."""
    at: int
    """When, in milliseconds since the epoch."""


class Tombstones:
    """The erasures of one workspace, told to every process that has its models.

    Args:
        root: The folder of models.
    """

    def __init__(self, root: Path) -> None:
        self._path = root / TOMBSTONES_FILE
        self._lock = threading.Lock()
        self._read = 0

    def add(self, stone: Tombstone) -> None:
        """Writes one down; when this returns, it survives the death of the process.

        Raises:
            StoreFullError: It could not be written.
        """
        line = json.dumps(stone._asdict()) + "\n"
        try:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(line)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise StoreFullError(
                f"{self._path} cannot be written: {error}", hint="free some space; erase again"
            ) from error

    def all(self) -> list[Tombstone]:
        """Every one, oldest first."""
        return self._since(0)[0]

    def fresh(self) -> list[Tombstone]:
        """Those that came since the last call; costs a look at the file where none did."""
        try:
            if os.stat(self._path).st_size == self._read:
                return []
        except FileNotFoundError:
            return []
        with self._lock:
            found, self._read = self._since(self._read)
        return found

    def _since(self, start: int) -> tuple[list[Tombstone], int]:
        try:
            with self._path.open("rb") as file:
                file.seek(start)
                told = file.read()
        except FileNotFoundError:
            return [], 0
        whole = told[: told.rfind(b"\n") + 1]
        try:
            found = [Tombstone(**json.loads(line)) for line in whole.splitlines()]
        except (ValueError, TypeError) as error:
            raise StoreError(
                f"{self._path} cannot be read: {error}", hint="restore it from a backup"
            ) from error
        return found, start + len(whole)
