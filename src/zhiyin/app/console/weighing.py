"""Controls for what each source of a slate counts for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any

from nicegui import ui

from zhiyin.app.console.parts import box, text
from zhiyin.app.console.words import Words
from zhiyin.core.messages import ModelVersion
from zhiyin.core.slate import Slate

RANKER = "ranker"
"""Name of what the learned ranker adds."""


def own_weights(versions: Sequence[ModelVersion]) -> dict[str, float]:
    """What each member of the serving model's blend counts for."""
    serving = next((one for one in versions if one.serving), None)
    return {} if serving is None else {member.name: member.weight for member in serving.members}


def is_ranked(slate: Slate) -> bool:
    """Whether a learned ranker had a part in a slate that tells its stages."""
    return any(stage.name == "ranking" for one in slate.positions for stage in one.stages)


class Weighing:
    """A number for each member of the blend, and a switch for the ranker.

    Args:
        words: The language.
        own: What each member counts for in the model.
        follow: Called when something changed.
    """

    def __init__(
        self, words: Words, own: Mapping[str, float], follow: Callable[[], Awaitable[None]]
    ) -> None:
        self._words = words
        self._own = dict(own)
        self._follow = follow
        self._given: dict[str, float] = {}
        self._fields: dict[str, Any] = {}
        self._switch: Any = None
        self._quiet = False

    @property
    def values(self) -> dict[str, float]:
        """What differs from the model, as the service takes it."""
        return dict(self._given)

    def draw(self, *, ranked: bool) -> None:
        """Puts the controls in."""
        words = self._words
        with box("details", "zy-weights"):
            text("summary", words("What sources count for"))
            with box("div", "zy-form"):
                for name, weight in self._own.items():
                    field = ui.number(
                        name,
                        value=round(weight, 4),
                        min=0,
                        max=100,
                        step=0.1,
                        on_change=partial(self._set, name),
                    )
                    self._fields[name] = field.props("outlined dense debounce=250")
                    field.classes("zy-input")
                if ranked:
                    self._switch = ui.switch(
                        words("The ranker orders the best candidates"),
                        value=True,
                        on_change=self._turn,
                    )

    def reset(self) -> None:
        """As the model has it, without a word to anybody."""
        self._given.clear()
        self._quiet = True
        try:
            for name, field in self._fields.items():
                field.set_value(round(self._own[name], 4))
            if self._switch is not None:
                self._switch.set_value(True)
        finally:
            self._quiet = False

    async def _set(self, name: str, event: Any) -> None:  # noqa: ANN401 - the widget's event
        if event.value is None:
            return
        value = min(100.0, max(0.0, float(event.value)))
        if abs(value - self._own[name]) < 5e-5:
            self._given.pop(name, None)
        else:
            self._given[name] = value
        await self._tell()

    async def _turn(self, event: Any) -> None:  # noqa: ANN401 - the widget's event
        if event.value:
            self._given.pop(RANKER, None)
        else:
            self._given[RANKER] = 0.0
        await self._tell()

    async def _tell(self) -> None:
        if not self._quiet:
            await self._follow()
