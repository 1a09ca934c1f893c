"""A workspace's first ``zhiyin.toml``: every setting with its meaning and its default."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import tomli_w
from pydantic import BaseModel

from zhiyin.core.described import descriptions
from zhiyin.core.errors import ConfigError
from zhiyin.data.templates import template
from zhiyin.pipeline.settings import Settings
from zhiyin.pipeline.surfaces import BUILT_IN, SurfaceSettings

_HEAD = """\
# Settings of this workspace. A line that begins with "# name =" shows a default: take the
# "# " away to change it. Unknown names are errors; `zhiyin doctor` tells what is in force.
"""
_ELEMENT = r"(?m)^    (.+),$"
_LIST = re.compile(r"\[\n((?:    .+,\n)+)\]")
_WIDTH = 92


def settings_text(*, trade: str | None = None) -> str:
    """The text of a settings file.

    Args:
        trade: Name of a template of event weights (see `zhiyin.data.templates`), whose
            values are then written as settings; None: defaults only.

    Raises:
        ConfigError: No template has that name.
    """
    values: dict[str, Any] = {}
    head = _HEAD
    if trade is not None:
        chosen = template(trade)
        values = {"events": chosen.model_dump(exclude={"summary"}, exclude_none=True)}
        head += f"#\n# Template {trade}. {chosen.summary}\n"
    return head + "\n".join(_section(Settings(), values, ""))


def write_settings(folder: Path, *, name: str, trade: str | None = None) -> Path:
    """Makes a workspace's folder and its settings file; never overwrites one.

    Raises:
        ConfigError: The file is there already, or no template has that name.
    """
    path = folder / name
    text = settings_text(trade=trade)
    if path.exists():
        raise ConfigError(f"{path} is there already", hint="edit it, or name another folder")
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def _section(defaults: BaseModel, values: dict[str, Any], prefix: str) -> Iterator[str]:
    """The lines of one table: plain settings first, then tables within it."""
    later: list[str] = []
    told = descriptions(type(defaults))
    for name in type(defaults).model_fields:
        if isinstance(getattr(defaults, name), BaseModel | dict):
            later.append(name)
        else:
            yield from _comment(told.get(name))
            yield _line(name, getattr(defaults, name), values)
            yield ""
    for name in later:
        path, below = f"{prefix}{name}", getattr(defaults, name)
        inner: dict[str, Any] = values.get(name, {})
        yield from _comment(told.get(name))
        if isinstance(below, BaseModel):
            yield f"[{path}]"
            yield from _section(below, inner, f"{path}.")
        elif name == "surfaces":
            yield from _surfaces(below)
        else:
            yield f"[{path}]" if inner else f"# [{path}]"
            mark = "" if inner else "# "
            yield from (f"{mark}{line}" for line in _toml(inner or below))
            yield ""


def _surfaces(surfaces: dict[str, SurfaceSettings]) -> Iterator[str]:
    """Every setting of the first surface, and of the others what is different there."""
    first, *others = surfaces
    yield "# [surfaces]"
    yield ""
    yield f"[surfaces.{first}]"
    yield from _section(surfaces[first], {}, f"surfaces.{first}.")
    for name in others:
        shown = _toml({"surfaces": {name: BUILT_IN[name]}})
        yield from (f"# {line}" if line else "" for line in shown)
        yield ""


def _line(name: str, default: Any, values: dict[str, Any]) -> str:  # noqa: ANN401 - any setting
    if name in values:
        return "\n".join(_toml({name: values[name]}))
    if default is None:
        return f"# {name} ="
    return "\n".join(f"# {line}" for line in _toml({name: default}))


def _toml(values: dict[str, Any]) -> list[str]:
    """TOML, lists on one line each: a comment is taken away from a whole setting."""
    text = tomli_w.dumps(values)
    return _LIST.sub(lambda m: f"[{', '.join(re.findall(_ELEMENT, m[1]))}]", text).splitlines()


def _comment(text: str | None) -> Iterator[str]:
    plain = " ".join((text or "").replace("``", "").split())
    yield from (f"# {line}" for line in textwrap.wrap(plain, _WIDTH))
