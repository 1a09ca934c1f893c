"""Export, erasure, models, trainings, health.

Written by scripts/async_client.py from zhiyin/client/blocking: change that, and run the script.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any, Literal

from zhiyin.client.awaiting.base import Connected
from zhiyin.client.calls import Call, Lines, at, body_of, given
from zhiyin.client.errors import error_from
from zhiyin.core.messages import (
    Activity,
    ErasureCertificate,
    ExportedEvent,
    Health,
    History,
    ItemRecord,
    ModelVersion,
    Overview,
    TrainingJob,
    UserExport,
    UserRecord,
)


class Administration(Connected):
    """Export, erasure, models, trainings, health."""

    async def export_user(self, user_id: str) -> UserExport:
        """All that is stored about one user."""
        return await self._transport.send(
            Call("GET", at("/v1/export/users", user_id), UserExport, repeatable=True)
        )

    async def export_all_events(self, *, after: int = 0) -> AsyncIterator[ExportedEvent]:
        """Every event, in order of arrival, as it arrives.

        Args:
            after: Only events with a greater ``seq``.
        """
        async for lines in self._lines("/v1/export/events", {"after": after}):
            for line in lines:
                yield ExportedEvent.model_validate_json(line)

    async def export_all_items(self) -> AsyncIterator[ItemRecord]:
        """Every item, as it arrives."""
        async for lines in self._lines("/v1/export/items", {}):
            for line in lines:
                yield ItemRecord.model_validate_json(line)

    async def export_all_users(self) -> AsyncIterator[UserRecord]:
        """Every user, as they arrive."""
        async for lines in self._lines("/v1/export/users", {}):
            for line in lines:
                yield UserRecord.model_validate_json(line)

    async def erase(self, kind: Literal["user", "item"], id: str) -> ErasureCertificate:
        """Erases a user or an item from everything; erasing again finishes what broke off.

        Args:
            kind: A user or an item.
            id: Which.
        """
        body = body_of({"kind": kind, "id": id})
        return await self._transport.send(
            Call("POST", "/v1/erase", ErasureCertificate, body=body, repeatable=True)
        )

    async def list_models(self) -> list[ModelVersion]:
        """The versions of the model, oldest first."""
        return await self._transport.send(
            Call("GET", "/v1/models", list[ModelVersion], repeatable=True)
        )

    async def read_model(self, version: str) -> ModelVersion:
        """One version of the model."""
        return await self._transport.send(
            Call("GET", at("/v1/models", version), ModelVersion, repeatable=True)
        )

    async def publish_model(self, version: str) -> ModelVersion:
        """Lets a version of the model serve."""
        path = f"{at('/v1/models', version)}/publish"
        return await self._transport.send(Call("POST", path, ModelVersion, repeatable=True))

    async def rollback_model(self) -> ModelVersion:
        """Lets the version before serve."""
        return await self._transport.send(Call("POST", "/v1/models/rollback", ModelVersion))

    async def start_training(
        self,
        *,
        kind: Literal["train", "update"] = "train",
        recipe: str | None = None,
        budget: str | None = None,
        gate: bool = True,
    ) -> TrainingJob:
        """Starts a training, and returns at once.

        Args:
            kind: "train" chooses anew; "update" teaches the model what came since.
            recipe: "auto", or one model's name; None for that of the settings.
            budget: Bound on its time, such as "15m"; None for that of the settings.
            gate: Whether it must pass the evaluation gate to serve.
        """
        body = body_of(given(kind=kind, recipe=recipe, budget=budget) | {"gate": gate})
        return await self._transport.send(Call("POST", "/v1/train", TrainingJob, body=body))

    async def list_trainings(self, *, limit: int = 20) -> list[TrainingJob]:
        """The latest trainings, newest first."""
        return await self._transport.send(
            Call("GET", "/v1/train", list[TrainingJob], params={"limit": limit}, repeatable=True)
        )

    async def read_training(self, job_id: str) -> TrainingJob:
        """How far a training is, or what became of it."""
        return await self._transport.send(
            Call("GET", at("/v1/train", job_id), TrainingJob, repeatable=True)
        )

    async def cancel_training(self, job_id: str) -> TrainingJob:
        """Asks a training to stop."""
        path = f"{at('/v1/train', job_id)}/cancel"
        return await self._transport.send(Call("POST", path, TrainingJob, repeatable=True))

    async def healthy(self) -> Health:
        """The process is alive."""
        return await self._transport.send(Call("GET", "/healthz", Health, repeatable=True))

    async def ready(self) -> Health:
        """Slates can be made, and which model makes them."""
        return await self._transport.send(Call("GET", "/readyz", Health, repeatable=True))

    async def read_overview(self) -> Overview:
        """What is there, which model serves, and what is shown and answered."""
        return await self._transport.send(Call("GET", "/v1/overview", Overview, repeatable=True))

    async def read_activity(self) -> Activity:
        """What the log and the catalogue hold, counted for charts."""
        return await self._transport.send(Call("GET", "/v1/activity", Activity, repeatable=True))

    async def read_history(self, user_id: str, *, limit: int = 10) -> History:
        """What somebody did last, newest first."""
        path = at("/v1/history", user_id)
        return await self._transport.send(
            Call("GET", path, History, params={"limit": limit}, repeatable=True)
        )

    async def metrics(self) -> str:
        """Counters, histograms and gauges, in Prometheus' form."""
        response = await self._transport.http.get("/metrics")
        if not response.is_success:
            raise error_from(response.status_code, response.content)
        return response.text

    async def _lines(self, path: str, params: Mapping[str, Any]) -> AsyncIterator[list[bytes]]:
        async with self._transport.http.stream("GET", path, params=dict(params)) as response:
            if not response.is_success:
                raise error_from(response.status_code, await response.aread())
            lines = Lines()
            async for chunk in response.aiter_bytes():
                yield lines.of(chunk)
