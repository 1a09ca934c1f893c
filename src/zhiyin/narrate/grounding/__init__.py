"""Whether a text may be shown: every claim in it is held against the record and the evidence."""

from zhiyin.narrate.grounding.checking import Verdict, check
from zhiyin.narrate.grounding.reading import Finding

__all__ = ["Finding", "Verdict", "check"]
