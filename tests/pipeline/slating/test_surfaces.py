"""What surfaces do by their settings, and what they say when they cannot."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from tests.pipeline.conftest import DAY, SteppingClock, two_tastes
from tests.pipeline.slating.conftest import catalogue

from zhiyin.core.errors import ConfigError
from zhiyin.core.protocols import Selection
from zhiyin.pipeline.settings import Settings, read_settings
from zhiyin.pipeline.slating.describing import surfaces_of
from zhiyin.pipeline.workspace import Workspace

Make = Callable[..., Workspace]
ITEMS = {str(item["item_id"]): item for item in catalogue()}


def column(items: list[str], name: str) -> Counter[Any]:
    return Counter(ITEMS[i][name] for i in items)


def test_a_surface_nobody_defined_is_served_and_says_so(shop_with: Make) -> None:
    slate = shop_with().recommend("u00", surface="lobby")
    assert len(slate.item_ids) == 10
    assert slate.fallbacks == ["no surface is named 'lobby': default settings"]


def test_or_it_is_an_error(make_workspace: Make) -> None:
    shop = make_workspace("[serve]\nunknown_surface = 'error'\n[surfaces.lobby]\n")
    shop.record(two_tastes())
    shop.train(recipe="ease")
    assert shop.recommend("u00", surface="lobby").fallbacks == []
    with pytest.raises(ConfigError, match="known: home, detail, cart, search, feed, email, lobby"):
        shop.recommend("u00", surface="loby")


def test_lengths_are_those_of_the_surface_unless_asked_for(shop_with: Make) -> None:
    shop = shop_with("[surfaces.side]\nlength = 3")
    assert len(shop.recommend("u00", surface="side").item_ids) == 3
    assert len(shop.recommend("u00", surface="email").item_ids) == 5
    assert len(shop.recommend("u00", surface="side", n=7).item_ids) == 7


def test_rules_hold_on_every_slate(shop_with: Make) -> None:
    shop = shop_with(
        """
[surfaces.home.rules]
exclude = ["book-1"]
pins = { pan-5 = 2 }
caps = { brand = 2 }
promoted = "sponsored = true"
promoted_at_least = 0.5
"""
    )
    for user in ("u00", "u01", "nobody"):
        for n in (2, 4, 6):
            slate = shop.recommend(user, n=n)
            assert slate.lost_rules == [] or n == 2, slate.lost_rules
            assert slate.item_ids[1] == "pan-5"
            assert "book-1" not in slate.item_ids
            assert max(column(slate.item_ids, "brand").values()) <= 2
            assert column(slate.item_ids, "sponsored")[True] >= n / 2 or slate.lost_rules


def test_contradictory_rules_say_which_won_and_why(shop_with: Make) -> None:
    shop = shop_with(
        """
[surfaces.home]
filter = "price < 60"
[surfaces.home.rules]
exclude = ["book-2"]
pins = { book-2 = 1, pan-9 = 2, book-3 = 1, book-4 = 1, nothing = 1 }
caps = { brand = 1, taste = 1 }
"""
    )
    slate = shop.recommend("u00", n=5)
    told = {(lost.rule, lost.lost_to) for lost in slate.lost_rules}
    assert told >= {
        ("book-2 at place 1", "exclusion"),
        ("pan-9 at place 2", "exclusion"),
        ("book-4 at place 1", "pin"),
        ("nothing at place 1", "candidates"),
        ("at most 1 per taste", "candidates"),
    }
    assert any(lost.lost_to == "length" for lost in slate.lost_rules)
    assert slate.item_ids[0] == "book-3"
    assert len(slate.item_ids) == 5
    logged = shop.stores.exposures.find(slate.slate_id)
    assert logged is not None
    assert len(logged["lost_rules"]) == len(slate.lost_rules)


def test_a_pinned_item_that_the_user_has_yields_to_hiding(shop_with: Make) -> None:
    had = next(str(e["item_id"]) for e in two_tastes() if e["user_id"] == "u00")
    shop = shop_with(f"[surfaces.home.rules]\npins = {{ {had} = 1 }}", hide_seen=True)
    slate = shop.recommend("u00", n=3)
    assert had not in slate.item_ids
    assert [(o.rule, o.why) for o in slate.lost_rules] == [(f"{had} at place 1", "hidden")]
    assert shop.recommend("u01", n=3).item_ids[0] == had


@pytest.mark.parametrize("policy", ["greedy", "boltzmann", "epsilon_greedy"])
def test_groups_get_their_part(shop_with: Make, policy: str) -> None:
    shop = shop_with(
        f"""
