"""The SQLite store passes the shipped suites."""

from __future__ import annotations

from pathlib import Path

from zhiyin.backends.stores import open_sqlite
from zhiyin.core.protocols import ProfileEdit, Shown
from zhiyin.testing.profiles import EnrichmentStoreConformance, ProfileStoreConformance
from zhiyin.testing.stores import (
    EntityStoreConformance,
    EventStoreConformance,
    ExposureLogConformance,
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
    assert again.exposures.recent(1, since=0, limit=9) == [Shown("s", "home", 5, ("a", "b"))]
    assert again.exposures.pages("s")[0].item_ids == ("a", "b")
    again.profiles.edit(1, ProfileEdit("pin", "maker:北境", 5))
    assert again.profiles.edits(1) == [ProfileEdit("pin", "maker:北境", 5)]
    again.close()
