"""Connections to one Postgres schema: pg8000 for statements, ADBC for rows in bulk.

Both are permissively licensed. pg8000 (pure Python) answers the small statements of serving
through SQLAlchemy's pool, which asks a connection whether it still lives before it is used: a
server that was away is used again as soon as it is back. ADBC moves many rows as Arrow, by
COPY in both directions, in this process: unlike with SQLite no file is shared.
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import Generator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import Any, cast

import pg8000.dbapi  # pyright: ignore[reportMissingTypeStubs]
import polars as pl
from adbc_driver_manager import Error as ArrowError
from adbc_driver_postgresql import dbapi
from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from zhiyin.backends.stores.database import Insert, upgrade
from zhiyin.core.errors import (
    ConfigError,
    StoreBusyError,
    StoreError,
    StoreFullError,
    StoreUnreachableError,
)

MANY = 20_000
"""Frames of this many rows and more travel as Arrow; below, opening a connection costs more."""
_CONNECT_SECONDS = 10
_STATEMENT_SECONDS = 120
_LOCK_WAIT = "30s"
_LOCK = (
    "DO $$ BEGIN "
    "PERFORM pg_advisory_xact_lock(hashtextextended(current_setting('search_path'), {name})); "
    "END $$"
)
_MIGRATING, _APPENDING = 1, 2
_TYPES: Mapping[type[pl.DataType], str] = {pl.String: "text", pl.Float64: "double precision"}

_AWAY = ("08", "57P", "53300")
_BUSY = ("55P03", "40P01", "40001", "57014")
_FULL = ("53100",)


class PostgresDatabase:
    """One schema of one database.

    Args:
        url: ``postgresql://USER:PASSWORD@HOST:PORT/DATABASE``; ``sslmode`` and ``sslrootcert``
            after a question mark, as libpq has them.
        schema: The schema that holds the tables, made where absent.
        durable: Whether a commit waits for the disk.
        pool: Connections that are kept open.

    Raises:
        ConfigError: The address cannot be read.
        StoreError: The server cannot be reached, or the schema is not ours.
    """

    def __init__(
        self, url: str, *, schema: str = "public", durable: bool = True, pool: int = 8
    ) -> None:
        self._url, self._schema = _parsed(url), schema
        self.where = self._url.render_as_string(hide_password=True)
        self._local = threading.local()
        self.engine = self._create_engine(durable=durable, pool=pool)
        self._plain = self.engine.execution_options(isolation_level="AUTOCOMMIT")

    def migrate(self) -> None:
        """Makes the tables, or brings them up to date; one process at a time."""
        with self.writing() as connection:
            connection.exec_driver_sql(_LOCK.format(name=_MIGRATING))
            connection.exec_driver_sql(f'CREATE SCHEMA IF NOT EXISTS "{self._schema}"')
            upgrade(connection, where=self.where)

    def close(self) -> None:
        """Closes every pooled connection."""
        self.engine.dispose()

    @contextmanager
    def reading(self) -> Generator[Connection]:
        """See `Database.reading`."""
        with self._translated(), self._plain.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Generator[Connection]:
        """See `Database.writing`."""
        with self._translated(), self.engine.begin() as connection:
            yield connection

    def fetch(self, sql: str, values: Sequence[Any]) -> Sequence[Sequence[Any]]:
        """See `Database.fetch`."""
        with self.reading() as connection:
            return connection.exec_driver_sql(_marked(sql), tuple(values)).fetchall()

    def execute(self, sql: str, values: Sequence[Any]) -> int:
        """See `Database.execute`."""
        with self.writing() as connection:
            return connection.exec_driver_sql(_marked(sql), tuple(values)).rowcount

    @contextmanager
    def transaction(self) -> Generator[BulkCursor]:
        """One transaction for everything that this thread loads until its end.

        Raises:
            StoreError: Something could not be stored; then nothing was.
        """
        if self.current is not None:
            yield self.current
            return
        with self._translated(), closing(self._arrow(autocommit=False)) as connection:
            with closing(connection.cursor()) as cursor:
                self._local.cursor = BulkCursor(cursor)
                try:
                    yield self._local.cursor
                    connection.commit()
                finally:
                    self._local.cursor = None

    @property
    def current(self) -> BulkCursor | None:
        """The bulk transaction that this thread is in."""
        return getattr(self._local, "cursor", None)

    def load(self, insert: Insert, frame: pl.DataFrame) -> int:
        """See `Database.load`."""
        return self._load(insert, frame, alone=False)

    def append(self, insert: Insert, frame: pl.DataFrame) -> int:
        """`load`, while nobody else appends: numbers become visible in the order of numbers.

        Without it a reader who goes on from the newest number would miss a smaller one that
        was given out before and committed later.
        """
        return self._load(insert, frame, alone=True)

    def send(self, insert: Insert, frame: pl.DataFrame) -> None:
        """See `Database.send`."""
        self.load(insert, frame)

    def query(
        self, sql: str, columns: Mapping[str, type[pl.DataType]], *, rows: int
    ) -> pl.DataFrame:
        """See `Database.query`."""
        with self._translated():
            if rows >= MANY:
                with closing(self._arrow(autocommit=True)) as connection:
                    with closing(connection.cursor()) as cursor:
                        cursor.execute(sql)
                        frame: pl.DataFrame = cursor.fetch_polars()
                return frame.cast({name: kind() for name, kind in columns.items()})
            with self._plain.connect() as connection:
                found = connection.exec_driver_sql(sql).fetchall()
        return pl.DataFrame([tuple(row) for row in found], schema=dict(columns), orient="row")

    def _load(self, insert: Insert, frame: pl.DataFrame, *, alone: bool) -> int:
        frame = one_of_each(insert, frame)
        if not frame.height:
            return 0
        if self.current is not None or frame.height >= MANY:
            with self.transaction() as cursor:
                if alone:
                    cursor.execute(_LOCK.format(name=_APPENDING))
                return cursor.insert(insert, frame)
        with self.writing() as connection:
            if alone:
                connection.exec_driver_sql(_LOCK.format(name=_APPENDING))
            values = tuple(column.to_list() for column in frame)
            return connection.exec_driver_sql(_unnesting(insert, frame), values).rowcount

    def _arrow(self, *, autocommit: bool) -> Any:  # noqa: ANN401 - an ADBC connection
        settings = f"-csearch_path={_quoted(self._schema)} -clock_timeout={_LOCK_WAIT}"
        url = self._url.set(drivername="postgresql").update_query_dict(
            {"options": settings, "connect_timeout": str(_CONNECT_SECONDS)}
        )
        connect: Any = dbapi.connect  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        address, _, query = url.render_as_string(hide_password=False).partition("?")
        # SQLAlchemy writes a space as "+", libpq reads it as "%20" only.
        return connect(f"{address}?{query.replace('+', '%20')}", autocommit=autocommit)

    def _create_engine(self, *, durable: bool, pool: int) -> Engine:
        parameters = {"search_path": _quoted(self._schema), "lock_timeout": _LOCK_WAIT}
        if not durable:
            parameters["synchronous_commit"] = "off"
        arguments: dict[str, Any] = {
            "startup_params": parameters,
            "timeout": _STATEMENT_SECONDS,
            "application_name": "zhiyin",
            "ssl_context": _tls(self._url.query),
        }
        host = str(self._url.query.get("host", ""))
        if host.startswith("/"):
            arguments["unix_sock"] = f"{host}/.s.PGSQL.{self._url.port or 5432}"
        return create_engine(
            self._url.set(drivername="postgresql+pg8000", query={}),
            connect_args=arguments,
            pool_size=pool,
            max_overflow=pool,
            pool_pre_ping=True,
            pool_recycle=3600,
        )

    @contextmanager
    def _translated(self) -> Generator[None]:
        """Turns a driver's complaint into one of ours."""
        try:
            yield
        except (DBAPIError, ArrowError, pg8000.dbapi.Error, OSError) as error:
            raise self._complaint(error) from error

    def _complaint(self, error: Exception) -> StoreError:
        cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
        state, message = _state(cause)
        said = f"{self.where}: {message}"
        if state.startswith(_FULL):
            return StoreFullError(
                f"{self.where}: no room left", hint="free some space; nothing was half written"
            )
        if state.startswith(_BUSY):
            return StoreBusyError(said, hint="try again when the other writer has finished")
        if state.startswith(_AWAY) or (not state and _is_away(cause)):
            return StoreUnreachableError(
                said, hint="it is used again as soon as it answers; nothing was half written"
            )
        return StoreError(said)


