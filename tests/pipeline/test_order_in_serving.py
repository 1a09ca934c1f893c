"""What training takes for an order, serving takes for an order: decays act in both or neither."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.pipeline.conftest import two_tastes

from zhiyin.pipeline.assembly import load_dataset
from zhiyin.pipeline.measuring import as_queries
from zhiyin.pipeline.trained import restore
from zhiyin.pipeline.wiring import open_workspace


@pytest.mark.parametrize("columns", ["timestamp", "none"])
def test_a_restored_model_scores_histories_as_the_trained_one_did(
    tmp_path: Path, columns: str
) -> None:
    keys = ["user_id", "item_id"] + ([] if columns == "none" else [columns])
    lines = [",".join(str(event[key]) for key in keys) for event in two_tastes()]
    log = tmp_path / "events.csv"
    log.write_text("\n".join([",".join(keys), *lines]) + "\n", encoding="utf-8")
    with open_workspace(tmp_path / "shop") as shop:
        shop.import_events(log)
        trained = shop.train(recipe="ease" if columns == "none" else "slit")
        dataset = load_dataset(
            shop.stores.events, shop.stores.entities, settings=shop.settings.events
        )
        restored = restore(shop.artifacts.manifest("v000001"), shop.artifacts.arrays("v000001"))
    assert trained.histories.ordered == dataset.histories.ordered
    assert restored.histories.ordered == trained.histories.ordered
    queries = as_queries(dataset)
    served = type(queries)(restored.histories, queries.users, queries.as_of)
    np.testing.assert_array_equal(restored.score(served), trained.score(queries))
