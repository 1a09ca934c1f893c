"""What the serving model reached on held-out events, beside each model alone."""

from __future__ import annotations

from zhiyin.app.console.parts import bars
from zhiyin.app.console.words import Words
from zhiyin.core.messages import ModelVersion

_BASELINE = "popularity"


def draw_reached(serving: ModelVersion, words: Words) -> None:
    """A bar for the blend and for each model that was tried; nothing where nothing was tried."""
    if not serving.tried:
        return
    measure = next((name for name in serving.goal if "@" in name), "")
    own = words("the blend that serves")
    rows: list[tuple[str, float]] = list(serving.tried.items())
    told = ""
    reached = serving.goal.get(measure)
    if isinstance(reached, int | float):
        rows.append((own, float(reached)))
        told = _told(float(reached), serving.tried, words)
    rows.sort(key=lambda row: -row[1])
    bars(
        words("{measure} on held-out events: the blend and each model alone", measure=measure),
        [(name, value, f"{value:.4f}") for name, value in rows],
        words=words,
        columns=("model", measure or "goal"),
        file=f"models-{serving.version}",
        strong=own,
        told=told,
    )


def _told(reached: float, tried: dict[str, float], words: Words) -> str:
    """How many times the best baseline of popularity."""
    known = {name: value for name, value in tried.items() if _BASELINE in name and value > 0}
    if not known:
        return ""
    name = max(known, key=lambda one: known[one])
    times = f"{reached / known[name]:.1f}"
    return words("{times} times what {baseline} reaches.", times=times, baseline=name)
