"""A form over the settings of a surface: what is written, and what of it changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from nicegui import ui

from zhiyin.app.console.parts import box, text
from zhiyin.app.console.words import Words

CHOICES: dict[str, tuple[str, ...]] = {
    "recipe": ("personal", "session", "popular"),
    "on_empty": ("empty", "relax"),
    "diversity.method": ("off", "mmr", "dpp", "xquad"),
    "exploration.policy": ("", "greedy", "boltzmann", "epsilon_greedy"),
}
"""Settings that take one of a few values. The service has the last word on all of them."""
OPEN = ("", "rules", "diversity")
"""Sections that are shown from the beginning."""
_YES_NO = {"": "–", "true": "true", "false": "false"}


class SurfaceForm:
    """Fields for every setting of a surface, by its path such as ``rules.caps``.

    Lists have a line for each entry, tables a line ``name = value`` for each.

    Args:
        settings: The settings in force.
        words: The language.
    """

    def __init__(self, settings: Mapping[str, Any], words: Words) -> None:
        self._settings = settings
        self._words = words
        self._fields: dict[str, Any] = {}

    def draw(self) -> None:
        """Puts the fields in, section by section."""
        plain = {n: v for n, v in self._settings.items() if not _is_section(n, v)}
        self._section("", plain)
        for name, value in self._settings.items():
            if _is_section(name, value):
                self._section(name, cast("Mapping[str, Any]", value))

    def changes(self) -> dict[str, Any]:
        """What differs from the settings, nested as they are; for a merge patch.

        Raises:
            ValueError: A line of a table has no value; the message says which.
        """
        found: dict[str, Any] = {}
        for path, field in self._fields.items():
            before = _at(self._settings, path)
            after = read_field(path, field.value, before)
            if after == before:
                continue
            *parents, name = path.split(".")
            place = found
            for parent in parents:
                place = place.setdefault(parent, {})
            if isinstance(before, Mapping) and isinstance(after, Mapping):
                gone: dict[str, Any] = dict.fromkeys(cast("Mapping[str, Any]", before))
                place[name] = {**gone, **cast("Mapping[str, Any]", after)}
            else:
                place[name] = after
        return found

    def mark(self, told: str) -> None:
        """Points out the field that a message names."""
        for path, field in self._fields.items():
            wrong = f".{path}:" in told or f".{path}." in told
            field.props("error" if wrong else "", remove="" if wrong else "error")
            if wrong:
                field.run_method("focus")

    def _section(self, name: str, values: Mapping[str, Any]) -> None:
        if not name:
            self._table(name, values)
            return
        with box("details", "zy-section") as made:
            if name in OPEN:
                made.props["open"] = True
            text("summary", name)
            self._table(name, values)

    def _table(self, section: str, values: Mapping[str, Any]) -> None:
        with box("div", "zy-form"):
            for name, value in values.items():
                path = f"{section}.{name}" if section else name
                self._fields[path] = self._field(path, name, value)

    def _field(self, path: str, name: str, value: Any) -> Any:  # noqa: ANN401 - any setting
        made: Any
        if path in CHOICES:
            shown = {one: one or self._words("as for all surfaces") for one in CHOICES[path]}
            made = ui.select(shown, value=value if value in shown else None, label=name)
        elif isinstance(value, bool) or path == "memory.hide_seen":
            made = ui.select(_YES_NO, value="" if value is None else str(value).lower(), label=name)
        elif isinstance(value, int | float):
            made = ui.number(name, value=value)
        elif isinstance(value, list | Mapping):
            made = ui.textarea(name, value=written(cast("Any", value))).props("autogrow")
            hint = "name = value" if isinstance(value, Mapping) else ""
            if hint:
                made.props["placeholder"] = hint
        else:
            made = ui.input(name, value="" if value is None else str(value))
        made.props("outlined dense")
        return made.classes("zy-input wide" if isinstance(value, list | Mapping) else "zy-input")


def written(value: list[Any] | Mapping[str, Any]) -> str:
    """A list or a table as lines."""
    if isinstance(value, Mapping):
        return "\n".join(f"{name} = {one}" for name, one in value.items())
    return "\n".join(str(one) for one in value)


def read_field(path: str, given: Any, before: Any) -> Any:  # noqa: ANN401 - any setting
    """The value of a field, of the kind that the setting has.

    Raises:
        ValueError: A line of a table has no value.
    """
    if isinstance(before, bool) or path == "memory.hide_seen":
        return {"true": True, "false": False}.get(str(given or ""))
    if isinstance(before, Mapping):
        return _table_of(path, str(given or ""))
    if isinstance(before, list):
        return [line.strip() for line in str(given or "").splitlines() if line.strip()]
    if isinstance(before, int | float):
        if given is None:
            return None
        number = float(given)
        return int(number) if number.is_integer() and isinstance(before, int) else number
    if before is None and given in ("", None):
        return None
    return given


def _table_of(path: str, lines: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for line in lines.splitlines():
        if not line.strip():
            continue
        name, sign, value = line.rpartition("=")
        if not sign or not name.strip() or not value.strip():
            raise ValueError(f"{path}: {line.strip()}")
        found[name.strip()] = _number(value.strip())
    return found


def _number(value: str) -> Any:  # noqa: ANN401 - a number where it is one
    try:
        number = float(value)
    except ValueError:
        return value
    return int(number) if number.is_integer() else number


def _is_section(name: str, value: object) -> bool:
    """Whether a setting is a section of its own, and not a table of values."""
    return isinstance(value, Mapping) and name not in ("caps", "pins", "hide_days")


def _at(settings: Mapping[str, Any], path: str) -> Any:  # noqa: ANN401 - any setting
    value: Any = settings
    for part in path.split("."):
        value = value[part]
    return value
