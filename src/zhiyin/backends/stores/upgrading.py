"""Migrations of the schema; loaded where a store is new or old."""

from __future__ import annotations

from threading import Lock

from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.util import CommandError
from sqlalchemy import Connection, inspect

from zhiyin.backends.stores.tables import METADATA
from zhiyin.core.errors import StoreError

_ALONE = Lock()
"""Alembic's migrations speak to one connection of the whole process."""


def migrate(connection: Connection, *, where: str) -> None:
    """Makes the tables, or brings them up to date.

    Raises:
        StoreError: They were made by a newer version, or are not ours.
    """
    config = AlembicConfig()
    config.set_main_option("script_location", "zhiyin.backends.stores:migrations")
    config.attributes["connection"] = connection
    newer = "the store is not one of Zhiyin's, or was made by a newer version"
    try:
        with _ALONE:
            command.upgrade(config, "head")
    except CommandError as error:
        raise StoreError(f"{where}: {error}", hint=newer) from error
    missing = set(METADATA.tables) - set(inspect(connection).get_table_names())
    if missing:
        raise StoreError(f"{where} lacks the tables {sorted(missing)}", hint=newer)
