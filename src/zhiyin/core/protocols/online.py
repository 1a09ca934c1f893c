"""What every process of a service must agree on at once, and what may be lost in a crash."""

from __future__ import annotations

from typing import Protocol, runtime_checkable


@runtime_checkable
class OnlineState(Protocol):
    """Small values by owner and name: recent things, counters, budgets, answers to repeat.

    A name belongs to an owner, such as "user:7" or "key:abcdefgh" (see `owner_of`), so that
    everything of a person can be erased at once. Values are bytes, counters are integers
    (amounts of money in their smallest unit). What one process wrote, every process over the
    same state reads. Nothing here is the only copy: events live in the store.

    Every method raises ``StoreUnreachableError`` where a server does not answer.
    """

    def get(self, owner: str, name: str) -> bytes | None:
        """A value, or None where there is none, or it has expired."""
        ...

    def put(
        self, owner: str, name: str, value: bytes, *, ttl: float | None = None, new: bool = False
    ) -> bool:
        """Keeps a value.

        Args:
            owner: Whose.
            name: Under which name; a counter or a list of that name is something else.
            value: The value.
            ttl: Seconds until it expires, counted from now; None: never.
            new: Whether nothing happens where there is a value already; of many who ask at
                once exactly one succeeds.

        Returns:
            Whether the value was kept.
        """
        ...

    def increment(
        self,
        owner: str,
        name: str,
        by: int = 1,
        *,
        ttl: float | None = None,
        limit: int | None = None,
    ) -> int | None:
        """Adds to a counter, which begins at 0, in one step.

        Args:
            owner: Whose.
            name: Under which name.
            by: How much; 0 reads it.
            ttl: Seconds until it begins at 0 again, counted from its first step.
            limit: Nothing is added where the counter would pass this.

        Returns:
            What the counter is now; None where the limit forbade the step.
        """
        ...

    def push(
        self, owner: str, name: str, value: bytes, *, keep: int, ttl: float | None = None
    ) -> None:
        """Adds to the end of a list, of which the last ``keep`` stay.

        Args:
            owner: Whose.
            name: Under which name.
            value: What is added.
            keep: How many stay, at least 1.
            ttl: Seconds until the list expires, counted from this push; None: never.
        """
        ...

    def recent(self, owner: str, name: str) -> list[bytes]:
        """A list, oldest first; empty where there is none."""
        ...

    def forget(self, owner: str) -> int:
        """Erases everything of an owner; returns how many names it had."""
        ...


def owner_of(kind: str, entity_id: str) -> str:
    """The owner of what concerns a user ("user"), an item ("item") or an API key ("key")."""
    return f"{kind}:{entity_id}"
