"""Explanations and copy over a trained workspace."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from zhiyin.core.errors import UnknownEntityError
from zhiyin.core.messages import CopyQuery, ExplainQuery, Method
from zhiyin.narrate.grounding import check
from zhiyin.pipeline.attribution import altered, influences, standing
from zhiyin.pipeline.copywriting import evidence_of, write_in
from zhiyin.pipeline.explaining import Explainer, explain_in
from zhiyin.pipeline.workspace import Workspace

PAN = {"item_id": "pan-0", "title": "Iron pan", "price": 30, "currency": "EUR", "brand": "Orm"}


def _first(shop: Workspace, user: str) -> str:
    return shop.recommend(user, n=1, log=False).item_ids[0]


def test_shapley_values_of_events_sum_to_the_score_with_them_less_that_without(
    shop: Workspace,
) -> None:
    item = _first(shop, "u00")
    found = explain_in(shop, ExplainQuery(user_id="u00", item_id=item, method="shap"))
    total = sum(event.influence for event in found.events)
    assert found.retrieved is not None
    assert found.without_events is not None
    assert total == pytest.approx(found.retrieved - found.without_events, abs=1e-4)
    assert all(event.item_id.startswith("book") for event in found.events)


@pytest.mark.parametrize("method", ["likeness", "deletion", "shap", "lime"])
def test_what_is_cited_is_in_the_history_and_counts(shop: Workspace, method: Method) -> None:
    item = _first(shop, "u01")
    found = explain_in(shop, ExplainQuery(user_id="u01", item_id=item, method=method))
    assert found.place == 1
    assert found.explanation.cites
    assert all(cited.startswith("pan") for cited in found.explanation.cites)
    assert any(event.influence > 0 for event in found.events)
    assert {event.event for event in found.events} == {"view"}


def test_an_item_that_the_user_has_had_is_not_explained(shop: Workspace) -> None:
    had = next(e for e in shop.export_user("u00").events if e.item_id)
    query = ExplainQuery(user_id="u00", item_id=str(had.item_id), method="deletion")
    with pytest.raises(UnknownEntityError, match="not among"):
        explain_in(shop, query)


def test_deletion_is_the_score_without_the_event(shop: Workspace) -> None:
    explainer = Explainer(shop.engine(), shop.stores, shop.settings)
    queries = explainer.queries("u00", now=0)
    where = np.array([explainer.engine.items.index[_first(shop, "u00")]])
    found = influences(explainer.engine.score, queries, where, method="deletion")
    keep = queries.histories.items != found.items[0]
    both = altered(queries, np.stack([np.ones_like(keep), keep]))
    twice = standing(explainer.engine.score(both))
    assert found.values[0, 0] == pytest.approx(twice[0, where[0]] - twice[1, where[0]], abs=1e-5)


def test_copy_says_what_is_recorded_and_its_variants_differ(
    make_workspace: Callable[..., Workspace],
) -> None:
    shop = make_workspace('[narrate]\nlanguage = "zh"\n')
    shop.upsert_items([PAN])
    texts = write_in(shop, CopyQuery(item_ids=["pan-0"], kind="push", n=3))
    assert len(texts) == len({text.copy_id for text in texts}) == 3
    for text in texts:
        assert text.language == "zh"
        assert text.made_by == "template"
        assert check(text.parts["text"], record=PAN).is_grounded
    again = write_in(shop, CopyQuery(item_ids=["pan-0"], kind="push", n=3))
    assert [text.copy_id for text in again] == [text.copy_id for text in texts]


def test_copy_of_an_unknown_item_is_refused(shop: Workspace) -> None:
    with pytest.raises(UnknownEntityError, match="nowhere"):
        write_in(shop, CopyQuery(item_ids=["nowhere"]))


def test_the_events_of_a_user_are_evidence(shop: Workspace) -> None:
    shop.upsert_items([PAN])
    shop.record([{"user_id": "u00", "item_id": "pan-0", "type": "purchase"}])
    newest = evidence_of(shop.stores, "u00")[0]
    assert (newest["event"], newest["title"]) == ("purchase", "Iron pan")
    text = "You bought “Iron pan”."
    assert check(text, record={"item_id": "x", "title": "Y"}, evidence=[newest]).is_grounded
