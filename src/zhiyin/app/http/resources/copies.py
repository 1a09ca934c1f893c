"""Copy: texts about items, every claim of which is recorded."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Body

from zhiyin.app.http.access import Opened
from zhiyin.app.http.documented import answers, new_router
from zhiyin.core.messages import Copy, CopyQuery
from zhiyin.pipeline.copywriting import write_in

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
    workspace: Opened, query: Annotated[CopyQuery, Body(openapi_examples=_QUERIES)]
) -> list[Copy]:
    """By the language model of the workspace where there is one, else from templates.

    What a model writes is held against the record, the lengths and the banned words; a template
    takes the place of what does not pass, and ``refused`` says why. Each text has a ``copy_id``
    by which an experiment or a bandit may know it.
    """
    return write_in(workspace, query)
