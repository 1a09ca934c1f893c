"""Export, erasure, models, trainings, health."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from zhiyin.client.blocking.base import Connected
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

    def export_user(self, user_id: str) -> UserExport:
        """All that is stored about one user."""
        return self._transport.send(
            Call("GET", at("/v1/export/users", user_id), UserExport, repeatable=True)
        )

    def export_all_events(self, *, after: int = 0) -> Iterator[ExportedEvent]:
        """Every event, in order of arrival, as it arrives.

        Args:
            after: Only events with a greater ``seq``.
        """
        for lines in self._lines("/v1/export/events", {"after": after}):
            for line in lines:
                yield ExportedEvent.model_validate_json(line)

    def export_all_items(self) -> Iterator[ItemRecord]:
        """Every item, as it arrives."""
        for lines in self._lines("/v1/export/items", {}):
            for line in lines:
                yield ItemRecord.model_validate_json(line)

    def export_all_users(self) -> Iterator[UserRecord]:
        """Every user, as they arrive."""
        for lines in self._lines("/v1/export/users", {}):
            for line in lines:
                yield UserRecord.model_validate_json(line)

    def erase(self, kind: Literal["user", "item"], id: str) -> ErasureCertificate:
        """Erases a user or an item from everything; erasing again finishes what broke off.

        Args:
            kind: A user or an item.
            id: Which.
        """
        body = body_of({"kind": kind, "id": id})
        return self._transport.send(
            Call("POST", "/v1/erase", ErasureCertificate, body=body, repeatable=True)
        )

    def list_models(self) -> list[ModelVersion]:
        """The versions of the model, oldest first."""
        return self._transport.send(Call("GET", "/v1/models", list[ModelVersion], repeatable=True))

    def read_model(self, version: str) -> ModelVersion:
        """One version of the model."""
        return self._transport.send(
            Call("GET", at("/v1/models", version), ModelVersion, repeatable=True)
        )

    def publish_model(self, version: str) -> ModelVersion:
        """Lets a version of the model serve."""
        path = f"{at('/v1/models', version)}/publish"
        return self._transport.send(Call("POST", path, ModelVersion, repeatable=True))

    def rollback_model(self) -> ModelVersion:
        """Lets the version before serve."""
        return self._transport.send(Call("POST", "/v1/models/rollback", ModelVersion))

    def start_training(
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
        return self._transport.send(Call("POST", "/v1/train", TrainingJob, body=body))

    def list_trainings(self, *, limit: int = 20) -> list[TrainingJob]:
        """The latest trainings, newest first."""
        return self._transport.send(
            Call("GET", "/v1/train", list[TrainingJob], params={"limit": limit}, repeatable=True)
        )

    def read_training(self, job_id: str) -> TrainingJob:
        """How far a training is, or what became of it."""
        return self._transport.send(
            Call("GET", at("/v1/train", job_id), TrainingJob, repeatable=True)
        )

    def cancel_training(self, job_id: str) -> TrainingJob:
        """Asks a training to stop."""
        path = f"{at('/v1/train', job_id)}/cancel"
        return self._transport.send(Call("POST", path, TrainingJob, repeatable=True))

    def healthy(self) -> Health:
        """The process is alive."""
        return self._transport.send(Call("GET", "/healthz", Health, repeatable=True))

    def ready(self) -> Health:
        """Slates can be made, and which model makes them."""
        return self._transport.send(Call("GET", "/readyz", Health, repeatable=True))

    def read_overview(self) -> Overview:
        """What is there, which model serves, and what is shown and answered."""
        return self._transport.send(Call("GET", "/v1/overview", Overview, repeatable=True))

    def read_activity(self) -> Activity:
        """What the log and the catalogue hold, counted for charts."""
        return self._transport.send(Call("GET", "/v1/activity", Activity, repeatable=True))

    def read_history(self, user_id: str, *, limit: int = 10) -> History:
        """What somebody did last, newest first."""
        path = at("/v1/history", user_id)
        return self._transport.send(
            Call("GET", path, History, params={"limit": limit}, repeatable=True)
        )

    def metrics(self) -> str:
        """Counters, histograms and gauges, in Prometheus' form."""
        response = self._transport.http.get("/metrics")
        if not response.is_success:
            raise error_from(response.status_code, response.content)
        return response.text

    def _lines(self, path: str, params: Mapping[str, Any]) -> Iterator[list[bytes]]:
        with self._transport.http.stream("GET", path, params=dict(params)) as response:
            if not response.is_success:
                raise error_from(response.status_code, response.read())
            lines = Lines()
            for chunk in response.iter_bytes():
                yield lines.of(chunk)
