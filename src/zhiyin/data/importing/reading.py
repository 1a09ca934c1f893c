"""Opens a file of whatever kind and yields its rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from zhiyin.core.errors import DataError
from zhiyin.data.importing.batches import RawBatch
from zhiyin.data.importing.delimited import read_delimited
from zhiyin.data.importing.jsonlines import first_objects, read_json_array, read_json_lines
from zhiyin.data.importing.metarank import is_metarank, read_metarank
from zhiyin.data.importing.names import normalised
from zhiyin.data.importing.options import ImportOptions, Table
from zhiyin.data.importing.parquet import read_parquet
from zhiyin.data.importing.sniffing import recognise_file


@dataclass(frozen=True, slots=True)
class Source:
    """A file that was recognised.

    Attributes:
        path: Where it is.
        format: What it was read as.
        batches: Its rows, read as they are asked for.
        typed: Whether its values have types of their own; text files have none.
    """

    path: Path
    format: str
    batches: Iterator[RawBatch]
    typed: bool


def open_source(path: Path, table: Table, options: ImportOptions) -> Source:
    """Recognises a file and prepares to read it.

    Raises:
        DataError: It is absent, empty, binary, damaged, or lacks what the options name.
    """
    found = recognise_file(path, options)
    if found.layout == "parquet":
        return Source(path, "parquet", _trimmed(read_parquet(path), options), True)
    if found.layout == "delimited":
        name = "recbole" if found.recbole else "tsv" if found.delimiter == "\t" else "csv"
        rows = read_delimited(path, found, header=options.header)
        return Source(path, name, _trimmed(rows, options), False)
    if found.layout == "json":
        texts = tuple(options.columns.values())
        return Source(
            path,
            "json",
            _trimmed(read_json_array(path, found.encoding, as_text=texts), options),
            True,
        )
    if options.format == "metarank" or (
        options.format == "auto" and is_metarank(path, found.encoding)
    ):
        return Source(
            path, "metarank", _trimmed(read_metarank(path, found.encoding, table), options), True
        )
    fields = dict.fromkeys(key for row in first_objects(path, found.encoding) for key in row)
    if not fields:
        raise DataError(f"{path} holds no JSON object", hint="each line should be one object")
    gorse = options.format == "gorse" or {"UserId", "ItemId"} & fields.keys()
    texts = [name for name in fields if _reads_as_text(name, options)]
    rows = read_json_lines(path, found.encoding, as_text=texts)
    return Source(path, "gorse" if gorse else "jsonl", _trimmed(rows, options), True)


def _reads_as_text(name: str, options: ImportOptions) -> bool:
    """Whether a JSON field may be an id, so that no digit of it may be lost."""
    plain = normalised(name)
    if name in options.columns.values():
        return options.columns.get("value") != name
    return plain.endswith("id") or plain in (
        "user",
        "item",
        "sku",
        "uid",
        "asin",
        "parentasin",
        "用户",
        "商品",
        "物品",
    )


def _trimmed(batches: Iterator[RawBatch], options: ImportOptions) -> Iterator[RawBatch]:
    """Without the columns that the options leave out, and without pandas' nameless index."""
    for batch in batches:
        index = "column_1" if batch.rows.columns[:1] == ["column_1"] else "Unnamed: 0"
        unwanted = [c for c in (*options.skip_columns, index) if c in batch.rows.columns]
        if unwanted and len(unwanted) < batch.rows.width:
            yield RawBatch(
                batch.rows.drop(unwanted), batch.lines, batch.share, batch.broken, batch.notes
            )
        else:
            yield batch
