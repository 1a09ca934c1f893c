"""A GGUF of a few hundred kilobytes: a Llama with random weights and one token per byte.

It says nonsense, but through all of llama.cpp: tokeniser, template, cache, grammar, sampling.
The layout is that of ggml's docs/gguf.md, version 3.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np

_ALIGNMENT = 32
_U32, _F32, _BOOL, _STRING, _ARRAY, _I32 = 4, 6, 7, 8, 9, 5
_DIM, _HEADS, _LAYERS, _HIDDEN, _CONTEXT = 64, 4, 2, 128, 2048
_TEMPLATE = (
    "{% for m in messages %}<{{ m['role'] }}>{{ m['content'] }}\n{% endfor %}"
    "{% if add_generation_prompt %}<assistant>{% endif %}"
)


def write_tiny_gguf(path: Path, *, seed: int = 0) -> Path:
    """Writes the file."""
    tokens, kinds = _vocabulary()
    facts: list[tuple[str, int, Any]] = [
        ("general.architecture", _STRING, "llama"),
        ("general.name", _STRING, "tiny"),
        ("llama.context_length", _U32, _CONTEXT),
        ("llama.embedding_length", _U32, _DIM),
        ("llama.block_count", _U32, _LAYERS),
        ("llama.feed_forward_length", _U32, _HIDDEN),
        ("llama.attention.head_count", _U32, _HEADS),
        ("llama.attention.head_count_kv", _U32, _HEADS),
        ("llama.attention.layer_norm_rms_epsilon", _F32, 1e-5),
        ("llama.rope.dimension_count", _U32, _DIM // _HEADS),
        ("tokenizer.ggml.model", _STRING, "llama"),
        ("tokenizer.ggml.tokens", _ARRAY, (_STRING, tokens)),
        ("tokenizer.ggml.scores", _ARRAY, (_F32, [0.0] * len(tokens))),
        ("tokenizer.ggml.token_type", _ARRAY, (_I32, kinds)),
        ("tokenizer.ggml.bos_token_id", _U32, 1),
        ("tokenizer.ggml.eos_token_id", _U32, 2),
        ("tokenizer.ggml.unknown_token_id", _U32, 0),
        ("tokenizer.chat_template", _STRING, _TEMPLATE),
    ]
    tensors = _tensors(len(tokens), np.random.default_rng(seed))
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(facts))
    head += b"".join(_text(name) + struct.pack("<I", kind) + _value(kind, value)
                     for name, kind, value in facts)  # fmt: skip
    offset = 0
    for name, tensor in tensors.items():
        shape = tensor.shape[::-1]
        head += _text(name) + struct.pack("<I", len(shape))
        head += struct.pack(f"<{len(shape)}QIQ", *shape, 0, offset)
        offset += _padded(tensor.nbytes)
    with path.open("wb") as stream:
        stream.write(head.ljust(_padded(len(head)), b"\0"))
        for tensor in tensors.values():
            stream.write(tensor.tobytes().ljust(_padded(tensor.nbytes), b"\0"))
    return path


def _vocabulary() -> tuple[list[str], list[int]]:
    """Three special tokens, then every byte."""
    normal, unknown, control, byte = 1, 2, 3, 6
    tokens = ["<unk>", "<s>", "</s>", *(f"<0x{value:02X}>" for value in range(256)), "\u2581"]
    return tokens, [unknown, control, control, *([byte] * 256), normal]


def _tensors(n_tokens: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    def drawn(*shape: int) -> np.ndarray:
        return rng.normal(0, 0.3, shape).astype(np.float32)

    found = {"token_embd.weight": drawn(n_tokens, _DIM)}
    for layer in range(_LAYERS):
        for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
            found[f"blk.{layer}.{name}.weight"] = drawn(_DIM, _DIM)
        found[f"blk.{layer}.ffn_gate.weight"] = drawn(_HIDDEN, _DIM)
        found[f"blk.{layer}.ffn_up.weight"] = drawn(_HIDDEN, _DIM)
        found[f"blk.{layer}.ffn_down.weight"] = drawn(_DIM, _HIDDEN)
        for name in ("attn_norm", "ffn_norm"):
            found[f"blk.{layer}.{name}.weight"] = np.ones(_DIM, dtype=np.float32)
    found["output_norm.weight"] = np.ones(_DIM, dtype=np.float32)
    found["output.weight"] = drawn(n_tokens, _DIM)
    return found


def _padded(size: int) -> int:
    return -(-size // _ALIGNMENT) * _ALIGNMENT


def _text(text: str) -> bytes:
    raw = text.encode()
    return struct.pack("<Q", len(raw)) + raw


def _value(kind: int, value: Any) -> bytes:
    if kind == _STRING:
        return _text(value)
    if kind == _ARRAY:
        inner, items = value
        return struct.pack("<IQ", inner, len(items)) + b"".join(_value(inner, i) for i in items)
    return struct.pack({_U32: "<I", _F32: "<f", _BOOL: "<?", _I32: "<i"}[kind], value)
