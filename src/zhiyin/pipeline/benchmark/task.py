"""What a worker gets: the training rows in one file, the test rows in another.

The test file is opened only after training, so a model cannot read it by mistake.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from zhiyin.core.histories import Histories
from zhiyin.core.named_arrays import group_of, under
from zhiyin.data.dataset import Dataset
from zhiyin.data.protocols import HeldOut
from zhiyin.data.vocabulary import Vocabulary

Arrays = dict[str, NDArray[Any]]


def save_training(folder: Path, dataset: Dataset) -> None:
    """Writes everything that a model may learn from."""
    arrays = under("histories", _history_arrays(dataset.histories))
    arrays |= under("users", dataset.users.arrays()) | under("items", dataset.items.arrays())
    if dataset.categories is not None:
        arrays |= {"categories": np.stack(dataset.categories)}
    if dataset.held_out is not None:
        arrays |= {"held_out": dataset.held_out}
    np.savez(folder / "training.npz", allow_pickle=False, **arrays)
    for name, table in _tables(dataset).items():
        table.write_parquet(folder / f"{name}.parquet")
    facts = {
        "n_items": dataset.histories.n_items,
        "ordered": dataset.histories.ordered,
        "titles": dataset.titles,
        "category_names": dataset.category_names,
        "as_of": dataset.as_of,
        "dropped": dataset.dropped,
        "order": dataset.order,
    }
    (folder / "training.json").write_text(json.dumps(facts), encoding="utf-8")


def load_training(folder: Path) -> Dataset:
    """The inverse of `save_training`."""
    facts = json.loads((folder / "training.json").read_text(encoding="utf-8"))
    arrays = _load(folder / "training.npz")
    pairs = arrays.get("categories")
    return Dataset(
        Vocabulary.from_arrays(group_of(arrays, "users")),
        Vocabulary.from_arrays(group_of(arrays, "items")),
        _histories(group_of(arrays, "histories"), facts["n_items"], ordered=facts["ordered"]),
        facts["titles"],
        None if pairs is None else (pairs[0], pairs[1]),
        facts["category_names"],
        facts["as_of"],
        facts["dropped"],
        facts["order"],
        held_out=arrays.get("held_out"),
        item_attributes=_table(folder / "item_attributes.parquet"),
        user_attributes=_table(folder / "user_attributes.parquet"),
    )


def _tables(dataset: Dataset) -> dict[str, pl.DataFrame]:
    tables = {
        "item_attributes": dataset.item_attributes,
        "user_attributes": dataset.user_attributes,
    }
    return {name: table for name, table in tables.items() if table is not None}


def _table(path: Path) -> pl.DataFrame | None:
    return pl.read_parquet(path) if path.exists() else None


def save_tests(folder: Path, tests: dict[str, HeldOut]) -> None:
    """Writes what is to be found."""
    arrays: Arrays = {}
    for name, part in tests.items():
        arrays |= under(name, _history_arrays(part.test))
        if part.allowed is not None:
            arrays[f"{name}/allowed"] = part.allowed
    np.savez(folder / "tests.npz", allow_pickle=False, **arrays)


def load_tests(folder: Path, *, n_items: int) -> dict[str, HeldOut]:
    """The inverse of `save_tests`."""
    arrays = _load(folder / "tests.npz")
    names = dict.fromkeys(key.partition("/")[0] for key in arrays)
    return {
        name: HeldOut(
            _histories(group_of(arrays, name), n_items, ordered=False),
            arrays.get(f"{name}/allowed"),
        )
        for name in names
    }


def _history_arrays(histories: Histories) -> Arrays:
    arrays: Arrays = {
        "indptr": histories.indptr,
        "items": histories.items,
        "weights": histories.weights,
    }
    return arrays if histories.times is None else arrays | {"times": histories.times}


def _histories(arrays: Arrays, n_items: int, *, ordered: bool) -> Histories:
    return Histories(
        arrays["indptr"],
        arrays["items"],
        arrays["weights"],
        n_items,
        arrays.get("times"),
        ordered,
    )


def _load(path: Path) -> Arrays:
    with np.load(path, allow_pickle=False) as file:
        return {name: file[name] for name in file.files}
