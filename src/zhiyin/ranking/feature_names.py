"""The names of features: kept with what was learned, asked for when it is used."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zhiyin.core.errors import ArtifactError, DataError
from zhiyin.core.histories import Floats


def as_bytes(names: tuple[str, ...]) -> NDArray[np.uint8]:
    """Names as an array for an artifact."""
    return np.frombuffer(json.dumps(names, ensure_ascii=False).encode(), dtype=np.uint8)


def from_bytes(array: NDArray[Any]) -> tuple[str, ...]:
    """Names as they were.

    Raises:
        ArtifactError: The array holds something else.
    """
    try:
        return tuple(map(str, json.loads(array.tobytes())))
    except ValueError as error:
        raise ArtifactError("the names of a scorer's features cannot be read") from error


def check_width(features: Floats, names: tuple[str, ...]) -> None:
    """Refuses features that are not those of training.

    Raises:
        DataError: There are more, or fewer.
    """
    if features.ndim != 2 or features.shape[1] != len(names):
        raise DataError(
            f"features have shape {features.shape}, and the scorer learned from {len(names)}",
            hint=f"they are: {', '.join(names)}",
        )
