"""Errors of encoding.

::

    ZhiyinError
    ├── EncoderError                 an encoder cannot do its work
    │   └── ModelFileError           its model is absent, damaged or not the one pinned
    └── ArtifactError
        └── ForeignVectorsError      vectors came from another encoder
"""

from __future__ import annotations

from zhiyin.core.errors import ArtifactError, ZhiyinError


class EncoderError(ZhiyinError):
    """An encoder cannot turn text into vectors."""


class ModelFileError(EncoderError):
    """A model's file is absent, damaged, or not the one that was pinned."""


class ForeignVectorsError(ArtifactError):
    """Vectors of one encoder met those of another: their cosines mean nothing."""

    def __init__(self, *, expected: str, found: str) -> None:
        super().__init__(
            f"these vectors were made by encoder {expected}, and {found} is configured",
            hint="train again with the new encoder, or configure the old one",
        )
