"""The only place below ``app`` that knows which backend stands behind which protocol."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from zhiyin.backends.online.memory import MemoryState
from zhiyin.backends.online.sqlite import STATE_FILE, SqliteState
from zhiyin.backends.stores import open_sqlite
from zhiyin.core.clock import Clock, system_clock
from zhiyin.core.errors import ConfigError
from zhiyin.core.protocols import EntityKind, OnlineState, Policy, owner_of
from zhiyin.core.registry import load_path
from zhiyin.pipeline.settings import Settings, read_settings
from zhiyin.pipeline.settings_file import SETTINGS_FILE
from zhiyin.pipeline.stores import Stores
from zhiyin.pipeline.workspace import Workspace
from zhiyin.policy import BoltzmannPolicy, EpsilonGreedyPolicy, GreedyPolicy


def open_workspace(
    folder: str | Path, *, clock: Clock = system_clock, several: bool = False
) -> Workspace:
    """Opens a workspace, making the folder and its store where they are absent.

    Args:
        folder: Where the workspace lives.
        clock: Source of the present.
        several: Whether other processes of this machine serve the same workspace.

    Raises:
        ConfigError: Its ``zhiyin.toml`` is wrong.
        StoreError: Its store cannot be opened.
    """
    root = Path(folder)
    if root.exists() and not root.is_dir():
        raise ConfigError(f"{root} is a file, not a folder", hint="name a folder for the workspace")
    settings = read_settings(root / SETTINGS_FILE)
    policy = _policy(settings)
    root.mkdir(parents=True, exist_ok=True)
    store = open_store(root, settings)
    online = open_online(root, settings, several=several)

    def erase(kind: EntityKind, entity_id: str) -> Mapping[str, int]:
        forgotten = online.forget(owner_of(kind, entity_id))
        return {**store.erase(kind, entity_id), "online": forgotten}

    def close() -> None:
        online.close()
        store.close()

    stores = Stores(
        store.events,
        store.entities,
        store.exposures,
        edges=store.edges,
        profiles=store.profiles,
        enrichments=store.enrichments,
        transaction=store.transaction,
        close=close,
        erase=erase,
        online=online,
    )
    return Workspace(root, settings=settings, stores=stores, policy=policy, clock=clock)


def open_store(root: Path, settings: Settings) -> Any:  # noqa: ANN401 - of any backend
    """The store that the settings or their environment variable name.

    Raises:
        ConfigError: The address cannot be read.
        MissingExtraError: Its extra is not installed.
        StoreError: It cannot be opened.
    """
    store = settings.store
    url = os.environ.get(store.url_variable, "") or store.url
    if not url:
        return open_sqlite(root)
    if url.partition("://")[0] not in ("postgresql", "postgres"):
        raise ConfigError(
            f"[store] url begins with {url.partition(':')[0]!r}", hint="postgresql://USER@HOST/DB"
        )
    return load_path("zhiyin.backends.stores.postgres:open_postgres")(url, schema=store.schema_name)


def open_online(root: Path, settings: Settings, *, several: bool) -> Any:  # noqa: ANN401
    """The online state that the settings or their environment variable name; see `open_store`."""
    online = settings.online
    url = os.environ.get(online.url_variable, "") or online.url
    if url == "memory" or not (url or several):
        return MemoryState()
    if url in ("", "sqlite"):
        return SqliteState(root / STATE_FILE)
    if url.partition("://")[0] not in ("redis", "rediss", "unix"):
        raise ConfigError(
            f"[online] url begins with {url.partition(':')[0]!r}",
            hint="memory, sqlite or redis://HOST:6379/0",
        )
    opened: OnlineState = load_path("zhiyin.backends.online.redis:RedisState")(
        url, prefix=online.prefix
    )
    return opened


def _policy(settings: Settings) -> Policy:
    serve = settings.serve
    policies: dict[str, Policy] = {
        "greedy": GreedyPolicy(),
        "boltzmann": BoltzmannPolicy(serve.boltzmann),
        "epsilon_greedy": EpsilonGreedyPolicy(serve.epsilon_greedy),
    }
    if serve.policy not in policies:
        raise ConfigError(
            f"no policy is named {serve.policy!r}", hint=f"known: {', '.join(policies)}"
        )
    return policies[serve.policy]
