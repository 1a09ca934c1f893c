"""The conformance suites of stores of profiles and of enrichments; used as those of `stores`."""

from __future__ import annotations

from pathlib import Path

from zhiyin.core.protocols import Enrichment, EnrichmentStore, ProfileEdit, ProfileStore
from zhiyin.testing.stores import StoreConformance

PIN = ProfileEdit("pin", "category:户外", 10)
WISH = ProfileEdit("wish", "a quiet 'tent' 😀\nfor two; DROP TABLE x", 5)


class ProfileStoreConformance(StoreConformance):
    """What every store of edited profiles does."""

    def test_keeps_edits_in_order(self, tmp_path: Path) -> None:
        """Edits come back whole, oldest first, also after the store is opened again."""
        with self.opened(tmp_path) as store:
            assert isinstance(store.profiles, ProfileStore)
            assert store.profiles.edits(7) == []
            store.profiles.edit(7, PIN)
            store.profiles.edit(7, WISH)
            store.profiles.edit(-8, PIN)
        with self.opened(tmp_path) as store:
            assert store.profiles.edits(7) == [WISH, PIN]
            assert store.profiles.edits(-8) == [PIN]

    def test_the_later_edit_of_a_subject_holds(self, tmp_path: Path) -> None:
        """Who pinned and then muted a tag has muted it."""
        muted = ProfileEdit("mute", PIN.subject, 20)
        with self.opened(tmp_path) as store:
            store.profiles.edit(7, PIN)
            store.profiles.edit(7, muted)
            assert store.profiles.edits(7) == [muted]

    def test_takes_edits_back(self, tmp_path: Path) -> None:
        """One, or all, of one user only."""
        with self.opened(tmp_path) as store:
            for user in (7, 8):
                store.profiles.edit(user, PIN)
                store.profiles.edit(user, WISH)
            assert store.profiles.withdraw(7, PIN.subject) is True
            assert store.profiles.withdraw(7, PIN.subject) is False
            assert store.profiles.edits(7) == [WISH]
            assert store.profiles.clear(7) == 1
            assert store.profiles.clear(7) == 0
            assert len(store.profiles.edits(8)) == 2


class EnrichmentStoreConformance(StoreConformance):
    """What every store of enrichments does."""

    def test_keeps_the_newest(self, tmp_path: Path) -> None:
        """One enrichment per item; a later one replaces it; nothing else is touched."""
        first = [Enrichment(key, 1, "statistics", '{"topics":["图"]}') for key in (3, -2)]
        newer = Enrichment(3, 2, "model:m", "{}")
        with self.opened(tmp_path) as store:
            assert isinstance(store.enrichments, EnrichmentStore)
            assert store.enrichments.all() == []
            store.enrichments.put(first)
            store.enrichments.put([newer])
            store.enrichments.put([])
        with self.opened(tmp_path) as store:
            assert store.enrichments.all() == [first[1], newer]

    def test_forgets(self, tmp_path: Path) -> None:
        """Many at once, and says how many there were."""
        with self.opened(tmp_path) as store:
            store.enrichments.put([Enrichment(key, 0, "statistics", "{}") for key in range(1200)])
            assert store.enrichments.forget([*range(1100), 9999]) == 1100
            assert [row.item_key for row in store.enrichments.all()] == [*range(1100, 1200)]
