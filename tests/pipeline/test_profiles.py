"""Profiles in a workspace: the simulated shop's tastes, reviews, edits, new users, bad text."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.pipeline.conftest import DAY, START, SteppingClock

from zhiyin.core.errors import DataError
from zhiyin.core.rng import derive_rng
from zhiyin.data.simulated import ShopConfig, SimulatedShop, simulate_shop
from zhiyin.data.simulated.shop import _visitor
from zhiyin.data.simulated.words import CATEGORIES
from zhiyin.models.profile.interest import Profile
from zhiyin.pipeline.profiles import Profiles, ProfileScorer
from zhiyin.pipeline.tagged_catalogue import TaggedCatalogue
from zhiyin.pipeline.wiring import open_workspace
from zhiyin.pipeline.workspace import Workspace

WORDS_ALONE = '[text]\nencoder = "tfidf"\n'


@pytest.fixture(scope="module")
def simulated() -> SimulatedShop:
    return simulate_shop(ShopConfig(users=120))


@pytest.fixture(scope="module")
def market(
    simulated: SimulatedShop, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Workspace]:
    folder = tmp_path_factory.mktemp("market")
    paths = simulated.write(folder / "in")
    with open_workspace(folder) as workspace:
        workspace.import_files(**{k: paths[k] for k in ("events", "items", "users")})
        yield workspace


def items() -> list[dict[str, Any]]:
    """Ten tents and ten teas, of two makers each."""
    return [
        {
            "item_id": f"{kind}-{i}",
            "title": f"{'mountain tent' if kind == 'tent' else 'green tea'} model {i}",
            "category": "Outdoor" if kind == "tent" else "Tea",
            "brand": f"{kind} maker {i % 2}",
        }
        for kind in ("tent", "tea")
        for i in range(10)
    ]


@pytest.fixture
def small(make_workspace: Callable[..., Workspace]) -> Workspace:
    workspace = make_workspace(WORDS_ALONE)
    workspace.upsert_items(items())
    return workspace


def weights(profile: Profile) -> dict[str, float]:
    return {interest.tag: interest.weight for interest in profile.interests}


def view(item: str, *, days: float = 0, **more: Any) -> dict[str, Any]:
    """An event of u, so many days before the clock's present."""
    time = START + int((100 - days) * DAY)
    return {"user_id": "u", "item_id": item, "type": "view", "timestamp": time, **more}


@pytest.mark.slow
def test_planted_tastes_come_out_on_top(market: Workspace, simulated: SimulatedShop) -> None:
    """Of 71 users with a favourite department, 93 % have it among their first two.

    It is the department that they look at most in 86 % (of 300 users): visits are few, and
    half of what follows a purchase goes with it instead.
    """
    config = ShopConfig(users=120)
    table = market.profiles.catalogue.table
    hits: list[bool] = []
    for number in range(120):
        person = _visitor(config, number, derive_rng(config.seed, "user", str(number)))
        if person.tastes.max() < 0.5:
            continue
        found = market.profile(person.id).weights
        named = [
            [c for n in cat.name for c in table.columns_of(f"category:{n}")] for cat in CATEGORIES
        ]
        strength = [float(found[columns].max(initial=-1)) for columns in named]
        hits.append(int(person.tastes.argmax()) in np.argsort(strength)[-2:])
    assert len(hits) > 50
    assert np.mean(hits) >= 0.85


@pytest.mark.slow
def test_liked_makers_come_out_above_disliked_ones(market: Workspace) -> None:
    config = ShopConfig(users=120)
    gaps = []
    for number in range(60):
        person = _visitor(config, number, derive_rng(config.seed, "user", str(number)))
        department = CATEGORIES[int(person.tastes.argmax())]
        liked = sorted(department.brands, key=lambda brand: person.brands[brand[0]])
        profile = market.profile(person.id)
        table = market.profiles.catalogue.table
        of = [max(_weight(profile, table, name) for name in brand) for brand in liked]
        gaps.append(of[-1] - of[0])
    assert np.mean(gaps) > 0.1


