"""What goes wrong when a service is asked.

::

    ZhiyinError
    └── ServiceError           anything that the service, or the way to it, answers with
        ├── UnreachableError   no answer: refused, cut off, too slow
        ├── NotFoundError      404, also an UnknownEntityError
        ├── ConflictError      409, also a core ConflictError
        ├── ChangedError       412, also a PreconditionError
        ├── InvalidError       422, also a DataError
        ├── KeyRefusedError    401 and 403
        ├── TooLargeError      413
        ├── TooManyError       429
        └── UnavailableError   503: no model, or the store is not to be reached

The message is the service's own, and so is the hint. Who catches the errors of an engine
catches those of a service too, where they mean the same.
"""

from __future__ import annotations

from pydantic import ValidationError

from zhiyin.core import errors
from zhiyin.core.messages import Problem


class ServiceError(errors.ZhiyinError):
    """The service answered with a problem.

    Attributes:
        status: The HTTP status; 0 where there was no answer.
        problem: What the service said.
    """

    def __init__(self, problem: Problem) -> None:
        hint = problem.hint
        super().__init__(problem.detail.removesuffix(f" ({hint})"), hint=hint)
        self.status = problem.status
        self.problem = problem


class UnreachableError(ServiceError):
    """There was no answer."""


class NotFoundError(ServiceError, errors.UnknownEntityError):
    """There is no such thing."""


class ConflictError(ServiceError, errors.ConflictError):
    """It does not fit what is there, or what is under way."""


class ChangedError(ServiceError, errors.PreconditionError):
    """It is not as the caller last saw it; nothing was done."""


class InvalidError(ServiceError, errors.DataError):
    """A value cannot be used; nothing was done."""


class KeyRefusedError(ServiceError):
    """The key is not known, or may not do this."""


class TooLargeError(ServiceError):
    """The body is larger than the service takes."""


class TooManyError(ServiceError):
    """The key has asked too often."""


class UnavailableError(ServiceError):
    """No model, or the store is not to be reached: try again."""


_KINDS: dict[int, type[ServiceError]] = {
    401: KeyRefusedError,
    403: KeyRefusedError,
    404: NotFoundError,
    409: ConflictError,
    412: ChangedError,
    413: TooLargeError,
    422: InvalidError,
    429: TooManyError,
    503: UnavailableError,
}


def error_from(status: int, body: bytes) -> ServiceError:
    """The error that an answer stands for; also where a proxy answered, and not the service."""
    try:
        problem = Problem.model_validate_json(body)
    except ValidationError:
        told = body[:200].decode("utf-8", "replace").strip()
        problem = Problem(
            title="NoProblemDetails",
            status=status,
            detail=f"answered with status {status}: {told}",
            hint="check that the address is that of a Zhiyin service",
        )
    return _KINDS.get(status, ServiceError)(problem)


def unreachable(address: str, error: Exception) -> UnreachableError:
    """The error for a service that does not answer."""
    return UnreachableError(
        Problem(
            title="Unreachable",
            status=0,
            detail=f"{address} does not answer: {type(error).__name__}: {error}",
            hint="check that `zhiyin serve` runs there, and the address",
        )
    )
