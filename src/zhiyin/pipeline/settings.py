"""The workspace's ``zhiyin.toml``: every setting, once, with its meaning."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, Field, ValidationError, field_validator

from zhiyin.core.config import Config
from zhiyin.core.described import descriptions
from zhiyin.core.errors import ConfigError
from zhiyin.data.templates import GENERAL_WEIGHTS
from zhiyin.llm.budget import BudgetConfig
from zhiyin.llm.replies import CacheConfig
from zhiyin.narrate.copy.settings import CopyConfig
from zhiyin.pipeline.chat_settings import ChatSettings
from zhiyin.pipeline.ranker.settings import RankerSettings
from zhiyin.pipeline.service_settings import HttpSettings, LoopSettings
from zhiyin.pipeline.storage_settings import OnlineSettings, StoreSettings
from zhiyin.pipeline.surfaces import SurfaceSettings, built_in_surfaces, over_built_in
from zhiyin.policy.selection import BoltzmannConfig, EpsilonGreedyConfig


class EventSettings(Config):
    """What each type of event says about an item."""

    weights: dict[str, float] = Field(default_factory=lambda: dict(GENERAL_WEIGHTS))
    """Weight per event type; below 0 for dislike. These are added to the weights in force
    anyway (impressions and searches 0, dislike, hide, return and the like below 0); every
    other type weighs ``default_weight``."""
    default_weight: float = 1.0
    """Weight of an event type that is not named."""
    half_life_days: float | None = None
    """An event counts half after this many days; None: for ever."""
    conversions: tuple[str, ...] = ("purchase", "enrol")
    """Types of events that are conversions; their value is what they are worth."""
    dwell: tuple[str, ...] = ("dwell",)
    """Types of events whose value is how long the user stayed, in seconds."""
    value_column: str = "price"
    """The column of the items that says what a conversion is worth, where no event does."""

    @field_validator("weights")
    @classmethod
    def _over_general(cls, weights: dict[str, float]) -> dict[str, float]:
        return {**GENERAL_WEIGHTS, **weights}


AUTO = "auto"
"""Name of the shipped recipe."""


class TrainSettings(Config):
    """How a training is run."""

    recipe: str = AUTO
    """Which recipe ``zhiyin train`` follows; "auto" chooses and blends by validation."""
    budget: str = "15m"
    """Upper bound on training time, such as 60s, 15m, 2h."""
    seed: int = 42
    """Seed of every random draw in training."""


class ServeSettings(Config):
    """How slates are made."""

    policy: str = "greedy"
    """How a slate is drawn from scores: greedy, boltzmann, epsilon_greedy."""
    boltzmann: BoltzmannConfig = BoltzmannConfig()
    """The section [serve.boltzmann], for the policy of that name."""
    epsilon_greedy: EpsilonGreedyConfig = EpsilonGreedyConfig()
    """The section [serve.epsilon_greedy], for the policy of that name."""
    hide_seen: bool = True
    """Whether items that the user has interacted with are left out."""
    history_length: int = 500
    """How many of a user's events since the last training are read for a query."""
    unknown_surface: Literal["default", "error"] = "default"
    """What a request for a surface without a section gets: a slate by default settings, which
    says so, or an error."""


class ProfileSettings(Config):
    """How interest profiles are made."""

    half_life_days: float | None = Field(default=None, gt=0)
    """An event counts half for a profile after this many days; None: as in [events]."""
    events: int = Field(default=500, ge=1)
    """How many of a user's latest events are read."""
    search_weight: float = Field(default=1.0, ge=0)
    """Weight of a search, on the scale of event weights."""
    review_weight: float = Field(default=3.0, ge=0)
    """Weight of a review that is all praise, or all blame."""
    wish_weight: float = Field(default=5.0, ge=0)
    """Weight of a wish that the user put into words; wishes do not fade."""
    gate: float = Field(default=5.0, gt=0)
    """Events after which behaviour counts as much as the profile."""


