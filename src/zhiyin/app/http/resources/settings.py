"""Settings: what is in force, and what surfaces do, read and changed."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Body, Path, Response

from zhiyin.app.http.access import Opened
from zhiyin.app.http.documented import IfMatch, IfNoneMatch, answers, new_router, tagged, tags_in
from zhiyin.core.messages import SettingsView, SurfaceRemoved, SurfaceView
from zhiyin.pipeline.records import Expected
from zhiyin.pipeline.settings import Settings
from zhiyin.pipeline.slating.describing import surfaces_of
from zhiyin.pipeline.workspace import Workspace

router = new_router("settings")

_HOME = SurfaceView(
    name="home",
    built_in=True,
    does=["10 items: what the user likes", "at most 2 of one brand"],
    settings={"length": 10, "rules": {"caps": {"brand": 2}}},
    etag="3f2a9c",
)
_PATCH: dict[str, Any] = {
    "caps": {
        "summary": "Twelve items, at most two of one brand, no filter any more",
        "value": {"length": 12, "filter": None, "rules": {"caps": {"brand": 2}}},
    }
}
_PUT: dict[str, Any] = {
    "own": {
        "summary": "A surface of your own",
        "value": {"recipe": "session", "length": 4, "filter": "price < 50"},
    }
}
_SECRET = {"store": ("url",), "online": ("url",), "llm": ("extra",)}
"""What may hold a password."""
Name = Annotated[
    str,
    Path(
        min_length=1,
        max_length=100,
        pattern=r"^[^\x00/]+$",
        description="Name of a surface.",
        examples=["home"],
    ),
]


@router.get(
    "/v1/settings",
    summary="Read all settings",
    responses=answers(
        SettingsView(file="zhiyin.toml", settings={"serve": {"policy": "greedy"}}),
        says="What is in force.",
    ),
)
def read_settings(workspace: Opened) -> SettingsView:
    """Every setting in force, and whether the file as it is now can be used.

    Sections other than surfaces count from the next start of the service on.
    """
    workspace.follow_settings()
    return SettingsView(
        file=str(workspace.settings_file.path),
        settings=_open(workspace.settings),
        trouble=workspace.settings_file.trouble,
    )


@router.get(
    "/v1/surfaces",
    summary="What each surface does",
    responses=answers([_HOME.model_dump()], says="Every surface that is defined."),
)
def read_surfaces(workspace: Opened) -> list[SurfaceView]:
    """The surfaces of the workspace's settings, the built-in ones first."""
    workspace.follow_settings()
    return surfaces_of(workspace.settings)


@router.get(
    "/v1/surfaces/{name}",
    summary="What a surface does",
    responses=answers(_HOME, 304, 404, says="The surface; the ETag changes with it."),
    response_model=SurfaceView,
)
def read_surface(workspace: Opened, name: Name, if_none_match: IfNoneMatch = None) -> Response:
    """What a surface does in words, and every setting of it."""
    return _answer(workspace, name, known=tags_in(if_none_match))


@router.patch(
    "/v1/surfaces/{name}",
    summary="Change some settings of a surface",
    responses=answers(_HOME, 404, 412, says="Changed; the next slate follows."),
    response_model=SurfaceView,
)
def patch_surface(
    workspace: Opened,
    name: Name,
    changes: Annotated[dict[str, Any], Body(openapi_examples=_PATCH)],
    if_match: IfMatch = None,
) -> Response:
    """Changes settings and leaves the others; ``null`` gives one back (RFC 7396).

    All are checked first; then `zhiyin.toml` is replaced in one step, its comments stay, and
    every process over the workspace follows.
    """
    workspace.settings_file.change(name, changes, expected=Expected(tags_in(if_match)))
    return _answer(workspace, name)


@router.put(
    "/v1/surfaces/{name}",
    summary="Store a surface in place of what was there",
    responses=answers(_HOME, 412, says="Stored; the next slate follows."),
    response_model=SurfaceView,
)
def put_surface(
    workspace: Opened,
    name: Name,
    settings: Annotated[dict[str, Any], Body(openapi_examples=_PUT)],
    if_match: IfMatch = None,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """Gives a surface these settings and no others; what is left out is as built in.

    With ``If-None-Match: *`` only if there is no such surface yet.
    """
    expected = Expected(tags_in(if_match), tags_in(if_none_match))
    workspace.settings_file.put(name, settings, expected=expected)
    return _answer(workspace, name)


@router.delete(
    "/v1/surfaces/{name}",
    summary="Take a surface's section out",
    responses=answers(
        SurfaceRemoved(name="home", removed=True), 404, 412, says="It is as built in, or gone."
    ),
)
def delete_surface(workspace: Opened, name: Name, if_match: IfMatch = None) -> SurfaceRemoved:
    """Takes the section out of the file: a built-in surface is as built in again."""
    gone = workspace.settings_file.remove(name, expected=Expected(tags_in(if_match)))
    workspace.follow_settings()
    return SurfaceRemoved(name=name, removed=gone)


def _answer(workspace: Workspace, name: str, *, known: list[str] | None = None) -> Response:
    workspace.follow_settings()
    workspace.settings_file.surface(name)
    found = next(view for view in surfaces_of(workspace.settings) if view.name == name)
    return tagged(found, found.etag, known=known)


def _open(settings: Settings) -> dict[str, Any]:
    shown = settings.model_dump(mode="json")
    for section, names in _SECRET.items():
        for name in names:
            if shown[section].get(name):
                shown[section][name] = "(set)"
    return shown
