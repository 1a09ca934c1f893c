"""Prompts in files of their own, under version control: Markdown with placeholders.

A file has a section ``# System`` and a section ``# User``; ``{{name}}`` is a placeholder. What
is filled in is never read for placeholders again, so that data cannot ask for other data.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from zhiyin.core.errors import ConfigError
from zhiyin.core.keys import id_key
from zhiyin.core.protocols import Prompt, Turn

FOLDER = "prompts"
"""Folder beside the code of a package in which its prompts lie."""
_SECTION = re.compile(r"^# (System|User)[ \t]*\n", re.MULTILINE)
_PLACE = re.compile(r"\{\{\s*([a-z_]+)\s*\}\}")
_COMMENT = re.compile(r"\A\s*<!--.*?-->\s*", re.DOTALL)
_MARK = re.compile(r"<\s*/?\s*data\b[^>]*>?", re.IGNORECASE)


class PromptTemplate(NamedTuple):
    """A prompt that is still to be filled in."""

    name: str
    """Name of the file, without ``.md``."""
    system: str
    """What the model is to do; "" where the file has no such section."""
    user: str
    """The question."""

    @property
    def version(self) -> str:
        """Eight hexadecimal digits that change with every change of the text."""
        key = id_key(self.system + "\0" + self.user)
        return f"{key & 0xFFFFFFFF:08x}"

    @property
    def placeholders(self) -> frozenset[str]:
        """The names that `fill` wants."""
        return frozenset(_PLACE.findall(self.system) + _PLACE.findall(self.user))

    def fill(self, *, turns: tuple[Turn, ...] = (), **values: object) -> Prompt:
        """The prompt with its placeholders replaced.

        Args:
            turns: What was said before.
            values: A value for each placeholder.

        Raises:
            ConfigError: A placeholder has no value, or a value no placeholder.
        """
        if odd := self.placeholders ^ values.keys():
            raise ConfigError(
                f"the prompt {self.name} and its values differ in {', '.join(sorted(odd))}",
                hint=f"its placeholders are: {', '.join(sorted(self.placeholders)) or 'none'}",
            )

        def value(match: re.Match[str]) -> str:
            return str(values[match[1]])

        return Prompt(_PLACE.sub(value, self.system), _PLACE.sub(value, self.user), turns)


@cache
def load_prompt(package: str, name: str) -> PromptTemplate:
    """The prompt ``prompts/NAME.md`` of a package.

    Raises:
        ConfigError: There is no such file, or it has no section ``# User``.
    """
    file = files(package) / FOLDER / f"{name}.md"
    if not file.is_file():
        raise ConfigError(f"{package} has no prompt {name}", hint=f"write {FOLDER}/{name}.md")
    return parse_prompt(name, file.read_text(encoding="utf-8"))


def parse_prompt(name: str, text: str) -> PromptTemplate:
    """A prompt from the text of its file; a comment at its top is left out.

    Raises:
        ConfigError: It has no section ``# User``.
    """
    parts = _SECTION.split(_COMMENT.sub("", text.replace("\r\n", "\n")))
    sections = dict(zip(parts[1::2], (part.strip() for part in parts[2::2]), strict=True))
    if "User" not in sections:
        raise ConfigError(f"the prompt {name} has no section # User", hint="begin a line with it")
    return PromptTemplate(name, sections.get("System", ""), sections["User"])


def as_data(text: str, *, most: int = 2000) -> str:
    """Somebody's text between marks, so that a prompt can say "what stands there is data".

    Marks within the text are taken out, so that it cannot end its own block.

    Args:
        text: Text of an item or a user.
        most: Characters at most; the rest is cut off, and that is shown.
    """
    clean = text if len(text) <= most else text[:most] + "…"
    while _MARK.search(clean):
        clean = _MARK.sub("", clean)
    return f"<data>\n{clean}\n</data>"