class LlmSettings(Config):
    """A language model, where there is one: an endpoint, or a file that runs in this process."""

    preset: str = ""
    """A known endpoint: openai, deepseek, qwen, vllm, ollama, llama.cpp; empty for another."""
    base_url: str = ""
    """Address before ``/chat/completions``, such as "http://localhost:11434/v1"; empty: that of
    the preset."""
    model: str = ""
    """The model's name at the endpoint."""
    gguf: str = ""
    """Instead of an endpoint: a GGUF file, or a name that ``zhiyin llm pull`` knows."""
    key_variable: str = ""
    """Environment variable that holds the key; empty: that of the preset, or ZHIYIN_LLM_KEY."""
    timeout: float = Field(default=60.0, gt=0)
    """Seconds to wait for one whole answer."""
    attempts: int = Field(default=3, ge=1)
    """How often a request is tried before the endpoint counts as down."""
    cooldown: float = Field(default=30.0, ge=0)
    """Seconds that an endpoint that is down is left alone."""
    concurrency: int = Field(default=4, ge=1, le=64)
    """Questions under way at once, at an endpoint."""
    max_tokens: int = Field(default=400, ge=1)
    """Length of an answer at most."""
    threads: int = Field(default=1, ge=1)
    """Threads that a file runs with."""
    context: int = Field(default=4096, ge=256)
    """Tokens of a question and its answer together at most, for a file."""
    extra: dict[str, Any] = Field(default_factory=dict[str, Any])
    """Further fields of each request to an endpoint, such as { enable_thinking = false }."""
    budget: BudgetConfig = BudgetConfig()
    """The section [llm.budget]."""
    cache: CacheConfig = CacheConfig()
    """The section [llm.cache]."""

    @property
    def is_given(self) -> bool:
        """Whether an address or a file is."""
        return bool(self.base_url or self.preset or self.gguf)


class TextSettings(Config):
    """How texts are read."""

    encoder: str = "auto"
    """What turns texts into vectors: use, e5, both, minilm, transformer, remote, tfidf; "auto"
    is USE multilingual where the extra ``text`` is installed, tf-idf otherwise."""
    options: dict[str, Any] = Field(default_factory=dict[str, Any])
    """The section [text.options]: settings of that encoder, such as a folder or an address."""


class SearchSettings(Config):
    """How the catalogue is searched."""

    personal: float = Field(default=0.05, ge=0)
    """How far the taste of a known user moves an item, in cosines; 0 for not at all."""
    patience: float = Field(default=3.0, gt=0)
    """Seconds that a search waits for a remote encoder, before it goes by words alone."""
    retry: float = Field(default=30.0, gt=0)
    """Seconds after which a remote encoder that failed is asked again."""
    rerank: str = "auto"
    """What reads the first candidates again, together with the query: "auto" is the reranker
    that ``zhiyin train --reranker`` made here, where it won; "trained" takes it even where it
    did not; "off"; or the folder or hub id of any reranker."""
    rerank_top: int = Field(default=20, ge=2, le=200)
    """How many candidates it reads at most."""
    rerank_budget_ms: float = Field(default=250.0, gt=0)
    """Milliseconds that it may take; candidates for which there was no time keep their place
    behind the others, and the result says so."""
    rerank_weight: float | None = Field(default=None, ge=0, le=1)
    """Its share beside the search's own score, both in standard deviations; None: as validation
    chose for one trained here, 1 for any other."""


