"""The checker: a text, a record, evidence, and what in the text neither supports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from zhiyin.narrate.grounding.assertions import check_assertions
from zhiyin.narrate.grounding.comparing import check_comparisons
from zhiyin.narrate.grounding.coverage import check_coverage
from zhiyin.narrate.grounding.dates import check_dates
from zhiyin.narrate.grounding.deeds import check_deeds
from zhiyin.narrate.grounding.facts import Facts
from zhiyin.narrate.grounding.occasions import check_occasions
from zhiyin.narrate.grounding.quantities import check_quantities
from zhiyin.narrate.grounding.reading import Finding, Reading
from zhiyin.narrate.grounding.relative import check_relative_dates
from zhiyin.narrate.grounding.standing import check_banned, check_standing

_LONGEST = 20_000


class Verdict(NamedTuple):
    """Whether a text may be shown."""

    findings: tuple[Finding, ...]
    """What is not supported, by place."""

    @property
    def is_grounded(self) -> bool:
        """Whether everything is supported."""
        return not self.findings


def check(
    text: str,
    *,
    record: Mapping[str, Any],
    evidence: Sequence[Mapping[str, Any]] = (),
    banned: Sequence[str] = (),
) -> Verdict:
    """Holds a text against what is recorded.

    Numbers, dates, names, deeds of the user, comparisons, availability and offers are looked
    up each in its own way; then every word that is left must either claim nothing (grammar,
    taste, advice) or stand in the record or the evidence, in either language. So the checker
    errs towards refusing.

    Args:
        text: As it would be shown.
        record: Attributes of the item that it is about.
        evidence: Facts beside the record, each with a ``kind``; see docs/explanations.md.
        banned: Words that are never to be shown.
    """
    if len(text) > _LONGEST:
        return Verdict((Finding(_LONGEST, len(text), "length", "the text is too long"),))
    reading = Reading(text, Facts(record, evidence))
    check_banned(reading, banned)
    check_standing(reading)
    check_deeds(reading)
    check_dates(reading)
    check_occasions(reading)
    check_relative_dates(reading)
    check_comparisons(reading)
    check_quantities(reading)
    check_assertions(reading)
    check_coverage(reading)
    return Verdict(tuple(sorted(set(reading.findings))))
