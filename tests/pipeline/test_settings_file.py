"""A surface is changed in the file: checked first, in one step, comments stay, all follow."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from tests.pipeline.conftest import two_tastes

from zhiyin.core.errors import ConfigError, ConflictError, PreconditionError, UnknownEntityError
from zhiyin.pipeline.records import Expected
from zhiyin.pipeline.scaffold import write_settings
from zhiyin.pipeline.settings_file import SETTINGS_FILE, SettingsFile
from zhiyin.pipeline.wiring import open_workspace

ANY = Expected()


def written(folder: Path) -> dict[str, Any]:
    return tomllib.loads((folder / SETTINGS_FILE).read_text(encoding="utf-8"))


def test_a_change_leaves_comments_and_everything_else(tmp_path: Path) -> None:
    write_settings(tmp_path, name=SETTINGS_FILE)
    before = (tmp_path / SETTINGS_FILE).read_text(encoding="utf-8").splitlines()
    file = SettingsFile(tmp_path)
    file.change("home", {"length": 12, "rules": {"caps": {"brand": 2}}}, expected=ANY)
    after = (tmp_path / SETTINGS_FILE).read_text(encoding="utf-8").splitlines()
    assert [line for line in before if line not in after] == []
    assert written(tmp_path)["surfaces"]["home"]["length"] == 12
    file.change("home", {"length": None, "rules": {"caps": None}}, expected=ANY)
    assert file.surface("home").attributes["length"] == 10
    assert file.surface("home").attributes["rules"]["caps"] == {}


def test_sections_that_stand_apart_are_found(tmp_path: Path) -> None:
    text = (
        '[surfaces.home]\nlength=3 # few\n[train]\nseed=1\n[surfaces.home.rules]\nexclude=["a"]\n'
    )
    (tmp_path / SETTINGS_FILE).write_text(text, encoding="utf-8")
    SettingsFile(tmp_path).change("home", {"rules": {"exclude": ["b"]}}, expected=ANY)
    assert written(tmp_path) == {
        "surfaces": {"home": {"length": 3, "rules": {"exclude": ["b"]}}},
        "train": {"seed": 1},
    }
    assert "# few" in (tmp_path / SETTINGS_FILE).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("changes", "told", "hint"),
    [
        ({"length": 0}, "surfaces.home.length", "length: Items of a slate"),
        ({"lenght": 5}, "surfaces.home.lenght", "did you mean surfaces.home.length?"),
        ({"filter": "price <"}, "surfaces.home.filter", "filter: Which items"),
        ({"diversity": {"method": "luck"}}, "surfaces.home.diversity.method", "method: How"),
        ({"rules": 7}, "surfaces.home.rules", "rules: "),
        ({"boosts": [None]}, "TOML", "give texts"),
        ({"filter": "\ud800"}, "TOML", "give texts"),
    ],
)
def test_what_cannot_be_used_is_told_by_its_key_and_nothing_is_written(
    tmp_path: Path, changes: dict[str, Any], told: str, hint: str
) -> None:
    write_settings(tmp_path, name=SETTINGS_FILE)
    before = (tmp_path / SETTINGS_FILE).read_bytes()
    with pytest.raises(ConfigError) as caught:
        SettingsFile(tmp_path).change("home", changes, expected=ANY)
    assert told in caught.value.message
    assert caught.value.hint.startswith(hint)
    assert (tmp_path / SETTINGS_FILE).read_bytes() == before
    assert sorted(p.name for p in tmp_path.glob(".zhiyin-*")) == []


def test_who_saw_something_else_changes_nothing(tmp_path: Path) -> None:
    file = SettingsFile(tmp_path)
    seen = file.surface("home").tag
    file.change("home", {"length": 7}, expected=Expected([seen]))
    for act in (file.change, file.put):
        with pytest.raises(PreconditionError):
            act("home", {"length": 8}, expected=Expected([seen]))
    with pytest.raises(PreconditionError):
        file.remove("home", expected=Expected([seen]))
    assert file.surface("home").attributes["length"] == 7


def test_a_surface_is_made_and_removed(tmp_path: Path) -> None:
    file = SettingsFile(tmp_path)
    with pytest.raises(UnknownEntityError, match="home"):
        file.change("shelf", {"length": 3}, expected=ANY)
    file.put("shelf", {"length": 3}, expected=Expected((), ["*"]))
    with pytest.raises(PreconditionError):
        file.put("shelf", {"length": 4}, expected=Expected((), ["*"]))
    assert file.remove("shelf", expected=ANY)
    assert not file.remove("shelf", expected=ANY)
    with pytest.raises(UnknownEntityError):
        file.surface("shelf")


def test_a_file_that_somebody_broke_is_not_written_to(tmp_path: Path) -> None:
    (tmp_path / SETTINGS_FILE).write_text("[surfaces", encoding="utf-8")
    with pytest.raises((ConfigError, ConflictError)):
        SettingsFile(tmp_path).change("home", {"length": 3}, expected=ANY)
    assert (tmp_path / SETTINGS_FILE).read_text(encoding="utf-8") == "[surfaces"


def test_the_next_slate_follows_also_where_another_process_wrote(tmp_path: Path) -> None:
    with open_workspace(tmp_path) as workspace:
        workspace.record(two_tastes())
        workspace.train(recipe="ease")
        user = "left-0" if workspace.stores.entities.get("user", ["left-0"]) else None
        assert len(workspace.recommend(user).item_ids) > 2
        SettingsFile(tmp_path).change("home", {"length": 2}, expected=ANY)
        assert len(workspace.recommend(user).item_ids) == 2
        (tmp_path / SETTINGS_FILE).write_text("[surfaces.home]\nlength = -1\n", encoding="utf-8")
        assert len(workspace.recommend(user).item_ids) == 2
        assert "surfaces.home.length" in workspace.settings_file.trouble
        (tmp_path / SETTINGS_FILE).unlink()
        assert len(workspace.recommend(user).item_ids) > 2
        assert workspace.settings_file.trouble == ""
