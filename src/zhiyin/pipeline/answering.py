"""Feedback: what somebody did with a slate, checked against the slate, as events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from zhiyin.core.errors import DataError, UnknownEntityError
from zhiyin.core.messages import Feedback
from zhiyin.core.protocols import ExposureLog


def answered(exposures: ExposureLog, feedback: Sequence[Feedback]) -> list[dict[str, Any]]:
    """The events that feedback stands for, as `zhiyin.pipeline.live.record_events` takes them.

    Args:
        exposures: The slates that were shown.
        feedback: What was done with them.

    Raises:
        UnknownEntityError: A slate was never shown.
        DataError: A slate does not have the item, or not at that place, or was not made for
            that user; or it was made for an anonymous session, and no user is named.
    """
    slates: dict[str, Mapping[str, Any]] = {}
    for each in feedback:
        if each.slate_id not in slates:
            found = exposures.find(each.slate_id)
            if found is None:
                raise UnknownEntityError(
                    f"no slate {each.slate_id!r} was shown",
                    hint="take the slate_id of a slate as it came",
                )
            slates[each.slate_id] = found
    return [_event(number, each, slates[each.slate_id]) for number, each in enumerate(feedback)]


def _event(number: int, feedback: Feedback, slate: Mapping[str, Any]) -> dict[str, Any]:
    where = f"feedback {number}"
    position = _place(where, feedback, slate)
    owner = slate.get("user_id")
    user_id = feedback.user_id or owner
    if user_id is None:
        raise DataError(
            f"{where}: the slate was made for an anonymous session",
            hint="say in user_id who it was: a name of your own for the session will do",
        )
    if owner is not None and user_id != owner:
        raise DataError(
            f"{where}: the slate was not made for the user {user_id!r}",
            hint="leave user_id out: it is known from the slate",
        )
    return {
        "user_id": user_id,
        "item_id": feedback.item_id,
        "type": feedback.type,
        "timestamp": feedback.timestamp,
        "value": feedback.value,
        "text": feedback.text,
        "event_id": feedback.event_id,
        "context": {
            "slate_id": feedback.slate_id,
            "position": position,
            "surface": slate.get("surface"),
        },
    }


def _place(where: str, feedback: Feedback, slate: Mapping[str, Any]) -> int:
    ids = [position["item_id"] for position in slate["positions"]]
    if feedback.item_id not in ids:
        raise DataError(
            f"{where}: the slate does not have the item {feedback.item_id!r}",
            hint="send what was done with other items to /v1/events",
        )
    position = ids.index(feedback.item_id) + 1
    if feedback.position not in (None, position):
        raise DataError(
            f"{where}: the item {feedback.item_id!r} was at place {position}, "
            f"not {feedback.position}",
            hint="places are counted from 1; position may be left out",
        )
    return position
