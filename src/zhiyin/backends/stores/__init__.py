"""Event, entity and exposure stores."""

from zhiyin.backends.stores.sqlite import SqliteStore

__all__ = ["SqliteStore"]