def _weight(profile: Profile, table: Any, name: str) -> float:
    columns = table.columns_of(f"maker:{name}")
    return float(profile.weights[columns[0]]) if columns else -1.0


def test_a_bad_review_turns_round_what_was_done(small: Workspace) -> None:
    small.record([view("tent-0"), view("tent-0", type="purchase"), view("tea-0")])
    before = weights(small.profile("u"))
    assert before["category:Outdoor"] > 0
    small.record(
        [view("tent-0", type="review", text="Broke on the first day. Terrible, do not buy")]
    )
    after = small.profile("u")
    assert weights(after)["category:Outdoor"] < 0
    assert weights(after)["category:Tea"] > 0
    tent = next(i for i in after.interests if i.tag == "category:Outdoor")
    assert tent.evidence.speaking_against == {"purchase": 1, "review": 1, "view": 1}


def test_a_good_review_in_chinese_counts_for_it(small: Workspace) -> None:
    small.record([view("tent-0"), view("tea-0")])
    small.record([view("tea-0", type="review", text="非常满意，强烈推荐")])
    found = weights(small.profile("u"))
    assert found["category:Tea"] > found.get("category:Outdoor", 0)


def test_half_life(make_workspace: Callable[..., Workspace]) -> None:
    workspace = make_workspace(WORDS_ALONE + "[profile]\nhalf_life_days = 10\n")
    workspace.upsert_items(items())
    workspace.record([view(f"tent-{i}", days=60 + i) for i in range(3)])
    workspace.record([view("tea-0", days=1), view("tea-1", days=0)])
    found = weights(workspace.profile("u"))
    assert found["category:Tea"] > 0.1
    assert found.get("category:Outdoor", 0) < 0.05


def test_old_interests_hold_without_a_half_life(small: Workspace) -> None:
    small.record([view(f"tent-{i}", days=60 + i) for i in range(3)] + [view("tea-0")])
    found = weights(small.profile("u"))
    assert found["category:Outdoor"] > found.get("category:Tea", 0)


def test_searches_speak_for_the_tags_in_them(small: Workspace) -> None:
    small.record([{"user_id": "u", "type": "search", "query": "a cheap TEA please"}])
    tea = next(i for i in small.profile("u").interests if i.tag == "category:Tea")
    assert tea.evidence.queries == ["a cheap TEA please"]
    assert tea.evidence.speaking_for == {"search": 1}


@pytest.mark.parametrize("seed", range(4))
def test_order_among_equal_times_does_not_matter(
    make_workspace: Callable[..., Workspace], seed: int
) -> None:
    events = [view("tent-0"), view("tea-0"), view("tea-1", type="purchase"), view("tent-1")]
    events += [view("tent-0", type="review", text="bad"), view("tea-1", type="dislike")]
    found = []
    for folder, order in (("a", range(6)), ("b", np.random.default_rng(seed).permutation(6))):
        workspace = make_workspace(WORDS_ALONE, folder=folder)
        workspace.upsert_items(items())
        workspace.record([events[at] for at in order])
        found.append(workspace.profile("u"))
    assert found[0].interests == found[1].interests
    np.testing.assert_array_equal(found[0].weights, found[1].weights)


def test_edits_win_and_survive_training_and_reopening(
    small: Workspace, make_workspace: Callable[..., Workspace], clock: SteppingClock
) -> None:
    small.record([view(f"tent-{i}") for i in range(5)])
    small.profiles.edit("u", {"mute": ["Outdoor"], "pin": ["maker:tea maker 1"]})
    small.train(recipe="popularity")
    small.record([view(f"tent-{i}") for i in range(5, 9)])
    again = make_workspace()
    found = {i.tag: (i.weight, i.source) for i in again.profile("u").interests}
    assert found["category:Outdoor"] == (-1.0, "mute")
    assert found["maker:tea maker 1"] == (1.0, "pin")
    assert again.profiles.reset("u") == 2
    assert weights(again.profile("u"))["category:Outdoor"] > 0


