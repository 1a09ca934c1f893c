"""Parquet, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from zhiyin.core.errors import DataError
from zhiyin.data.importing.batches import RawBatch

BATCH_ROWS = 1_000_000


def read_parquet(path: Path) -> Iterator[RawBatch]:
    """Yields the rows of a Parquet file, with the types that it gives them.

    Raises:
        DataError: The file is damaged.
    """
    try:
        scan = pl.scan_parquet(path)
        total = int(scan.select(pl.len()).collect().item())
        done = 0
        for rows in scan.collect_batches(chunk_size=BATCH_ROWS, maintain_order=True):
            lines = pl.int_range(done + 1, done + rows.height + 1, dtype=pl.Int64, eager=True)
            done += rows.height
            yield RawBatch(rows, lines, done / max(1, total))
    except (pl.exceptions.PolarsError, OSError) as error:
        raise DataError(
            f"{path} is a damaged Parquet file: {error}", hint="write it again, or export it as CSV"
        ) from error
