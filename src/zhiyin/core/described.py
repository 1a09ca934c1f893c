"""Fields that are documented by the string under each, read when somebody asks.

Pydantic's own ``use_attribute_docstrings`` reads the source of every class as it is defined; with
a hundred of them that is a third of a second of every start, for words that few runs need.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Mapping
from functools import cache
from typing import Any

from pydantic import BaseModel, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue


class Described(BaseModel):
    """Base of models whose fields have their documentation under them."""

    @classmethod
    def __get_pydantic_json_schema__(
        cls,
        core_schema: Any,  # noqa: ANN401 - of pydantic_core
        handler: GetJsonSchemaHandler,
    ) -> JsonSchemaValue:
        """The schema, with what each field means."""
        schema = handler(core_schema)
        shown = handler.resolve_ref_schema(schema).get("properties", {})
        for name, told in descriptions(cls).items():
            if name in shown:
                shown[name].setdefault("description", told)
        return schema


@cache
def descriptions(model: type[BaseModel]) -> Mapping[str, str]:
    """What each field of a model means, by its name; a field that says nothing is not there.

    Args:
        model: Any model; fields of its bases are described where they are declared.
    """
    found: dict[str, str] = {}
    for base in reversed(model.__mro__):
        if issubclass(base, BaseModel) and base.__module__ != BaseModel.__module__:
            found |= _under(base)
    found |= {name: f.description for name, f in model.model_fields.items() if f.description}
    return {name: told for name, told in found.items() if name in model.model_fields}


@cache
def _under(model: type[Any]) -> dict[str, str]:
    """The strings under the fields that a class itself declares."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(model)))
    except (OSError, TypeError, SyntaxError):  # made at run time: it has no source
        return {}
    declared = tree.body[0]
    found: dict[str, str] = {}
    if not isinstance(declared, ast.ClassDef):
        return found
    for field, below in zip(declared.body, declared.body[1:], strict=False):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            match below:
                case ast.Expr(value=ast.Constant(value=str(told))):
                    found[field.target.id] = inspect.cleandoc(told)
                case _:
                    pass
    return found
