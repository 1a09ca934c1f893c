"""Why an item stands on a slate: recorded evidence first, then words."""

from zhiyin.narrate.explain.explaining import Explanation, Length, explain, explain_slate
from zhiyin.narrate.explain.reasons import Reasons, reasons_for

__all__ = ["Explanation", "Length", "Reasons", "explain", "explain_slate", "reasons_for"]
