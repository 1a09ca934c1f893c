"""Routes of interest profiles."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import Field

from zhiyin.app.http.access import Opened
from zhiyin.core.config import Config
from zhiyin.core.protocols import EditAction
from zhiyin.models.profile.interest import ProfileView

router = APIRouter(prefix="/v1/profile", tags=["profile"])

_MOST = 100


class ProfileChange(Config):
    """Edits of a profile, all or none; tags as "facet:name", or by their name alone."""

    pin: list[str] = Field(default_factory=list[str], max_length=_MOST)
    """Tags to keep at full weight."""
    mute: list[str] = Field(default_factory=list[str], max_length=_MOST)
    """Tags whose items go to the end of every slate."""
    forget: list[str] = Field(default_factory=list[str], max_length=_MOST)
    """Tags or wishes to drop; later behaviour may bring a tag back."""
    wish: list[str] = Field(default_factory=list[str], max_length=_MOST)
    """What the user would like, in their words."""


class ProfileReset(Config):
    """What a reset did."""

    removed: int
    """Edits that were taken back."""


@router.get("/{user_id}")
def read_profile(workspace: Opened, user_id: str) -> ProfileView:
    """What is known of a user's interests, and why; of one never seen, nothing."""
    return workspace.profile(user_id).view()


@router.patch("/{user_id}")
def edit_profile(workspace: Opened, user_id: str, change: ProfileChange) -> ProfileView:
    """Pins, mutes or forgets tags, adds wishes; the next slate knows of it."""
    edits: dict[EditAction, list[str]] = {
        "pin": change.pin,
        "mute": change.mute,
        "forget": change.forget,
        "wish": change.wish,
    }
    workspace.profiles.edit(user_id, edits)
    return workspace.profile(user_id).view()


@router.delete("/{user_id}")
def reset_profile(workspace: Opened, user_id: str) -> ProfileReset:
    """Takes all edits of a user back; what they did stays."""
    return ProfileReset(removed=workspace.profiles.reset(user_id))