def test_forgetting_lasts_until_something_new_happens(
    small: Workspace, clock: SteppingClock
) -> None:
    small.record([view("tent-0", days=1), view("tent-1", days=1), view("tea-0", days=1)])
    small.profiles.edit("u", {"forget": ["category:Outdoor"]})
    assert "category:Outdoor" not in weights(small.profile("u"))
    clock.now += DAY
    small.record([view("tent-2", days=-1), view("tent-3", days=-1)])
    assert weights(small.profile("u"))["category:Outdoor"] > 0


def test_a_wish_can_be_taken_back(small: Workspace) -> None:
    small.profiles.edit("u", {"wish": ["some  tea"]})
    assert small.profile("u").wishes == ("some tea",)
    small.profiles.edit("u", {"forget": ["some tea"]})
    assert small.profile("u").is_empty


@pytest.mark.parametrize(
    "changes",
    [{"pin": ["Outdor"]}, {"wish": [""]}, {"wish": ["\u200b"]}, {"wish": ["x" * 501]},
     {"pin": ["Tea"], "mute": ["nothing of the kind"]}],
)  # fmt: skip
def test_wrong_edits_change_nothing(small: Workspace, changes: dict[str, list[str]]) -> None:
    with pytest.raises(DataError):
        small.profiles.edit("u", changes)  # type: ignore[arg-type]
    assert small.profile("u").interests == ()


def test_a_mistyped_tag_is_answered_with_near_ones(small: Workspace) -> None:
    with pytest.raises(DataError, match="did you mean outdoor"):
        small.profiles.edit("u", {"pin": ["category:Outdor"]})


def test_nobody(small: Workspace) -> None:
    profile = small.profile("never seen")
    assert profile.is_empty
    assert profile.interests == ()
    scorer = ProfileScorer(small.profiles)
    catalogue = small.profiles.catalogue.items
    assert scorer.scores("never seen", items=catalogue) is None
    assert scorer.muted("never seen", items=catalogue) is None


def test_a_wish_alone_gives_scores(small: Workspace) -> None:
    small.profiles.edit("u", {"wish": ["green tea"]})
    scorer = ProfileScorer(small.profiles)
    catalogue = small.profiles.catalogue.items
    scores = scorer.scores("u", items=catalogue)
    assert scores is not None
    assert scores.dtype == np.float32
    assert (scores.mean(), scores.std()) == (pytest.approx(0, abs=1e-5), pytest.approx(1, abs=1e-5))
    tea = np.array([i.startswith("tea") for i in catalogue.ids])
    assert scores[tea].min() > scores[~tea].max()
    assert scorer.gate(0) == 1.0
    assert scorer.gate(5) == 0.5


def test_muted_items_and_items_that_came_later(small: Workspace) -> None:
    small.profiles.edit("u", {"mute": ["maker:tent maker 1"]})
    scorer = ProfileScorer(small.profiles)
    catalogue = small.profiles.catalogue.items
    small.upsert_items([{"item_id": "new", "title": "a tent", "brand": "tent maker 1"}])
    grown = catalogue.extended(["new", "in no catalogue"])
    muted = scorer.muted("u", items=grown)
    assert muted is not None
    assert {grown.ids[at] for at in np.flatnonzero(muted)} == {
        "new", "tent-1", "tent-3", "tent-5", "tent-7", "tent-9"
    }  # fmt: skip
    scores = scorer.scores("u", items=grown)
    assert scores is not None
    assert scores[grown.index["new"]] < 0 <= scores[grown.index["in no catalogue"]]


def test_changed_items_are_read_again(small: Workspace) -> None:
    small.record([view("tent-0")])
    assert weights(small.profile("u"))["category:Outdoor"] > 0
    changed = {"item_id": "tent-0", "title": "green tea", "category": "Tea", "brand": "tea maker 0"}
    small.upsert_items([changed])
    assert set(weights(small.profile("u"))) == {"category:Tea", "maker:tea maker 0"}


