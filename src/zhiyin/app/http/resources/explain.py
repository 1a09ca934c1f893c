"""Explanations: why an item is, or would be, shown, with what that rests on."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Body

from zhiyin.app.http.access import Opened
from zhiyin.app.http.documented import answers, new_router
from zhiyin.core.messages import (
    EventInfluence,
    Explained,
    ExplainQuery,
    Explanation,
    FeatureContribution,
)
from zhiyin.core.registry import load_path
from zhiyin.core.slate import Evidence, Position

router = new_router("explain")

_SHOWN = Explained(
    explanation=Explanation(
        item_id="tent-1",
        text="Because you bought “Sleeping bag”. It has in common with “Sleeping bag”: "
        "category “outdoor”.",
        language="en",
        length="medium",
        style="because",
        cites=["bag-3"],
    ),
    position=Position(
        item_id="tent-1",
        score=1.82,
        propensity=1.0,
        sources={"ease": 1.1, "item_knn": 0.52, "ranker": 0.2},
        evidence=[Evidence(kind="event", item_id="bag-3", event="purchase", share=0.8)],
    ),
    place=1,
    method="shap",
    events=[
        EventInfluence(item_id="bag-3", title="Sleeping bag", event="purchase", influence=0.74)
    ],
    retrieved=1.62,
    without_events=0.41,
    features=[
        FeatureContribution(
            feature="score blend",
            what="what blend says",
            unit="standard deviations over the catalogue",
            value=1.62,
            contribution=0.13,
        )
    ],
    base=0.02,
)
_QUERIES: dict[str, Any] = {
    "why": {
        "summary": "Why this one?",
        "value": {"user_id": "u-7", "item_id": "tent-1"},
    },
    "points": {
        "summary": "What events and features do to the score",
        "value": {"user_id": "u-7", "item_id": "tent-1", "method": "shap", "length": "long"},
    },
    "contrast": {
        "summary": "Why this one rather than that one?",
        "value": {"user_id": "u-7", "item_id": "tent-1", "instead_of": "lamp-2"},
    },
}


@router.post(
    "/v1/explain",
    summary="Why an item is, or would be, shown to a user",
    responses=answers(_SHOWN, 404, 413, says="The words, and what they rest on."),
)
def explain(
    workspace: Opened, query: Annotated[ExplainQuery, Body(openapi_examples=_QUERIES)]
) -> Explained:
    """From recorded facts only; nothing is logged.

    The method ``likeness`` cites events by the likeness of their items. The others measure, in
    points of the score: ``deletion`` takes each of the latest 30 items out of the history,
    ``shap`` gives Shapley values of these items and exact SHAP values of the ranker's features,
    ``lime`` fits a regression on altered inputs. An item that the user has had, or that is
    hidden or unknown, is answered with 404.
    """
    told: Explained = load_path("zhiyin.pipeline.explaining:explain_in")(workspace, query)
    return told
