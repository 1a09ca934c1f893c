"""Errors of language-model services.

::

    ZhiyinError
    └── ServiceError             a service cannot be used
        ├── ServiceDownError     it does not answer, or keeps failing
        ├── ServiceRefusedError  it refuses the request, the key or the model
        └── BadReplyError        its answer is not what its protocol promises
"""

from __future__ import annotations

from zhiyin.core.errors import ZhiyinError


class ServiceError(ZhiyinError):
    """A language-model service cannot be used."""


class ServiceDownError(ServiceError):
    """The service does not answer, or fails again and again."""


class ServiceRefusedError(ServiceError):
    """The service refuses: the key, the model or the request is wrong."""


class BadReplyError(ServiceError):
    """The service's answer cannot be understood."""
