"""Which calibrator turns a scorer's scores into probabilities, judged on rows it has not seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from zhiyin.core.histories import Floats
from zhiyin.ranking.calibration import Calibrator, IsotonicCalibrator, PlattCalibrator
from zhiyin.ranking.groups import Reals
from zhiyin.ranking.reliability import Bins, calibration_error, log_loss, roc_auc

CALIBRATORS: dict[str, Callable[[], Calibrator]] = {
    "platt": PlattCalibrator,
    "isotonic": IsotonicCalibrator,
}
"""What is tried; of equals the first is kept."""


@dataclass(frozen=True, slots=True, eq=False)
class Calibrated:
    """The better calibrator, fitted on all rows, and how it did on rows that it had not seen.

    Attributes:
        name: Its name in `CALIBRATORS`.
        calibrator: Fitted on all rows.
        log_loss: Mean over rows, each calibrated without its fold.
        report: Figures before and after, of the same rows: log-loss, ECE in bins of equal width
            and of equal mass, AUC, the rate of positives.
    """

    name: str
    calibrator: Calibrator
    log_loss: float
    report: dict[str, float | int | str]


def calibrated(scores: Floats, labels: Floats, folds: NDArray[np.integer]) -> Calibrated:
    """Tries every calibrator across folds and keeps the one with the lower log-loss.

    Args:
        scores: Log-odds by scorers that had not seen the row, shape (rows,).
        labels: What happened, 0 or 1, shape (rows,).
        folds: The fold of each row; those of one user belong together.
    """
    found: dict[str, Reals] = {}
    for name, make in CALIBRATORS.items():
        after = np.empty(len(scores), dtype=np.float64)
        for fold in np.unique(folds).tolist():
            mine = folds == fold
            after[mine] = make().fit(scores[~mine], labels[~mine]).probabilities(scores[mine])
        found[name] = after
    best = min(found, key=lambda name: log_loss(found[name], labels))
    before: Reals = expit(scores.astype(np.float64))
    loss = log_loss(found[best], labels)
    rate = np.full(len(labels), float(labels.mean()))
    report: dict[str, float | int | str] = {
        "rows": len(labels),
        "rate": round(float(labels.mean()), 6),
        "calibrator": best,
        "auc": round(roc_auc(scores, labels), 5),
        "log_loss_of_rate": round(log_loss(rate, labels), 6),
        "log_loss_before": round(log_loss(before, labels), 6),
        "log_loss": round(loss, 6),
    }
    kinds: tuple[tuple[Bins, str], ...] = (("width", ""), ("mass", "_mass"))
    for by, suffix in kinds:
        report[f"ece{suffix}_before"] = round(calibration_error(before, labels, by=by), 6)
        report[f"ece{suffix}"] = round(calibration_error(found[best], labels, by=by), 6)
    return Calibrated(best, CALIBRATORS[best]().fit(scores, labels), loss, report)
