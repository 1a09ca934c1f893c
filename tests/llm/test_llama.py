"""llama.cpp in this process: a tiny model with random weights, and damaged files."""

from __future__ import annotations

import json
import os
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from tests.llm.tiny_gguf import write_tiny_gguf

from zhiyin.core.protocols import Grammar, LanguageModel, Prompt
from zhiyin.llm.errors import ModelFileError
from zhiyin.llm.llama import LlamaConfig, LlamaModel
from zhiyin.llm.structured import read_object
from zhiyin.llm.trial import try_model
from zhiyin.testing.language import SCHEMA, Count, LanguageModelConformance

TASK = "You phrase given facts and nothing else. " * 10


@pytest.fixture(scope="module")
def gguf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_gguf(tmp_path_factory.mktemp("gguf") / "tiny.gguf")


def model(path: Path, **settings: Any) -> LlamaModel:
    return LlamaModel(LlamaConfig(path=path, **{"context": 1024, "max_tokens": 40, **settings}))


class TestLlamaModel(LanguageModelConformance):
    follows_script = False
    questions = 3

    @pytest.fixture(autouse=True)
    def _file(self, gguf: Path) -> None:
        self.gguf = gguf

    def make(self, said: dict[str, str]) -> LanguageModel:
        return model(self.gguf)


def test_a_fixed_task_is_read_once(gguf: Path) -> None:
    made = model(gguf)
    read = made.warm(TASK)
    assert read > len(TASK)
    made.answer([Prompt(TASK, "short")], schema=None, accept=bool)
    usage = made.usage()
    assert usage["tokens_cached"] >= len(TASK)
    assert usage["tokens_in"] - usage["tokens_cached"] < 40


def test_fixed_tasks_that_take_turns_are_read_once_each(gguf: Path) -> None:
    made = model(gguf)
    other = "Another task, with other words. " * 12
    for _ in range(3):
        for task in (TASK, other):
            made.answer([Prompt(task, "short")], schema=None, accept=bool)
    usage = made.usage()
    assert usage["calls"] == 6
    assert usage["tokens_in"] - usage["tokens_cached"] < len(TASK) + len(other) + 6 * 40


def test_the_same_question_has_the_same_answer(gguf: Path) -> None:
    asked = [Prompt(TASK, "q")]
    answers = {model(gguf).answer(asked, schema=None, accept=bool)[0].text for _ in range(2)}
    assert len(answers) == 1
    assert answers != {None}


@pytest.mark.parametrize("number", range(5))
def test_schemas_hold_a_model_of_noise(gguf: Path, number: int) -> None:
    answers = {"type": "array", "items": {"type": "boolean"}, "maxItems": 3}
    properties = {"n": {"enum": [1, 2, 3]}, "why": {"enum": ["a", "b"]}, "answers": answers}
    schema = {"type": "object", "required": ["n", "why", "answers"], "properties": properties}
    made = model(gguf, max_tokens=200)
    reply = made.answer([Prompt(TASK, f"q{number}")], schema=schema, accept=bool)[0]
    found = json.loads(reply.text or "")
    assert found["n"] in (1, 2, 3)
    assert found["why"] in ("a", "b")
    assert len(found["answers"]) <= 3


def test_schemas_that_are_none_are_a_problem(gguf: Path) -> None:
    made = model(gguf)
    reply = made.answer([Prompt("s", "q")], schema={"type": "nonsense"}, accept=bool)[0]
    assert "refuses" in reply.problem
    broken = made.answer([Prompt("s", "q")], schema=Grammar("root ::= ("), accept=bool)[0]
    assert broken.problem
    good = made.answer(
        [Prompt("s", "q")], schema=SCHEMA, accept=lambda text: bool(read_object(text, Count))
    )
    assert good[0].text


def test_what_does_not_fit_the_context_is_a_problem(gguf: Path) -> None:
    made = model(gguf)
    assert "context" in made.answer([Prompt("s", "x" * 5000)], schema=None, accept=bool)[0].problem
    assert [reply.text for reply in made.stream(Prompt("s", "x" * 5000))] == [None]
    assert made.answer([Prompt("s", "x")], schema=None, accept=bool)[0].text


def test_who_stops_reading_stops_the_model(gguf: Path) -> None:
    made = model(gguf, max_tokens=900)
    stream = made.stream(Prompt("s", "q"))
    next(stream)
    stream.close()  # type: ignore[attr-defined]
    assert made.usage()["tokens_out"] < 450


def test_an_answer_that_takes_too_long_is_cut_off(gguf: Path) -> None:
    made = model(gguf, max_tokens=900, timeout=0.01)
    assert "no end" in made.answer([Prompt("s", "q")], schema=None, accept=bool)[0].problem
    pieces = list(made.stream(Prompt("s", "q")))
    assert "cut off" in pieces[-1].problem


def test_threads_take_turns(gguf: Path) -> None:
    made = model(gguf)
    replies: list[Any] = []

    def ask(number: int) -> None:
        replies.extend(made.answer([Prompt("s", f"q{number}")], schema=SCHEMA, accept=bool))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([reply for reply in replies if reply.text]) == 4


def test_nobody_else_on_the_machine_can_use_it(gguf: Path) -> None:
    made = model(gguf)
    address = made.speaker._server.listening_address
    request = urllib.request.Request(f"{address}/v1/chat/completions", data=b"{}")
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=5)
    assert refused.value.code == 401
    refused.value.close()


@pytest.mark.parametrize("kind", ["absent", "no gguf", "empty", "cut", "head", "folder"])
def test_damaged_files_are_told(gguf: Path, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "model.gguf"
    raw = gguf.read_bytes()
    parts = {"no gguf": b"PK" + raw, "empty": b"", "cut": raw[: len(raw) // 2], "head": raw[:900]}
    if kind in parts:
        path.write_bytes(parts[kind])
    elif kind == "folder":
        path.mkdir()
    with pytest.raises(ModelFileError) as caught:
        model(path)
    assert "zhiyin llm" in caught.value.hint or ".gguf" in caught.value.hint


def test_models_open_and_close_in_a_row(gguf: Path) -> None:
    for _ in range(5):
        assert model(gguf).id == "tiny"  # not asked anything: its threads have hardly begun


def test_the_trial_says_what_a_model_can_do(gguf: Path) -> None:
    report = try_model(model(gguf))
    assert report.answers
    assert report.follows_grammar
    assert report.streams
    assert not report.is_right
    assert report.latency_s > 0


@pytest.mark.slow
def test_a_real_model_answers() -> None:
    """SmolLM2 or Qwen, where ``zhiyin llm pull`` has brought one."""
    folder = Path(os.environ.get("ZHIYIN_CACHE", str(Path.home() / ".cache/zhiyin"))) / "llm"
    path = folder / "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf"
    if not path.exists():
        pytest.skip("optional: zhiyin llm pull qwen2.5-0.5b")
    made = model(path)
    began = time.monotonic()
    schema = {"type": "object", "properties": {"city": {"type": "string", "maxLength": 20}},
              "required": ["city"]}  # fmt: skip
    asked = Prompt("Answer with one JSON object.", "Which city is the capital of France?")
    reply = made.answer([asked], schema=schema, accept=bool)[0]
    assert json.loads(reply.text or "")["city"] == "Paris"
    assert time.monotonic() - began < 60
