"""What each surface does: the sections ``[surfaces.NAME]`` of ``zhiyin.toml``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal, cast

from pydantic import AfterValidator, Field

from zhiyin.core.config import Config
from zhiyin.core.errors import ExpressionError
from zhiyin.policy.debiasing import DebiasConfig
from zhiyin.policy.diversity import DiversityConfig
from zhiyin.policy.expressions import parse_boost, parse_filter
from zhiyin.policy.fairness import FairnessConfig
from zhiyin.policy.rules import RulesConfig
from zhiyin.policy.selection import BoltzmannConfig, EpsilonGreedyConfig

LONGEST = 1000
"""Items of a slate at most."""


def _readable(parse: Callable[[str], object]) -> Callable[[str], str]:
    """A check that an expression can be read; "" stands for none."""

    def check(text: str) -> str:
        try:
            if text:
                parse(text)
        except ExpressionError as error:
            raise ValueError(str(error)) from error
        return text

    return check


FilterText = Annotated[str, AfterValidator(_readable(parse_filter))]
BoostText = Annotated[str, AfterValidator(_readable(parse_boost))]


class DebiasSettings(DebiasConfig):
    """How much popularity is held against items."""

    strength: float = Field(default=0.0, ge=0)
    """Standard deviations of the scores that an item loses per standard deviation of log
    popularity; 0 leaves the scores as they are."""


class DiversitySettings(DiversityConfig):
    """How unlike one another the items of a slate are."""

    method: Literal["off", "mmr", "dpp", "xquad"] = "off"
    """How it is reached; off, or the knob at 0: the order of the scores."""
    features: str = "behaviour"
    """In what items are unlike: behaviour (who took them), or a column of the items whose
    values are categories. xquad needs a column."""
    pool: int = Field(default=100, ge=1, le=500)
    """Best candidates among which is chosen; at most half of them, the others follow in their
    order."""


class FairnessSettings(FairnessConfig):
    """Which groups of items get their part of every slate."""

    column: str = ""
    """The column whose values are the groups; empty: none. An item with several values
    belongs to the first."""


class FreshnessSettings(Config):
    """How much newer items are lifted."""

    strength: float = Field(default=0.0, ge=0)
    """A new item's score counts 1 + this, one of the half-life 1 + this / 2, an old one's 1;
    0: age is no matter."""
    column: str = "created"
    """The column with the time since when the item is there."""
    half_life_days: float = Field(default=30.0, gt=0)
    """Age at which half of the lift is left; it falls as 1 / (1 + age / half-life)."""


class RuleSettings(RulesConfig):
    """Rules that have the last word on every slate."""

    promoted: FilterText = ""
    """Which items count as promoted, as an expression; empty: none."""


class MemorySettings(Config):
    """What earlier slates and events of a user mean for the next one."""

    hide_seen: bool | None = None
    """Whether items of the user's history are left out; empty: as in [serve]."""
    hide_days: dict[str, Annotated[float, Field(ge=0)]] = Field(default_factory=dict[str, float])
    """Days for which an item is left out after an event of a type, such as view = 7; with
    this, ``hide_seen`` is not looked at."""
    frequency_cap: int = Field(default=0, ge=0)
    """How often an item is shown to a user here within ``days``; 0: no limit."""
    rotation: float = Field(default=0.0, ge=0)
    """Standard deviations of the scores that an item loses each time it was shown to the user
    here within ``days``; 0: it stays where it is."""
    days: float = Field(default=7.0, gt=0)
    """For how many days it counts that an item was shown."""
    slates: int = Field(default=100, ge=1, le=10_000)
    """How many of the user's latest slates are read, on all surfaces."""


class ExplorationSettings(Config):
    """How slates are drawn here."""

    policy: Literal["", "greedy", "boltzmann", "epsilon_greedy"] = ""
    """greedy, boltzmann, epsilon_greedy; empty: as in [serve]."""
    boltzmann: BoltzmannConfig | None = None
    """Settings of that policy here; empty: those of [serve.boltzmann]."""
    epsilon_greedy: EpsilonGreedyConfig | None = None
    """Settings of that policy here; empty: those of [serve.epsilon_greedy]."""
    spare: int = Field(default=50, ge=0, le=500)
    """Candidates beyond the slate's length that may be drawn."""


