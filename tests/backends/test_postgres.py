"""The store in Postgres: the suites of the embedded one, over a real server."""

from __future__ import annotations

import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from sqlalchemy import event as sqlalchemy_event

from zhiyin.backends.stores.postgres import PostgresStore, open_postgres
from zhiyin.core.errors import ConfigError, StoreBusyError, StoreError, StoreUnreachableError
from zhiyin.core.protocols import ProfileEdit
from zhiyin.testing.exposures import ExposureLogConformance
from zhiyin.testing.profiles import EnrichmentStoreConformance, ProfileStoreConformance
from zhiyin.testing.servers import PostgresServer, open_postgres_of
from zhiyin.testing.stores import (
    BULK,
    EntityStoreConformance,
    EventStoreConformance,
    all_events,
    make_entities,
    make_events,
)

FACTORY = "zhiyin.testing.servers:open_postgres_of"
pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("postgres_server")]


class TestEvents(EventStoreConformance):
    factory = FACTORY


class TestEntities(EntityStoreConformance):
    factory = FACTORY


class TestExposures(ExposureLogConformance):
    factory = FACTORY


class TestProfiles(ProfileStoreConformance):
    factory = FACTORY


class TestEnrichments(EnrichmentStoreConformance):
    factory = FACTORY


@pytest.fixture
def store(tmp_path: Path, postgres_server: PostgresServer) -> Iterator[PostgresStore]:
    opened = open_postgres_of(tmp_path)
    yield opened
    opened.close()


def test_everything_or_nothing(store: PostgresStore) -> None:
    """One transaction over several stores, broken off and then whole."""

    def broken_off() -> None:
        with store.transaction(BULK):
            store.entities.upsert("user", make_entities(["a"], ["{}"]))
            store.events.append(make_events(10, start=100))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        broken_off()
    assert store.events.count() == 0
    assert store.entities.scan("user").height == 0
    with store.transaction(BULK):
        store.entities.upsert("user", make_entities(["a", "a"], ['{"n":1}', None]))
        assert store.events.append(make_events(10, start=100)).accepted == 10
        again = store.events.append(make_events(15, start=95))
        assert (again.accepted, again.duplicates) == (5, 10)
    assert store.events.count() == 15
    assert store.entities.get("user", ["a"]) == {"a": {"n": 1}}


def test_numbers_become_visible_in_their_order(store: PostgresStore, tmp_path: Path) -> None:
    """Who reads on from the newest number misses nothing, with several writers side by side."""
    writers = [open_postgres_of(tmp_path) for _ in range(3)]

    def write(number: int) -> None:
        for i in range(40):
            start = 1_000_000 * (number + 1) + 10 * i
            writers[number].events.append(make_events(10, start=start))

    threads = [threading.Thread(target=write, args=(i,)) for i in range(3)]
    for thread in threads:
        thread.start()
    seen: list[int] = []
    after = 0
    while any(thread.is_alive() for thread in threads) or after < store.events.last_seq():
        for batch in store.events.scan(after=after, columns=["seq", "event_key"]):
            seen += batch["event_key"].to_list()
            after = int(batch["seq"][-1])
    for thread in threads:
        thread.join()
    for writer in writers:
        writer.close()
    assert len(seen) == len(set(seen)) == 1200
    assert store.events.count() == 1200


