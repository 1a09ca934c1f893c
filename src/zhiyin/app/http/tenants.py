"""The workspaces of one server, and which of them a caller may see.

The key decides: it belongs to one workspace, and its holder sees that one alone. Where nobody
made a key, and the server listens on this machine only, callers without one are let in; of
several workspaces they name theirs in the header ``X-Zhiyin-Workspace``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from zhiyin.app.http.keys import ApiKey, KeyRing, Scope
from zhiyin.app.http.problems import Refusal
from zhiyin.core.errors import ConfigError
from zhiyin.pipeline.activity import ActivityReader
from zhiyin.pipeline.traffic import Traffic
from zhiyin.pipeline.watching import watch
from zhiyin.pipeline.workspace import Workspace

HEADER = "x-zhiyin-workspace"
"""Names a workspace; with a key it must be the key's own."""


@dataclass(frozen=True, slots=True, eq=False)
class Tenant:
    """One workspace that is served.

    Attributes:
        name: The name of its folder.
        workspace: The workspace itself.
        keys: Who may speak to it.
        traffic: What was shown and answered.
        activity: What the log and the catalogue hold.
    """

    name: str
    workspace: Workspace
    keys: KeyRing
    traffic: Traffic
    activity: ActivityReader


class Tenants:
    """The workspaces of one server.

    Args:
        folders: Their folders; the names of the folders must differ.
        keyless: Whether callers without a key are let in while nobody has made one.

    Raises:
        ConfigError: Two have the same name.
    """

    def __init__(self, folders: Sequence[Path], *, keyless: bool) -> None:
        self._rings = {name: KeyRing(folder) for name, folder in named(folders).items()}
        self._folders = named(folders)
        self._keyless = keyless
        self._tenants: dict[str, Tenant] = {}
        self._stack = ExitStack()

    def __iter__(self) -> Iterator[Tenant]:
        return iter(list(self._tenants.values()))

    def open(self, opener: Callable[[Path], Workspace]) -> None:
        """Opens every workspace."""
        for name, folder in self._folders.items():
            workspace = self._stack.enter_context(opener(folder))
            traffic = self._stack.enter_context(closing(watch(workspace)))
            self._stack.callback(workspace.profiles.settle)
            activity = ActivityReader(workspace.stores.events, workspace.stores.entities)
            self._tenants[name] = Tenant(name, workspace, self._rings[name], traffic, activity)

    def close(self) -> None:
        """Closes every workspace."""
        self._tenants.clear()
        self._stack.close()

    def admit(
        self, headers: Mapping[str, str], *, scope: Scope | None, together: bool = False
    ) -> tuple[Tenant | None, ApiKey | None]:
        """Whose workspace a caller gets, and with which key.

        Args:
            headers: The request's, with lower-case names.
            scope: What the request needs; None for what is open to anybody.
            together: Whether a caller without a key may mean all workspaces at once.

        Raises:
            Refusal: 401 without a good key, 403 where the key may not do that, 404 where a
                workspace is named that the caller does not see.
        """
        text = _given(headers)
        if text:
            return self._by_key(text, headers.get(HEADER), scope)
        if scope is None:
            return self._only(headers.get(HEADER)) if self._anybody() else None, None
        if not self._anybody():
            raise _unauthorised("this needs a key, as `Authorization: Bearer KEY`")
        tenant = self._only(headers.get(HEADER))
        if tenant is None and not (together and HEADER not in headers):
            raise Refusal(
                404,
                "UnknownWorkspace",
                f"name one of the workspaces in the header X-Zhiyin-Workspace: "
                f"{', '.join(self._tenants)}",
            )
        return tenant, None

    def _anybody(self) -> bool:
        return self._keyless and not any(self._rings.values())

    def _only(self, name: str | None) -> Tenant | None:
        if name is not None:
            return self._tenants.get(name)
        return next(iter(self._tenants.values())) if len(self._tenants) == 1 else None

    def _by_key(self, text: str, name: str | None, scope: Scope | None) -> tuple[Tenant, ApiKey]:
        for tenant in self._tenants.values():
            key = tenant.keys.find(text)
            if key is None:
                continue
            if name not in (None, tenant.name):
                raise Refusal(404, "UnknownWorkspace", f"there is no workspace {name!r}")
            if scope is not None and not key.allows(scope):
                told = f"this needs a key with the scope {scope!r}"
                raise Refusal(403, "Forbidden", f"{told}; this one has {', '.join(key.scopes)}")
            return tenant, key
        raise _unauthorised("this key is not known here, or was revoked")


def named(folders: Sequence[Path]) -> dict[str, Path]:
    """The folders by name.

    Raises:
        ConfigError: Two have the same name, or there is none.
    """
    found: dict[str, Path] = {}
    for folder in folders:
        name = folder.resolve().name
        if name in found:
            raise ConfigError(
                f"two workspaces are named {name!r}: {found[name]} and {folder}",
                hint="rename one of the folders; callers tell workspaces by this name",
            )
        found[name] = folder
    if not found:
        raise ConfigError("there is no workspace to serve", hint="zhiyin serve DIR")
    return found


def check_address(host: str, folders: Sequence[Path]) -> bool:
    """Whether callers without a key may be let in at an address.

    Raises:
        ConfigError: The address can be reached from elsewhere, and a workspace has no key.
    """
    without = [folder for folder in folders if not KeyRing(folder)]
    if is_loopback(host):
        return True
    if without:
        raise ConfigError(
            f"{host} can be reached from other machines, and {without[0]} has no key",
            hint=f"make one: zhiyin keys create -w {without[0]} --scopes read,write; "
            "or serve on 127.0.0.1",
        )
    return False


def is_loopback(host: str) -> bool:
    """Whether an address is reached from this machine only."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _given(headers: Mapping[str, str]) -> str:
    """The key that a caller brings, "" for none."""
    scheme, _, rest = headers.get("authorization", "").partition(" ")
    return rest.strip() if scheme.lower() == "bearer" else headers.get("x-api-key", "")


def _unauthorised(detail: str) -> Refusal:
    return Refusal(401, "Unauthorized", detail, headers={"WWW-Authenticate": "Bearer"})
