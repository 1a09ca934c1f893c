"""Users and items one by one: read, replaced, patched, deleted, listed page by page.

A record's tag is a hash of its attributes. Whoever sends the tag that they last saw changes the
record only if nobody else has; such changes, and patches, go one at a time over all processes
of a machine.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple, Protocol, cast

import polars as pl
from filelock import FileLock

from zhiyin.core.errors import DataError, PreconditionError, UnknownEntityError
from zhiyin.core.protocols import EntityKind, EntityStore
from zhiyin.data.importing.names import ITEM_ROLES, USER_ROLES, recognise
from zhiyin.pipeline.items import store_items, store_users

_LOCK = ".records.lock"
_WAIT_S = 10
_ANY = "*"


class Record(NamedTuple):
    """One user or item."""

    id: str
    attributes: Mapping[str, Any]

    @property
    def tag(self) -> str:
        """Changes with the attributes."""
        text = json.dumps(self.attributes, ensure_ascii=False, sort_keys=True)
        return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()


class Expected(NamedTuple):
    """What the caller last saw of a record.

    Attributes:
        match: Tags of which it must have one, ``*`` for any; empty where nothing is asked.
        none_match: Tags of which it must have none, ``*`` for: it must not exist.
    """

    match: Sequence[str] = ()
    none_match: Sequence[str] = ()

    def check(self, record: Record | None, name: str) -> None:
        """Raises PreconditionError where the record is not as expected."""
        tag = None if record is None else record.tag
        if self.match and (tag is None or not {tag, _ANY} & set(self.match)):
            raise PreconditionError(
                f"{name} is not as it was" if tag else f"{name} does not exist",
                hint="read it again, and send the change with its new ETag",
            )
        if self.none_match and tag is not None and {tag, _ANY} & set(self.none_match):
            raise PreconditionError(
                f"{name} exists already", hint="leave If-None-Match out to replace it"
            )


class Keeper(Protocol):
    """What of a workspace is needed."""

    folder: Path
    announce: Callable[[Sequence[str]], None]


class Records:
    """The users or the items of a workspace.

    Args:
        kind: Which.
        entities: Where they are.
        keeper: The workspace: told of items that changed.
    """

    def __init__(self, kind: EntityKind, entities: EntityStore, keeper: Keeper) -> None:
        self._kind: EntityKind = kind
        self._entities = entities
        self._keeper = keeper

    def get(self, entity_id: str) -> Record:
        """One record.

        Raises:
            UnknownEntityError: There is none.
        """
        found = self._find(entity_id)
        if found is None:
            raise UnknownEntityError(
                f"no {self._kind} has the id {entity_id!r}",
                hint=f"check the id, or store the {self._kind} first",
            )
        return found

    def put(
        self, entity_id: str, attributes: Mapping[str, Any], *, expected: Expected
    ) -> tuple[Record, bool]:
        """Stores a record in place of whatever was there; says whether it is new.

        Raises:
            DataError: It is malformed.
            PreconditionError: It is not as expected.
        """
        with self._alone():
            before = self._find(entity_id)
            expected.check(before, self._name(entity_id))
            self._store(entity_id, attributes)
        self._tell(entity_id)
        return self.get(entity_id), before is None

    def patch(self, entity_id: str, changes: Mapping[str, Any], *, expected: Expected) -> Record:
        """Changes some attributes; None takes one away (JSON merge patch, RFC 7396).

        Raises:
            UnknownEntityError: There is no such record.
            DataError: It would be malformed.
            PreconditionError: It is not as expected.
        """
        with self._alone():
            before = self._find(entity_id)
            expected.check(before, self._name(entity_id))
            if before is None:
                before = self.get(entity_id)
            named = self._named(changes)
            self._store(entity_id, _merged(before.attributes, named))
        self._tell(entity_id)
        return self.get(entity_id)

    def delete(self, entity_id: str, *, expected: Expected) -> bool:
        """Deletes a record; says whether it was there. Events that name it stay.

        Raises:
            PreconditionError: It is not as expected.
        """
        with self._alone():
            if expected.match:
                expected.check(self._find(entity_id), self._name(entity_id))
            gone = self._entities.delete(self._kind, entity_id)
        self._tell(entity_id)
        return gone

    def page(
        self, cursor: str | None, limit: int, *, containing: str = ""
    ) -> tuple[list[Record], str | None]:
        """Some records, and the cursor of the next; who was there all the time comes once.

        Args:
            cursor: Where the page begins; None for the first.
            limit: How many at most.
            containing: Only those with this text in their id or attributes; "" for all.

        Raises:
            DataError: The cursor is none of ours.
        """
        after = None if cursor is None else self._read(cursor)
        frame = self._entities.page(self._kind, after=after, limit=limit, containing=containing)
        records = [
            Record(entity_id, json.loads(text) if text else {})
            for entity_id, text in zip(
                frame["id"].to_list(), frame["attributes"].cast(pl.String).to_list(), strict=True
            )
        ]
        if frame.height < limit:
            return records, None
        return records, self._write(int(frame["key"][-1]))

    def _find(self, entity_id: str) -> Record | None:
        found = self._entities.get(self._kind, [entity_id])
        return Record(entity_id, found[entity_id]) if entity_id in found else None

    def _store(self, entity_id: str, attributes: Mapping[str, Any]) -> None:
        own = f"{self._kind}_id"
        row = {**attributes, own: entity_id}
        store = store_items if self._kind == "item" else store_users
        store(self._entities, [row])

    def _named(self, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Changes under the names that the store gives to attributes."""
        roles = dict(ITEM_ROLES if self._kind == "item" else USER_ROLES)
        roles.pop("id")
        found = recognise(list(changes), roles, given={})
        names = {column: role for role, column in found.items()}
        return {names.get(name, name): value for name, value in changes.items()}

    def _tell(self, entity_id: str) -> None:
        if self._kind == "item":
            self._keeper.announce([entity_id])

    def _alone(self) -> FileLock:
        return FileLock(self._keeper.folder / _LOCK, timeout=_WAIT_S)

    def _name(self, entity_id: str) -> str:
        return f"the {self._kind} {entity_id!r}"

    def _write(self, key: int) -> str:
        told = f"{self._kind[0]}{key}".encode()
        return base64.urlsafe_b64encode(told).decode("ascii").rstrip("=")

    def _read(self, cursor: str) -> int:
        try:
            told = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
            key = int(told[1:])
            if told[0] != self._kind[0] or not -(2**63) <= key < 2**63:
                raise ValueError(told)
        except (ValueError, IndexError, binascii.Error) as error:
            raise DataError(
                "this cursor is none of ours", hint="send the cursor of a page as it came"
            ) from error
        return key


def _merged(before: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(before)
    for name, value in changes.items():
        if value is None:
            result.pop(name, None)
        elif isinstance(value, dict):
            old = result.get(name)
            inner = cast("dict[str, Any]", old) if isinstance(old, dict) else {}
            result[name] = _merged(inner, cast("dict[str, Any]", value))
        else:
            result[name] = value
    return result
