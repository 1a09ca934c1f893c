"""``zhiyin llm`` as people type it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.llm.conftest import ChatServer
from tests.llm.tiny_gguf import write_tiny_gguf
from typer.testing import CliRunner

from zhiyin.app.cli.main import app

RUNNER = CliRunner()


def run(*words: str, code: int = 0) -> dict[str, object]:
    """What a command prints with --json."""
    result = RUNNER.invoke(app, ["llm", *words, "--json"])
    assert result.exit_code == code, result.output
    return json.loads(result.stdout)


def settings(folder: Path, text: str) -> str:
    (folder / "zhiyin.toml").write_text(text, encoding="utf-8")
    return str(folder)


def test_the_list_says_what_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZHIYIN_CACHE", str(tmp_path))
    (tmp_path / "llm").mkdir()
    write_tiny_gguf(tmp_path / "llm" / "mine.gguf")
    found = run("list")
    assert found["other_files"] == [str(tmp_path / "llm" / "mine.gguf")]
    assert all(entry["path"] is None for entry in found["models"])  # type: ignore[union-attr]
    plain = RUNNER.invoke(app, ["llm", "list"])
    assert "qwen2.5-0.5b" in plain.stdout
    assert "deepseek" in plain.stdout


def test_a_file_is_tried(tmp_path: Path) -> None:
    path = write_tiny_gguf(tmp_path / "tiny.gguf")
    folder = settings(tmp_path, f'[llm]\ngguf = "{path}"\nmax_tokens = 30\ncontext = 1024\n')
    found = run("test", "-w", folder)
    assert found["answers"]
    assert found["streams"]
    plain = RUNNER.invoke(app, ["llm", "test", "-w", folder])
    assert "first piece" in plain.stdout


def test_an_endpoint_is_tried(tmp_path: Path) -> None:
    server = ChatServer()
    server.script = lambda body: '{"sum": 42, "word": "知音"}'
    found = run("test", "-w", settings(tmp_path, f'[llm]\nbase_url = "{server.url}"\nmodel = "m"'))
    assert found["is_right"]
    assert not found["follows_grammar"]
    server.script = lambda body: (401, b"bad key")
    found = run("test", "-w", str(tmp_path), code=1)
    assert "bad key" in str(found["problems"])
    server.close()


@pytest.mark.parametrize(
    ("text", "told"),
    [("", "no language model"), ('[llm]\npreset = "gpt"\nmodel = "m"', "not known"),
     ('[llm]\npreset = "openai"', "no model"), ('[llm]\ngguf = "absent.gguf"', "cannot be read"),
     ('[llm]\ngguf = "a"\npreset = "openai"', "a file and an endpoint")],
)  # fmt: skip
def test_wrong_settings_are_told(tmp_path: Path, text: str, told: str) -> None:
    found = run("test", "-w", settings(tmp_path, text), code=1)
    assert told in found["error"]["message"]  # type: ignore[index]


@pytest.mark.parametrize(
    "words", [["gpt"], ["mine", "--url", "http://127.0.0.1:9/x"], ["mine", "--sha256", "ab"]]
)
def test_what_cannot_be_pulled_is_told(tmp_path: Path, words: list[str]) -> None:
    found = run("pull", *words, "--to", str(tmp_path), code=1)
    assert found["error"]["hint"]  # type: ignore[index]
