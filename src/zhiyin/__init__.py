"""Zhiyin (知音): a self-hosted recommender that understands language.

>>> import zhiyin
>>> shop = zhiyin.open("shop")  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0.dev0"

if TYPE_CHECKING:
    from zhiyin.pipeline.wiring import open_workspace as open

__all__ = ["__version__", "open"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - PEP 562
    """Loads ``zhiyin.open`` on first use, so that importing the package stays light."""
    if name == "open":
        from zhiyin.pipeline.wiring import open_workspace  # noqa: PLC0415 - the point of PEP 562

        return open_workspace
    raise AttributeError(f"module 'zhiyin' has no attribute {name!r}")