class BulkCursor:
    """Rows by COPY into a temporary table, and from there into the real one.

    Args:
        cursor: An ADBC cursor in a transaction.
    """

    def __init__(self, cursor: Any) -> None:  # noqa: ANN401 - an ADBC cursor
        self._cursor = cursor

    def execute(self, sql: str) -> None:
        """Runs a statement that answers nothing."""
        self._cursor.execute(sql)

    def insert(self, insert: Insert, frame: pl.DataFrame) -> int:
        """Inserts every row in the order of the frame; returns how many it changed."""
        numbered = frame.select(insert.columns).with_row_index("_row")
        numbered = numbered.with_columns(pl.col("_row").cast(pl.Int64))
        self._cursor.execute("DROP TABLE IF EXISTS pg_temp._rows")
        self._cursor.adbc_ingest("_rows", numbered, mode="create", temporary=True)
        columns = ", ".join(insert.columns)
        self._cursor.execute(
            f"INSERT INTO {insert.table} ({columns}) "
            f"SELECT {columns} FROM pg_temp._rows ORDER BY _row {_conflict(insert)}"
        )
        return int(self._cursor.rowcount)


def one_of_each(insert: Insert, frame: pl.DataFrame) -> pl.DataFrame:
    """The rows of which one statement may change none twice: the last of each key.

    They are ordered by key, so that two writers never wait for one another in a circle.
    """
    if not insert.key:
        return frame
    if insert.known is not None:
        frame = frame.sort(pl.col(insert.known).is_not_null(), maintain_order=True)
    return frame.unique(insert.key, keep="last", maintain_order=True).sort(insert.key)


