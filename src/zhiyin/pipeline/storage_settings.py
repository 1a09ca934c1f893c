"""The sections [store] and [online] of ``zhiyin.toml``: where a workspace keeps what it knows."""

from __future__ import annotations

from zhiyin.core.config import Config


class StoreSettings(Config):
    """Where events, entities, slates, profile edits and enrichments are kept."""

    url: str = ""
    """Empty: SQLite in the workspace's folder. Else a Postgres, such as
    "postgresql://USER@HOST:5432/DATABASE"; needs the extra ``postgres``."""
    url_variable: str = "ZHIYIN_STORE_URL"
    """Environment variable that comes before ``url``, so that no password is in a file."""
    schema_name: str = "public"
    """The Postgres schema; workspaces that share a database have one each."""


class OnlineSettings(Config):
    """Where counters, recent things and other state of the moment are kept."""

    url: str = ""
    """Empty: in memory for one process, in SQLite beside the store where several serve. "memory"
    or "sqlite" asks for one of them. Else a Redis, such as "redis://HOST:6379/0"; needs the
    extra ``redis``."""
    url_variable: str = "ZHIYIN_ONLINE_URL"
    """Environment variable that comes before ``url``."""
    prefix: str = "zhiyin"
    """First part of every key in Redis; workspaces that share a server have one each."""
