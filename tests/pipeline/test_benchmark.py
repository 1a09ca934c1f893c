"""The benchmark on small folders: every protocol, every way to fail."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from zhiyin.core.errors import DataError, NotEnoughDataError, UnknownModelError
from zhiyin.core.registry import RETRIEVERS, registered
from zhiyin.data.protocols import SplitProtocol
from zhiyin.evaluation.bootstrap import BootstrapConfig
from zhiyin.pipeline.benchmark import BenchmarkSettings, benchmark
from zhiyin.pipeline.benchmark.folder import as_dataset, read_split
from zhiyin.pipeline.benchmark.task import load_tests, load_training, save_tests, save_training

QUICK = BootstrapConfig(resamples=50)
EVERY = tuple(SplitProtocol)


def log(users: int = 40, items: int = 24, each: int = 8, seed: int = 0) -> pl.DataFrame:
    """Users with two tastes; timestamps, positions, and a split column."""
    rng = np.random.default_rng(seed)
    rows = []
    for user in range(users):
        half = rng.permutation(items // 2)[:each] + (user % 2) * (items // 2)
        for place, item in enumerate(half):
            name = ["test", "valid"][place - each] if place >= each - 2 else "train"
            rows.append(
                (f"u{user:03}", f"i{item:02}", 1_600_000_000 + user + place * 900, place, name)
            )
    columns = ["user_id", "item_id", "timestamp", "position", "split"]
    return pl.DataFrame(rows, schema=columns, orient="row")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "tiny"
    root.mkdir()
    log().write_parquet(root / "interactions.parquet")
    items = [f"i{i:02}" for i in range(30)]
    pl.DataFrame(
        {
            "item_id": items,
            "title": [f"title of {i}" for i in items],
            "categories": [["all", "low" if i < "i12" else "high"] for i in items],
        }
    ).write_parquet(root / "items.parquet")
    return root


def settings(protocol: str = "leave-one-out", **more) -> BenchmarkSettings:
    return BenchmarkSettings(protocol=SplitProtocol(protocol), bootstrap=QUICK, budget_s=20, **more)


def slow(*case: object):
    return pytest.param(*case, marks=pytest.mark.slow)


def written(frame: pl.DataFrame, root: Path) -> Path:
    frame.write_parquet(root / "interactions.parquet")
    return root


def test_the_report_has_the_shape_of_the_contract(folder: Path) -> None:
    stages: list[tuple[str, float]] = []
    report = benchmark(
        folder, settings(models=("ease",)), progress=lambda s, share: stages.append((s, share))
    )
    assert report["dataset"] == "tiny"
    assert report["protocol"] == "leave-one-out"
    assert (report["seed"], report["budget_s"]) == (42, 20)
    assert (report["n_users"], report["n_items"]) == (40, 24)
    assert report["dropped"] == {}
    assert list(report["models"]) == ["ease", "popularity", "recent-popularity"]
    ease = report["models"]["ease"]
    assert ease["train_s"] > 0
    assert ease["recommend_s"] >= 0
    assert 20 < ease["peak_rss_mb"] < 2000
    assert ease["chosen"]["chosen"] == {"ease": 1.0}
    for name in ("hr", "recall", "ndcg", "precision", "map", "mrr", "coverage", "novelty", "gini"):
        for k in (5, 10, 20, 50):
            assert np.isfinite(ease["metrics"][f"{name}@{k}"])
    assert ease["metrics"]["diversity@10"] >= 0
    # Two tastes: EASE finds the half, popularity cannot.
    assert ease["metrics"]["hr@5"] > report["models"]["popularity"]["metrics"]["hr@5"]
    assert report["confidence"]["against_best"]["metrics"]["ease"]["ndcg@10"]["difference"] > 0
    assert json.loads(json.dumps(report, allow_nan=False)) == report
    shares = [share for _, share in stages]
    assert shares == sorted(shares)
    assert shares[-1] == 1


@pytest.mark.slow
@pytest.mark.parametrize("protocol", EVERY)
def test_every_protocol_from_end_to_end(folder: Path, protocol: SplitProtocol) -> None:
    report = benchmark(folder, settings(protocol, models=("popularity",)))
    entry = report["models"]["popularity"]
    tests = [name for name in entry if name.startswith("metrics")]
    cold = protocol is SplitProtocol.COLD_ITEMS
    assert tests == (["metrics", "metrics_cold", "metrics_warm"] if cold else ["metrics"])
    assert list(report["confidence"]["intervals"]) == tests
    for name in tests:
        assert 0 <= entry[name]["recall@10"] <= 1


@pytest.mark.slow
def test_the_same_seed_gives_the_same_figures(folder: Path) -> None:
    runs = [benchmark(folder, settings("random-split", models=("ease",))) for _ in range(2)]
    one, other = (run["models"]["ease"]["metrics"] for run in runs)
    assert one == other
    assert runs[0]["confidence"] == runs[1]["confidence"]


def test_a_task_survives_its_files(folder: Path, tmp_path: Path) -> None:
    parts = read_split(folder, protocol=SplitProtocol.COLD_ITEMS, seed=1)
    dataset = as_dataset(parts, folder)
    save_training(tmp_path, dataset)
    save_tests(tmp_path, parts.tests)
    back = load_training(tmp_path)
    assert back.users.ids == dataset.users.ids
    assert back.items.ids == dataset.items.ids
    assert back.titles == dataset.titles
    assert back.category_names == ["all", "high", "low"]
    assert (back.as_of, back.order) == (dataset.as_of, "timestamp")
    for name in ("indptr", "items", "weights", "times"):
        mine, theirs = getattr(dataset.histories, name), getattr(back.histories, name)
        assert (mine == theirs).all()
    assert dataset.held_out is not None
    assert back.held_out is not None
    assert (back.held_out == dataset.held_out).all()
    tests = load_tests(tmp_path, n_items=24)
    assert list(tests) == list(parts.tests)
    for name, part in parts.tests.items():
        assert (tests[name].test.items == part.test.items).all()
    assert tests["metrics"].allowed is None
    assert (tests["metrics_cold"].allowed == parts.tests["metrics_cold"].allowed).all()


TRAINER = """
    import os, time
    import numpy as np
    from zhiyin.core.errors import TrainingError
    from zhiyin.pipeline.train import train as honest

    def train(dataset, *, recipe, budget_s, seed, progress):
        print("a library talks on standard output")
        if recipe == "popularity":
            return honest(
                dataset, recipe=recipe, budget_s=budget_s, seed=seed, progress=progress
            )
        if recipe == "recent-popularity":
            raise TrainingError("it would not learn", hint="try again")
        {how}