def test_an_import_is_seen_at_once(small: Workspace, tmp_path: Path) -> None:
    small.record([view("lamp-0")])
    assert small.profile("u").interests == ()
    path = tmp_path / "items.csv"
    path.write_text("item_id,title,category\nlamp-0,a lamp,Light\nlamp-1,a lamp,Light\n")
    small.import_items(path)
    assert "category:Light" in weights(small.profile("u"))


def test_who_has_told_what_they_like(small: Workspace) -> None:
    scorer = ProfileScorer(small.profiles)
    small.record([view("tent-0")])
    assert not scorer.told("u")
    small.profiles.edit("u", {"pin": ["Outdoor"]})
    assert scorer.told("u")
    assert not scorer.told("never seen")


def test_attributes_of_users_say_what_they_like(small: Workspace, tmp_path: Path) -> None:
    users = tmp_path / "users.csv"
    rows = [f"p{i},{'Lhasa' if i % 2 else 'Macau'}," for i in range(40)]
    users.write_text("user_id,city,interests\n" + "\n".join([*rows, "new,Lhasa,", "says,,tea"]))
    small.import_users(users)
    small.record(
        [
            view(f"{'tent' if i % 2 else 'tea'}-{place}", days=place) | {"user_id": f"p{i}"}
            for i in range(40)
            for place in range(3)
        ]
    )
    assert weights(small.profile("says"))["category:Tea"] > 0
    assert small.profiles.told("says")
    assert not small.profiles.told("new")
    small.train(recipe="popularity")
    small.engine()
    guessed = small.profile("new").interests[0]
    assert (guessed.tag, guessed.source) == ("category:Outdoor", "group")
    assert guessed.evidence.groups == ["city: Lhasa"]


@pytest.mark.parametrize(
    "text", ["", " ", "😀🔥", "<script>x</script>", "a" * 10**6, "\x00", "'; --"]
)
def test_hostile_words_are_read_in_peace(small: Workspace, text: str) -> None:
    small.record(
        [
            {"user_id": "u", "type": "search", "query": text[:100_000]},
            view("tent-0", type="review", text=text),
            view("unknown item", text=text),
        ]
    )
    profile = small.profile("u")
    assert np.isfinite(profile.weights).all()
    assert profile.n_events == 3


@pytest.mark.parametrize("query", ["帐篷", "something for camping in the mountains"])
def test_meaning_crosses_languages(market: Workspace, query: str) -> None:
    if market.encoder() is None:
        pytest.skip("optional: needs the extra text")
    market.profiles.edit("wisher", {"wish": [query]})
    scores = ProfileScorer(market.profiles).scores("wisher", items=market.profiles.catalogue.items)
    assert scores is not None
    best = [market.profiles.catalogue.items.ids[at] for at in np.argsort(-scores)[:20]]
    titles = market.titles(best).values()
    english = [title for title in titles if "tent" in title.split()]
    chinese = [title for title in titles if "帐篷" in title]
    market.profiles.reset("wisher")
    assert english
    assert chinese


def test_a_profile_that_is_read_opens_no_encoder(small: Workspace) -> None:
    """Nothing that a profile shows needs the items' vectors: they cost seconds at a start."""
    small.record([view("tent-0"), view("tent-1")])
    asked: list[str] = []

    def refuse() -> None:
        asked.append("encoder")

    catalogue = TaggedCatalogue(small.stores.entities, open_encoder=refuse)
    profiles = Profiles(
        events=small.stores.events,
        entities=small.stores.entities,
        edits=small.stores.profiles,
        settings=small.settings,
        catalogue=catalogue,
        clock=lambda: START + int(100 * DAY),
    )
    assert weights(profiles.of("u"))["category:Outdoor"] > 0
    assert not asked
    profiles.of("u", readable=False)
    assert asked


def test_profiles_that_were_prepared_read_the_catalogue_no_more(small: Workspace) -> None:
    small.record([view("tent-0")])
    profiles = small.profiles
    profiles.prepare()
    profiles.settle()
    table = profiles.catalogue.table
    assert weights(small.profile("u"))["category:Outdoor"] > 0
    assert profiles.catalogue.table is table