def test_two_writers_meet_new_types_at_once(store: PostgresStore, tmp_path: Path) -> None:
    stores = [open_postgres_of(tmp_path) for _ in range(4)]

    def write(number: int) -> None:
        for i in range(15):
            events = make_events(1, start=1000 * number + i).with_columns(type=pl.lit(f"type {i}"))
            stores[number].events.append(events)

    threads = [threading.Thread(target=write, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kinds = all_events(store.events)["type"].cast(pl.String)
    assert sorted(kinds.value_counts().rows()) == sorted((f"type {i}", 4) for i in range(15))
    for other in stores:
        other.close()


def test_a_server_that_is_away_is_used_again(tmp_path: Path) -> None:
    """Every call says so while it is gone, and works again without anything being opened anew."""
    programs = PostgresServer.programs()
    assert programs is not None
    with PostgresServer(programs) as server:
        store = open_postgres(server.url, schema="away")
        store.events.append(make_events(5))
        store.profiles.edit(1, ProfileEdit("pin", "a:b", 1))
        server.stop()
        for call in (
            lambda: store.events.append(make_events(1, start=50)),
            lambda: store.events.append(make_events(BULK, start=100)),
            lambda: store.events.history(1, limit=5),
            lambda: store.exposures.find("s"),
            lambda: store.entities.scan("item"),
        ):
            began = time.monotonic()
            with pytest.raises(StoreUnreachableError, match="127"):
                call()
            assert time.monotonic() - began < 5
        server.start()
        assert store.events.count() == 5
        assert store.events.append(make_events(2, start=50)).accepted == 2
        assert store.events.append(make_events(BULK, start=100)).accepted == BULK
        assert len(store.profiles.edits(1)) == 1
        assert store.exposures.find("s") is None
        store.close()


def test_a_connection_that_breaks_in_the_middle_stores_nothing(store: PostgresStore) -> None:
    """The server ends the connection between two statements of one transaction."""

    def load() -> None:
        with store.transaction(BULK):
            store.events.append(make_events(10))
            with store.database.writing() as connection:
                connection.exec_driver_sql(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE pid <> pg_backend_pid() AND application_name <> 'zhiyin' "
                    "AND backend_type = 'client backend'"
                )
            store.events.append(make_events(10, start=50))

    with pytest.raises(StoreUnreachableError):
        load()
    assert store.events.count() == 0
    assert store.events.append(make_events(10)).accepted == 10


def test_a_writer_that_waits_too_long_is_told(
    store: PostgresStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zhiyin.backends.stores.postgres_connection._LOCK_WAIT", "100ms")
    hasty = open_postgres_of(tmp_path)
    with store.transaction(BULK):
        store.events.append(make_events(10))
        for n in (1, BULK):
            with pytest.raises(StoreBusyError, match="lock"):
                hasty.events.append(make_events(n, start=100))
        assert hasty.events.count() == 0
    assert hasty.events.append(make_events(1, start=100)).accepted == 1
    hasty.close()


@pytest.mark.parametrize("n", [1, 30_000])
def test_what_postgres_cannot_hold_is_refused_whole(store: PostgresStore, n: int) -> None:
    with pytest.raises(StoreError, match="0x00"):
        store.events.append(make_events(n).with_columns(text=pl.lit("a\x00b")))
    assert store.events.count() == 0


def test_encrypted_connections(tmp_path: Path, require: Any) -> None:
    """Encrypted where asked for; a server that is not the one that was meant is refused."""
    openssl, programs = require.command("openssl"), PostgresServer.programs()
    assert programs is not None
    with PostgresServer(programs) as server:
        server.stop()
        for name in ("server", "other"):
            certificate, key = server.folder / f"{name}.crt", server.folder / f"{name}.key"
            subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
            command = [str(openssl), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
            command += ["-keyout", str(key), "-out", str(certificate), *subject]
            subprocess.run(command, check=True, capture_output=True)
            shutil.chown(key, *([server.folder.owner()] * 2))
            key.chmod(0o600)
        settings = f"ssl=on\nssl_cert_file='{server.folder}/server.crt'\n"
        settings += f"ssl_key_file='{server.folder}/server.key'\n"
        with (server.folder / "data" / "postgresql.conf").open("a") as file:
            file.write(settings)
        server.start()
        local = server.url.replace("127.0.0.1", "localhost")
        authority = f"sslrootcert={server.folder}/server.crt"
        for query in ("sslmode=require", f"sslmode=verify-full&{authority}"):
            store = open_postgres(f"{local}?{query}")
            with store.database.reading() as connection:
                sql = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
                assert connection.exec_driver_sql(sql).scalar_one() is True
            assert store.events.append(make_events(BULK)).accepted in (0, BULK)
            store.close()
        for url in (
            f"{local}?sslmode=verify-full&sslrootcert={server.folder}/other.crt",
            f"{server.url}?sslmode=verify-full&{authority}",
        ):
            with pytest.raises(StoreUnreachableError):
                open_postgres(url)
    with pytest.raises(ConfigError, match="sslmode"):
        open_postgres("postgresql://u@localhost/db?sslmode=on")


def test_schemas_are_worlds_of_their_own(tmp_path: Path, postgres_server: PostgresServer) -> None:
    first, second = (open_postgres(postgres_server.url, schema=name) for name in ("one", "two"))
    first.events.append(make_events(3))
    assert second.events.count() == 0
    first.close()
    second.close()


def test_many_replicas_start_at_once(postgres_server: PostgresServer) -> None:
    """The first one makes the tables; the others wait for it."""
    problems: list[BaseException] = []

    def start() -> None:
        try:
            open_postgres(postgres_server.url, schema="fresh").close()
        except StoreError as error:
            problems.append(error)

    threads = [threading.Thread(target=start) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems


@pytest.mark.parametrize("url", ["postgresql://host/db", "mysql://u@host/db", "not an address"])
def test_addresses_that_cannot_be_read(url: str) -> None:
    with pytest.raises(ConfigError):
        open_postgres(url)


def test_passwords_stay_out_of_messages() -> None:
    with pytest.raises(StoreUnreachableError) as caught:
        open_postgres("postgresql://someone:se%20cret@127.0.0.1:9/db")
    assert "se" not in str(caught.value).split("@")[0].removeprefix("postgresql://someone")


def test_one_slate_reads_with_few_round_trips(store: PostgresStore) -> None:
    """A history is one statement: nothing is asked twice."""
    store.events.append(make_events(100))
    store.events.history(1, limit=5)
    statements: list[str] = []
    sqlalchemy_event.listen(
        store.database.engine,
        "before_cursor_execute",
        lambda _c, _cursor, statement, *_rest: statements.append(statement),
    )
    store.events.history(1, limit=5)
    assert len(statements) == 1
