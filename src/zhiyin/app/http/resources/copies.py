"""Copy: texts about items, every claim of which is recorded."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Body

from zhiyin.app.http.access import AtTenant, Opened
from zhiyin.app.http.documented import answers, new_router
from zhiyin.core.messages import Copy, CopyQuery
from zhiyin.core.registry import load_path

router = new_router("copy")

_SHOWN = [
    Copy(
        item_id="tent-1",
        kind="push",
        language="en",
        parts={"text": "For you: “Two-person tent”. Price: $129."},
        made_by="template",
    )
]
_QUERIES: dict[str, Any] = {
    "push": {
        "summary": "Three texts for a push message",
        "value": {"item_ids": ["tent-1"], "kind": "push", "n": 3},
    },
    "shown": {
        "summary": "One of five pushes, drawn and logged as shown",
        "value": {
            "item_ids": ["tent-1"],
            "kind": "push",
            "n": 5,
            "user_id": "u-7",
            "surface": "push",
            "show": True,
        },
    },
    "segment": {
        "summary": "An ad for a segment",
        "value": {"item_ids": ["tent-1"], "kind": "ad", "segment": "people who camp in winter"},
    },
}


@router.post(
    "/v1/copy",
    summary="Texts about items",
    responses=answers(_SHOWN, 404, 413, says="The texts, item by item."),
)
def write_copy(
    workspace: Opened,
    tenant: AtTenant,
    query: Annotated[CopyQuery, Body(openapi_examples=_QUERIES)],
) -> list[Copy]:
    """By the language model of the workspace where there is one, else from templates.

    What a model writes is held against the record, the lengths and the banned words; a template
    takes the place of what does not pass, and ``refused`` says why. Each text has a ``copy_id``
    that names these words.

    With ``show``, one text of each item is drawn to be shown now: mostly the one that was
    answered most often on this surface, and any of them in the share ``explore`` of the settings.
    The draw is logged under the text's ``slate_id`` with its ``propensity``; feedback that names
    that slate counts for the text.
    """
    written: list[Copy] = load_path("zhiyin.pipeline.copywriting:write_in")(workspace, query)
    if not query.show:
        return written
    drawn: list[Copy] = load_path("zhiyin.pipeline.copy_arms:draw_shown")(
        written,
        query,
        counts=tenant.traffic,
        exposures=workspace.stores.exposures,
        config=workspace.settings.narrate,
    )
    return drawn
