"""The SQLite store passes the shipped suites."""

from __future__ import annotations

from pathlib import Path

from zhiyin.testing.stores import (
    EntityStoreConformance,
    EventStoreConformance,
    ExposureLogConformance,
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
