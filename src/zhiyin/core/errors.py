"""Every error that a user can cause.

::

    ZhiyinError
    ├── ConfigError            a setting is unknown, malformed or contradictory
    ├── DataError              a file or a table cannot be used as it is
    │   ├── RejectedRowsError  --strict was asked for and rows were rejected
    │   └── NotEnoughDataError there is too little to learn from
    ├── UnknownEntityError     an id that nobody has ever seen
    ├── ConflictError          it does not fit what is there or under way
    ├── PreconditionError      what was to be changed has changed meanwhile
    ├── UnknownModelError      a model name that is not registered
    ├── ArtifactError          an artifact is absent, damaged or from another world
    ├── TrainingError          a training could not finish
    ├── ExpressionError        a filter or a boost cannot be read
    ├── StoreError             the store cannot do what was asked
    │   ├── StoreFullError     the disk is full
    │   ├── StoreBusyError     somebody else holds the lock
    │   └── StoreUnreachableError  the server of the store does not answer
    └── MissingExtraError      an optional dependency is not installed

Each message says what happened and where; ``hint`` says what to do next.
"""

from __future__ import annotations


class ZhiyinError(Exception):
    """Base of all errors raised on purpose.

    Args:
        message: What happened, and where.
        hint: What the reader can do about it.
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class ConfigError(ZhiyinError):
    """A setting is unknown, malformed or contradicts another."""


class DataError(ZhiyinError):
    """A file or table cannot be used as it is."""


class RejectedRowsError(DataError):
    """Rows were rejected while ``strict`` was asked for; nothing was stored."""


class NotEnoughDataError(DataError):
    """There is too little data for what was asked."""


class UnknownEntityError(ZhiyinError):
    """A user or item that was never seen."""


class ConflictError(ZhiyinError):
    """What was asked does not fit what is there, or what is under way."""


class PreconditionError(ZhiyinError):
    """What was to be changed is not as the caller last saw it; nothing was done."""


class UnknownModelError(ZhiyinError):
    """A model name that no registry entry answers to."""


class ArtifactError(ZhiyinError):
    """An artifact is absent, damaged, or does not fit."""


class TrainingError(ZhiyinError):
    """A training could not finish; what was published before still serves."""


class ExpressionError(ZhiyinError):
    """A filter or a boost cannot be read.

    Args:
        message: What is wrong, the line of the expression, and carets below the place.
        position: The first character of the place, counted from 0.
        hint: What was probably meant.
    """

    def __init__(self, message: str, *, position: int, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.position = position

    def __str__(self) -> str:
        return f"{self.message}\n({self.hint})" if self.hint else self.message


class StoreError(ZhiyinError):
    """The store cannot do what was asked; nothing was half written."""


class StoreFullError(StoreError):
    """The disk (or the quota) is full; the transaction was rolled back."""


class StoreBusyError(StoreError):
    """Another process holds the lock."""


class StoreUnreachableError(StoreError):
    """The server of the store does not answer; it is used again as soon as it does."""


class MissingExtraError(ZhiyinError):
    """An optional dependency is not installed."""

    def __init__(self, package: str, *, extra: str) -> None:
        super().__init__(f"{package} is not installed", hint=f"pip install 'zhiyin[{extra}]'")
        self.extra = extra
