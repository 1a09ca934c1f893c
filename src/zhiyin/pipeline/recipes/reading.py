"""Reading a catalogue's columns within a budget."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from zhiyin.core.attributes import Attribute
from zhiyin.core.clock import Deadline
from zhiyin.core.protocols import TextEncoder
from zhiyin.encode.attributes.catalogue import CatalogueReader, text_columns

_SAMPLE = 48
_SHARE = 0.5
"""Part of the time left that reading the meaning of texts may take."""


@dataclass(frozen=True, slots=True, eq=False)
class ReadCatalogue:
    """A catalogue as attributes.

    Attributes:
        reader: Reads further items in the same way.
        attributes: Of the items of the catalogue.
        skipped: Columns whose meaning was not read, with the reason.
    """

    reader: CatalogueReader
    attributes: tuple[Attribute, ...]
    skipped: list[str]


def read_catalogue(
    table: pl.DataFrame, encoder: TextEncoder | None, *, deadline: Deadline
) -> ReadCatalogue | None:
    """Attributes of a catalogue; None where no column tells anything.

    The meaning of a text column is read where a sample says that there is time for it,
    short texts first.

    Args:
        table: A column per attribute, a row per item.
        encoder: What reads the meaning of texts; None leaves it out.
        deadline: For everything that content needs before its refit.
    """
    columns = {name: table[name].to_list() for name in table.columns}
    unread: dict[str, float] = {}
    allowed = deadline.left * _SHARE
    if encoder is not None:
        for name in sorted(text_columns(columns), key=lambda text: _characters(columns[text])):
            cost = _seconds(encoder, columns[name])
            if cost > allowed:
                unread[name] = cost
            allowed -= min(cost, allowed)
    reader = CatalogueReader(encoder)
    attributes = reader.fit(columns, without_meaning=list(unread))
    if not attributes:
        return None
    skipped = [
        f"meaning of {name}: {cost:.0f} s to read, and the budget has no room"
        for name, cost in unread.items()
    ]
    return ReadCatalogue(reader, attributes, skipped)


def _characters(values: Sequence[str | None]) -> int:
    return sum(len(value) for value in values if value)


def _seconds(encoder: TextEncoder, values: Sequence[str | None]) -> float:
    """About how long reading the meaning of a column takes, from a sample."""
    known = [str(value) for value in values if value]
    if not known:
        return 0.0
    sample = known[:: max(1, len(known) // _SAMPLE)][:_SAMPLE]
    encoder.encode(sample[:1])  # the first call loads the model
    started = time.monotonic()
    encoder.encode(sample)
    return (time.monotonic() - started) / len(sample) * len(known)
