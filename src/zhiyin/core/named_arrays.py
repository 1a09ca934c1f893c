"""Named arrays in groups: "group/name", as artifacts hold them."""

from __future__ import annotations

from zhiyin.core.protocols import Arrays


def under(group: str, arrays: Arrays) -> Arrays:
    """The arrays with their group before their names."""
    return {f"{group}/{name}": array for name, array in arrays.items()}


def group_of(arrays: Arrays, group: str) -> Arrays:
    """The arrays of one group, by the names that they have in it."""
    start = f"{group}/"
    return {k.removeprefix(start): a for k, a in arrays.items() if k.startswith(start)}
