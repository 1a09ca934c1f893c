"""What the configs of attention have in common."""

from __future__ import annotations

from zhiyin.core.errors import ConfigError


def check_heads(dim: int, heads: int) -> None:
    """Refuses heads that do not divide the size of a state.

    Raises:
        ConfigError: They do not.
    """
    if dim % heads:
        raise ConfigError(
            f"dim = {dim} cannot be divided among {heads} heads",
            hint="choose heads that divide dim",
        )
