"""Labels as LightGBM wants them: whole numbers, with a table of what each is worth."""

from __future__ import annotations

import numpy as np

from zhiyin.core.errors import DataError
from zhiyin.core.histories import Floats
from zhiyin.ranking.objectives import Gain, gains_of

LEVELS = 256
"""Different labels at most; where there are more, neighbours share a level."""
_HIGHEST = 60.0


class Grades:
    """Levels of the labels of a training set, and the gain of each.

    Args:
        labels: Shape (rows,), not below 0.
        gain: What a label is worth.

    Raises:
        DataError: An exponential gain would be astronomic.
    """

    def __init__(self, labels: Floats, *, gain: Gain) -> None:
        if gain == "exponential" and labels.max(initial=0.0) > _HIGHEST:
            raise DataError(
                f"a label is {labels.max():g}, and 2^label would drown all others",
                hint='set gain = "linear", or grade the labels from 0 to 4',
            )
        values = np.unique(np.append(labels, np.float32(0.0)))
        if len(values) > LEVELS:
            places = np.linspace(0, len(values) - 1, LEVELS).round().astype(np.int64)
            values = values[places]
        self._values = values
        self.gains: list[float] = gains_of(values, gain).tolist()

    def levels(self, labels: Floats) -> Floats:
        """The level of each label: the highest that is not above it."""
        found = np.searchsorted(self._values, labels, side="right") - 1
        return found.astype(np.float32)
