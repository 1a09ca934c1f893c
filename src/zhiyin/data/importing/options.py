"""How a file is to be read, where recognising it by itself is not enough."""

from __future__ import annotations

from typing import Any, Literal

import polars as pl
from pydantic import Field, ValidationError, field_validator

from zhiyin.core.config import Config
from zhiyin.core.errors import ConfigError

Format = Literal["auto", "csv", "parquet", "jsonl", "gorse", "recbole", "metarank"]
TimeUnit = Literal["auto", "s", "ms", "us", "ns"]
Table = Literal["events", "items", "users", "edges"]

TABLES: tuple[Table, ...] = ("items", "users", "edges", "events")
"""The tables, in the order in which they are imported."""


class ImportOptions(Config):
    """Settings of one import; the defaults recognise everything by themselves."""

    format: Format = "auto"
    """What the file is; "auto" looks at its first bytes."""
    delimiter: str | None = None
    """What stands between two fields; None: found out from the first lines."""
    encoding: str | None = None
    """Encoding of text, such as utf-8 or gb18030; None: found out from the bytes."""
    header: list[str] | None = None
    """Column names of a file that has no header line."""
    columns: dict[str, str] = Field(default_factory=dict)
    """Our name to the file's: {"user": "buyer", "item": "sku"}. Roles not named here are
    recognised."""
    skip_columns: list[str] = Field(default_factory=list)
    """Columns of the file to leave out."""
    event_types: dict[str, str] = Field(default_factory=dict)
    """The file's word for an event to ours: {"加购": "cart"}; goes before the recognised ones."""
    default_type: str | None = None
    """Type of events that name none; None: "rating" with a value, else "interaction"."""
    time_unit: TimeUnit = "auto"
    """Unit of numeric timestamps; "auto" judges each by its size."""
    time_zone: str = "UTC"
    """Zone of written times that name none, such as Asia/Shanghai."""
    null_values: list[str] = Field(
        default_factory=lambda: ["", "null", "NULL", "None", "nan", "NaN", "NA", "N/A", "\\N"]
    )
    """What stands for a missing value in text."""
    strict: bool = False
    """Whether a single rejected row refuses the whole import."""

    @field_validator("delimiter")
    @classmethod
    def _is_a_mark(cls, delimiter: str | None) -> str | None:
        if delimiter is not None and (not delimiter or set(delimiter) & set('"\r\n')):
            raise ValueError("a delimiter is one character or more, no quote and no line end")
        return delimiter

    @field_validator("time_zone")
    @classmethod
    def _is_a_zone(cls, zone: str) -> str:
        try:
            pl.Series(dtype=pl.Datetime("ms")).dt.replace_time_zone(zone)
        except pl.exceptions.PolarsError as error:
            raise ValueError(f"no time zone is named {zone!r}; try Asia/Shanghai") from error
        return zone


def import_options(**values: Any) -> ImportOptions:  # noqa: ANN401 - the fields of the options
    """Options from a caller's values.

    Raises:
        ConfigError: A value is not one that its option takes.
    """
    try:
        return ImportOptions(**values)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise ConfigError(f"{name}: {first['msg']}", hint="see `zhiyin import --help`") from error