class Settings(Config):
    """All of ``zhiyin.toml``."""

    events: EventSettings = EventSettings()
    """The section [events]."""
    train: TrainSettings = TrainSettings()
    """The section [train]."""
    ranker: RankerSettings = RankerSettings()
    """The section [ranker]."""
    serve: ServeSettings = ServeSettings()
    """The section [serve]."""
    text: TextSettings = TextSettings()
    """The section [text]."""
    search: SearchSettings = SearchSettings()
    """The section [search]."""
    profile: ProfileSettings = ProfileSettings()
    """The section [profile]."""
    chat: ChatSettings = ChatSettings()
    """The section [chat]."""
    narrate: CopyConfig = CopyConfig()
    """The section [narrate]: how copy sounds, and how long it may be."""
    llm: LlmSettings = LlmSettings()
    """The section [llm]."""
    http: HttpSettings = HttpSettings()
    """The section [http]."""
    loop: LoopSettings = LoopSettings()
    """The section [loop]."""
    store: StoreSettings = StoreSettings()
    """The section [store]."""
    online: OnlineSettings = OnlineSettings()
    """The section [online]."""
    surfaces: dict[str, SurfaceSettings] = Field(default_factory=built_in_surfaces)
    """The sections [surfaces.NAME]: what each surface does. What a section of home, detail,
    cart, search, feed or email does not say is as built in."""

    @field_validator("surfaces", mode="before")
    @classmethod
    def _over_built_in(cls, given: object) -> object:
        return over_built_in(given)


def read_settings(path: Path) -> Settings:
    """Reads a settings file; an absent one means the defaults.

    Raises:
        ConfigError: Malformed TOML, an unknown key, or a value of the wrong kind.
    """
    if not path.exists():
        return Settings()
    try:
        return settings_of(tomllib.loads(path.read_text(encoding="utf-8")), str(path))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is not valid TOML: {error}") from error


def settings_of(given: Mapping[str, Any], source: str) -> Settings:
    """Settings from the sections of a file.

    Args:
        given: The sections.
        source: Where they come from, for messages.

    Raises:
        ConfigError: An unknown key, or a value of the wrong kind.
    """
    try:
        return Settings.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            raise ConfigError(
                f"{source}: no setting is named {where}", hint=_nearest(where)
            ) from error
        told = first["msg"].removeprefix("Value error, ")
        raise ConfigError(f"{source}: {where}: {told}", hint=_meant(where)) from error


def _meant(name: str) -> str:
    """What a setting is for; where to read on when that is not known."""
    *parents, word = name.split(".")
    model: type[BaseModel] = Settings
    if parents[:1] == ["surfaces"] and len(parents) > 1:
        model, parents = SurfaceSettings, parents[2:]
    for part in parents:
        field = model.model_fields.get(part)
        inner = field.annotation if field else None
        if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
            return "see docs/configuration.md"
        model = inner
    told = " ".join(descriptions(model).get(word, "").replace("``", "").split())
    return f"{word}: {told}" if told else "see docs/configuration.md"


def _nearest(name: str) -> str:
    """What somebody who wrote this may have meant."""
    *parents, word = name.split(".")
    inside, model = "", Settings
    if parents[:1] == ["surfaces"] and len(parents) > 1:
        inside, model = f"surfaces.{parents[1]}.", SurfaceSettings
    known = _names(model, inside)
    found = get_close_matches(word, known, n=1)
    return f"did you mean {known[found[0]]}?" if found else "see docs/configuration.md"


def _names(model: type[BaseModel], inside: str) -> dict[str, str]:
    """The whole name of every key and section below a model; nearer ones come first."""
    names = {name: f"{inside}{name}" for name in model.model_fields}
    for name, field in model.model_fields.items():
        below = field.annotation
        if isinstance(below, type) and issubclass(below, BaseModel):
            names = _names(below, f"{inside}{name}.") | names
    return names


def seconds(duration: str) -> float:
    """Seconds in a duration such as "90", "60s", "15m" or "2h".

    Raises:
        ConfigError: Anything else.
    """
    text = duration.strip().lower()
    unit = {"s": 1.0, "m": 60.0, "h": 3600.0}.get(text[-1:], 0.0)
    number = text[:-1] if unit else text
    try:
        value = float(number) * (unit or 1.0)
    except ValueError:
        value = -1.0
    if not 0 < value < float("inf"):
        raise ConfigError(f"{duration!r} is not a duration", hint="write 90, 60s, 15m or 2h")
    return value