class ObjectiveSettings(Config):
    """What a surface wants of the items it shows: exponents of ctr, cvr, value and dwell.

    The utility of showing an item is ctr^click * cvr^conversion * value^value * dwell^dwell.
    An exponent that is 0 leaves its factor out; where all are, the order of scores stays, and
    nothing is estimated.
    """

    click: float = Field(default=0.0, ge=0, le=10)
    """Exponent of ctr, the probability that the user turns to the item."""
    conversion: float = Field(default=0.0, ge=0, le=10)
    """Exponent of cvr, the probability of a conversion once they did."""
    value: float = Field(default=0.0, ge=0, le=10)
    """Exponent of what a conversion is worth."""
    dwell: float = Field(default=0.0, ge=0, le=10)
    """Exponent of the seconds that the user stays."""

    @property
    def stated(self) -> tuple[str, ...]:
        """The exponents above 0."""
        return tuple(name for name, exponent in self.model_dump().items() if exponent)


class SurfaceSettings(Config):
    """One place where slates appear."""

    recipe: Literal["personal", "session", "popular"] = "personal"
    """Where candidates come from: the user's history and the session, the session alone (what
    goes with this item, with this cart), or what everybody likes."""
    length: int = Field(default=10, ge=1, le=LONGEST)
    """Items of a slate, where the request does not say."""
    filter: FilterText = ""
    """Which items may be shown here, as an expression; it is never given up."""
    on_empty: Literal["empty", "relax"] = "empty"
    """What is done when the filter of a request leaves nothing: answer an empty slate, or give
    that filter up (not the surface's own). Both are told in the slate's fallbacks."""
    objective: ObjectiveSettings = ObjectiveSettings()
    """What candidates are put in order by, such as { click = 1.0, conversion = 1.0,
    value = 0.5 }; empty: by their scores. The model must have learned what is named here."""
    boosts: tuple[BoostText, ...] = ()
    """What scores are multiplied with, as expressions."""
    debias: DebiasSettings = DebiasSettings()
    """The section [surfaces.NAME.debias]: popularity held against items."""
    freshness: FreshnessSettings = FreshnessSettings()
    """The section [surfaces.NAME.freshness]."""
    diversity: DiversitySettings = DiversitySettings()
    """The section [surfaces.NAME.diversity]."""
    fairness: FairnessSettings = FairnessSettings()
    """The section [surfaces.NAME.fairness]."""
    rules: RuleSettings = RuleSettings()
    """The section [surfaces.NAME.rules]."""
    memory: MemorySettings = MemorySettings()
    """The section [surfaces.NAME.memory]."""
    exploration: ExplorationSettings = ExplorationSettings()
    """The section [surfaces.NAME.exploration]."""


BUILT_IN: dict[str, dict[str, Any]] = {
    "home": {"diversity": {"method": "dpp", "diversity": 0.1, "pool": 50}},
    "detail": {},
    "cart": {"length": 5},
    "search": {},
    "feed": {"length": 20, "memory": {"frequency_cap": 3, "days": 7.0}},
    "email": {"length": 5, "memory": {"frequency_cap": 1, "days": 14.0}},
}
"""What these surfaces do unless ``zhiyin.toml`` says otherwise. The diversity of home costs
nothing that can be measured on ml-1m (``benchmarks/diversity.py --pools``)."""


def built_in_surfaces() -> dict[str, SurfaceSettings]:
    """The surfaces that are there without settings."""
    return {name: SurfaceSettings.model_validate(given) for name, given in BUILT_IN.items()}


def over_built_in(given: object) -> object:
    """Sections as they were written, laid over what the built-in surfaces do.

    What is not written keeps the built-in value of its surface; surfaces of other names
    begin with the defaults. Anything but a table is left for the validation to refuse.
    """
    if not isinstance(given, Mapping):
        return given
    tables = cast("Mapping[str, object]", given)
    base: dict[str, object] = dict(BUILT_IN)
    return {name: _laid(base.get(name, {}), tables.get(name, {})) for name in {**base, **tables}}


def _laid(below: object, above: object) -> object:
    if not (isinstance(below, Mapping) and isinstance(above, Mapping)):
        return above
    low, high = cast("Mapping[str, object]", below), cast("Mapping[str, object]", above)
    merged = {name: _laid(low[name], high[name]) if name in low else high[name] for name in high}
    return {**low, **merged}
