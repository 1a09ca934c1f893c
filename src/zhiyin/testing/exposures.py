"""The conformance suite of logs of exposures; see `zhiyin.testing.stores`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from zhiyin.core.keys import id_keys
from zhiyin.core.protocols import ExposureLog, Shown
from zhiyin.testing.stores import StoreConformance


class ExposureLogConformance(StoreConformance):
    """What every log of exposures does."""

    def test_records_and_finds(self, tmp_path: Path) -> None:
        """A slate comes back as it was, also after the store is opened again."""
        slate: dict[str, Any] = {
            "slate_id": "s1",
            "user_id": "007",
            "surface": "home",
            "created": 1_700_000_000_000,
            "positions": [{"item_id": "图", "score": 0.5, "propensity": 0.25}],
        }
        with self.opened(tmp_path) as store:
            assert isinstance(store.exposures, ExposureLog)
            assert store.exposures.find("s1") is None
            store.exposures.record(slate)
            store.exposures.record(slate | {"slate_id": "s2", "user_id": None})
            assert store.exposures.find("s1") == slate
            assert store.exposures.count() == 2
            store.exposures.record(slate | {"slate_id": "s3"})
            assert store.exposures.of_user(int(id_keys(["007"])[0])) == [
                slate,
                slate | {"slate_id": "s3"},
            ]
            assert store.exposures.of_user(5) == []
        with self.opened(tmp_path) as store:
            assert store.exposures.find("s2") == slate | {"slate_id": "s2", "user_id": None}

    def test_recent_slates_of_a_user(self, tmp_path: Path) -> None:
        """Newest first, of one person, back to a time and up to a number."""
        user = int(id_keys(["u"])[0])
        with self.opened(tmp_path) as store:
            for i in range(5):
                for whose in ("u", "v", None):
                    store.exposures.record(_slate(f"{whose}{i}", whose, created=10 + i))
            found = store.exposures.recent(user, since=0, limit=3)
            assert [shown.slate_id for shown in found] == ["u4", "u3", "u2"]
            assert found[0] == Shown("u4", "home", 14, ("a-u4", "b"), user)
            everybody = store.exposures.recent(None, since=13, limit=4)
            assert [shown.slate_id for shown in everybody] == ["None4", "v4", "u4", "None3"]
            assert [shown.user_key for shown in everybody[::2]] == [None, user]
            late = store.exposures.recent(user, since=13, limit=100)
            assert [shown.created for shown in late] == [14, 13]
            assert store.exposures.recent(5, since=0, limit=9) == []

    def test_pages_of_a_slate(self, tmp_path: Path) -> None:
        """Every page is found from every other, whatever was shown between them."""
        with self.opened(tmp_path) as store:
            store.exposures.record(_slate("first", None, created=1))
            store.exposures.record(_slate("other", None, created=2))
            store.exposures.record(_slate("second", None, created=3) | {"page_of": "first"})
            store.exposures.record(_slate("third", None, created=4) | {"page_of": "first"})
            for slate_id in ("first", "second", "third"):
                pages = store.exposures.pages(slate_id)
                assert [page.slate_id for page in pages] == ["first", "second", "third"]
                assert pages[1].item_ids == ("a-second", "b")
            assert [page.slate_id for page in store.exposures.pages("other")] == ["other"]
            assert store.exposures.pages("unknown") == []


def _slate(slate_id: str, user_id: str | None, *, created: int) -> dict[str, Any]:
    """A slate of two items, as it is recorded."""
    return {
        "slate_id": slate_id,
        "user_id": user_id,
        "surface": "home",
        "created": created,
        "positions": [{"item_id": f"a-{slate_id}"}, {"item_id": "b"}],
    }
