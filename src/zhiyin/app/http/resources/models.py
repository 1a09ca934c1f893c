"""Versions of the model, and trainings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from fastapi import Body, Path, Query, Response

from zhiyin.app.http.access import Opened
from zhiyin.app.http.documented import answers, new_router
from zhiyin.core.errors import ConflictError, StoreBusyError, UnknownEntityError
from zhiyin.core.messages import MemberInfo, ModelVersion, TrainingJob, TrainRequest
from zhiyin.pipeline import jobs
from zhiyin.pipeline.settings import seconds
from zhiyin.pipeline.workspace import Workspace

router = new_router("models")

_SHOWN = ModelVersion(
    version="v000003",
    serving=True,
    members=[MemberInfo(name="ease", weight=0.7), MemberInfo(name="slit", weight=0.3)],
    as_of=1_790_000_000_000,
    train_s=41.2,
    goal={"ndcg@10": 0.184},
    tried={"ease": 0.181, "slit": 0.176, "recent-popularity": 0.052},
)
_JOB = TrainingJob(
    id="t000007",
    kind="train",
    state="running",
    stage="fitting ease",
    share=0.4,
    created=1_790_000_000_000,
)
_TRAIN: dict[str, Any] = {
    "recipe": {"summary": "As the settings have it, in ten minutes", "value": {"budget": "10m"}},
    "update": {"summary": "Only what came since", "value": {"kind": "update"}},
}
Version = Annotated[
    str,
    Path(
        pattern=r"^[A-Za-z0-9_-]+$",
        max_length=100,
        description="Name of a version.",
        examples=["v000003"],
    ),
]
JobId = Annotated[
    str,
    Path(
        pattern=r"^[A-Za-z0-9]+$",
        max_length=100,
        description="Identity of a training.",
        examples=["t000007"],
    ),
]


@router.get(
    "/v1/models",
    summary="List the versions of the model",
    responses=answers([_SHOWN.model_dump(mode="json")], says="Oldest first."),
)
def list_models(workspace: Opened) -> list[ModelVersion]:
    """Every version that is whole, and which of them answers."""
    return [model_of(workspace, version) for version in workspace.artifacts.versions()]


@router.get(
    "/v1/models/{version}",
    summary="Read a version of the model",
    responses=answers(_SHOWN, 404, says="What it is made of."),
)
def read_model(workspace: Opened, version: Version) -> ModelVersion:
    """Members, weights, and what it reached on held-out events."""
    return model_of(workspace, _known(workspace, version))


@router.post(
    "/v1/models/{version}/publish",
    summary="Let a version of the model serve",
    responses=answers(_SHOWN, 404, says="It serves from the next request on."),
)
def publish_model(workspace: Opened, version: Version) -> ModelVersion:
    """Makes any whole version the one that answers, after checking its files."""
    workspace.artifacts.point_at(_known(workspace, version))
    return model_of(workspace, version)


@router.post(
    "/v1/models/rollback",
    summary="Let the version before serve",
    responses=answers(
        _SHOWN.model_copy(update={"version": "v000002"}), 409, says="It serves from now on."
    ),
)
def rollback_model(workspace: Opened) -> ModelVersion:
    """Goes back to the version before the one that serves."""
    versions = workspace.artifacts.versions()
    current = workspace.artifacts.current()
    if not any(version < (current or "") for version in versions):
        raise ConflictError(
            f"there is no version older than {current}",
            hint="publish any other version by its name: POST /v1/models/VERSION/publish",
        )
    return model_of(workspace, workspace.artifacts.rollback())


@router.post(
    "/v1/train",
    status_code=202,
    summary="Start a training",
    responses=answers(
        _JOB, 409, 413, status=202, says="It runs; its address is in the header Location."
    ),
)
def start_training(
    workspace: Opened,
    response: Response,
    request: Annotated[TrainRequest, Body(openapi_examples=_TRAIN)],
) -> TrainingJob:
    """Trains in a process of its own while everything goes on being answered.

    What it makes is published when it passes the evaluation gate. One training runs at a time.
    """
    if request.budget is not None:
        seconds(request.budget)
    try:
        job = jobs.start(
            workspace,
            request.kind,
            recipe=request.recipe,
            budget=request.budget,
            gate=request.gate,
        )
    except StoreBusyError as error:
        raise ConflictError(error.message, hint=error.hint) from error
    response.headers["Location"] = f"/v1/train/{job.id}"
    return _job(job)


@router.get(
    "/v1/train",
    summary="List trainings",
    responses=answers([_JOB.model_dump(mode="json")], says="Newest first."),
)
def list_trainings(
    workspace: Opened,
    limit: Annotated[int, Query(ge=1, le=100, description="How many.", examples=[20])] = 20,
) -> list[TrainingJob]:
    """The latest trainings, and what became of them."""
    return [_job(job) for job in jobs.list_jobs(workspace, limit=limit)]


@router.get(
    "/v1/train/{job_id}",
    summary="How far a training is",
    responses=answers(_JOB, 404, says="As it stands."),
)
def read_training(workspace: Opened, job_id: JobId) -> TrainingJob:
    """State, stage and share of a training; at its end the version, or why there is none."""
    return _job(jobs.status(workspace, job_id))


@router.post(
    "/v1/train/{job_id}/cancel",
    summary="Cancel a training",
    responses=answers(_JOB, 404, says="It stops within a second or two; or had ended already."),
)
def cancel_training(workspace: Opened, job_id: JobId) -> TrainingJob:
    """Asks a training to stop; what serves goes on serving."""
    return _job(jobs.cancel(workspace, job_id))


def model_of(workspace: Workspace, version: str) -> ModelVersion:
    """What is known of a version."""
    manifest = workspace.artifacts.manifest(version)
    report: dict[str, Any] = manifest.get("report", {})
    return ModelVersion(
        version=version,
        serving=version == workspace.artifacts.current(),
        members=[MemberInfo(name=m["name"], weight=m["weight"]) for m in manifest["members"]],
        as_of=int(manifest.get("as_of", 0)),
        train_s=report.get("train_s"),
        goal=dict(report.get("goal", {})),
        tried=_tried(report.get("trials", ())),
    )


def _tried(trials: Iterable[Mapping[str, Any]]) -> dict[str, float]:
    """The best that each model reached alone, best first."""
    best: dict[str, float] = {}
    for trial in trials:
        goal = trial.get("goal")
        if isinstance(goal, int | float):
            best[trial["model"]] = max(float(goal), best.get(trial["model"], float(goal)))
    return dict(sorted(best.items(), key=lambda pair: -pair[1]))


def _known(workspace: Workspace, version: str) -> str:
    if version not in workspace.artifacts.versions():
        raise UnknownEntityError(
            f"there is no version {version!r} of the model", hint="GET /v1/models lists them"
        )
    return version


def _job(job: jobs.Job) -> TrainingJob:
    return TrainingJob.model_validate(job.model_dump())
