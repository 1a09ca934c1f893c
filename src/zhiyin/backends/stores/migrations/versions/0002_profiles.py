"""What users changed in their profiles, and what was worked out about items."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the two tables."""
    op.create_table(
        "profile_edits",
        sa.Column("user_key", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("subject_key", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("created", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "enrichments",
        sa.Column("item_key", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("content", sa.BigInteger, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )


def downgrade() -> None:
    """Drops them."""
    op.drop_table("enrichments")
    op.drop_table("profile_edits")
