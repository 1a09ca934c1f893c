"""Versions of the model, what each reached, which one serves, and trainings."""

from __future__ import annotations

from typing import Any

from nicegui import ui

from zhiyin.app.console.parts import box, button, card, empty, fields, guarded, moment, text
from zhiyin.app.console.parts import table as draw_table
from zhiyin.app.console.reached import draw_reached
from zhiyin.app.console.visits import Visit
from zhiyin.client import ServiceError
from zhiyin.core.messages import ModelVersion, TrainingJob

_LOOK_EVERY_S = 1.0
_LISTED = 5


async def build(visit: Visit) -> None:
    """The models."""
    await Models(visit).open()


class Models:
    """Versions and trainings; follows a training that is under way.

    Args:
        visit: Who looks.
    """

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._words = visit.words
        self._running = False

    async def open(self) -> None:
        """Draws the versions, the form and the latest trainings."""
        words = self._words
        self._versions = box("div")
        with card(words("Train")):
            text("p", words("It runs beside the service, which goes on answering."), "zy-soft")
            with box("div", "zy-form"):
                kinds = {"train": words("Choose anew"), "update": words("Learn what came since")}
                kind = ui.select(kinds, value="train", label=words("Kind"))
                kind.props("outlined dense").classes("zy-input")
                recipe = ui.input(words("Recipe (empty: usual)"))
                recipe.props("outlined dense").classes("zy-input")
                budget = ui.input(words("Time at most, such as 10m"))
                budget.props("outlined dense").classes("zy-input")
                gate = ui.checkbox(words("Must pass the gate"), value=True)
                button(
                    words("Start"),
                    lambda: self._start(
                        kind.value, recipe.value or "", budget.value or "", gate=bool(gate.value)
                    ),
                    kind="main",
                )
            self._jobs = box("div", role="status")
        await self._draw_versions()
        await self._look()
        ui.timer(_LOOK_EVERY_S, self._follow, immediate=False)

    async def _draw_versions(self) -> None:
        words = self._words
        versions = list(reversed(await self._visit.client.list_models()))
        self._versions.clear()
        with self._versions:
            if not versions:
                empty(
                    words("No model yet"), words("Start a training below, or run"), "zhiyin train"
                )
                return
            serving = next((one for one in versions if one.serving), versions[0])
            with card(words("Versions")):
                if serving.version != versions[-1].version:
                    button(words("Back to the version before"), self._roll_back)
                draw_table(
                    [
                        words("Version"),
                        words("Made of"),
                        words("Newest event"),
                        words("Training"),
                        words("Reached"),
                        "",
                    ],
                    [self._row(one) for one in versions],
                    label=words("Versions"),
                )
            if serving.tried:
                with card():
                    draw_reached(serving, words)

    def _row(self, one: ModelVersion) -> list[object]:
        members = ", ".join(f"{m.name} × {m.weight:g}" for m in one.members)
        took = "–" if one.train_s is None else f"{one.train_s:.0f} s"
        goal = ", ".join(f"{name} {_number(value)}" for name, value in one.goal.items())

        def state() -> object:
            if one.serving:
                return text("span", self._words("serves"), "zy-tag new")
            said = self._words("Let it serve")
            return button(said, lambda: self._publish(one.version), label=f"{said}: {one.version}")

        return [one.version, members, moment(one.as_of), took, goal, state]

    async def _start(self, kind: Any, recipe: str, budget: str, *, gate: bool) -> None:  # noqa: ANN401 - the widget's value
        async def begin() -> None:
            await self._visit.client.start_training(
                kind=kind,
                recipe=recipe.strip() or None,
                budget=budget.strip() or None,
                gate=gate,
            )
            await self._look()

        await guarded(begin, self._words)()

    async def _follow(self) -> None:
        if not self._running:
            return
        try:
            await self._look()
            if not self._running:
                await self._draw_versions()
        except ServiceError:
            return  # the service is away for a moment; the next look tells

    async def _look(self) -> None:
        jobs = await self._visit.client.list_trainings(limit=_LISTED)
        self._running = any(not job.ended for job in jobs)
        self._jobs.clear()
        with self._jobs:
            for job in jobs:
                self._job(job)

    def _job(self, job: TrainingJob) -> None:
        words = self._words
        with box("div", "zy-place"):
            with box("header"):
                text("span", f"{job.id} · {words(job.kind)}", "title")
                text("span", words(job.state), "zy-tag")
            text("span", moment(job.created), "zy-soft")
            if not job.ended:
                told = f"{job.stage} · {job.share:.0%}"
                made = box("progress", "zy-progress", max="1", aria_label=told)
                made.props["value"] = job.share
                with box("div", "zy-row"):
                    text("span", told)
                    button(words("Cancel"), lambda: self._cancel(job.id), kind="quiet")
            if job.version:
                text("span", words("made {version}", version=job.version))
            if job.message:
                text("p", job.message)
            if job.gate:
                with box("details"):
                    text("summary", words("What the gate measured"))
                    fields({name: _number(value) for name, value in job.gate.items()})

    async def _cancel(self, job_id: str) -> None:
        async def stop() -> None:
            await self._visit.client.cancel_training(job_id)
            await self._look()

        await guarded(stop, self._words)()

    async def _publish(self, version: str) -> None:
        async def serve() -> None:
            await self._visit.client.publish_model(version)
            await self._draw_versions()

        if await self._sure(self._words("Let {version} serve?", version=version)):
            await guarded(serve, self._words, done="Done: it serves.")()

    async def _roll_back(self) -> None:
        async def back() -> None:
            await self._visit.client.rollback_model()
            await self._draw_versions()

        if await self._sure(self._words("Go back to the version before?")):
            await guarded(back, self._words, done="Done: it serves.")()

    async def _sure(self, question: str) -> bool:
        with ui.dialog() as dialog, ui.card():
            text("p", question)
            with box("div", "zy-row"):
                button(self._words("Yes"), lambda: dialog.submit(True), kind="main")
                button(self._words("No"), lambda: dialog.submit(False))
        return bool(await dialog)


def _number(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
