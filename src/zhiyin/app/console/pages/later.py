"""Places that are kept for what comes later."""

from __future__ import annotations

from zhiyin.app.console.parts import empty
from zhiyin.app.console.visits import Visit


async def experiments(visit: Visit) -> None:
    """Experiments: their assignment and statistics are not built yet."""
    empty(
        visit.words("This comes later"),
        visit.words(
            "Experiments cannot be set up or read here yet. Slates carry their arm already."
        ),
    )
