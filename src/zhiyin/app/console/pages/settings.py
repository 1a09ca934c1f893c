"""All settings of the workspace, as they are in force."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from zhiyin.app.console.parts import box, card, fields, link, text
from zhiyin.app.console.visits import Visit


async def build(visit: Visit) -> None:
    """The settings, section by section."""
    words = visit.words
    found = await visit.client.read_settings()
    if found.trouble:
        with box("div", "zy-fault", role="alert"):
            text("strong", words("The file cannot be used as it is; what was in force goes on."))
            text("p", found.trouble)
    text("p", words("Written in {file}.", file=found.file), "zy-soft")
    with card(words("What can be changed here")), box("div", "zy-row"):
        link(words("What surfaces do: length, rules, diversity, filters, exploration"), "/surfaces")
    text(
        "p",
        words("The other sections are changed in the file and count from the next start on."),
        "zy-soft",
    )
    with box("div", "zy-columned"):
        for name, section in found.settings.items():
            if name != "surfaces" and isinstance(section, Mapping):
                with card(f"[{name}]"):
                    fields(_flat(cast("Mapping[str, Any]", section)))


def _flat(section: Mapping[str, Any], before: str = "") -> dict[str, object]:
    """Settings of a section and those within it, by their paths."""
    found: dict[str, object] = {}
    for name, value in section.items():
        if isinstance(value, Mapping) and value:
            found |= _flat(cast("Mapping[str, Any]", value), f"{before}{name}.")
        else:
            found[f"{before}{name}"] = value if value not in ("", {}, []) else None
    return found
