"""The relational schema, once, for every SQL store.

Text ids live beside an integer key (a hash of the id): indexing long text costs five times
as much in bulk loads.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    Table,
    Text,
)

METADATA = MetaData()

_Sequence = BigInteger().with_variant(Integer, "sqlite")

EVENTS = Table(
    "events",
    METADATA,
    Column("seq", _Sequence, primary_key=True, autoincrement=True),
    Column("event_key", BigInteger, nullable=False),
    Column("user_key", BigInteger, nullable=False),
    Column("item_key", BigInteger),
    Column("type", SmallInteger, nullable=False),
    Column("timestamp", BigInteger),
    Column("position", BigInteger),
    Column("value", Double),
    Column("text", Text),
    Column("query", Text),
    Column("context", Text),
)
EVENT_IDENTITY = Index("events_event_key", EVENTS.c.event_key, unique=True)
EVENTS_OF_USER = Index("events_user_key", EVENTS.c.user_key)
"""In SQLite an index carries the row's number, ``seq``, as its last column anyway."""

EVENT_SEQUENCE = Table("event_sequence", METADATA, Column("last", BigInteger, primary_key=True))
"""One row: the highest ``seq`` that was ever erased, so that none is given out twice."""

EVENT_TYPES = Table(
    "event_types",
    METADATA,
    Column("code", SmallInteger, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False, unique=True),
)


def _entities(name: str) -> Table:
    return Table(
        name,
        METADATA,
        Column("key", BigInteger, primary_key=True, autoincrement=False),
        Column("id", Text, nullable=False),
        Column("attributes", Text),
    )


USERS = _entities("users")
ITEMS = _entities("items")

EDGES = Table(
    "edges",
    METADATA,
    Column("source_key", BigInteger, primary_key=True, autoincrement=False),
    Column("target_key", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", Text, primary_key=True),
    Column("weight", Double),
    Column("timestamp", BigInteger),
)

EXPOSURES = Table(
    "exposures",
    METADATA,
    Column("seq", _Sequence, primary_key=True, autoincrement=True),
    Column("slate_id", Text, nullable=False, unique=True),
    Column("created", BigInteger, nullable=False),
    Column("user_key", BigInteger),
    Column("surface", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("first_page", Text),
    Column("items", Text),
)
EXPOSURES_OF_USER = Index("exposures_user_key", EXPOSURES.c.user_key)
"""With ``seq`` as its last column, so that a user's latest slates are read backwards."""
EXPOSURES_OF_PAGE = Index(
    "exposures_first_page",
    EXPOSURES.c.first_page,
    sqlite_where=EXPOSURES.c.first_page.is_not(None),
    postgresql_where=EXPOSURES.c.first_page.is_not(None),
)
"""Of later pages only: most slates have none."""

PROFILE_EDITS = Table(
    "profile_edits",
    METADATA,
    Column("user_key", BigInteger, primary_key=True, autoincrement=False),
    Column("subject_key", BigInteger, primary_key=True, autoincrement=False),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("created", BigInteger, nullable=False),
)

ENRICHMENTS = Table(
    "enrichments",
    METADATA,
    Column("item_key", BigInteger, primary_key=True, autoincrement=False),
    Column("content", BigInteger, nullable=False),
    Column("source", Text, nullable=False),
    Column("body", Text, nullable=False),
)
