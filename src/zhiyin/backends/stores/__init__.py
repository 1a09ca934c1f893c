"""Event, entity and exposure stores."""

from zhiyin.backends.stores.sqlite import SqliteStore, open_sqlite

__all__ = ["SqliteStore", "open_sqlite"]
