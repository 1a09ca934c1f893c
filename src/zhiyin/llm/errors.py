"""Errors of language-model services.

::

    ZhiyinError
    └── ServiceError               a service cannot be used
        ├── ServiceDownError       it does not answer, keeps failing, or asks to be left alone
        ├── ServiceRefusedError    it refuses the request, the key or the model
        ├── BadReplyError          its answer is not what its protocol promises
        ├── BudgetExceededError    the day's tokens or money are spent
        └── ModelFileError         a model's file is absent, damaged or not the one named
"""

from __future__ import annotations

from zhiyin.core.errors import ZhiyinError


class ServiceError(ZhiyinError):
    """A language-model service cannot be used."""


class ServiceDownError(ServiceError):
    """The service does not answer, or fails again and again.

    Args:
        message: What happened, and where.
        hint: What the reader can do about it.
        retry_after: Seconds that it asked to be left alone; None where it did not.
    """

    def __init__(self, message: str, *, hint: str = "", retry_after: float | None = None) -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after


class ServiceRefusedError(ServiceError):
    """The service refuses: the key, the model or the request is wrong.

    Args:
        message: What happened, and where.
        hint: What the reader can do about it.
        status: Its HTTP status; 400 for services without HTTP.
    """

    def __init__(self, message: str, *, hint: str = "", status: int = 400) -> None:
        super().__init__(message, hint=hint)
        self.status = status

    @property
    def concerns_everything(self) -> bool:
        """Whether any other request would be refused too: key, account or model are wrong."""
        return self.status in (401, 402, 403, 404)


class BadReplyError(ServiceError):
    """The service's answer cannot be understood."""


class BudgetExceededError(ServiceError):
    """The tokens or the money of a day are spent."""


class ModelFileError(ServiceError):
    """A model's file is absent, damaged, or not the one that was named."""
