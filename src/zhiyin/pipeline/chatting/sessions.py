"""Conversations under way, in one file of the workspace's folder, shared by its processes."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from zhiyin.core.clock import Clock
from zhiyin.core.errors import StoreError, UnknownEntityError
from zhiyin.core.keys import id_key
from zhiyin.core.rng import fresh_id
from zhiyin.core.write_ahead import write_ahead
from zhiyin.narrate.chat import ChatState
from zhiyin.pipeline.wiping import wipe

SESSIONS_FILE = "chats.sqlite"
"""Name of the file in a workspace's folder."""
_HOUR_MS = 3_600_000
_TABLE = """CREATE TABLE IF NOT EXISTS chats (
    id TEXT PRIMARY KEY, user_key INTEGER, state TEXT NOT NULL, at INTEGER NOT NULL)"""
_INDEXES = (
    "CREATE INDEX IF NOT EXISTS chats_by_age ON chats (at)",
    "CREATE INDEX IF NOT EXISTS chats_by_user ON chats (user_key)",
)
_PUT = (
    "INSERT INTO chats VALUES (?, ?, ?, ?) ON CONFLICT (id) DO UPDATE "
    "SET state = excluded.state, at = excluded.at"
)
_OLDEST = "DELETE FROM chats WHERE id IN (SELECT id FROM chats ORDER BY at DESC LIMIT -1 OFFSET ?)"


class Session(NamedTuple):
    """A conversation."""

    id: str
    state: ChatState


class Sessions:
    """Conversations by id; old ones are forgotten.

    Args:
        folder: The workspace's folder.
        hours: A conversation is forgotten when nothing was said for so long.
        most: How many are kept; the oldest go first.
        clock: Source of the present.
    """

    def __init__(self, folder: Path, *, hours: float, most: int, clock: Clock) -> None:
        self._path = folder / SESSIONS_FILE
        self._hours = hours
        self._most = most
        self._clock = clock
        self._lock = Lock()
        self._connection: sqlite3.Connection | None = None

    def open(self, session_id: str | None, user_id: str | None) -> Session:
        """A conversation that goes on, or a new one.

        Raises:
            UnknownEntityError: There is no such conversation, or it is somebody else's.
        """
        if session_id is None:
            return Session(fresh_id(), ChatState(user_id=user_id))
        row = self._ask(session_id)
        state = None if row is None else ChatState.model_validate_json(row)
        if state is None or state.user_id != user_id:
            raise UnknownEntityError(
                f"there is no conversation {session_id!r} with this user",
                hint="leave session_id out to begin a new one",
            )
        return Session(session_id, state)

    def keep(self, session: Session) -> None:
        """Stores how far a conversation is."""
        user = session.state.user_id
        key = None if user is None else id_key(user)
        now = self._clock()
        row = (session.id, key, session.state.model_dump_json(), now)
        with self._lock:
            try:
                connection = self._connected()
                with connection:
                    connection.execute(_PUT, row)
                    connection.execute("DELETE FROM chats WHERE at < ?", (self._since(now),))
                    connection.execute(_OLDEST, (self._most,))
            except sqlite3.Error as error:
                raise self._broken(error) from error

    def close(self) -> None:
        """Closes the file."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _ask(self, session_id: str) -> str | None:
        with self._lock:
            try:
                found = self._connected().execute(
                    "SELECT state FROM chats WHERE id = ? AND at >= ?",
                    (session_id, self._since(self._clock())),
                )
                row = found.fetchone()
            except sqlite3.Error as error:
                raise self._broken(error) from error
        return None if row is None else str(row[0])

    def _since(self, now: int) -> int:
        return now - int(self._hours * _HOUR_MS)

    def _connected(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = sqlite3.connect(self._path, timeout=10, check_same_thread=False)
            write_ahead(self._connection)
            self._connection.execute("PRAGMA synchronous=NORMAL")
            self._connection.execute("PRAGMA secure_delete=ON")
            with self._connection:
                for statement in (_TABLE, *_INDEXES):
                    self._connection.execute(statement)
        return self._connection

    def _broken(self, error: sqlite3.Error) -> StoreError:
        return StoreError(
            f"{self._path} cannot be used: {error}",
            hint="conversations are kept there: free some space, or delete the file",
        )


def forget_conversations(folder: Path, user_id: str) -> int:
    """Erases a user's conversations; returns how many there were.

    Raises:
        StoreError: The file cannot be written.
    """
    return wipe(folder / SESSIONS_FILE, "chats", "user_key = ?", (id_key(user_id),))


def forget_talk_of(folder: Path, item_id: str) -> int:
    """Erases the conversations in which an item was shown; returns how many there were.

    Raises:
        StoreError: The file cannot be written.
    """
    forms = {json.dumps(item_id), json.dumps(item_id, ensure_ascii=False)}
    where = " OR ".join("instr(state, ?)" for _ in forms)
    return wipe(folder / SESSIONS_FILE, "chats", where, tuple(forms))
