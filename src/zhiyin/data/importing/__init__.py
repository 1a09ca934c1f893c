"""Reading what users have: files in many formats to checked events, items, users and ties."""

from zhiyin.data.importing.options import (
    TABLES,
    Format,
    ImportOptions,
    Table,
    TimeUnit,
    import_options,
)
from zhiyin.data.importing.report import TableReport
from zhiyin.data.importing.tables import Part, TableReader

__all__ = [
    "TABLES",
    "Format",
    "ImportOptions",
    "Part",
    "Table",
    "TableReader",
    "TableReport",
    "TimeUnit",
    "import_options",
]
