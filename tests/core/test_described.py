"""Fields are documented by the string under each."""

from __future__ import annotations

from pydantic import Field, create_model

from zhiyin.core.config import Config
from zhiyin.core.described import Described, descriptions


class Knife(Config):
    """A tool."""

    blades: int = 1
    """How many
    it has."""
    weight: float = 0.1
    sharp: bool = Field(default=True, description="Said in the field itself.")
    """Not this."""


class Folding(Knife):
    """A tool that folds."""

    weight: float = 0.2
    """Grams / 1000."""


def test_each_field_has_the_string_under_it() -> None:
    assert descriptions(Knife) == {
        "blades": "How many\nit has.",
        "sharp": "Said in the field itself.",
    }


def test_a_child_keeps_what_its_parent_said_and_adds_its_own() -> None:
    assert descriptions(Folding)["blades"] == "How many\nit has."
    assert descriptions(Folding)["weight"] == "Grams / 1000."


def test_the_schema_tells_it_too() -> None:
    shown = Folding.model_json_schema()["properties"]
    assert shown["weight"]["description"] == "Grams / 1000."
    assert shown["sharp"]["description"] == "Said in the field itself."


def test_a_model_without_source_has_no_descriptions_and_no_error() -> None:
    made = create_model("Made", __base__=Described, size=(int, 3))
    assert descriptions(made) == {}
    assert made.model_json_schema()["properties"]["size"]["type"] == "integer"
