"""What became of the rows of a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class TableReport:
    """The outcome of importing one table.

    Attributes:
        accepted: Rows stored now.
        rejected: Rows refused; each is in the quarantine file with its reason.
        duplicates: Rows that were known already, in the store or earlier in the file.
        reasons: Refused rows by reason.
        quarantine: JSON Lines file of the refused rows, None where there are none.
        notes: What else is worth knowing, with a count.
        columns: For each of our columns the file's column that feeds it.
        event_types: For each of the file's words for an event that was translated, ours.
        format: What the file was read as.
    """

    accepted: int = 0
    rejected: int = 0
    duplicates: int = 0
    reasons: Mapping[str, int] = field(default_factory=dict[str, int])
    quarantine: Path | None = None
    notes: Mapping[str, int] = field(default_factory=dict[str, int])
    columns: Mapping[str, str] = field(default_factory=dict[str, str])
    event_types: Mapping[str, str] = field(default_factory=dict[str, str])
    format: str = ""

    def as_dict(self) -> dict[str, Any]:
        """As JSON can carry it."""
        return asdict(self) | {
            "quarantine": None if self.quarantine is None else str(self.quarantine)
        }


@dataclass(slots=True)
class Tally:
    """A report in the making."""

    accepted: int = 0
    duplicates: int = 0
    reasons: Counter[str] = field(default_factory=Counter[str])
    notes: Counter[str] = field(default_factory=Counter[str])
    columns: dict[str, str] = field(default_factory=dict[str, str])
    event_types: dict[str, str] = field(default_factory=dict[str, str])
    format: str = ""

    @property
    def rejected(self) -> int:
        """Rows refused so far."""
        return sum(self.reasons.values())

    def report(self, *, quarantine: Path | None) -> TableReport:
        """What the tally came to."""
        return TableReport(
            accepted=self.accepted,
            rejected=self.rejected,
            duplicates=self.duplicates,
            reasons=dict(sorted(self.reasons.items())),
            quarantine=quarantine,
            notes={name: n for name, n in sorted(self.notes.items()) if n},
            columns=dict(self.columns),
            event_types=dict(sorted(self.event_types.items())),
            format=self.format,
        )
