"""All columns of a catalogue at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from zhiyin.core.attributes import Attribute
from zhiyin.core.errors import ArtifactError
from zhiyin.core.named_arrays import group_of, under
from zhiyin.core.protocols import Arrays, TextEncoder
from zhiyin.encode.attributes.kinds import TITLES, Kind, kind_of
from zhiyin.encode.attributes.readers import (
    MeaningReader,
    NumberReader,
    Reader,
    TagReader,
    WordReader,
)

Columns = Mapping[str, Sequence[Any]]
"""Values by column, a row per item; None where unknown."""

_ALL_TEXT = "words"
"""Name of the attribute that counts the words of all texts together."""


@dataclass(frozen=True, slots=True)
class Read:
    """One attribute of the result: which columns it reads, and how.

    Attributes:
        name: Name of the attribute.
        how: "meaning", "words", "tags" or "number".
        columns: The columns that it reads, joined by a space where there are several.
    """

    name: str
    how: str
    columns: tuple[str, ...]


class CatalogueReader:
    """Decides how each column is read, learns from a catalogue, and reads any items.

    Args:
        encoder: What reads the meaning of texts; None leaves meaning out.
    """

    def __init__(self, encoder: TextEncoder | None) -> None:
        self._makers: dict[str, Callable[[], Reader]] = {
            "words": WordReader,
            "tags": TagReader,
            "number": NumberReader,
        }
        if encoder is not None:
            self._makers["meaning"] = lambda: MeaningReader(encoder)
        self.plan: list[Read] = []
        self._readers: dict[str, Reader] = {}

    def fit(
        self, columns: Columns, *, without_meaning: Sequence[str] = ()
    ) -> tuple[Attribute, ...]:
        """Learns from a catalogue.

        Args:
            columns: The catalogue.
            without_meaning: Text columns whose words are counted but whose meaning is not
                read, because there is no time for it.
        """
        self.plan = self._planned(columns, without_meaning)
        self._readers = {read.name: self._makers[read.how]() for read in self.plan}
        return tuple(
            Attribute(read.name, self._readers[read.name].fit(_joined(columns, read.columns)))
            for read in self.plan
        )

    def read(self, columns: Columns) -> tuple[Attribute, ...]:
        """The same attributes of other items."""
        return tuple(
            Attribute(read.name, self._readers[read.name].read(_joined(columns, read.columns)))
            for read in self.plan
        )

    def read_rows(self, rows: Sequence[Mapping[str, Any]]) -> tuple[Attribute, ...]:
        """The same attributes of other items, each a mapping; what it lacks is unknown."""
        return self.read({name: [row.get(name) for row in rows] for name in self.columns})

    @property
    def columns(self) -> list[str]:
        """The columns that are read."""
        return sorted({name for read in self.plan for name in read.columns})

    def manifest(self) -> list[dict[str, Any]]:
        """The plan, as JSON carries it."""
        return [{"name": r.name, "how": r.how, "columns": list(r.columns)} for r in self.plan]

    def state(self) -> Arrays:
        """What every reader learned."""
        arrays: Arrays = {}
        for at, read in enumerate(self.plan):
            arrays |= under(str(at), self._readers[read.name].state())
        return arrays

    def restore(self, manifest: Sequence[Mapping[str, Any]], arrays: Arrays) -> Self:
        """Takes plan and state back.

        Raises:
            ForeignVectorsError: They belong to another encoder.
            ArtifactError: Something is missing.
        """
        self.plan = [Read(m["name"], m["how"], tuple(m["columns"])) for m in manifest]
        self._readers = {}
        for at, read in enumerate(self.plan):
            if read.how not in self._makers:
                raise ArtifactError(
                    f"the model reads the meaning of {read.name}, and no encoder is there",
                    hint="install the extra `text`, or train again",
                )
            reader = self._makers[read.how]()
            self._readers[read.name] = reader.restore(group_of(arrays, str(at)))
        return self

    def _planned(self, columns: Columns, without_meaning: Sequence[str]) -> list[Read]:
        plan: list[Read] = []
        texts: list[str] = []
        for name, values in columns.items():
            kind = kind_of(name, values)
            if kind is Kind.TEXT:
                texts.append(name)
                if "meaning" in self._makers and name not in without_meaning:
                    plan.append(Read(f"{name}: meaning", "meaning", (name,)))
                if name.casefold() in TITLES:
                    plan.append(Read(f"{name}: words", "words", (name,)))
            elif kind is not Kind.UNUSED:
                plan.append(Read(name, kind.value, (name,)))
        if texts and not (len(texts) == 1 and texts[0].casefold() in TITLES):
            plan.append(Read(_ALL_TEXT, "words", tuple(texts)))
        return plan


def text_columns(columns: Columns) -> list[str]:
    """The columns that hold texts."""
    return [name for name, values in columns.items() if kind_of(name, values) is Kind.TEXT]


def _joined(columns: Columns, names: Sequence[str]) -> Sequence[Any]:
    if len(names) == 1:
        return columns.get(names[0], [None] * _rows(columns))
    parts = [columns[name] for name in names if name in columns]
    return [" ".join(str(v) for v in row if v is not None) for row in zip(*parts, strict=True)]


def _rows(columns: Columns) -> int:
    return max((len(values) for values in columns.values()), default=0)
