"""Short texts about an item for a surface: titles, blurbs, push, e-mail, advertisements."""

from zhiyin.narrate.copy.settings import CopyConfig, Kind
from zhiyin.narrate.copy.writing import Copy, write_copy, write_variants

__all__ = ["Copy", "CopyConfig", "Kind", "write_copy", "write_variants"]
