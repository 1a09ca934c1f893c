"""``zhiyin init`` and ``zhiyin import``, as a person and as a script use them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from zhiyin.app.cli.main import app

CONTRACT = {"accepted": 3, "rejected": 0, "duplicates": 0, "reasons": {}, "quarantine": None}


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """The two tables of the smallest example, and a log with a bad row."""
    (tmp_path / "users.csv").write_text("user_id,behavior\n1,浏览\n2,购买\n3,收藏\n")
    (tmp_path / "items.csv").write_text("item_id,category\n1,图书\n2,电子设备\n3,家居用品\n")
    (tmp_path / "log.csv").write_text("buyer,sku,how,ts\na,1,加购,1700000000\n,1,看,1700000000\n")
    return tmp_path


def run(*arguments: object, code: int = 0) -> Result:
    result = CliRunner().invoke(app, [str(a) for a in arguments])
    assert result.exit_code == code, result.output
    return result


def document(result: Result) -> Any:
    return json.loads(result.stdout)


def test_init_then_import_then_recommend(files: Path) -> None:
    shop = files / "shop"
    shown = run("init", shop, "--template", "shop").stdout
    assert "zhiyin.toml" in shown.replace("\n", "")  # the folder's name may break the line
    shown = run(
        "import", "-w", shop, "--users", files / "users.csv", "--items", files / "items.csv"
    )
    assert "known already" in shown.stdout
    assert "浏览 = view" in shown.stdout
    run("train", "-w", shop, "--budget", "10s")
    slate = document(run("recommend", "1", "-w", shop, "--json"))
    assert sorted(position["item_id"] for position in slate["positions"]) == ["1", "2", "3"]


def test_json_is_the_contract(files: Path) -> None:
    found = document(
        run(
            "import",
            "-w",
            files / "shop",
            "--users",
            files / "users.csv",
            "--items",
            files / "items.csv",
            "--json",
        )
    )
    assert found.keys() == {"items", "users", "events"}
    for report in found.values():
        assert {name: report[name] for name in CONTRACT} == CONTRACT


def test_columns_and_words_can_be_named(files: Path) -> None:
    found = document(
        run(
            "import", "-w", files / "shop", "--events", files / "log.csv", "--json",
            "--columns", "user=buyer, events.type=how", "--event-types", "看=glance",
        )
    )["events"]  # fmt: skip
    assert (found["accepted"], found["rejected"]) == (1, 1)
    assert found["event_types"] == {"加购": "cart", "看": "glance"}
    (row,) = Path(found["quarantine"]).read_text().splitlines()
    assert json.loads(row)["reason"] == "the user is missing"


def test_strict_refuses(files: Path) -> None:
    arguments = (
        "import",
        "-w",
        files / "shop",
        "--events",
        files / "log.csv",
        "--columns",
        "user=buyer",
    )
    refused = document(run(*arguments, "--strict", "--json", code=1))
    assert refused["error"]["kind"] == "RejectedRowsError"
    assert document(run(*arguments, "--json"))["events"]["duplicates"] == 0


def test_mistakes_are_explained(files: Path) -> None:
    shop = files / "shop"
    for arguments, kind in [
        (("--events", files / "absent.csv"), "DataError"),
        (("--events", files / "log.csv", "--columns", "user"), "ConfigError"),
        (("--events", files / "items.csv"), "DataError"),
        ((), "DataError"),
        (("--events", files / "log.csv", "--time-zone", "Mars/Phobos"), "ConfigError"),
        (("--events", files / "log.csv", "--delimiter", '"'), "ConfigError"),
        (("--events", files / "log.csv", "--encoding", "klingon"), "DataError"),
    ]:
        error = document(run("import", "-w", shop, *arguments, "--json", code=1))["error"]
        assert error["kind"] == kind
        assert error["hint"]
    assert (
        document(run("init", shop, "--template", "zoo", "--json", code=1))["error"]["kind"]
        == "ConfigError"
    )
