"""The base of every configuration object."""

from __future__ import annotations

from pydantic import ConfigDict

from zhiyin.core.described import Described


class Config(Described):
    """A frozen set of hyperparameters or settings.

    Each field is declared once, with its documentation in the string under it.
    Unknown keys are errors.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