[surfaces.home.fairness]
column = "brand"
factor = 1.0
[surfaces.home.exploration]
policy = "{policy}"
"""
    )
    for seed in range(5):
        slate = shop.recommend("u00", n=10, seed=seed)
        assert min(column(slate.item_ids, "brand").values()) >= 3
        assert slate.lost_rules == []


def test_groups_that_rules_leave_short_are_told(shop_with: Make) -> None:
    shop = shop_with(
        """
[surfaces.home.fairness]
column = "brand"
factor = 1.0
[surfaces.home.rules]
caps = { brand = 1 }
"""
    )
    slate = shop.recommend("u00", n=3)
    assert max(column(slate.item_ids, "brand").values()) == 1
    full = shop.recommend("u00", n=20)
    assert any(lost.lost_to == "length" for lost in full.lost_rules)


@pytest.mark.parametrize("method", ["mmr", "dpp", "xquad"])
def test_diversity_by_a_column_mixes_what_the_scores_do_not(shop_with: Make, method: str) -> None:
    plain = shop_with("[surfaces.home.diversity]\nmethod = 'off'").recommend("u00", n=6)
    text = f"method = '{method}'\nfeatures = 'categories'\ndiversity = 0.9"
    mixed = shop_with(f"[surfaces.home.diversity]\n{text}").recommend("u00", n=6)
    assert all(i.startswith("book") for i in plain.item_ids)
    assert mixed.item_ids != plain.item_ids
    if method != "xquad":  # which wants no categories that no relevant candidate has
        assert any(i.startswith("pan") for i in mixed.item_ids)
    missing = shop_with("[surfaces.home.diversity]\nfeatures = 'none'").recommend("u00")
    assert missing.fallbacks == ["no item has none: slates are not diversified"]


def test_newer_items_come_up_and_popular_ones_go_down(shop_with: Make) -> None:
    shop = shop_with(
        """
