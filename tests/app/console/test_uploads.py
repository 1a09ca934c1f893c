"""A file is read row by row; what is no good is reported with its line."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest

from zhiyin.app.console.parts import as_csv
from zhiyin.app.console.uploads import Kind, store
from zhiyin.app.http.server import create_app
from zhiyin.client import AsyncClient
from zhiyin.core.messages import ItemRecord, StreamReport


def upload(
    folder: Path, kind: Kind, name: str, content: str
) -> tuple[StreamReport, list[ItemRecord]]:
    async def run() -> tuple[StreamReport, list[ItemRecord]]:
        app = create_app(folder)
        async with app.router.lifespan_context(app):
            transport = httpx.ASGITransport(app)
            async with AsyncClient("http://shop", transport=transport) as client:
                shares: list[float] = []
                found = await store(
                    client, kind, name, content.encode("utf-8"), progress=shares.append
                )
                assert shares[-1] == 1.0
                return found, (await client.list_items()).items

    return asyncio.run(run())


def test_a_table_becomes_items_with_numbers_and_lists(tmp_path: Path) -> None:
    text = "item_id,title,price,categories\n007,Lamp,19.5,light|camp\n8,,3,\n"
    report, items = upload(tmp_path, "items", "items.csv", text)
    assert (report.lines, report.accepted, report.rejected) == (2, 2, 0)
    found = {item.item_id: item.attributes for item in items}
    assert found["007"] == {"title": "Lamp", "price": 19.5, "categories": ["light", "camp"]}
    assert found["8"] == {"price": 3}


def test_lines_that_are_no_events_are_reported_and_the_others_stored(tmp_path: Path) -> None:
    lines = ['{"user_id": "u", "item_id": "a"}', "{", '{"item_id": "a"}', "[]", ""]
    report, _ = upload(tmp_path, "events", "events.jsonl", "\n".join(lines))
    assert (report.lines, report.accepted, report.rejected) == (4, 1, 3)
    assert [fault.line for fault in report.faults] == [2, 3, 4]
    assert "user_id" in report.faults[1].problem


def test_an_item_that_only_the_service_refuses_takes_no_other_with_it(tmp_path: Path) -> None:
    lines = [f'{{"item_id": "i{k}", "title": "t"}}' for k in range(5)]
    lines.insert(2, '{"item_id": "bad", "deep": "\\\\ud800"}'.replace("\\\\", "\\"))
    report, items = upload(tmp_path, "items", "items.jsonl", "\n".join(lines))
    assert report.lines == 6
    assert report.accepted + report.rejected == 6
    assert {f"i{k}" for k in range(5)} <= {item.item_id for item in items}


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@a", "\t=1"])
def test_a_download_holds_no_formula(cell: str) -> None:
    line = as_csv(("name",), [(cell,)]).splitlines()[1]
    assert line.strip('"').startswith("'")


def test_a_download_keeps_numbers_below_zero() -> None:
    assert as_csv(("value",), [(-1.5,)]).splitlines()[1] == "-1.5"
