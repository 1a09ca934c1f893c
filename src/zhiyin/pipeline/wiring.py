"""The only place below ``app`` that knows which backend stands behind which protocol."""

from __future__ import annotations

from pathlib import Path

from zhiyin.backends.stores import open_sqlite
from zhiyin.core.clock import Clock, system_clock
from zhiyin.core.errors import ConfigError
from zhiyin.core.protocols import Policy
from zhiyin.pipeline.engine import Stores
from zhiyin.pipeline.settings import Settings, read_settings
from zhiyin.pipeline.workspace import Workspace
from zhiyin.policy import BoltzmannPolicy, EpsilonGreedyPolicy, GreedyPolicy

SETTINGS_FILE = "zhiyin.toml"


def open_workspace(folder: str | Path, *, clock: Clock = system_clock) -> Workspace:
    """Opens a workspace, making the folder and its store where they are absent.

    Args:
        folder: Where the workspace lives.
        clock: Source of the present.

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
    store = open_sqlite(root)
    stores = Stores(
        store.events,
        store.entities,
        store.exposures,
        edges=store.edges,
        profiles=store.profiles,
        enrichments=store.enrichments,
        transaction=store.transaction,
        close=store.close,
        erase=store.erase,
    )
    return Workspace(root, settings=settings, stores=stores, policy=policy, clock=clock)


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
