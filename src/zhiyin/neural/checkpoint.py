"""A training that was interrupted, as arrays in a file."""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from zhiyin.core.errors import ArtifactError

Weights = dict[str, Tensor]


def copied(weights: Weights) -> Weights:
    """Weights that later steps leave alone."""
    return {name: each.detach().clone() for name, each in weights.items()}


def save_checkpoint(path: Path, groups: dict[str, Weights], facts: dict[str, Any]) -> None:
    """Writes tensors and facts; a reader sees the old file or the new one, never half of one.

    Args:
        path: The file, an .npz without pickles.
        groups: Named tensors, in named groups.
        facts: What JSON can say.
    """
    arrays = {
        f"{group}/{name}": np.asarray(each.detach().cpu().numpy())
        for group, weights in groups.items()
        for name, each in weights.items()
    }
    arrays["facts"] = np.frombuffer(json.dumps(facts).encode(), dtype=np.uint8)
    draft = path.with_name(f"{path.name}.{os.getpid()}.draft")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with draft.open("wb") as file:
            np.savez(file, allow_pickle=False, **arrays)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def load_checkpoint(path: Path) -> tuple[dict[str, Weights], dict[str, Any]]:
    """What `save_checkpoint` wrote.

    Raises:
        ArtifactError: The file is damaged.
    """
    try:
        with path.open("rb") as source, np.load(source, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        facts: dict[str, Any] = json.loads(arrays.pop("facts").tobytes())
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise ArtifactError(
            f"{path} is no checkpoint of a training: {error}", hint="delete it to start anew"
        ) from error
    groups: dict[str, Weights] = {}
    for name, array in arrays.items():
        group, _, rest = name.partition("/")
        groups.setdefault(group, {})[rest] = torch.from_numpy(array)  # pyright: ignore[reportUnknownMemberType]
    return groups, facts
