"""What the ranker looks at, for people to read."""

from __future__ import annotations

from typing import Any

from zhiyin.pipeline.ranker.stage import BLEND
from zhiyin.pipeline.trained import Trained
from zhiyin.ranking.features import FeatureSet, Known


def list_features(trained: Trained) -> dict[str, Any]:
    """Every feature with its group, unit, meaning, and what it does in the ranker that serves.

    Without a ranker, what one could look at from the log alone, and why there is none.

    Returns:
        With "scorer" (None where there is no ranker), "weight", "features" (each with group,
        name, unit, what, importance), "estimates" (how true those of clicks, conversions, value
        and dwell are, by name) and "note".
    """
    stage = trained.ranker
    if stage is not None:
        features, counts = stage.features, stage.scorer.importances()
    elif trained.heads is not None:
        features, counts = trained.heads.features, {}
    else:
        sources = (BLEND, *(member.name for member in trained.blend.members))
        features, counts = FeatureSet.learn(Known(trained.histories, sources=sources)), {}
    told: dict[str, Any] = trained.report.get("ranker") or {}
    rows: list[dict[str, Any]] = [
        {
            "group": features.group_of(feature.name),
            "name": feature.name,
            "unit": feature.unit,
            "what": feature.what,
            "importance": round(counts[feature.name], 5) if feature.name in counts else None,
        }
        for feature in features.features
    ]
    rows.sort(key=lambda row: -abs(row["importance"] or 0.0))
    return {
        "scorer": None if stage is None else stage.name,
        "weight": None if stage is None else stage.weight,
        "features": rows,
        "estimates": told.get("objectives") or {},
        "note": _note(trained),
    }


def _note(trained: Trained) -> str:
    told: dict[str, Any] = trained.report.get("ranker") or {}
    if trained.ranker is None:
        return f"no ranker serves: {told.get('why', 'the recipe learns none')}"
    best = next(t for t in told["trials"] if t.get("scorer") == told["scorer"])
    return (
        f"on held-out events of {told['queries']:,} users {best['goal']} rose from "
        f"{best['blend']:.4f} to {best['ranker']:.4f} (standard error of the gain "
        f"{best['standard_error']:.4f})"
    )
