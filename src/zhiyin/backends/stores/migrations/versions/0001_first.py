"""The first schema: events, entities, edges, exposures."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_Sequence = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Creates every table."""
    op.create_table(
        "events",
        sa.Column("seq", _Sequence, primary_key=True, autoincrement=True),
        sa.Column("event_key", sa.BigInteger, nullable=False),
        sa.Column("user_key", sa.BigInteger, nullable=False),
        sa.Column("item_key", sa.BigInteger),
        sa.Column("type", sa.SmallInteger, nullable=False),
        sa.Column("timestamp", sa.BigInteger),
        sa.Column("position", sa.BigInteger),
        sa.Column("value", sa.Double),
        sa.Column("text", sa.Text),
        sa.Column("query", sa.Text),
        sa.Column("context", sa.Text),
    )
    op.create_index("events_event_key", "events", ["event_key"], unique=True)
    op.create_index("events_user_key", "events", ["user_key"])
    sequence = op.create_table(
        "event_sequence",
        sa.Column("last", sa.BigInteger, primary_key=True, autoincrement=False),
    )
    op.bulk_insert(sequence, [{"last": 0}])
    op.create_table(
        "event_types",
        sa.Column("code", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("name", sa.Text, nullable=False, unique=True),
    )
    for name in ("users", "items"):
        op.create_table(
            name,
            sa.Column("key", sa.BigInteger, primary_key=True, autoincrement=False),
            sa.Column("id", sa.Text, nullable=False),
            sa.Column("attributes", sa.Text),
        )
    op.create_table(
        "edges",
        sa.Column("source_key", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("target_key", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("weight", sa.Double),
        sa.Column("timestamp", sa.BigInteger),
    )
    op.create_table(
        "exposures",
        sa.Column("seq", _Sequence, primary_key=True, autoincrement=True),
        sa.Column("slate_id", sa.Text, nullable=False, unique=True),
        sa.Column("created", sa.BigInteger, nullable=False),
        sa.Column("user_key", sa.BigInteger),
        sa.Column("surface", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_index("exposures_user_key", "exposures", ["user_key"])


def downgrade() -> None:
    """Drops every table."""
    for name in ("exposures", "edges", "items", "users", "event_types", "event_sequence", "events"):
        op.drop_table(name)
