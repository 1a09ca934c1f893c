"""The conformance suite of recommenders: engines, clients, and whatever stands in for them.

::

    class TestMine(RecommenderConformance):
        @pytest.fixture
        def recommender(self) -> Recommender:
            return MyRecommender()

The recommender must know the users and items of ``known_user`` and ``known_items``.
"""

from __future__ import annotations

from typing import ClassVar

import pytest

from zhiyin.core.errors import UnknownEntityError
from zhiyin.core.protocols import Recommender


class RecommenderConformance:
    """What every recommender does."""

    known_user: ClassVar[str] = "u00"
    """Somebody with a history."""
    known_items: ClassVar[tuple[str, ...]] = ("book-1", "book-2", "pan-1")
    """Items that can be recommended."""

    def test_is_a_recommender(self, recommender: Recommender) -> None:
        """It has every method of the protocol."""
        assert isinstance(recommender, Recommender)

    def test_a_slate_is_distinct_ordered_and_logged(self, recommender: Recommender) -> None:
        """It has at most n items, each once, and is found again under its id."""
        slate = recommender.recommend(self.known_user, n=4, surface="search")
        assert 0 < len(slate.positions) <= 4
        assert len(set(slate.item_ids)) == len(slate.item_ids)
        assert slate.surface == "search"
        assert all(0 < position.propensity <= 1 for position in slate.positions)
        assert recommender.slate(slate.slate_id) == slate

    def test_the_same_seed_gives_the_same_items(self, recommender: Recommender) -> None:
        """And another id, since it was shown twice."""
        first, second = (recommender.recommend(self.known_user, n=4, seed=7) for _ in range(2))
        assert first.item_ids == second.item_ids
        assert first.slate_id != second.slate_id

    def test_strangers_and_sessions_get_slates(self, recommender: Recommender) -> None:
        """Without what the session has seen and what is excluded."""
        session, excluded = [self.known_items[0]], [self.known_items[1]]
        slate = recommender.recommend(None, n=3, session=session, exclude=excluded)
        assert slate.positions
        assert not set(slate.item_ids) & {*session, *excluded}
        assert slate.user_id is None
        assert recommender.recommend("a-perfect-stranger", n=3).positions

    def test_candidates_are_ranked_whole(self, recommender: Recommender) -> None:
        """Every one, once, best first; unknown ones last; logged only where asked."""
        asked = [*self.known_items, "unheard-of", self.known_items[0]]
        ranked = recommender.rank(self.known_user, asked)
        assert sorted(ranked.item_ids) == sorted(set(asked))
        assert ranked.item_ids[-1] == "unheard-of"
        scores = [position.score for position in ranked.positions]
        assert scores == sorted(scores, reverse=True)
        with pytest.raises(UnknownEntityError):
            recommender.slate(ranked.slate_id)
        logged = recommender.rank(self.known_user, asked, log=True)
        assert recommender.slate(logged.slate_id).item_ids == ranked.item_ids

    def test_neighbours_leave_out_whom_they_are_asked_for(self, recommender: Recommender) -> None:
        """At most n, nearest first."""
        item = self.known_items[0]
        near = recommender.similar_items(item, n=3)
        assert 0 < len(near) <= 3
        assert item not in [each.id for each in near]
        scores = [each.score for each in near]
        assert scores == sorted(scores, reverse=True)
        people = recommender.similar_users(self.known_user, n=3)
        assert self.known_user not in [each.id for each in people]

    def test_the_unknown_is_told(self, recommender: Recommender) -> None:
        """With an error that says what to do."""
        for ask in (recommender.similar_items, recommender.similar_users, recommender.slate):
            with pytest.raises(UnknownEntityError) as raised:
                ask("never-seen-anywhere")
            assert raised.value.hint
