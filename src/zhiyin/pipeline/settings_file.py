"""The file ``zhiyin.toml`` while a service runs: looked at again, and changed, a surface at a time.

A change is made in the file itself, whose comments stay; it is checked first and put in place
in one step. Every process over the workspace follows the file's surfaces; the other sections
count from the next start on.
"""

from __future__ import annotations

import os
import tempfile
import tomllib
from collections.abc import Mapping, MutableMapping
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import tomlkit
from filelock import FileLock
from tomlkit.exceptions import TOMLKitError

from zhiyin.core.errors import ConfigError, ConflictError, UnknownEntityError
from zhiyin.pipeline.records import Expected, Record
from zhiyin.pipeline.settings import Settings, read_settings, settings_of
from zhiyin.pipeline.surfaces import BUILT_IN

SETTINGS_FILE = "zhiyin.toml"
"""Name of the file in a workspace's folder."""
_LOCK = ".settings.lock"
_WAIT_S = 10
_SECTION = "surfaces"
Stamp = tuple[int, int, int]


class SettingsFile:
    """The settings file of a workspace.

    Args:
        folder: The workspace's folder.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / SETTINGS_FILE
        self.trouble = ""
        self._lock = FileLock(folder / _LOCK, timeout=_WAIT_S)
        self._stamp = self._look()

    def fresh(self) -> Settings | None:
        """The settings, where the file changed since the last look; None otherwise.

        A file that cannot be used is told in ``trouble``, and what was in force stays.
        """
        stamp = self._look()
        if stamp == self._stamp:
            return None
        self._stamp = stamp
        try:
            found = read_settings(self.path)
        except (ConfigError, OSError, UnicodeDecodeError) as error:
            self.trouble = str(error)
            return None
        self.trouble = ""
        return found

    def surface(self, name: str) -> Record:
        """What a surface does, with a tag that changes when it does something else.

        Raises:
            UnknownEntityError: It has no section, and is not built in.
            ConfigError: The file cannot be used.
        """
        return _surface(read_settings(self.path), name)

    def change(self, name: str, changes: Mapping[str, Any], *, expected: Expected) -> Record:
        """Changes some settings of a surface; None gives one back to what is built in.

        Raises:
            UnknownEntityError: There is no such surface.
            PreconditionError: It is not as expected.
            ConfigError: A setting is unknown, or has a value that it cannot have.
        """
        with self._lock:
            expected.check(self.surface(name), f"the surface {name!r}")
            document = self._document()
            self._write(document, _table(_table(document, _SECTION), name), changes)
            return self.surface(name)

    def put(self, name: str, settings: Mapping[str, Any], *, expected: Expected) -> Record:
        """Gives a surface this section in place of what it had; one that is not there is made.

        Raises:
            PreconditionError: It is not as expected.
            ConfigError: A setting is unknown, or has a value that it cannot have.
        """
        with self._lock:
            try:
                before = self.surface(name)
            except UnknownEntityError:
                before = None
            expected.check(before, f"the surface {name!r}")
            document = self._document()
            surfaces = _table(document, _SECTION)
            surfaces.pop(name, None)
            self._write(document, _table(surfaces, name), settings)
            return self.surface(name)

    def remove(self, name: str, *, expected: Expected) -> bool:
        """Takes a surface's section out; a built-in one is as built in again.

        Returns:
            Whether there was a section.

        Raises:
            PreconditionError: It is not as expected.
        """
        with self._lock:
            if expected.match:
                expected.check(self.surface(name), f"the surface {name!r}")
            document = self._document()
            surfaces = _table(document, _SECTION)
            if name not in surfaces:
                return False
            surfaces.pop(name)
            self._write(document)
            return True

    def _look(self) -> Stamp | None:
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino

    def _document(self) -> tomlkit.TOMLDocument:
        if not self.path.exists():
            return tomlkit.document()
        try:
            return tomlkit.parse(self.path.read_text(encoding="utf-8"))
        except (TOMLKitError, UnicodeDecodeError) as error:
            raise ConflictError(
                f"{self.path} cannot be read: {error}", hint="mend the file, then try again"
            ) from error

    def _write(
        self,
        document: tomlkit.TOMLDocument,
        table: MutableMapping[str, Any] | None = None,
        changes: Mapping[str, Any] | None = None,
    ) -> None:
        """Lays changes over a table, checks the file as it would be, and puts it in place."""
        try:
            if table is not None:
                _merge(table, changes or {})
            text = tomlkit.dumps(document)
            data = text.encode("utf-8")
            sections = tomllib.loads(text)
        except (TOMLKitError, ValueError, TypeError, RecursionError) as error:
            raise ConfigError(
                f"this cannot be written as TOML: {error}",
                hint="give texts, numbers, true or false, lists and tables of them",
            ) from error
        settings_of(sections, self.path.name)
        mode = self.path.stat().st_mode & 0o777 if self.path.exists() else 0o644
        handle, name = tempfile.mkstemp(dir=self.path.parent, prefix=".zhiyin-", suffix=".toml")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(name, mode)
            os.replace(name, self.path)
        except BaseException:
            with suppress(OSError):
                os.unlink(name)
            raise


def _surface(settings: Settings, name: str) -> Record:
    found = settings.surfaces.get(name)
    if found is None:
        known = ", ".join([*BUILT_IN, *(n for n in settings.surfaces if n not in BUILT_IN)])
        raise UnknownEntityError(f"no surface is named {name[:80]!r}", hint=f"known: {known}")
    return Record(name, found.model_dump(mode="json"))


def _table(parent: MutableMapping[str, Any], name: str) -> MutableMapping[str, Any]:
    """A table within another, made where it is absent."""
    if not isinstance(parent.get(name), MutableMapping):
        parent[name] = tomlkit.table()
    return cast("MutableMapping[str, Any]", parent[name])


def _merge(table: MutableMapping[str, Any], changes: Mapping[str, Any]) -> None:
    """Lays changes over a table, as a JSON merge patch (RFC 7396) does."""
    for name, value in changes.items():
        if value is None:
            table.pop(name, None)
        elif isinstance(value, Mapping):
            _merge(_table(table, name), cast("Mapping[str, Any]", value))
        else:
            table[name] = value
