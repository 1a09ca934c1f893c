"""Intervals for the headline figures, and each model against the best of the others."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from zhiyin.evaluation.bootstrap import BootstrapConfig, differences, intervals

HEADLINES = ("hr@10", "ndcg@10", "recall@20", "ndcg@20")
"""The metrics that people compare."""

PerUser = dict[str, NDArray[np.float64]]


def confidence(models: dict[str, PerUser], config: BootstrapConfig) -> dict[str, Any]:
    """What the values per user say beyond their means.

    Args:
        models: Values by model and "test/metric", over the same users.
        config: How users are drawn.

    Returns:
        With "intervals" as {test: {model: {metric: [low, high]}}} and "against_best" as
        {test: {model: {metric: {best, difference, low, high, p}}}}.
    """
    tests = dict.fromkeys(key.partition("/")[0] for values in models.values() for key in values)
    spans: dict[str, Any] = {}
    against: dict[str, Any] = {}
    for test in tests:
        headlines = {name: _headlines(values, test) for name, values in models.items()}
        spans[test] = {
            name: {
                metric: [round(span.low, 6), round(span.high, 6)]
                for metric, span in intervals(values, config).items()
            }
            for name, values in headlines.items()
        }
        against[test] = {name: _against_best(name, headlines, config) for name in headlines}
    return {
        "level": config.level,
        "resamples": config.resamples,
        "intervals": spans,
        "against_best": against,
    }


def _headlines(values: PerUser, test: str) -> PerUser:
    return {m: values[f"{test}/{m}"] for m in HEADLINES if f"{test}/{m}" in values}


def _against_best(
    name: str, models: dict[str, PerUser], config: BootstrapConfig
) -> dict[str, dict[str, Any]]:
    """Each metric's difference to the best other model, paired by user."""
    found: dict[str, dict[str, Any]] = {}
    others = [other for other in models if other != name]
    for metric, values in models[name].items():
        rivals = {other: models[other][metric] for other in others if metric in models[other]}
        if not rivals:
            continue
        best = max(rivals, key=lambda rival: float(np.nanmean(rivals[rival])))
        gap = differences({metric: values}, {metric: rivals[best]}, config)[metric]
        found[metric] = {
            "best": best,
            "difference": round(gap.mean, 6),
            "low": round(gap.low, 6),
            "high": round(gap.high, 6),
            "p": round(gap.p, 4),
        }
    return found
