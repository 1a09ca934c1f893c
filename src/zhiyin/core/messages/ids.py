"""Ids as programs send them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

LONGEST_ID = 1024
"""Characters of an id at most."""

EntityId = Annotated[
    str,
    StringConstraints(min_length=1, max_length=LONGEST_ID, pattern=r"^[^\x00]+$"),
    Field(description="Any text of 1 to 1024 characters without NUL."),
]
"""The id of a user or an item: any text that a database can hold."""

EventType = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00]+$")]
"""What was done: view, purchase, like, or any other word."""

FIRST_INSTANT, LAST_INSTANT = -62_135_596_800_000, 253_402_300_799_999
"""The first moment of the year 1 and the last of the year 9999, which every calendar knows."""
Instant = Annotated[int, Field(ge=FIRST_INSTANT, le=LAST_INSTANT)]
"""Milliseconds since the Unix epoch, in the years 1 to 9999."""

Finite = Annotated[float, Field(allow_inf_nan=False)]
"""A number that JSON can carry."""
