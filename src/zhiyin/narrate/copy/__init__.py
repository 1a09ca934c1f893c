"""Short texts about an item for a surface: titles, blurbs, push, e-mail, advertisements."""

from zhiyin.narrate.copy.settings import CopyConfig, Kind

__all__ = ["CopyConfig", "Kind"]
