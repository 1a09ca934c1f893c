"""Every hyperparameter is written once, frozen, and explained."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType

from pydantic import BaseModel

from zhiyin.core.config import Config
from zhiyin.core.described import descriptions


def descendants(cls: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """All classes below a class."""
    for child in cls.__subclasses__():
        yield child
        yield from descendants(child)


def faults(config: type[BaseModel]) -> list[str]:
    """What is wrong with one config."""
    name = f"{config.__module__}.{config.__qualname__}"
    found = [
        f"{name}.{field} has no doc under it"
        for field in config.model_fields
        if not descriptions(config).get(field, "").strip()
    ]
    found += [f"{name} is not frozen"] if not config.model_config.get("frozen") else []
    found += (
        [f"{name} accepts unknown keys"] if config.model_config.get("extra") != "forbid" else []
    )
    found += [f"{name} has no docstring"] if not (config.__doc__ or "").strip() else []
    return found


def test_every_config_is_frozen_closed_and_explained(modules: list[ModuleType]) -> None:
    configs = [c for c in descendants(Config) if c.__module__.startswith("zhiyin.")]
    assert len(modules) > 1
    assert configs
    assert not [fault for config in configs for fault in faults(config)]


def test_every_config_can_be_read_back(modules: list[ModuleType]) -> None:
    for config in descendants(Config):
        if all(not info.is_required() for info in config.model_fields.values()):
            made = config()
            assert config.model_validate_json(made.model_dump_json()) == made


def test_faults_are_seen() -> None:
    class Loose(BaseModel):
        depth: int = 3

    Loose.__doc__ = ""
    assert [fault.rpartition(".")[2] for fault in faults(Loose)] == [
        "depth has no doc under it",
        "Loose is not frozen",
        "Loose accepts unknown keys",
        "Loose has no docstring",
    ]
