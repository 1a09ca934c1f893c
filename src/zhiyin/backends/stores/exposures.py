"""Slates that were shown, in SQL."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, select

from zhiyin.backends.stores.database import Database
from zhiyin.backends.stores.tables import EXPOSURES
from zhiyin.core.keys import id_key
from zhiyin.core.protocols import Shown

_SHOWN = (
    "SELECT slate_id, surface, created, items, user_key, CASE WHEN items IS NULL THEN body END "
    "FROM exposures "
)
_RECENT = _SHOWN + "WHERE user_key = ? AND created >= ? ORDER BY seq DESC LIMIT ?"
_LATELY = _SHOWN + "WHERE created >= ? ORDER BY seq DESC LIMIT ?"
_RECORD = (
    "INSERT INTO exposures (slate_id, created, user_key, surface, body, first_page, items) "
    "VALUES (?, ?, ?, ?, ?, ?, ?)"
)
_FIRST = "SELECT coalesce(first_page, slate_id) FROM exposures WHERE slate_id = ?"
_PAGES = _SHOWN + "WHERE slate_id = ? OR first_page = ? ORDER BY seq"


class SqlExposureLog:
    """Slates that were shown, in SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self, slate: Mapping[str, Any]) -> None:
        """See `ExposureLog.record`."""
        user_id = slate.get("user_id")
        items = [position["item_id"] for position in slate.get("positions", ())]
        row = {
            "slate_id": slate["slate_id"],
            "created": slate["created"],
            "user_key": None if user_id is None else id_key(user_id),
            "surface": slate["surface"],
            "body": json.dumps(slate, ensure_ascii=False),
            "first_page": slate.get("page_of"),
            "items": json.dumps(items, ensure_ascii=False),
        }
        self._database.execute(_RECORD, tuple(row.values()))

    def find(self, slate_id: str) -> Mapping[str, Any] | None:
        """See `ExposureLog.find`."""
        statement = select(EXPOSURES.c.body).where(EXPOSURES.c.slate_id == slate_id)
        with self._database.reading() as connection:
            body = connection.execute(statement).scalar_one_or_none()
        return None if body is None else json.loads(body)

    def of_user(self, user_key: int) -> list[Mapping[str, Any]]:
        """See `ExposureLog.of_user`."""
        statement = select(EXPOSURES.c.body).where(EXPOSURES.c.user_key == user_key)
        with self._database.reading() as connection:
            bodies = connection.execute(statement.order_by(EXPOSURES.c.seq)).scalars().all()
        return [json.loads(body) for body in bodies]

    def recent(self, user_key: int | None, *, since: int, limit: int) -> list[Shown]:
        """See `ExposureLog.recent`."""
        if user_key is None:
            statement, given = _LATELY, (since, limit)
        else:
            statement, given = _RECENT, (user_key, since, limit)
        return [_shown(row) for row in self._database.fetch(statement, given)]

    def pages(self, slate_id: str) -> list[Shown]:
        """See `ExposureLog.pages`."""
        found = self._database.fetch(_FIRST, (slate_id,))
        if not found:
            return []
        first = found[0][0]
        return [_shown(row) for row in self._database.fetch(_PAGES, (first, first))]

    def count(self) -> int:
        """See `ExposureLog.count`."""
        with self._database.reading() as connection:
            return int(connection.execute(select(func.count()).select_from(EXPOSURES)).scalar_one())


def _shown(row: Sequence[Any]) -> Shown:
    """A row of `_SHOWN`; slates of before the column ``items`` are read whole."""
    slate_id, surface, created, items, user_key, body = row
    if items is None:
        items_of = tuple(position["item_id"] for position in json.loads(body)["positions"])
    else:
        items_of = tuple(json.loads(items))
    return Shown(slate_id, surface, created, items_of, user_key)
