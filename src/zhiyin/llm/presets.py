"""Known endpoints: their addresses, and what each can be held to."""

from __future__ import annotations

from typing import Any, NamedTuple

from zhiyin.core.errors import ConfigError
from zhiyin.llm.chat import Structured


class Preset(NamedTuple):
    """What is known of an endpoint; every part can be set otherwise."""

    base_url: str
    """Address before ``/chat/completions``."""
    key_variable: str
    """Environment variable that its own tools read the key from; "" where it wants none."""
    structured: Structured
    """What it can be held to."""
    length_field: str = "max_tokens"
    """Name of the field for the length of an answer."""
    grammar_field: str = ""
    """Name of the field for a grammar, where it takes one."""


PRESETS = {
    "openai": Preset(
        "https://api.openai.com/v1", "OPENAI_API_KEY", "schema", "max_completion_tokens"
    ),
    "deepseek": Preset("https://api.deepseek.com/v1", "DEEPSEEK_API_KEY", "object"),
    "qwen": Preset(
        "https://dashscope.aliyuncs.com/compatible-mode/v1", "DASHSCOPE_API_KEY", "object"
    ),
    "vllm": Preset("http://127.0.0.1:8000/v1", "VLLM_API_KEY", "schema"),
    "ollama": Preset("http://127.0.0.1:11434/v1", "OLLAMA_API_KEY", "schema"),
    "llama.cpp": Preset(
        "http://127.0.0.1:8080/v1", "LLAMA_API_KEY", "schema", grammar_field="grammar"
    ),
}
"""Endpoints by the name that ``preset`` in [llm] takes."""


def preset_settings(name: str) -> dict[str, Any]:
    """What a preset says, as fields of `ChatConfig`.

    Raises:
        ConfigError: There is none of that name.
    """
    if name not in PRESETS:
        raise ConfigError(
            f"[llm] preset = {name!r} is not known", hint=f"known: {', '.join(sorted(PRESETS))}"
        )
    return PRESETS[name]._asdict()