"""


@pytest.mark.parametrize(
    ("how", "memory_mb", "kind", "message"),
    [
        ("os._exit(3)", None, "Crashed", "code 3"),
        slow("raise ValueError('spilt milk')", None, "ValueError", "spilt milk"),
        slow("os.kill(os.getpid(), 9)", None, "Killed", "memory"),
        slow("np.ones(10**10)", 4000, "MemoryError", "out of memory"),
    ],
)
def test_a_model_that_fails_is_reported_and_the_others_go_on(
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    how: str,
    memory_mb: float | None,
    kind: str,
    message: str,
) -> None:
    code = textwrap.dedent(TRAINER).format(how=how)
    (tmp_path / "bad_trainer.py").write_text(code, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    report = benchmark(
        folder, settings(models=("ease",), trainer="bad_trainer:train", memory_mb=memory_mb)
    )
    error = report["models"]["ease"]["error"]
    assert error["kind"] == kind
    assert message in error["message"]
    assert report["models"]["popularity"]["metrics"]["hr@50"] > 0
    assert report["models"]["recent-popularity"]["error"] == {
        "kind": "TrainingError",
        "message": "it would not learn (try again)",
    }
    assert list(report["confidence"]["intervals"]["metrics"]) == ["popularity"]


def test_an_unknown_model_is_told_before_the_work(folder: Path) -> None:
    with pytest.raises(UnknownModelError, match="no model is named eaze"):
        benchmark(folder, settings(models=("auto", "eaze")))
    assert "ease" in registered(RETRIEVERS)


def test_a_folder_that_cannot_be_used(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="does not exist"):
        benchmark(tmp_path, settings())
    (tmp_path / "interactions.parquet").write_bytes(b"\x00\x01 not a table")
    with pytest.raises(DataError, match="not a readable Parquet file"):
        benchmark(tmp_path, settings())


def test_items_without_an_id(folder: Path) -> None:
    pl.DataFrame({"movie": ["i01"]}).write_parquet(folder / "items.parquet")
    parts = read_split(folder, protocol=SplitProtocol.LEAVE_ONE_OUT, seed=0)
    with pytest.raises(DataError, match="no column item_id"):
        as_dataset(parts, folder)


def test_a_missing_column_and_a_missing_split(tmp_path: Path) -> None:
    whole = log()
    with pytest.raises(DataError, match="no column item_id"):
        benchmark(written(whole.rename({"item_id": "movie"}), tmp_path), settings())
    with pytest.raises(DataError, match="no column split"):
        benchmark(written(whole.drop("split"), tmp_path), settings("given-split"))


@pytest.mark.slow
def test_one_user_only(tmp_path: Path) -> None:
    alone = log(users=1)
    report = benchmark(written(alone, tmp_path), settings("random-split", models=("ease",)))
    assert report["n_test_users"] == {"metrics": 1}
    # k = 50 exceeds the catalogue: everything unseen is in the list.
    assert report["models"]["ease"]["metrics"]["recall@50"] == 1
    with pytest.raises(NotEnoughDataError, match="no test item"):
        benchmark(written(alone.head(2), tmp_path), settings())


def test_equal_timestamps_leave_the_order_of_the_rows(tmp_path: Path) -> None:
    frame = log().with_columns(timestamp=pl.lit(1_600_000_000))
    parts = read_split(written(frame, tmp_path), protocol=SplitProtocol.LEAVE_ONE_OUT, seed=0)
    last = frame.group_by("user_id", maintain_order=True).last().sort("user_id")["item_id"]
    assert [parts.items.ids[i] for i in parts.tests["metrics"].test.items] == last.to_list()


def test_duplicated_columns_and_rows(tmp_path: Path) -> None:
    frame = log()
    copied = pl.concat([frame, frame.head(7)]).with_columns(item_id_right=pl.col("item_id"))
    parts = read_split(written(copied, tmp_path), protocol=SplitProtocol.RANDOM_SPLIT, seed=0)
    assert parts.dropped == {"repeated pair": 7}


def test_categories_in_one_text_and_titles_missing(folder: Path) -> None:
    pl.DataFrame(
        {"item_id": ["i01", "i02", "i02", None], "categories": ["x", None, "y", "z"]}
    ).write_parquet(folder / "items.parquet")
    parts = read_split(folder, protocol=SplitProtocol.LEAVE_ONE_OUT, seed=0)
    dataset = as_dataset(parts, folder)
    assert dataset.titles == {}
    assert dataset.category_names == ["x"]
