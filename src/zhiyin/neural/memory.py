"""Whether a training fits into memory, asked before it begins."""

from __future__ import annotations

import os
from pathlib import Path

from zhiyin.core.errors import TrainingError

_COPIES = 7
"""Of each weight: itself, two gradients, AdamW's two moments, the best so far, the result."""
_CGROUP = Path("/sys/fs/cgroup")


def free_bytes() -> float:
    """Memory that this process may still take, in bytes; infinite where nobody tells."""
    free = float("inf")
    try:
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                free = int(line.split()[1]) * 1024.0
        limit = (_CGROUP / "memory.max").read_text(encoding="ascii").strip()
        used = int((_CGROUP / "memory.current").read_text(encoding="ascii"))
        free = free if limit == "max" else min(free, int(limit) - used)
    except (OSError, ValueError):
        if free == float("inf") and "SC_AVPHYS_PAGES" in os.sysconf_names:
            free = float(os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    return free


def check_memory(model: str, *, n_items: int, dim: int, free: float) -> float:
    """Refuses a vocabulary that memory cannot hold while it is trained.

    Args:
        model: Who asks, for the message.
        n_items: Rows of the item table.
        dim: Columns of it, float32.
        free: Bytes that training may take.

    Returns:
        The bytes that the table takes in training: seven copies, for gradients, moments
        and checkpoints.

    Raises:
        TrainingError: They are more than ``free``.
    """
    needed = float(_COPIES) * 4 * n_items * dim
    if needed > free:
        fits = max(1, int(dim * free / needed))
        raise TrainingError(
            f"{model} needs {needed / 1e9:.1f} GB to train {n_items:,} items of {dim} numbers"
            f" each, and {max(free, 0) / 1e9:.1f} GB are free",
            hint=f"dim={fits} would fit; or leave items with few events out, or this model",
        )
    return needed
