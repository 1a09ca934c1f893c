"""Which items changed, told from one process of a machine to the others.

A file of the workspace's folder gets the key of every item that was added, changed or erased,
eight bytes each, after the store has it. A process asks for what came since it last asked; that
costs a look at the file's size where nothing came.
"""

from __future__ import annotations

import os
import threading
from array import array
from collections.abc import Iterable
from pathlib import Path

from zhiyin.core.errors import StoreFullError

CHANGES_FILE = "changes.log"
"""Name of the file in a workspace's folder."""
_KEY = 8
_LONGEST = 64 * 2**20


class Changes:
    """Changed items of one workspace, from now on.

    Args:
        folder: The workspace's folder.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / CHANGES_FILE
        self._lock = threading.Lock()
        self._inode, self._read = self._look()

    def note(self, keys: Iterable[int]) -> None:
        """Tells the other processes of items that the store has now.

        Raises:
            StoreFullError: It could not be written.
        """
        told = array("q", keys).tobytes()
        if not told:
            return
        with self._lock:
            try:
                self._write(told)
            except OSError as error:
                raise StoreFullError(
                    f"{self._path} cannot be written: {error}", hint="free some space"
                ) from error

    def fresh(self) -> list[int] | None:
        """Keys that others told since the last call; None where the file began anew."""
        inode, size = self._look()
        if inode == self._inode and size == self._read:
            return []
        with self._lock:
            anew = inode != self._inode or size < self._read  # a new file may get the old number
            first, self._inode = self._inode == 0, inode
            if anew:
                self._read = 0 if first else size
                if not first:
                    return None
            if not inode:
                return []
            with self._path.open("rb") as file:
                file.seek(self._read)
                told = file.read()
            whole = len(told) // _KEY * _KEY
            self._read += whole
        return array("q", told[:whole]).tolist()

    def _write(self, told: bytes) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        handle = os.open(self._path, flags, 0o600)
        try:
            before = os.fstat(handle)
            os.write(handle, told)
        finally:
            os.close(handle)
        if before.st_ino == self._inode and before.st_size == self._read:
            self._read += len(told)  # our own news are no news to us
        if before.st_size > _LONGEST:
            self._path.unlink(missing_ok=True)

    def _look(self) -> tuple[int, int]:
        try:
            found = os.stat(self._path)
        except FileNotFoundError:
            return 0, 0
        return found.st_ino, found.st_size
