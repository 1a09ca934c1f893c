"""Erased is erased: from every answer, and from every byte of the embedded store's files."""

from __future__ import annotations

import random
import threading
from pathlib import Path

import pytest

from zhiyin.backends.stores import open_sqlite
from zhiyin.backends.stores.erasing import without
from zhiyin.core.errors import StoreBusyError
from zhiyin.pipeline.wiring import open_workspace
from zhiyin.testing.erasure import ITEMS, USERS, ErasureConformance, fill, traces
from zhiyin.testing.stores import BULK, make_entities, make_events


class TestSqlite(ErasureConformance):
    factory = "zhiyin.backends.stores:open_sqlite"


@pytest.mark.integration
@pytest.mark.usefixtures("postgres_server")
class TestPostgres(ErasureConformance):
    factory = "zhiyin.testing.servers:open_postgres_of"


def bytes_of(folder: Path) -> bytes:
    """Everything in the files of a folder."""
    return b"".join(path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file())


def test_no_byte_of_the_erased_stays_in_the_files(tmp_path: Path) -> None:
    """Half of all users and a quarter of the items, in a store whose pages were often split."""
    store = open_sqlite(tmp_path)
    fill(store)
    for round_ in range(3):  # rows that grow move from page to page
        for user in random.sample(USERS, 40):
            about = f'{{"called":"{user}","more":"{"x" * 300 * round_}"}}'
            store.entities.upsert("user", make_entities([user], [about]))
    for user in USERS:
        assert all(trace in bytes_of(tmp_path) for trace in traces("user", user))
    erased = random.sample(USERS, 30)
    for user in erased:
        store.erase("user", user)
    for item in ITEMS[:5]:
        store.erase("item", item)
    content = bytes_of(tmp_path)
    for user in erased:
        assert not [trace for trace in traces("user", user) if trace in content]
    for item in ITEMS[:5]:
        assert not [trace for trace in traces("item", item) if trace in content]
    for user in set(USERS) - set(erased):
        assert user.encode() in content
    store.close()


def test_copies_that_a_split_page_left_are_found(tmp_path: Path) -> None:
    """Overwriting alone leaves some: the file is written anew where a trace is found."""
    store = open_sqlite(tmp_path)
    names = [f"somebody-{i:05d}-here" for i in range(3000)]
    random.shuffle(names)
    for start in range(0, 3000, 60):
        part = names[start : start + 60]
        store.entities.upsert("user", make_entities(part, ["y" * random.randint(0, 300)] * 60))
    grown = ["z" * random.randint(0, 900) for _ in names[::2]]
    store.entities.upsert("user", make_entities(names[::2], grown))
    gone = names[1::3]
    with store.database.writing() as connection:
        for name in gone:
            connection.exec_driver_sql("DELETE FROM users WHERE id = ?", (name,))
    with store.database.reading() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    left = [name for name in gone if name.encode() in bytes_of(tmp_path)]
    assert left, "no copy was left behind, so this test shows nothing"
    for name in left:
        store.erase("user", name)
    content = bytes_of(tmp_path)
    assert not [name for name in left if name.encode() in content]
    store.close()


def test_erased_events_of_a_large_load_leave_nothing(tmp_path: Path) -> None:
    """What came by Arrow, through another copy of SQLite, is overwritten as well."""
    store = open_sqlite(tmp_path)
    store.events.append(make_events(BULK))
    fill(store)
    store.entities.upsert("user", make_entities([f"u{i}" for i in range(BULK)], ["{}"] * BULK))
    store.events.append(make_events(BULK, start=BULK))
    store.erase("user", USERS[3])
    content = bytes_of(tmp_path)
    assert not [trace for trace in traces("user", USERS[3]) if trace in content]
    store.close()


def test_a_long_read_is_told_of(tmp_path: Path) -> None:
    """The log cannot be emptied under a reader: erased all the same, and erasing again cleans."""
    store, other = open_sqlite(tmp_path), open_sqlite(tmp_path)
    fill(store)
    reading, done = threading.Event(), threading.Event()

    def read() -> None:
        with other.database.reading() as connection:
            connection.exec_driver_sql("BEGIN")
            connection.exec_driver_sql("SELECT count(*) FROM users").fetchall()
            reading.set()
            done.wait(60)

    thread = threading.Thread(target=read)
    thread.start()
    reading.wait(60)
    with store.database.reading() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout = 50")
    with pytest.raises(StoreBusyError, match="reading"):
        store.erase("user", USERS[0])
    assert store.entities.get("user", [USERS[0]]) == {}
    done.set()
    thread.join()
    store.erase("user", USERS[0])
    assert not [trace for trace in traces("user", USERS[0]) if trace in bytes_of(tmp_path)]
    other.close()
    store.close()


def test_a_workspace_forgets_the_online_state_too(tmp_path: Path) -> None:
    with open_workspace(tmp_path, several=True) as workspace:
        stores = workspace.stores
        assert stores.online is not None
        assert stores.erase is not None
        stores.online.put(f"user:{USERS[0]}", "seen", b"something private")
        fill(stores)
        counts = stores.erase("user", USERS[0])
        assert counts["online"] == 1
        assert counts["events"] == 10
        assert stores.online.get(f"user:{USERS[0]}", "seen") is None
    content = bytes_of(tmp_path)
    assert b"something private" not in content
    assert not [trace for trace in traces("user", USERS[0]) if trace in content]


def test_without_an_item() -> None:
    body = {
        "a": {"item_id": "x", "n": 1},
        "b": [{"item_id": "y"}, {"item_id": "x"}, "x", "y", 3],
        "x": 1,
        "c": "x",
        "d": {"deep": [{"k": {"item_id": "x"}}]},
    }
    assert without(body, "x") == {"b": [{"item_id": "y"}, "y", 3], "d": {"deep": [{}]}}
