"""What a day may cost: tokens and money, kept in a file that several processes share."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from pydantic import Field

from zhiyin.core.clock import Clock, system_clock
from zhiyin.core.config import Config
from zhiyin.core.errors import StoreError
from zhiyin.core.write_ahead import write_ahead
from zhiyin.llm.errors import BudgetExceededError

_PRICED = 1e6
_TABLE = """CREATE TABLE IF NOT EXISTS spent (
    day TEXT NOT NULL, model TEXT NOT NULL,
    calls INTEGER NOT NULL, tokens_in INTEGER NOT NULL, tokens_out INTEGER NOT NULL,
    money REAL NOT NULL, PRIMARY KEY (day, model)) WITHOUT ROWID"""
_ADD = """INSERT INTO spent VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
    calls = calls + excluded.calls, tokens_in = tokens_in + excluded.tokens_in,
    tokens_out = tokens_out + excluded.tokens_out, money = money + excluded.money"""
_OF_DAY = """SELECT coalesce(sum(calls), 0), coalesce(sum(tokens_in), 0),
    coalesce(sum(tokens_out), 0), coalesce(sum(money), 0) FROM spent WHERE day = ?"""


class BudgetConfig(Config):
    """What a day (UTC) may cost at most."""

    tokens_per_day: int = Field(default=0, ge=0)
    """Tokens of questions and answers together; 0 for no limit."""
    money_per_day: float = Field(default=0.0, ge=0)
    """Money, in the currency of the prices; 0 for no limit."""
    price_in: float = Field(default=0.0, ge=0)
    """Price of a million tokens of questions."""
    price_out: float = Field(default=0.0, ge=0)
    """Price of a million tokens of answers."""


class Spent(NamedTuple):
    """What was used in a day."""

    calls: int
    """Calls."""
    tokens_in: int
    """Tokens of questions."""
    tokens_out: int
    """Tokens of answers."""
    money: float
    """Money, at the configured prices."""


class Reserved(NamedTuple):
    """What was put aside for a call that is under way."""

    day: str
    """The day that pays."""
    tokens_in: int
    """Tokens of the question at most."""
    tokens_out: int
    """Tokens of the answer at most."""


class Budget:
    """Puts aside what a call may cost at most, and gives back what it did not cost.

    So the limit of a day holds for any number of threads and processes. A process that dies
    in a call leaves behind what it had put aside, until the day ends.

    Args:
        config: The limits and the prices.
        path: The file; made where absent.
        model: Which model spends.
        clock: Tells the day.
    """

    def __init__(
        self, config: BudgetConfig, path: Path, *, model: str, clock: Clock = system_clock
    ) -> None:
        self.config = config
        self._path = path
        self._model = model
        self._clock = clock
        self._lock = Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(
                path, timeout=30, check_same_thread=False, isolation_level=None
            )
            write_ahead(self._connection)
            self._connection.execute(_TABLE)
        except (sqlite3.Error, OSError) as error:
            raise self._broken(error) from error

    def reserve(self, tokens_in: int, tokens_out: int) -> Reserved:
        """Puts tokens aside, or refuses to.

        Args:
            tokens_in: Tokens of the question at most.
            tokens_out: Tokens of the answer at most.

        Raises:
            BudgetExceededError: The day's limit would be passed.
            StoreError: The file cannot be used.
        """
        wanted = Reserved(self._today(), tokens_in, tokens_out)
        try:
            with self._lock:
                self._connection.execute("BEGIN IMMEDIATE")
                try:
                    self._check(self._spent(wanted.day), wanted)
                    self._add(wanted.day, 1, tokens_in, tokens_out)
                except BaseException:
                    self._connection.execute("ROLLBACK")
                    raise
                self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            raise self._broken(error) from error
        return wanted

    def settle(self, reserved: Reserved, tokens_in: int, tokens_out: int) -> None:
        """Replaces what was put aside by what was used; both 0 where nothing was.

        Raises:
            StoreError: The file cannot be used.
        """
        used = bool(tokens_in or tokens_out)
        try:
            with self._lock:
                self._add(
                    reserved.day,
                    0 if used else -1,
                    tokens_in - reserved.tokens_in,
                    tokens_out - reserved.tokens_out,
                )
        except sqlite3.Error as error:
            raise self._broken(error) from error

    def today(self) -> Spent:
        """What all models together used today, calls under way included.

        Raises:
            StoreError: The file cannot be used.
        """
        try:
            with self._lock:
                return self._spent(self._today())
        except sqlite3.Error as error:
            raise self._broken(error) from error

    def close(self) -> None:
        """Closes the file."""
        with self._lock:
            self._connection.close()

    def _check(self, spent: Spent, wanted: Reserved) -> None:
        config = self.config
        tokens = spent.tokens_in + spent.tokens_out
        if 0 < config.tokens_per_day < tokens + wanted.tokens_in + wanted.tokens_out:
            raise BudgetExceededError(
                f"the day's budget of {config.tokens_per_day:,} tokens does not hold this question:"
                f" {tokens:,} are spent, and it may take {wanted.tokens_in + wanted.tokens_out:,}",
                hint="raise tokens_per_day in [llm.budget], or wait for the next day (UTC)",
            )
        money = spent.money + self._price(wanted.tokens_in, wanted.tokens_out)
        if 0 < config.money_per_day < money:
            raise BudgetExceededError(
                f"the day's budget of {config.money_per_day:g} does not hold this question: "
                f"{spent.money:.4g} are spent",
                hint="raise money_per_day in [llm.budget], or wait for the next day (UTC)",
            )

    def _spent(self, day: str) -> Spent:
        return Spent(*self._connection.execute(_OF_DAY, [day]).fetchone())

    def _add(self, day: str, calls: int, tokens_in: int, tokens_out: int) -> None:
        money = self._price(tokens_in, tokens_out)
        row = [day, self._model, calls, tokens_in, tokens_out, money]
        self._connection.execute(_ADD, row)

    def _price(self, tokens_in: int, tokens_out: int) -> float:
        return (tokens_in * self.config.price_in + tokens_out * self.config.price_out) / _PRICED

    def _today(self) -> str:
        return datetime.fromtimestamp(self._clock() / 1000, tz=UTC).date().isoformat()

    def _broken(self, error: Exception) -> StoreError:
        return StoreError(
            f"the record of what language models cost, {self._path}, cannot be used: {error}",
            hint="check that its folder is writable and its disk not full",
        )
