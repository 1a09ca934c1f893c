"""API keys: who may speak to a workspace over HTTP, and what for.

A key is ``zk_ID_SECRET``: eight letters that name it in lists and logs, and 256 random bits.
The file ``keys.json`` of the workspace holds SHA-256 of the secret. A slow hash (scrypt,
argon2) makes guessing dear where secrets come from people; 256 random bits cannot be guessed
at any price, so a slow one would only make each request dear. Whoever reads the file cannot
speak; whoever writes it can add a key, as they could read the store beside it.

The file is read again when it changes: a key that was revoked is refused at the next request.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, get_args

from filelock import FileLock
from pydantic import TypeAdapter, ValidationError

from zhiyin.core.clock import Clock, system_clock
from zhiyin.core.config import Config
from zhiyin.core.errors import ConfigError, StoreFullError, UnknownEntityError

Scope = Literal["read", "write", "admin"]
SCOPES: tuple[Scope, ...] = get_args(Scope)
"""Slates and look-ups; events and entities; models, trainings and exports. "admin" is all."""
KEYS_FILE = "keys.json"
"""Name of the file in a workspace's folder."""
_PREFIX = "zk"
_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"


class ApiKey(Config):
    """What is kept of a key: everything but the secret."""

    id: str
    """Names the key in lists and logs."""
    name: str = ""
    """Whose it is, or what for."""
    scopes: tuple[Scope, ...] = ("read",)
    """What it may do."""
    rate: float | None = None
    """Requests per second; None for that of the settings, 0 for no limit."""
    digest: str
    """SHA-256 of the secret, in hexadecimal digits."""
    created: int = 0
    """When, in milliseconds since the Unix epoch."""

    def allows(self, scope: Scope) -> bool:
        """Whether the key may do what needs a scope."""
        return scope in self.scopes or "admin" in self.scopes


_KEYS: TypeAdapter[list[ApiKey]] = TypeAdapter(list[ApiKey])


class KeyRing:
    """The keys of one workspace.

    Args:
        folder: The workspace's folder.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / KEYS_FILE
        self._stamp: tuple[int, int, int] | None = None
        self._keys: dict[str, ApiKey] = {}

    def create(
        self,
        *,
        scopes: Sequence[Scope],
        name: str = "",
        rate: float | None = None,
        clock: Clock = system_clock,
    ) -> tuple[ApiKey, str]:
        """Makes a key.

        Returns:
            What is kept of it, and the key itself, which cannot be shown again.

        Raises:
            ConfigError: No scope, or one that does not exist.
        """
        unknown = [scope for scope in scopes if scope not in SCOPES]
        if unknown or not scopes:
            told = f"no scope is named {unknown[0]!r}" if unknown else "a key needs a scope"
            raise ConfigError(told, hint=f"scopes: {', '.join(SCOPES)}")
        key_id = "".join(secrets.choice(_LETTERS) for _ in range(8))
        secret = secrets.token_urlsafe(32)
        ordered: tuple[Scope, ...] = tuple(scope for scope in SCOPES if scope in scopes)
        digest = _digest(secret)
        key = ApiKey(
            id=key_id, name=name, scopes=ordered, rate=rate, digest=digest, created=clock()
        )
        with self._writing():
            self._write([*self.all(), key])
        return key, f"{_PREFIX}_{key_id}_{secret}"

    def revoke(self, key_id: str) -> ApiKey:
        """Takes a key back; the next request with it is refused.

        Raises:
            UnknownEntityError: There is no such key.
        """
        with self._writing():
            keys = self.all()
            found = next((key for key in keys if key.id == key_id), None)
            if found is None:
                raise UnknownEntityError(f"no key is named {key_id!r}", hint="zhiyin keys list")
            self._write([key for key in keys if key.id != key_id])
        return found

    def all(self) -> list[ApiKey]:
        """Every key, oldest first.

        Raises:
            ConfigError: The file cannot be read; then nobody is let in.
        """
        return list(self._read().values())

    def find(self, text: str) -> ApiKey | None:
        """The key whose secret this is, or None."""
        prefix, _, rest = text.partition("_")
        key_id, _, secret = rest.partition("_")
        key = self._read().get(key_id) if prefix == _PREFIX else None
        # Compared even where no key has the id: time tells nothing about which ids exist.
        expected = key.digest if key is not None else _NOBODY
        return key if hmac.compare_digest(_digest(secret), expected) and key is not None else None

    def __bool__(self) -> bool:
        return bool(self._read())

    def _read(self) -> dict[str, ApiKey]:
        try:
            found = self.path.stat()
        except FileNotFoundError:
            self._stamp, self._keys = None, {}
            return self._keys
        stamp = (found.st_ino, found.st_mtime_ns, found.st_size)
        if stamp != self._stamp:
            try:
                keys = _KEYS.validate_json(self.path.read_bytes())
            except ValidationError as error:
                raise ConfigError(
                    f"{self.path} cannot be read: {error.errors()[0]['msg']}",
                    hint="restore it, or delete it and make new keys",
                ) from error
            self._keys, self._stamp = {key.id: key for key in keys}, stamp
        return self._keys

    def _writing(self) -> FileLock:
        return FileLock(self.path.with_name(f".{KEYS_FILE}.lock"), timeout=10)

    def _write(self, keys: Sequence[ApiKey]) -> None:
        text = json.dumps([key.model_dump(mode="json") for key in keys], indent=1)
        draft = self.path.with_name(f".{KEYS_FILE}.draft")
        try:
            draft.unlink(missing_ok=True)
            handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            os.replace(draft, self.path)
        except OSError as error:
            draft.unlink(missing_ok=True)
            raise StoreFullError(f"{self.path} cannot be written: {error}") from error


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


_NOBODY = _digest("")
