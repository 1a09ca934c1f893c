"""Answers remembered between runs, by question and by who was asked."""

from __future__ import annotations

from pathlib import Path

from zhiyin.core.memory import Memory


class ReplyCache:
    """Answers in a `Memory` of their own.

    Args:
        path: The file; made where absent.
    """

    def __init__(self, path: Path) -> None:
        self._memory = Memory(path, "replies")

    def get(self, key: bytes) -> str | None:
        """The answer remembered for a question, or None."""
        return self._memory.get([key]).get(key)

    def put(self, key: bytes, text: str) -> None:
        """Remembers an answer."""
        self._memory.put([(key, text)])

    def close(self) -> None:
        """Closes the file."""
        self._memory.close()
