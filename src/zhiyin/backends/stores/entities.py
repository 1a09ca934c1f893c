"""Users, items and the ties between users, in SQL."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import polars as pl
from sqlalchemy import Table, delete, func, select

from zhiyin.backends.stores.database import Database, Insert
from zhiyin.backends.stores.tables import EDGES, ITEMS, USERS
from zhiyin.core import schema
from zhiyin.core.keys import id_key
from zhiyin.core.protocols import EntityKind

TABLE_OF = {"user": USERS, "item": ITEMS}
_KEYS_PER_QUERY = 500
_UPSERT = {
    kind: Insert(
        table.name,
        tuple(schema.ENTITIES),
        "ON CONFLICT (key) DO UPDATE SET attributes = excluded.attributes "
        "WHERE excluded.attributes IS NOT NULL",
        key=("key",),
        known="attributes",
    )
    for kind, table in TABLE_OF.items()
}
_NEW_TIE = Insert(
    "edges",
    tuple(schema.EDGES),
    "ON CONFLICT (source_key, target_key, kind) "
    "DO UPDATE SET weight = excluded.weight, timestamp = excluded.timestamp "
    "WHERE edges.weight {differs} excluded.weight "
    "OR edges.timestamp {differs} excluded.timestamp",
    key=("source_key", "target_key", "kind"),
)


class SqlEntityStore:
    """Users, items and the ties between users, in SQL."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def upsert(self, kind: EntityKind, rows: pl.DataFrame) -> int:
        """See `EntityStore.upsert`."""
        frame = rows.select(list(schema.ENTITIES))
        self._database.send(_UPSERT[kind], frame)
        return frame.height

    def get(self, kind: EntityKind, ids: Sequence[str]) -> dict[str, Mapping[str, Any]]:
        """See `EntityStore.get`."""
        rows = self._rows(kind, [id_key(i) for i in ids])
        return {entity_id: json.loads(text) if text else {} for _, entity_id, text in rows}

    def ids(self, kind: EntityKind, keys: Sequence[int]) -> dict[int, str]:
        """See `EntityStore.ids`."""
        return {key: entity_id for key, entity_id, _ in self._rows(kind, keys)}

    def _rows(self, kind: EntityKind, keys: Sequence[int]) -> Iterator[Sequence[Any]]:
        """Key, id and attributes of each that is there."""
        sql = f"SELECT key, id, attributes FROM {TABLE_OF[kind].name} WHERE key IN "
        for start in range(0, len(keys), _KEYS_PER_QUERY):
            wanted = keys[start : start + _KEYS_PER_QUERY]
            marks = ", ".join("?" * len(wanted))
            yield from self._database.fetch(f"{sql}({marks})", wanted)

    def scan(self, kind: EntityKind, *, columns: Sequence[str] | None = None) -> pl.DataFrame:
        """See `EntityStore.scan`; ordered by key."""
        types = {name: schema.ENTITIES[name] for name in columns or schema.ENTITIES}
        sql = f"SELECT {', '.join(types)} FROM {TABLE_OF[kind].name} ORDER BY key"
        return self._database.query(sql, types, rows=self._count(TABLE_OF[kind]))

    def page(
        self, kind: EntityKind, *, after: int | None, limit: int, containing: str = ""
    ) -> pl.DataFrame:
        """See `EntityStore.page`."""
        table = TABLE_OF[kind]
        query = select(*(table.c[name] for name in schema.ENTITIES)).order_by(table.c.key)
        if after is not None:
            query = query.where(table.c.key > after)
        if containing:
            written = json.dumps(containing, ensure_ascii=False)[1:-1]
            query = query.where(
                table.c.id.icontains(containing, autoescape=True)
                | table.c.attributes.icontains(written, autoescape=True)
            )
        with self._database.reading() as connection:
            rows = [tuple(row) for row in connection.execute(query.limit(limit))]
        return pl.DataFrame(rows, schema=schema.ENTITIES, orient="row")

    def delete(self, kind: EntityKind, entity_id: str) -> bool:
        """See `EntityStore.delete`."""
        table = TABLE_OF[kind]
        with self._database.writing() as connection:
            result = connection.execute(delete(table).where(table.c.key == id_key(entity_id)))
        return result.rowcount > 0

    def add_edges(self, edges: pl.DataFrame) -> int:
        """See `EdgeStore.add_edges`."""
        return self._database.load(_NEW_TIE, edges.select(list(schema.EDGES)))

    def edges(self) -> pl.DataFrame:
        """See `EdgeStore.edges`."""
        sql = f"SELECT {', '.join(schema.EDGES)} FROM {EDGES.name} ORDER BY source_key, target_key"
        return self._database.query(sql, schema.EDGES, rows=self._count(EDGES))

    def _count(self, table: Table) -> int:
        with self._database.reading() as connection:
            return int(connection.execute(select(func.count()).select_from(table)).scalar_one())
