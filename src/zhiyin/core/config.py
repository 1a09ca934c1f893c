"""The base of every configuration object."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Config(BaseModel):
    """A frozen set of hyperparameters or settings.

    Each field is declared once, with its documentation in the string under it.
    Unknown keys are errors.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)
