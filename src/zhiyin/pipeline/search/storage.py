"""A search index on disk: whole or not at all, and only under the encoder that made it.

``search/`` holds folders that are written beside one another and never changed, and
``current``, the name of the one that counts. Whoever is killed while writing leaves a
draft, which the next writer removes.
"""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout

from zhiyin.core.errors import ArtifactError
from zhiyin.core.protocols import TextEncoder
from zhiyin.encode.errors import ForeignVectorsError
from zhiyin.pipeline.search.index import CatalogueIndex
from zhiyin.pipeline.search.meaning import MeaningIndex
from zhiyin.pipeline.search.words import WordIndex

FOLDER = "search"
_FORMAT = 1
_ABOUT = "index.json"
_POINTER = "current"


def save_index(index: CatalogueIndex, root: Path, *, patience_s: float = 0.0) -> None:
    """Writes an index and makes it the one that counts; another writer goes first.

    Args:
        index: A whole index: nothing unread, no changes since it was built.
        root: The folder ``search/``.
        patience_s: Seconds that another writer is waited for, before its index is the one.

    Raises:
        ArtifactError: It cannot be written.
    """
    try:
        root.mkdir(parents=True, exist_ok=True)
        with FileLock(root / ".lock", timeout=patience_s):
            taken = [int(path.name) for path in root.iterdir() if path.name.isdigit()]
            name = str(max(taken, default=0) + 1)
            draft = root / f".{name}.draft"
            shutil.rmtree(draft, ignore_errors=True)
            _write(index, draft)
            os.replace(draft, root / name)
            pointer = root / f".{_POINTER}.draft"
            pointer.write_text(name, encoding="utf-8")
            _sync(pointer)
            os.replace(pointer, root / _POINTER)
            for path in root.iterdir():  # readers that have one open keep its pages
                if path.is_dir() and path.name != name:
                    shutil.rmtree(path, ignore_errors=True)
    except Timeout:
        return
    except OSError as error:
        raise ArtifactError(
            f"could not write the search index in {root}: {error}",
            hint="search goes on from memory; check the disk",
        ) from error


def written(root: Path) -> str:
    """The name of the index that counts; "" where there is none."""
    try:
        return (root / _POINTER).read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def load_index(encoder: TextEncoder, root: Path) -> CatalogueIndex | None:
    """The index that counts, memory-mapped; None where there is none.

    Args:
        encoder: What will read queries.
        root: The folder ``search/``.

    Raises:
        ForeignVectorsError: It was made by another encoder.
        ArtifactError: It is damaged.
    """
    try:
        folder = root / (root / _POINTER).read_text(encoding="utf-8").strip()
    except OSError:
        return None
    try:
        about = json.loads((folder / _ABOUT).read_text(encoding="utf-8"))
        if about["format"] != _FORMAT:
            raise ValueError(f"its format is {about['format']}")
        for name, size in about["files"].items():
            if (folder / name).stat().st_size != size:
                raise ValueError(f"{name} is cut short")
        state = {name: np.load(folder / f"encoder-{name}.npy") for name in about["encoder_state"]}
        ids = json.loads((folder / "ids.json").read_text(encoding="utf-8"))
        categories = json.loads((folder / "categories.json").read_text(encoding="utf-8"))
        marks, allowed = np.load(folder / "marks.npy"), np.load(folder / "open.npy")
        if not len(ids) == len(marks) == len(allowed) == len(categories):
            raise ValueError("its parts are of different lengths")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ArtifactError(f"the search index {folder} cannot be read: {error}") from error
    encoder.restore(state)
    if encoder.id != about["encoder"]:
        raise ForeignVectorsError(expected=about["encoder"], found=encoder.id)
    index = CatalogueIndex(encoder)
    index.ids, index.marks, index.open = ids, marks, allowed
    index.row_of = {item: row for row, item in enumerate(ids) if item}
    index.categories = [tuple(names) for names in categories]
    index.languages = Counter(about["languages"])
    index.meaning = MeaningIndex.load(folder / "meaning")
    index.words = WordIndex().load(folder / "words")
    return index


def stored_encoder(root: Path) -> str | None:
    """Id of the encoder that made the stored index; None where there is none to read."""
    try:
        folder = root / (root / _POINTER).read_text(encoding="utf-8").strip()
        return str(json.loads((folder / _ABOUT).read_text(encoding="utf-8"))["encoder"])
    except (OSError, ValueError, KeyError):
        return None


def _write(index: CatalogueIndex, folder: Path) -> None:
    folder.mkdir(parents=True)
    index.meaning.save(folder / "meaning")
    index.words.save(folder / "words")
    np.save(folder / "marks.npy", index.marks)
    np.save(folder / "open.npy", index.open)
    state = index.encoder.state()
    for name, array in state.items():
        np.save(folder / f"encoder-{name}.npy", array)
    (folder / "ids.json").write_text(json.dumps(index.ids), encoding="utf-8")
    (folder / "categories.json").write_text(json.dumps(index.categories), encoding="utf-8")
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    for path in files:
        _sync(path)
    about = {
        "format": _FORMAT,
        "encoder": index.encoder.id,
        "encoder_state": list(state),
        "languages": dict(index.languages),
        "files": {str(path.relative_to(folder)): path.stat().st_size for path in files},
    }
    (folder / _ABOUT).write_text(json.dumps(about, ensure_ascii=False), encoding="utf-8")
    _sync(folder / _ABOUT)


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
