"""Rows of a table of ties between users."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from zhiyin.core import schema
from zhiyin.data.importing.batches import RawBatch
from zhiyin.data.importing.columns import numbers, texts, without_nulls
from zhiyin.data.importing.events import BAD_TIME, BAD_VALUE
from zhiyin.data.importing.ids import IdEncoder
from zhiyin.data.importing.options import ImportOptions
from zhiyin.data.importing.quarantine import Quarantine
from zhiyin.data.importing.report import Tally
from zhiyin.data.importing.times import to_milliseconds

NO_END = "one of the two users is missing"
DEFAULT_KIND = "follows"


def build_edges(
    batch: RawBatch,
    roles: Mapping[str, str],
    *,
    options: ImportOptions,
    tally: Tally,
    quarantine: Quarantine,
    users: IdEncoder,
) -> pl.DataFrame:
    """The accepted ties of a batch, in the columns of `zhiyin.core.schema.EDGES`."""
    rows = batch.rows
    columns = {
        role: without_nulls(rows[name], options.null_values)
        for role, name in roles.items()
        if name in rows.columns
    }
    sources, no_source = users.encode(columns["source"])
    targets, no_target = users.encode(columns["target"])
    empty = pl.Series([None], dtype=pl.String).new_from_index(0, rows.height)
    weight, bad_weight = numbers(columns.get("weight", empty))
    times = to_milliseconds(
        columns.get("timestamp", empty), unit=options.time_unit, zone=options.time_zone
    )
    frame = pl.DataFrame(
        {
            "source_key": sources,
            "target_key": targets,
            "kind": texts(columns.get("kind", empty)).fill_null(DEFAULT_KIND),
            "weight": weight,
            "timestamp": times.milliseconds,
            "reason": pl.select(
                pl.when(pl.Series(no_source | no_target))
                .then(pl.lit(NO_END))
                .when(bad_weight)
                .then(pl.lit(BAD_VALUE))
                .when(times.bad)
                .then(pl.lit(BAD_TIME))
            ).to_series(),
        }
    )
    bad = frame["reason"].is_not_null()
    if bad.any():
        reasons = frame["reason"].filter(bad)
        quarantine.add_rows(rows.filter(bad), batch.lines.filter(bad), reasons)
        tally.reasons.update(reasons.to_list())
    return frame.filter(~bad).select(list(schema.EDGES))
