"""Interest profiles: read, edited, reset."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Body, Query

from zhiyin.app.http.access import Opened
from zhiyin.app.http.documented import UserId, answers, new_router
from zhiyin.core.messages import Interest, ProfileChange, ProfileReset, ProfileView, TagEvidence
from zhiyin.core.protocols import EditAction
from zhiyin.core.registry import load_path

router = new_router("profile")

_SHOWN = ProfileView(
    user_id="u-7",
    events=14,
    wishes=["a quiet weekend by the water"],
    interests=[
        Interest(
            facet="wish",
            name="a quiet weekend by the water",
            weight=1.0,
            source="wish",
            words="You asked for “a quiet weekend by the water”.",
        ),
        Interest(
            facet="category",
            name="outdoor",
            weight=0.74,
            source="behaviour",
            evidence=TagEvidence(speaking_for={"view": 9, "purchase": 2}, items=["tent-1"]),
            words="You like category “outdoor”: you looked at such items 9 times and bought such "
            "items 2 times, for example “Two-person tent”.",
        ),
    ],
    unknown=[],
    words="You asked for “a quiet weekend by the water”. You like category “outdoor”: you looked "
    "at such items 9 times and bought such items 2 times, for example “Two-person tent”.",
)
_CHANGES: dict[str, Any] = {
    "edit": {
        "summary": "More of this, none of that",
        "value": {
            "pin": ["category:outdoor"],
            "mute": ["category:garden"],
            "wish": ["a quiet weekend by the water"],
        },
    }
}


@router.get(
    "/v1/profile/{user_id:path}",
    summary="What is known of a user's interests",
    responses=answers(_SHOWN, says="The profile; of somebody never seen, an empty one."),
)
def read_profile(
    workspace: Opened,
    user_id: UserId,
    language: Annotated[
        Literal["en", "zh"] | None,
        Query(description="In words of this language too.", examples=["en"]),
    ] = None,
) -> ProfileView:
    """Interests with the recorded facts that they rest on; with a language also in sentences.

    Each sentence tells of one tag: what of it is wrong is corrected by the PATCH of the same
    address (``mute``, ``forget``, ``pin``, ``wish``), or said in a conversation.
    """
    view = workspace.profile(user_id).view()
    if language is None:
        return view
    cited = {item for interest in view.interests for item in interest.evidence.items[:1]}
    tell = load_path("zhiyin.narrate.interests:told_profile")
    told: ProfileView = tell(view, titles=workspace.titles(sorted(cited)), language=language)
    return told


@router.patch(
    "/v1/profile/{user_id:path}",
    summary="Edit a profile",
    responses=answers(_SHOWN, 413, says="The profile as it is now."),
)
def edit_profile(
    workspace: Opened,
    user_id: UserId,
    change: Annotated[ProfileChange, Body(openapi_examples=_CHANGES)],
) -> ProfileView:
    """Pins, mutes or forgets tags, adds wishes, all or none; the next slate knows of it."""
    edits: dict[EditAction, list[str]] = {
        "pin": change.pin,
        "mute": change.mute,
        "forget": change.forget,
        "wish": change.wish,
    }
    workspace.profiles.edit(user_id, edits)
    return workspace.profile(user_id).view()


@router.delete(
    "/v1/profile/{user_id:path}",
    summary="Take all edits of a profile back",
    responses=answers(ProfileReset(removed=3), says="How many there were."),
)
def reset_profile(workspace: Opened, user_id: UserId) -> ProfileReset:
    """Takes all edits of a user back; what they did stays."""
    return ProfileReset(removed=workspace.profiles.reset(user_id))
