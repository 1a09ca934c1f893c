"""What answers queries: the engine in this process, or a service over HTTP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

from zhiyin.core.messages.neighbour import Neighbour
from zhiyin.core.slate import Slate


@runtime_checkable
class Recommender(Protocol):
    """Answers queries; whoever holds one need not know where the answers come from."""

    def recommend(
        self,
        user_id: str | None,
        *,
        n: int | None = None,
        surface: str = "home",
        session: Sequence[str] = (),
        exclude: Sequence[str] = (),
        seed: int = 0,
        explain: bool = False,
    ) -> Slate:
        """A slate for a user, or for an anonymous session; its exposure is logged.

        Args:
            user_id: Anybody; None for an anonymous session.
            n: Slate length; None: as many as the surface has.
            surface: Where the slate appears.
            session: Item ids that the visitor has just looked at, oldest first.
            exclude: Item ids that must not appear.
            seed: Seed of the draw: same inputs, same seed, same items.
            explain: Whether to add sources and evidence to each position.
        """
        ...

    def rank(
        self,
        user_id: str | None,
        items: Sequence[str],
        *,
        surface: str = "home",
        session: Sequence[str] = (),
        context: Mapping[str, Any] | None = None,
        log: bool = False,
    ) -> Slate:
        """The caller's candidates in order, every one of them; logged where asked.

        Args:
            user_id: For whom; None for an anonymous session.
            items: Ids of the candidates, at least one.
            surface: Where they are shown.
            session: Item ids that the visitor has just looked at, oldest first.
            context: What the moment is like.
            log: Whether the order is shown as it is.
        """
        ...

    def similar_items(self, item_id: str, *, n: int = 10) -> list[Neighbour]:
        """The items most like one, by behaviour.

        Raises:
            UnknownEntityError: Nobody has seen this item.
        """
        ...

    def similar_users(self, user_id: str, *, n: int = 10) -> list[Neighbour]:
        """The users whose behaviour is most like one's.

        Raises:
            UnknownEntityError: This user has done nothing.
        """
        ...

    def slate(self, slate_id: str) -> Slate:
        """A slate that was shown.

        Raises:
            UnknownEntityError: No such slate was logged.
        """
        ...
