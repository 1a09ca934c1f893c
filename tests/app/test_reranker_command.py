"""``zhiyin train --reranker``: what it says when the log is too short, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from zhiyin.app.cli.main import app
from zhiyin.app.cli.reranker import tell


def test_a_log_without_searches_is_told(tmp_path: Path) -> None:
    (tmp_path / "zhiyin.toml").write_text("", encoding="utf-8")
    result = CliRunner().invoke(
        app, ["train", "--reranker", "--workspace", str(tmp_path), "--json"]
    )
    assert result.exit_code == 1
    error = json.loads(result.stdout)["error"]
    assert error["kind"] == "NotEnoughDataError"
    assert "search" in error["hint"]


@pytest.mark.parametrize(
    "words", [["--backbone", "e5"], ["--reranker", "--update"], ["--reranker", "--recipe", "ease"]]
)
def test_options_that_do_not_fit_are_refused(tmp_path: Path, words: list[str]) -> None:
    result = CliRunner().invoke(app, ["train", *words, "--workspace", str(tmp_path)])
    assert result.exit_code == 2


@pytest.mark.parametrize(("joins", "said"), [(True, "it joins search"), (False, "does not join")])
def test_it_says_whether_it_joins(
    joins: bool, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    tell(
        {
            "version": "r000001",
            "joins": joins,
            "weight": 0.5,
            "searches": {"learned": 70, "chosen_by": 15, "compared": 15},
            "mrr_search": 0.5,
            "mrr_reranked": 0.6,
            "difference": [0.1, 0.01, 0.2],
            "train_s": 3.0,
        }
    )
    assert said in " ".join(capsys.readouterr().out.split())