def _unnesting(insert: Insert, frame: pl.DataFrame) -> str:
    """An INSERT whose values are one array per column: one round trip for any number of rows."""
    columns = ", ".join(insert.columns)
    types = (_TYPES.get(frame.schema[name].base_type(), "bigint") for name in insert.columns)
    arrays = ", ".join(f"%s::{kind}[]" for kind in types)
    return (
        f"INSERT INTO {insert.table} ({columns}) SELECT {columns} "
        f"FROM unnest({arrays}) WITH ORDINALITY AS given({columns}, _row) "
        f"ORDER BY _row {_conflict(insert)}"
    )


def _conflict(insert: Insert) -> str:
    return insert.conflict.format(differs="IS DISTINCT FROM")


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise ConfigError(
            "the address of the store cannot be read", hint="postgresql://USER@HOST:5432/DATABASE"
        ) from error
    if parsed.drivername not in ("postgresql", "postgres") or not parsed.username:
        raise ConfigError(
            f"{parsed.render_as_string(hide_password=True)} does not name a user of a Postgres",
            hint="postgresql://USER:PASSWORD@HOST:5432/DATABASE",
        )
    return parsed


def _tls(query: Mapping[str, Sequence[str] | str]) -> ssl.SSLContext | None:
    """What ``sslmode`` asks for: "require" encrypts, "verify-full" also checks who answers."""
    mode = str(query.get("sslmode", "disable"))
    if mode in ("disable", "allow", "prefer"):
        return None
    if mode not in ("require", "verify-ca", "verify-full"):
        raise ConfigError(f"no sslmode is named {mode!r}", hint="require, verify-ca, verify-full")
    authority = query.get("sslrootcert")
    context = ssl.create_default_context(cafile=str(authority) if authority else None)
    context.check_hostname = mode == "verify-full"
    context.verify_mode = ssl.CERT_NONE if mode == "require" else ssl.CERT_REQUIRED
    return context


def _quoted(schema: str) -> str:
    if not schema.isidentifier():
        raise ConfigError(f"{schema!r} is no name for a schema", hint="letters, digits and _")
    return schema


def _state(error: BaseException) -> tuple[str, str]:
    """SQLSTATE ("" where there is none) and what the server said."""
    told = error.args[0] if error.args else ""
    if isinstance(told, dict):
        fields = cast("dict[str, str]", told)
        return fields.get("C", ""), fields.get("M", str(error))
    message = str(error).strip().split("\n")[0]
    return str(getattr(error, "sqlstate", None) or ""), message


def _is_away(error: BaseException) -> bool:
    """Whether the connection failed, and not a statement."""
    if isinstance(error, (OSError, pg8000.dbapi.InterfaceError)):
        return True
    said = str(error).lower()
    return "connect" in said or "server closed" in said


def _marked(sql: str) -> str:
    """A statement with ``?`` for values, as pg8000 wants it."""
    return sql.replace("?", "%s")
