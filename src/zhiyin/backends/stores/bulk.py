"""Bulk Arrow traffic with one SQLite file, in a process of its own.

ADBC brings its own copy of SQLite. Two copies of SQLite that open the same file in one
process undo each other's POSIX locks and corrupt it (sqlite.org/howtocorrupt.html, 2.2.1),
so ADBC is only ever loaded in this child process, where locks work as they should. Frames
travel over a pipe as Arrow streams: while the child inserts one, the parent makes the next.

The child runs this file as a program. It reads messages, each a line
of JSON, some followed by the bytes of a frame, and answers those that ask for it with a line
of JSON. When the parent dies or goes away before it has said "commit", nothing is stored.
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tempfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import polars as pl

from zhiyin.core.errors import StoreError

_BUSY_MS = 30_000
_CACHE_KIB = 64 * 1024
_WIDE_CACHE_KIB = 400 * 1024

Message = dict[str, Any]


class BulkSession:
    """One write transaction in the child process.

    Args:
        path: The database.
        wide_cache: Whether to keep much of the file in memory: worth it where indexes are
            kept up to date row by row.

    Raises:
        StoreError: The file is locked or damaged.
    """

    def __init__(self, path: Path, *, wide_cache: bool = False) -> None:
        self._errors = tempfile.TemporaryFile()
        self._child = subprocess.Popen(
            [sys.executable, "-P", __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
        )
        cache = _WIDE_CACHE_KIB if wide_cache else _CACHE_KIB
        self._ask({"begin": str(path), "cache_kib": cache})

    def execute(self, statements: Sequence[str]) -> None:
        """Runs statements."""
        self._send({"execute": list(statements)})

    def insert(self, statement: str, frame: pl.DataFrame) -> None:
        """Runs an INSERT with ``?`` marks over every row, while the caller goes on."""
        self._send_frame({"insert": statement}, frame)

    def insert_counted(self, statement: str, frame: pl.DataFrame) -> int:
        """Runs an INSERT over every row and waits; returns how many rows it changed."""
        self._send_frame({"insert": statement, "answer": True}, frame)
        return int(self._answer()["changed"])

    def commit(self) -> None:
        """Makes everything durable, and ends the process.

        Raises:
            StoreError: A statement failed; nothing was stored.
        """
        self._ask({"commit": True})
        self._end()

    def abort(self) -> None:
        """Takes everything back, and ends the process."""
        self._child.kill()
        self._end()

    def _ask(self, message: Message) -> Message:
        self._send({**message, "answer": True})
        return self._answer()

    def _send_frame(self, message: Message, frame: pl.DataFrame) -> None:
        payload = io.BytesIO()
        frame.write_ipc_stream(payload)
        self._send({**message, "bytes": payload.getbuffer().nbytes}, payload.getbuffer())

    def _send(self, message: Message, payload: memoryview | bytes = b"") -> None:
        stream = self._pipe(self._child.stdin)
        try:
            stream.write(json.dumps(message).encode() + b"\n")
            stream.write(payload)
            stream.flush()
        except BrokenPipeError as error:
            raise self._failure() from error

    def _answer(self) -> Message:
        line = self._pipe(self._child.stdout).readline()
        if not line:
            raise self._failure()
        return json.loads(line)

    def _failure(self) -> StoreError:
        """What the child complained of when it ended."""
        code = self._child.wait()
        self._errors.seek(0)
        lines = self._errors.read().decode("utf-8", "replace").strip().splitlines()
        return StoreError(lines[-1] if lines else f"the bulk process ended with {code}")

    def _end(self) -> None:
        with suppress(BrokenPipeError):
            self._pipe(self._child.stdin).close()
        self._child.wait()
        self._pipe(self._child.stdout).close()
        self._errors.close()

    @staticmethod
    def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
        assert stream is not None
        return stream


@contextmanager
def query(path: Path, sql: str) -> Generator[pl.DataFrame]:
    """The rows of a query, as a frame over a temporary Arrow file."""
    with tempfile.TemporaryDirectory(prefix="zhiyin-") as folder:
        file = Path(folder) / "rows.arrow"
        request = {"select": sql, "from": str(path), "into": str(file)}
        child = subprocess.run(
            [sys.executable, "-P", __file__],
            input=json.dumps(request).encode() + b"\n",
            capture_output=True,
            check=False,
        )
        if child.returncode:
            lines = child.stderr.decode("utf-8", "replace").strip().splitlines()
            raise StoreError(lines[-1] if lines else f"the query ended with {child.returncode}")
        yield pl.read_ipc(file)


def main() -> None:
    """Serves messages until the parent commits or goes away."""
    # Only ever imported in the child process.
    from adbc_driver_sqlite import dbapi  # noqa: PLC0415

    first: Message = json.loads(sys.stdin.buffer.readline())
    connect: Any = dbapi.connect  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    with (
        connect(first.get("begin") or first["from"], autocommit=True) as connection,
        connection.cursor() as cursor,
    ):
        for pragma in (
            f"busy_timeout = {_BUSY_MS}",
            f"cache_size = -{first.get('cache_kib', _CACHE_KIB)}",
            "synchronous = FULL",
            "secure_delete = ON",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        if "select" in first:
            cursor.execute(first["select"])
            cursor.fetch_polars().write_ipc(first["into"])
            return
        cursor.execute("BEGIN IMMEDIATE")
        _reply({})
        _serve(cursor)


def _serve(cursor: Any) -> None:  # noqa: ANN401 - an ADBC cursor
    changed = 0
    while line := sys.stdin.buffer.readline():
        message: Message = json.loads(line)
        for statement in message.get("execute", ()):
            cursor.execute(statement)
        if "insert" in message:
            payload = sys.stdin.buffer.read(message["bytes"])
            if len(payload) < message["bytes"]:
                return
            cursor.executemany(message["insert"], pl.read_ipc_stream(io.BytesIO(payload)))
        if "commit" in message:
            cursor.execute("COMMIT")
        if "answer" in message:
            before, changed = changed, _total_changes(cursor)
            _reply({"changed": changed - before})


def _total_changes(cursor: Any) -> int:  # noqa: ANN401 - an ADBC cursor
    cursor.execute("SELECT total_changes() AS n")
    return int(cursor.fetch_polars()["n"][0])


def _reply(message: Message) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
