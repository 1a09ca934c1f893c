"""Runs migrations over the connection that the caller hands in (see alembic's cookbook)."""

from alembic import context

from zhiyin.backends.stores.tables import METADATA

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=METADATA, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
