"""What a slate held, and which slates are pages of one, without reading whole slates."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds two columns; slates of before have their items in the body only."""
    op.add_column("exposures", sa.Column("first_page", sa.Text))
    op.add_column("exposures", sa.Column("items", sa.Text))
    op.create_index(
        "exposures_first_page",
        "exposures",
        ["first_page"],
        sqlite_where=sa.text("first_page IS NOT NULL"),
        postgresql_where=sa.text("first_page IS NOT NULL"),
    )


def downgrade() -> None:
    """Drops them."""
    op.drop_index("exposures_first_page", "exposures")
    op.drop_column("exposures", "items")
    op.drop_column("exposures", "first_page")
