"""From files into the store: catalogue first, then ties, then events."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain
from pathlib import Path

import polars as pl

from zhiyin.core.clock import Clock, system_clock
from zhiyin.core.errors import DataError, RejectedRowsError, StoreError
from zhiyin.core.progress import Progress, silent
from zhiyin.core.protocols import EntityKind
from zhiyin.data.importing import TABLES, ImportOptions, Part, Table, TableReader, TableReport
from zhiyin.pipeline.stores import Stores

_UNKNOWN = "events on items that the catalogue does not have"


def import_tables(
    stores: Stores,
    *,
    events: str | Path | None = None,
    items: str | Path | None = None,
    users: str | Path | None = None,
    edges: str | Path | None = None,
    options: ImportOptions | None = None,
    quarantine: Path,
    progress: Progress = silent,
    clock: Clock = system_clock,
) -> dict[str, TableReport]:
    """Imports files; importing the same ones again changes nothing.

    A table is stored whole, or, where it is small, in whole batches: what interrupts an
    import leaves nothing by halves, and importing again adds the rest.

    Args:
        stores: Where to.
        events: File of events.
        items: File of items.
        users: File of users; with a column of behaviour, each row is an event too.
        edges: File of ties between users.
        options: How to read the files; applied to each of them.
        quarantine: Folder for the rejected rows.
        progress: Told how far each table is.
        clock: Source of the present; events may not lie in the future.

    Returns:
        A report per table, under "events", "items", "users" and "edges".

    Raises:
        DataError: A file cannot be used at all, or none was given.
        RejectedRowsError: Rows were rejected and the options are strict; nothing was stored.
        StoreError: The store could not take a table; tables before it are stored.
    """
    options = options or ImportOptions()
    given: dict[Table, str | Path | None] = {
        "events": events,
        "items": items,
        "users": users,
        "edges": edges,
    }
    files: dict[Table, Path] = {
        table: Path(path) for table in TABLES if (path := given[table]) is not None
    }
    if not files:
        raise DataError("no file was given", hint="name events, items, users or edges")
    now = clock()

    def open_reader(table: Table) -> TableReader:
        target = quarantine / f"{table}-{files[table].stem}.jsonl"
        return TableReader(files[table], table, options=options, quarantine=target, now=now)

    readers: dict[Table, TableReader] = {table: open_reader(table) for table in files}
    if options.strict:
        _refuse_rejected(readers, progress)
        readers = {table: open_reader(table) for table in files}
    reports: dict[str, TableReport] = {}
    for table, reader in readers.items():
        _import(stores, reader, progress)
        progress(f"importing {table}", 1.0)
        derived = reader.derived_report()
        if derived is not None:
            reports["events"] = derived
        found = reader.report()
        reports[table] = found if table not in reports else _sum(reports[table], found)
    return reports


def _import(stores: Stores, reader: TableReader, progress: Progress) -> None:
    """Stores one file, in one transaction where it is large."""
    parts = reader.parts()
    first = next(parts, None)
    if first is None:
        return
    writer = _Writer(stores, reader)
    with stores.transaction(int(first.rows / max(first.share, 1e-6))):
        for part in chain([first], parts):
            writer.write(part)
            progress(f"importing {reader.table}", part.share)
        progress(f"storing {reader.table}", 1.0)


def _refuse_rejected(readers: Mapping[Table, TableReader], progress: Progress) -> None:
    """Reads everything once without storing anything."""
    for table, reader in readers.items():
        for part in reader.parts():
            progress(f"checking {table}", part.share)
    reports = {table: reader.report() for table, reader in readers.items()}
    bad = {table: report for table, report in reports.items() if report.rejected}
    if bad:
        what = "; ".join(
            f"{table}: " + ", ".join(f"{why} ({n})" for why, n in report.reasons.items())
            for table, report in bad.items()
        )
        paths = ", ".join(str(report.quarantine) for report in bad.values())
        raise RejectedRowsError(
            f"rows were rejected, so nothing was stored: {what}",
            hint=f"see {paths}, or leave out --strict",
        )


class _Writer:
    """Stores the parts of one table and counts what was new."""

    def __init__(self, stores: Stores, reader: TableReader) -> None:
        self._stores = stores
        self._reader = reader
        self._stored: pl.DataFrame | None = None
        self._catalogue: pl.Series | None = None

    def write(self, part: Part) -> None:
        """Stores a part: entities before the events that speak of them."""
        if part.entities is not None:
            self._write_entities(part.entities)
        if part.users is not None and part.users.height:
            self._stores.entities.upsert("user", part.users)
        if part.items is not None and part.items.height:
            self._stores.entities.upsert("item", part.items)
        if part.edges is not None and part.edges.height:
            self._write_edges(part.edges)
        if part.events is not None:
            self._write_events(part.events)

    def _write_entities(self, rows: pl.DataFrame) -> None:
        kind: EntityKind = "user" if self._reader.table == "users" else "item"
        if self._stored is None:
            stored = self._stores.entities.scan(kind, columns=["key", "attributes"])
            self._stored = stored.select("key", pl.col("attributes").hash().alias("stored"))
        hashed = rows.with_columns(pl.col("attributes").hash().alias("fresh"))
        compared = hashed.join(self._stored, on="key", how="left", maintain_order="left")
        changed = compared.filter(pl.col("fresh").ne_missing(pl.col("stored")))
        tally = self._reader.tally
        tally.duplicates += rows.height - changed.height
        tally.accepted += changed.height
        if changed.height:
            self._stores.entities.upsert(kind, changed.select(rows.columns))
            update = changed.select("key", pl.col("fresh").alias("stored"))
            self._stored = pl.concat([self._stored, update]).unique("key", keep="last")

    def _write_edges(self, edges: pl.DataFrame) -> None:
        if self._stores.edges is None:
            raise StoreError("this store keeps no ties between users")
        changed = self._stores.edges.add_edges(edges)
        self._reader.tally.accepted += changed
        self._reader.tally.duplicates += edges.height - changed

    def _write_events(self, events: pl.DataFrame) -> None:
        tally = self._reader.derived or self._reader.tally
        appended = self._stores.events.append(events)
        tally.accepted += appended.accepted
        tally.duplicates += appended.duplicates
        if "item_key" in events.columns:
            tally.notes[_UNKNOWN] += self._on_unknown_items(events["item_key"])

    def _on_unknown_items(self, keys: pl.Series) -> int:
        """How many events are on items without attributes; 0 where there is no catalogue."""
        if self._catalogue is None:
            known = self._stores.entities.scan("item", columns=["key", "attributes"])
            self._catalogue = known.filter(pl.col("attributes").is_not_null())["key"]
        if not len(self._catalogue):
            return 0
        counts = keys.drop_nulls().value_counts(name="n")
        return int(counts.filter(~pl.col(keys.name).is_in(self._catalogue.implode()))["n"].sum())


def _sum(one: TableReport, other: TableReport) -> TableReport:
    """Two reports on the same table, from two files, as one."""
    return TableReport(
        accepted=one.accepted + other.accepted,
        rejected=one.rejected + other.rejected,
        duplicates=one.duplicates + other.duplicates,
        reasons=_add(one.reasons, other.reasons),
        quarantine=other.quarantine or one.quarantine,
        notes=_add(one.notes, other.notes),
        columns={**one.columns, **other.columns},
        event_types={**one.event_types, **other.event_types},
        format=other.format,
    )


def _add(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    return {name: one.get(name, 0) + other.get(name, 0) for name in sorted({*one, *other})}
