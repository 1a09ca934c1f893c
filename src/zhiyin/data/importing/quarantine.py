"""The file of rejected rows: one JSON object per row, with its line and the reason."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import polars as pl

from zhiyin.core.errors import StoreError
from zhiyin.data.importing.attributes import encodable


class Quarantine:
    """Writes rejected rows; the file appears with the first of them.

    Args:
        path: The file; one of an earlier import of the same table is replaced.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stream: IO[bytes] | None = None
        path.unlink(missing_ok=True)

    @property
    def path(self) -> Path | None:
        """The file, None where nothing was rejected."""
        return self._path if self._stream is not None else None

    def add_rows(self, rows: pl.DataFrame, lines: pl.Series, reasons: pl.Series) -> None:
        """Writes rows that could be read but not be used."""
        if rows.height:
            plain = pl.DataFrame([encodable(rows[name]) for name in rows.columns])
            struct = plain.to_struct("row")
            self._write(pl.DataFrame([lines.alias("line"), reasons.alias("reason"), struct]))

    def add_broken(self, broken: pl.DataFrame) -> None:
        """Writes lines that could not be read (see `zhiyin.data.importing.batches.BROKEN`)."""
        if broken.height:
            self._write(broken)

    def _write(self, frame: pl.DataFrame) -> None:
        try:
            if self._stream is None:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                self._stream = self._path.open("wb")
            frame.write_ndjson(self._stream)
        except OSError as error:
            raise StoreError(
                f"{self._path}: rejected rows cannot be written: {error}",
                hint="free some space, or choose another workspace",
            ) from error

    def close(self) -> None:
        """Closes the file; `path` still answers."""
        if self._stream is not None:
            with suppress(OSError):
                self._stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
