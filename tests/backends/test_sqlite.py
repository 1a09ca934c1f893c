"""The SQLite store passes the shipped suites."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from alembic.config import Config as AlembicConfig
from alembic.operations import Operations
from alembic.script import ScriptDirectory

from zhiyin.backends.stores import open_sqlite
from zhiyin.backends.stores.database import NEWEST
from zhiyin.core.protocols import ProfileEdit, Shown
from zhiyin.testing.exposures import ExposureLogConformance
from zhiyin.testing.profiles import EnrichmentStoreConformance, ProfileStoreConformance
from zhiyin.testing.stores import (
    EntityStoreConformance,
    EventStoreConformance,
    make_events,
)

FACTORY = "zhiyin.backends.stores:open_sqlite"


class TestEvents(EventStoreConformance):
    factory = FACTORY

    def test_full_disk(self, small_disk: Path) -> None:
        self.check_full_disk(small_disk)


class TestEntities(EntityStoreConformance):
    factory = FACTORY


class TestExposures(ExposureLogConformance):
    factory = FACTORY


class TestProfiles(ProfileStoreConformance):
    factory = FACTORY


class TestEnrichments(EnrichmentStoreConformance):
    factory = FACTORY


def test_a_store_of_the_first_version_is_migrated(tmp_path: Path) -> None:
    store = open_sqlite(tmp_path)
    store.events.append(make_events(3))
    with store.database.writing() as connection:
        for table in ("profile_edits", "enrichments"):
            connection.exec_driver_sql(f"DROP TABLE {table}")
        connection.exec_driver_sql("DROP INDEX exposures_first_page")
        for column in ("first_page", "items"):
            connection.exec_driver_sql(f"ALTER TABLE exposures DROP COLUMN {column}")
        connection.exec_driver_sql(
            "INSERT INTO exposures (slate_id, created, user_key, surface, body) VALUES "
            """('s', 5, 1, 'home', '{"positions": [{"item_id": "a"}, {"item_id": "b"}]}')"""
        )
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
    store.close()
    again = open_sqlite(tmp_path)
    assert again.events.count() == 3
    assert again.exposures.recent(1, since=0, limit=9) == [Shown("s", "home", 5, ("a", "b"), 1)]
    assert again.exposures.pages("s")[0].item_ids == ("a", "b")
    again.profiles.edit(1, ProfileEdit("pin", "maker:北境", 5))
    assert again.profiles.edits(1) == [ProfileEdit("pin", "maker:北境", 5)]
    again.close()


def test_tables_are_made_all_or_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A migration that breaks off half-way leaves a store that can be opened again."""
    add_column = Operations.add_column

    def break_off(*_arguments: object, **_more: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Operations, "add_column", break_off)
    with pytest.raises(KeyboardInterrupt):
        open_sqlite(tmp_path)
    monkeypatch.setattr(Operations, "add_column", add_column)
    store = open_sqlite(tmp_path)
    assert store.events.append(make_events(3)).accepted == 3
    store.close()


def test_the_newest_migration_is_the_one_that_opening_looks_for() -> None:
    config = AlembicConfig()
    config.set_main_option("script_location", "zhiyin.backends.stores:migrations")
    assert ScriptDirectory.from_config(config).get_current_head() == NEWEST


def test_a_store_that_is_up_to_date_is_opened_without_migrations(tmp_path: Path) -> None:
    open_sqlite(tmp_path).close()
    code = (
        "import sys; from pathlib import Path; from zhiyin.backends.stores import open_sqlite; "
        f"open_sqlite(Path({str(tmp_path)!r})).close(); sys.exit('alembic' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
