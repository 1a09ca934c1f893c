"""A real Postgres and a real Redis for tests and benchmarks, on free ports in folders of their own.

::

    with PostgresServer.found() as server:
        store = open_postgres(server.url)

The conformance suites name a function that opens a store of a folder, also in a process of
its own: `open_postgres_of` gives each folder a schema of the server that the environment
variable ``ZHIYIN_TEST_POSTGRES`` names; `PostgresServer.announce` sets it.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pg8000.dbapi  # pyright: ignore[reportMissingTypeStubs]

from zhiyin.backends.stores.postgres import PostgresStore, open_postgres

POSTGRES_VARIABLE = "ZHIYIN_TEST_POSTGRES"
"""Address of the Postgres that `open_postgres_of` uses."""
REDIS_VARIABLE = "ZHIYIN_TEST_REDIS"
"""Address of the Redis that tests use."""
_PATIENCE = 60.0


class Server:
    """A program that listens on loopback until it is stopped; can be started again.

    Args:
        folder: Where it keeps its files.
        command: The program and its arguments.
        port: Where it listens.
        user: The system's user that runs it; None for the present one.
    """

    def __init__(
        self, folder: Path, command: list[str], *, port: int, user: str | None = None
    ) -> None:
        self.folder, self.port = folder, port
        self._command, self._user = command, user
        self._process: subprocess.Popen[Any] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.remove()

    def start(self) -> None:
        """Starts it, and waits until it answers.

        Raises:
            RuntimeError: It does not.
        """
        log = self.folder / "server.log"
        with log.open("ab") as out:
            process = subprocess.Popen(
                self._command, cwd=self.folder, stdout=out, stderr=out, **run_as(self._user)
            )
        self._process = process
        until = time.monotonic() + _PATIENCE
        while not self.answers():
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"{self._command[0]} did not start:\n{log.read_text()[-2000:]}")
            time.sleep(0.05)

    def stop(self) -> None:
        """Stops it at once, whoever is connected."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(_PATIENCE)
            self._process = None

    def remove(self) -> None:
        """Stops it and deletes its files."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def answers(self) -> bool:
        """Whether it takes connections."""
        raise NotImplementedError


class PostgresServer(Server):
    """A Postgres of one's own.

    Args:
        programs: The folder of ``initdb`` and ``postgres``.
        durable: Whether a commit waits for the disk; tests need not.
    """

    def __init__(self, programs: Path, *, durable: bool = False) -> None:
        folder, user = new_folder("postgres")
        port = free_port()
        subprocess.run(
            [str(programs / "initdb"), "-D", "data", "-U", "zhiyin", "-A", "trust", "-E", "UTF8",
             "--locale=C", "--no-sync"],
            cwd=folder, check=True, capture_output=True, **run_as(user),
        )  # fmt: skip
        command = [
            str(programs / "postgres"), "-D", "data", "-p", str(port), "-h", "127.0.0.1",
            "-c", "unix_socket_directories=", "-c", f"fsync={'on' if durable else 'off'}",
        ]  # fmt: skip
        super().__init__(folder, command, port=port, user=user)

    @property
    def url(self) -> str:
        """The server's address."""
        return f"postgresql://zhiyin@127.0.0.1:{self.port}/postgres"

    @classmethod
    def programs(cls) -> Path | None:
        """The folder of the newest Postgres of this machine: on the path, or as Debian has it."""
        found = shutil.which("initdb")
        folders = [Path(found).parent] if found else []
        folders += sorted(
            Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: -float(p.parent.name)
        )
        return next((folder for folder in folders if (folder / "initdb").exists()), None)

    def announce(self) -> None:
        """Lets `open_postgres_of` use this server, in this process and those it starts."""
        os.environ[POSTGRES_VARIABLE] = self.url

    def answers(self) -> bool:
        """Whether it takes connections."""
        with suppress(pg8000.dbapi.Error, OSError):
            connect: Any = pg8000.dbapi.connect  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
            connect("zhiyin", port=self.port, database="postgres", timeout=5).close()
            return True
        return False


class RedisServer(Server):
    """A Redis of one's own, which keeps nothing on disk.

    Args:
        program: The path of ``redis-server``.
    """

    def __init__(self, program: Path) -> None:
        folder, port = Path(tempfile.mkdtemp(prefix="zhiyin-redis-")), free_port()
        command = [
            str(program), "--port", str(port), "--bind", "127.0.0.1", "--save", "",
            "--appendonly", "no", "--dir", str(folder),
        ]  # fmt: skip
        super().__init__(folder, command, port=port)

    @property
    def url(self) -> str:
        """The server's address."""
        return f"redis://127.0.0.1:{self.port}/0"

    def announce(self) -> None:
        """Lets tests in other processes use this server."""
        os.environ[REDIS_VARIABLE] = self.url

    def answers(self) -> bool:
        """Whether it takes commands."""
        return said_by(self.port, b"PING\r\n") == b"+"


def open_postgres_of(folder: Path) -> PostgresStore:
    """A store for a folder: a schema of its own in the announced server."""
    name = blake2b(str(folder.resolve()).encode(), digest_size=8).hexdigest()
    return open_postgres(os.environ[POSTGRES_VARIABLE], schema=f"folder_{name}")


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def said_by(port: int, question: bytes) -> bytes:
    """The first byte that a server answers; empty where none does."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=2) as wire:
        wire.sendall(question)
        return wire.recv(1)
    return b""


def new_folder(server: str) -> tuple[Path, str | None]:
    """An empty folder, and the user who may run a server in it: not root, if this is root."""
    folder = Path(tempfile.mkdtemp(prefix=f"zhiyin-{server}-"))
    if os.geteuid():
        return folder, None
    names = {entry.pw_name for entry in pwd.getpwall()}
    user = server if server in names else "nobody"
    os.chown(folder, pwd.getpwnam(user).pw_uid, pwd.getpwnam(user).pw_gid)
    return folder, user


def run_as(user: str | None) -> dict[str, Any]:
    """Arguments of `subprocess` that run a program as another user."""
    if user is None:
        return {}
    entry = pwd.getpwnam(user)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
