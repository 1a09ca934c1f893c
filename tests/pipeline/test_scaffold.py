"""The first settings file: every setting is in it, and it reads as what it says."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

from zhiyin.core.errors import ConfigError
from zhiyin.data.templates import GENERAL_WEIGHTS, TEMPLATES
from zhiyin.pipeline.scaffold import settings_text, write_settings
from zhiyin.pipeline.settings import EventSettings, Settings, read_settings


def fields(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from fields(field.annotation, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"


def test_every_setting_is_there_with_its_meaning() -> None:
    text = settings_text()
    for path in fields(Settings):
        name = path.rpartition(".")[2]
        assert re.search(rf"^# ({name} =|\[{re.escape(path)}\])", text, re.M), path
    for line in text.splitlines():
        assert len(line) <= 100


def test_defaults_are_written_as_comments() -> None:
    assert Settings.model_validate(tomllib.loads(settings_text())) == Settings()


def test_taking_a_comment_away_changes_nothing() -> None:
    """Each default in the file is a value that the setting takes."""
    shown = re.sub(r"^# ((?:[\w.\"]+ = .+)|(?:\[[\w.]+\]))$", r"\1", settings_text(), flags=re.M)
    assert Settings.model_validate(tomllib.loads(shown)) == Settings()


@pytest.mark.parametrize("trade", TEMPLATES)
def test_templates_are_in_force(trade: str, tmp_path: Path) -> None:
    path = write_settings(tmp_path / "shop", name="zhiyin.toml", trade=trade)
    events = read_settings(path).events
    assert events.weights == {**GENERAL_WEIGHTS, **TEMPLATES[trade].weights}
    assert events.half_life_days == TEMPLATES[trade].half_life_days


def test_an_existing_file_is_left_alone(tmp_path: Path) -> None:
    write_settings(tmp_path, name="zhiyin.toml")
    with pytest.raises(ConfigError, match="is there already"):
        write_settings(tmp_path, name="zhiyin.toml")


def test_an_unknown_template_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no template is named 'zoo'"):
        write_settings(tmp_path / "shop", name="zhiyin.toml", trade="zoo")
    assert not (tmp_path / "shop").exists()


def test_negative_feedback_counts_as_such_without_any_settings() -> None:
    assert EventSettings().weights["dislike"] < 0
    assert EventSettings(weights={"view": 3.0}).weights["hide"] < 0
    assert EventSettings(weights={"dislike": -5.0}).weights["dislike"] == -5.0
