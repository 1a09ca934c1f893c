"""Loads what needs the extra ``neural`` only when it is needed."""

from __future__ import annotations

from typing import Any

from zhiyin.core.errors import MissingExtraError
from zhiyin.core.registry import load_path


def load_neural(path: str) -> Any:  # noqa: ANN401 - any attribute of any module
    """The object behind ``"package.module:Attribute"`` of a module that needs torch or ONNX.

    Raises:
        MissingExtraError: The extra is not installed; the hint says how to install it.
    """
    try:
        return load_path(path)
    except MissingExtraError as error:
        package = error.message.partition(" ")[0]
        raise MissingExtraError(package, extra="neural") from error
