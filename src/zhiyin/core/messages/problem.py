"""Errors as they travel: problem details (RFC 9457), with what to do next."""

from __future__ import annotations

from pydantic import Field

from zhiyin.core.slate import Frozen


class Fault(Frozen):
    """One thing that is wrong with a request."""

    place: str
    """Where: body.user_id, query.n, …"""
    problem: str
    """What is wrong there."""


class Problem(Frozen):
    """What went wrong, and what to do about it."""

    type: str = "about:blank"
    """A name for this kind of problem, as RFC 9457 has it."""
    title: str
    """The kind of error, such as UnknownEntityError."""
    status: int
    """The HTTP status."""
    detail: str
    """What happened, and where."""
    hint: str = ""
    """What to do next."""
    faults: list[Fault] = Field(default_factory=list[Fault])
    """Each wrong field of a request, with its place."""
    position: int | None = None
    """The first wrong character of an expression, counted from 0."""
