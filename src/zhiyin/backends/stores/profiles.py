"""Edits of profiles and enrichments of items, in SQL."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl
from sqlalchemy import delete, select

from zhiyin.backends.stores.database import Database, Insert
from zhiyin.backends.stores.tables import ENRICHMENTS, PROFILE_EDITS
from zhiyin.core.keys import id_key
from zhiyin.core.protocols import Enrichment, ProfileEdit

_EDIT = (
    "INSERT INTO profile_edits (user_key, subject_key, action, subject, created) "
    "VALUES (?, ?, ?, ?, ?) ON CONFLICT (user_key, subject_key) DO UPDATE "
    "SET action = excluded.action, subject = excluded.subject, created = excluded.created"
)
_EDITS = (
    "SELECT action, subject, created FROM profile_edits WHERE user_key = ? "
    "ORDER BY created, subject"
)
"""Asked with every slate, so it is not built anew each time."""
_ENRICH = Insert(
    "enrichments",
    ("item_key", "content", "source", "body"),
    "ON CONFLICT (item_key) DO UPDATE "
    "SET content = excluded.content, source = excluded.source, body = excluded.body",
    key=("item_key",),
)
_AT_A_TIME = 500


class SqlProfileStore:
    """What users changed in their profiles."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def edit(self, user_key: int, edit: ProfileEdit) -> None:
        """See `ProfileStore.edit`."""
        row = (user_key, id_key(edit.subject), edit.action, edit.subject, edit.created)
        self._database.execute(_EDIT, row)

    def edits(self, user_key: int) -> list[ProfileEdit]:
        """See `ProfileStore.edits`."""
        rows = self._database.fetch(_EDITS, (user_key,))
        return [ProfileEdit(*row) for row in rows]

    def withdraw(self, user_key: int, subject: str) -> bool:
        """See `ProfileStore.withdraw`."""
        table = PROFILE_EDITS.c
        gone = delete(PROFILE_EDITS).where(
            table.user_key == user_key, table.subject_key == id_key(subject)
        )
        with self._database.writing() as connection:
            return connection.execute(gone).rowcount > 0

    def clear(self, user_key: int) -> int:
        """See `ProfileStore.clear`."""
        gone = delete(PROFILE_EDITS).where(PROFILE_EDITS.c.user_key == user_key)
        with self._database.writing() as connection:
            return connection.execute(gone).rowcount


class SqlEnrichmentStore:
    """What was worked out about items."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, rows: Sequence[Enrichment]) -> None:
        """See `EnrichmentStore.put`."""
        schema = {"item_key": pl.Int64, "content": pl.Int64, "source": pl.String, "body": pl.String}
        self._database.load(_ENRICH, pl.DataFrame(list(rows), schema=schema, orient="row"))

    def all(self) -> list[Enrichment]:
        """See `EnrichmentStore.all`."""
        with self._database.reading() as connection:
            found = connection.execute(select(ENRICHMENTS).order_by(ENRICHMENTS.c.item_key))
            return [Enrichment(*row) for row in found]

    def forget(self, item_keys: Sequence[int]) -> int:
        """See `EnrichmentStore.forget`."""
        gone = 0
        with self._database.writing() as connection:
            for start in range(0, len(item_keys), _AT_A_TIME):
                part = ENRICHMENTS.c.item_key.in_(item_keys[start : start + _AT_A_TIME])
                gone += connection.execute(delete(ENRICHMENTS).where(part)).rowcount
        return gone
