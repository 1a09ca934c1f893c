"""Moving the embedded store into a real Postgres: whole, again, broken off, and refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from sqlalchemy import Table
from typer.testing import CliRunner

from zhiyin.app.cli.main import app
from zhiyin.backends.stores import SqliteStore, moving, open_sqlite
from zhiyin.backends.stores.moving import ROWS_OF, move
from zhiyin.backends.stores.postgres import PostgresStore
from zhiyin.backends.stores.tables import METADATA
from zhiyin.core import schema
from zhiyin.core.errors import StoreError
from zhiyin.core.protocols import Enrichment, ProfileEdit
from zhiyin.testing.servers import PostgresServer, open_postgres_of
from zhiyin.testing.stores import all_events, make_entities, make_events

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("postgres_server")]


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SqliteStore]:
    """A store with something in every table, whose newest events were erased."""
    monkeypatch.setattr(moving, "ROWS_OF", dict.fromkeys(ROWS_OF, 100))
    (tmp_path / "shop").mkdir()
    store = open_sqlite(tmp_path / "shop")
    words = pl.lit('好 "good"\n\\x').alias("text")
    store.events.append(make_events(1050).with_columns(words, value=pl.col("item_key") / 3))
    for i in range(0, 1000, 250):
        odd = make_events(5, start=5000 + i).with_columns(type=pl.lit(f"kind {i}"))
        store.events.append(odd)
    ids = [f"物{i}" for i in range(333)]
    store.entities.upsert("item", make_entities(ids, [f'{{"n":{i}}}' for i in range(333)]))
    store.entities.upsert("user", make_entities(ids[:120], [None] * 120))
    ties = [(1, i, kind, None, 5) for i in range(150) for kind in ("friend", "follows")]
    store.edges.add_edges(pl.DataFrame(ties, schema=schema.EDGES, orient="row"))
    for i in range(40):
        store.profiles.edit(i % 7, ProfileEdit("pin", f"tag:{i}", i))
        slate = {"slate_id": f"s{i}", "user_id": "u", "surface": "home", "created": i}
        store.exposures.record(slate | {"positions": [{"item_id": "物1"}]})
    store.enrichments.put([Enrichment(i, 1, "statistics", "{}") for i in range(130)])
    store.events.delete("user", 4750 % 50)
    yield store
    store.close()


@pytest.fixture
def target(tmp_path: Path) -> Iterator[PostgresStore]:
    store = open_postgres_of(tmp_path)
    yield store
    store.close()


def test_every_table_is_moved() -> None:
    left_out = set(METADATA.tables) - {table.name for table in ROWS_OF}
    assert left_out == {"event_sequence"}  # its one number is set, not moved


def test_everything_arrives_as_it_was(source: SqliteStore, target: PostgresStore) -> None:
    moved = move(source, target)
    assert all(found.moved == found.rows for found in moved.values())
    assert moved["events"].rows == source.events.count() > 1000
    assert all_events(target.events).equals(all_events(source.events))
    assert target.events.last_seq() == source.events.last_seq()
    assert target.entities.scan("item").equals(source.entities.scan("item"))
    assert target.exposures.find("s7") == source.exposures.find("s7")
    assert target.profiles.edits(3) == source.profiles.edits(3)
    newest = target.events.last_seq()
    target.events.append(make_events(1, start=9_000_000))
    assert target.events.last_seq() > newest
    target.exposures.record({"slate_id": "new", "created": 1, "surface": "home"})


def test_a_second_move_changes_nothing_and_catches_up(
    source: SqliteStore, target: PostgresStore
) -> None:
    first = move(source, target)
    again = move(source, target)
    assert {name: found.hash for name, found in again.items()} == {
        name: found.hash for name, found in first.items()
    }
    assert not any(found.moved for found in again.values())
    source.events.append(make_events(10, start=7_000_000))
    source.entities.upsert("item", make_entities(["物5", "neu"], ['{"n":-5}', "{}"]))
    caught_up = move(source, target)
    assert caught_up["events"].moved == 10
    assert target.entities.get("item", ["物5", "neu"]) == {"物5": {"n": -5}, "neu": {}}


def test_a_move_that_was_broken_off_goes_on(source: SqliteStore, target: PostgresStore) -> None:
    class Cable(Exception):
        pass

    def break_off(stage: str, share: float) -> None:
        if stage == "moving events" and share > 0.5:
            raise Cable

    with pytest.raises(Cable):
        move(source, target, progress=break_off)
    arrived = target.events.count()
    assert 0 < arrived < source.events.count()
    rest = move(source, target)
    assert rest["events"].moved == source.events.count() - arrived
    assert rest["items"].moved == 0


def test_a_target_with_something_else_is_refused(
    source: SqliteStore, target: PostgresStore
) -> None:
    target.events.append(make_events(3, start=20))
    target.entities.upsert("user", make_entities(["stranger"], ["{}"]))
    with pytest.raises(StoreError, match="not from here"):
        move(source, target)
    assert target.entities.scan("item").height == 0


def test_damage_on_the_way_is_found(
    source: SqliteStore, target: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One value of one row differs: the check at the end says so."""
    insert = moving._insert

    def damaged(table: Table) -> object:
        if table.name == "enrichments":
            with target.database.writing() as connection:
                connection.exec_driver_sql(
                    "CREATE OR REPLACE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS "
                    "$$ BEGIN IF NEW.item_key = 77 THEN NEW.body = '{ }'; END IF; "
                    "RETURN NEW; END $$"
                )
                connection.exec_driver_sql(
                    "CREATE OR REPLACE TRIGGER spoil BEFORE INSERT ON enrichments "
                    "FOR EACH ROW EXECUTE FUNCTION spoil()"
                )
        return insert(table)

    monkeypatch.setattr(moving, "_insert", damaged)
    with pytest.raises(StoreError, match="enrichments differs"):
        move(source, target)


def test_the_command_moves_a_workspace(
    source: SqliteStore, tmp_path: Path, postgres_server: PostgresServer
) -> None:
    command = ["migrate", "--to", postgres_server.url, "--schema", "moved"]
    command += ["-w", str(tmp_path / "shop"), "--json"]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert report["tables"]["items"] == {**report["tables"]["items"], "rows": 333, "moved": 333}
    again = json.loads(CliRunner().invoke(app, command).stdout)
    assert again["tables"]["items"]["moved"] == 0
    assert again["tables"]["events"]["hash"] == report["tables"]["events"]["hash"]


def test_the_command_needs_an_embedded_store(tmp_path: Path) -> None:
    (tmp_path / "zhiyin.toml").write_text("")
    command = ["migrate", "--to", "postgresql://u@127.0.0.1:9/db", "-w", str(tmp_path), "--json"]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 1
    assert "no embedded store" in json.loads(result.stdout)["error"]["message"]
