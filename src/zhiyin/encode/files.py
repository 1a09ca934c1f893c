"""Model files, checked before they are believed."""

from __future__ import annotations

import hashlib
from pathlib import Path

from zhiyin.encode.errors import ModelFileError


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's content, in hex.

    Raises:
        ModelFileError: The file cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelFileError(
            f"cannot read the model file {path}: {error.strerror}",
            hint="install the package again, or check the path in the configuration",
        ) from error


def verified(path: Path, sha256: str) -> Path:
    """The path itself, once its content is what was pinned.

    Raises:
        ModelFileError: It is absent or has another hash.
    """
    found = sha256_of(path)
    if found != sha256:
        raise ModelFileError(
            f"{path} has sha256 {found[:12]}…, and {sha256[:12]}… is pinned",
            hint="the file is damaged or of another version: install the pinned one again",
        )
    return path
