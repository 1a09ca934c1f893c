"""What showing an item is worth: click, conversion and value in one number."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from zhiyin.core.config import Config
from zhiyin.core.histories import Floats
from zhiyin.ranking.groups import Reals


class UtilityConfig(Config):
    """Exponents of a surface: 0 leaves a factor out, 1 takes it as it is.

    All 1 is the expected value of showing the item. A feed may take clicks alone, a cart the
    conversion and half of the value.
    """

    click: float = Field(default=1.0, ge=0)
    """Exponent of the probability of a click."""
    conversion: float = Field(default=0.0, ge=0)
    """Exponent of the probability of a conversion after a click."""
    value: float = Field(default=0.0, ge=0)
    """Exponent of the value of a conversion."""
    dwell: float = Field(default=0.0, ge=0)
    """Exponent of the time that the user stays."""
    unknown_value: float = Field(default=1.0, gt=0)
    """Stands for a value that is not known."""


def utility(
    config: UtilityConfig,
    *,
    ctr: Reals | Floats,
    cvr: Reals | Floats | None = None,
    value: Reals | Floats | None = None,
    dwell: Reals | Floats | None = None,
) -> Reals:
    """ctr^click * cvr^conversion * value^value * dwell^dwell of each candidate.

    Args:
        config: The exponents.
        ctr: Calibrated probability of a click, shape (rows,).
        cvr: Calibrated probability of a conversion after a click; None: it is certain.
        value: What a conversion is worth, not below 0, NaN where unknown; None: unknown.
        dwell: How long the user stays after a click, in seconds; None: alike for all.

    Returns:
        float64 of shape (rows,).
    """
    clicks = np.asarray(ctr, dtype=np.float64)
    result = clicks**config.click
    if cvr is not None and config.conversion:
        result = result * np.asarray(cvr, dtype=np.float64) ** config.conversion
    if config.value:
        worth = np.full(clicks.shape, np.nan) if value is None else np.asarray(value, np.float64)
        worth = np.where(np.isnan(worth), config.unknown_value, np.maximum(worth, 0.0))
        result = result * worth**config.value
    if dwell is not None and config.dwell:
        result = result * np.maximum(np.asarray(dwell, dtype=np.float64), 0.0) ** config.dwell
    return result