[surfaces.plain]
[surfaces.fresh.freshness]
strength = 50.0
half_life_days = 5.0
[surfaces.rare.debias]
strength = 5.0
"""
    )
    fresh = shop.recommend("u00", surface="fresh", n=3).item_ids
    plain = shop.recommend("u00", surface="plain", n=3).item_ids
    assert (plain[0], fresh[0]) == ("book-8", "book-9"), "the newest of those that are liked"
    engine = shop.engine()
    users = engine.trained.popularity

    def popularity(surface: str) -> float:
        items = shop.recommend("u00", surface=surface, n=10).item_ids
        return float(np.mean([users[engine.items.index[i]] for i in items]))

    assert popularity("rare") < popularity("plain")


def test_recipes_take_candidates_from_history_session_or_everybody(shop_with: Make) -> None:
    shop = shop_with("[surfaces.with]\nrecipe='session'\n[surfaces.top]\nrecipe='popular'")
    with_pan = shop.recommend("u00", surface="with", session=["pan-1"], n=4)
    assert {i[:3] for i in with_pan.item_ids} == {"pan"}
    alone = shop.recommend("u00", surface="with", n=4)
    assert alone.fallbacks == ["no session: what the user likes"]
    assert {i[:4] for i in alone.item_ids} == {"book"}
    top = shop.recommend("u00", surface="top", n=4)
    assert top.item_ids == shop.recommend("u01", surface="top", n=4).item_ids
    assert top.fallbacks == []


def test_an_item_is_shown_only_so_often_here(shop_with: Make, clock: SteppingClock) -> None:
    shop = shop_with("[surfaces.mail.memory]\nfrequency_cap = 2\ndays = 7.0")
    slates = [shop.recommend("u00", surface="mail", n=6).item_ids for _ in range(6)]
    times = Counter(i for items in slates for i in items)
    assert slates[0] == slates[1] != slates[2]
    assert max(times.values()) == 2
    assert shop.recommend("u01", surface="mail", n=6).item_ids, "another user begins anew"
    assert shop.recommend("u00", surface="home", n=6).item_ids, "another surface too"
    clock.now += 8 * DAY
    assert shop.recommend("u00", surface="mail", n=6).item_ids == slates[0]


def test_what_was_shown_rotates(shop_with: Make) -> None:
    shop = shop_with(
        "[surfaces.home.diversity]\nmethod='off'\n[surfaces.home.memory]\nrotation = 3.0"
    )
    first = shop.recommend("u00", n=4).item_ids
    second = shop.recommend("u00", n=4).item_ids
    assert not set(first) & set(second)


def test_what_was_bought_is_hidden_for_a_time(shop_with: Make, clock: SteppingClock) -> None:
    shop = shop_with("[surfaces.home.memory]\nhide_days = { purchase = 30.0 }", hide_seen=True)
    had = {e["item_id"] for e in two_tastes() if e["user_id"] == "u00"}
    best = [i for i in shop.recommend("u00", n=20).item_ids if i.startswith("book")]
    assert had <= set(best), "views hide nothing here"
    shop.record([{"user_id": "u00", "item_id": best[0], "type": "purchase"}])
    assert best[0] not in shop.recommend("u00", n=20).item_ids
    clock.now += 31 * DAY
    assert best[0] in shop.recommend("u00", n=20).item_ids


def test_each_surface_draws_as_it_says(shop_with: Make) -> None:
    shop = shop_with(
        "[surfaces.feed.exploration]\npolicy = 'boltzmann'\nboltzmann = { temperature = 9.0 }"
    )
    home, feed = shop.recommend("u00"), shop.recommend("u00", surface="feed")
    assert (home.policy, home.odds) == ("greedy", "deterministic")
    assert (feed.policy, feed.odds) == ("boltzmann", "exact")
    assert {p.propensity for p in home.positions} == {1.0}
    assert feed.positions[0].propensity < 0.2
    assert shop.recommend("u00", surface="feed").item_ids == feed.item_ids, "same seed"
    assert shop.recommend("u00", surface="feed", seed=1).item_ids != feed.item_ids


def test_a_policy_that_estimates_its_odds_is_quoted(shop_with: Make) -> None:
    class Guess:
        name = "guess"

        def select(self, scores: Any, *, n: int, rng: np.random.Generator) -> Selection:
            picked = np.arange(min(n, len(scores)))
            return Selection(picked, np.full(len(picked), 0.5), "monte-carlo")

    shop = shop_with("[surfaces.capped.rules]\ncaps = { brand = 2 }")
    shop._policy = Guess()  # type: ignore[assignment]
    for surface in ("search", "capped"):
        slate = shop.recommend("u00", surface=surface, n=4)
        assert (slate.policy, slate.odds) == ("guess", "monte-carlo")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[surfaces.home]\ncaps = { brand = 2 }", "did you mean surfaces.home.rules.caps"),
        ("[surfaces.email]\nlenght = 3", "did you mean surfaces.email.length"),
        ("[surfaces.home]\nfilter = 'price <'", "surfaces.home.filter"),
        ("[surfaces.home]\nboosts = ['1', 'lg1p(a)']", "did you mean log1p"),
        ("[surfaces.home.rules]\npromoted = 'a <'", "surfaces.home.rules.promoted"),
        ("[surfaces.home.diversity]\ndiversity = 2", "surfaces.home.diversity.diversity"),
        ("[surfaces.home.exploration]\npolicy = 'thompson'", "exploration.policy"),
        ("[surfaces]\nhome = 3", "surfaces.home"),
        ("surfaces = 3", "surfaces"),
    ],
)
def test_wrong_settings_are_refused_by_name(tmp_path: Any, text: str, message: str) -> None:
    path = tmp_path / "zhiyin.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=message.replace(".", r"\.")):
        read_settings(path)


def test_sections_are_laid_over_what_is_built_in() -> None:
    given = {"feed": {"memory": {"days": 3.0}}, "side": {"length": 2}}
    surfaces = Settings.model_validate({"surfaces": given}).surfaces
    assert surfaces["feed"].memory.frequency_cap == 3
    assert surfaces["feed"].memory.days == 3.0
    assert surfaces["home"] == Settings().surfaces["home"]
    assert surfaces["side"].diversity.method == "off"


def test_what_surfaces_do_is_told_in_words() -> None:
    given = {"side": {"filter": "price < 3", "rules": {"caps": {"brand": 2}}}}
    views = {v.name: v for v in surfaces_of(Settings.model_validate({"surfaces": given}))}
    assert views["side"].does == [
        "10 items: what the user likes",
        "only where price < 3",
        "at most 2 of one brand",
    ]
    assert not views["side"].built_in
    assert views["email"].does[1] == "an item at most once to a user in 14 days"
