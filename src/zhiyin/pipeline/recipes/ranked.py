"""How ``auto`` comes to a ranker: learned on what was held out, fitted to everything known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from zhiyin.core.attributes import Attribute
from zhiyin.core.clock import Deadline
from zhiyin.core.errors import ArtifactError
from zhiyin.core.progress import Progress
from zhiyin.data.dataset import Dataset
from zhiyin.models.content.bridge import ContentBridge
from zhiyin.models.hybrid.blend import Blend, Member
from zhiyin.pipeline.ranker.knowledge import knowledge
from zhiyin.pipeline.ranker.learn import RankerRecipe, learn_ranker, lessons
from zhiyin.pipeline.ranker.stage import BLEND, RankerStage
from zhiyin.pipeline.recipes.cold import ChosenBridge
from zhiyin.pipeline.recipes.reading import ReadCatalogue
from zhiyin.pipeline.recipes.validation import Validation
from zhiyin.ranking.features import FeatureSet

_LEAST = 5.0
"""Seconds below which learning to rank is not begun."""
_AGAIN = 0.25
"""Share of the trial's time that fitting its features to everything may take."""


@dataclass(frozen=True, slots=True)
class LearnedRanker:
    """The trial of a ranker.

    Attributes:
        stage: The ranker; None where it does not win.
        report: How it was judged.
        seconds: What the trial took.
    """

    stage: RankerStage | None
    report: dict[str, Any]
    seconds: float = 0.0


def consider_ranker(
    members: list[Member],
    dataset: Dataset,
    validation: Validation,
    *,
    bridge: ChosenBridge | None,
    catalogue: ReadCatalogue | None,
    room: Deadline,
    seed: int,
    progress: Progress,
    recipe: RankerRecipe | None = None,
) -> LearnedRanker:
    """Learns a ranker where time allows; its stage is None where it does not beat the blend.

    Args:
        members: The chosen members, fitted without the held-out events.
        dataset: All training rows.
        validation: How they were divided.
        bridge: What content adds, where it adds anything.
        catalogue: The catalogue as read.
        room: For the trial.
        seed: Seed of every draw.
        progress: Told how far it has come, from 0 to 1.
        recipe: How it is learned.
    """
    recipe = recipe or RankerRecipe()
    if room.left < _LEAST:
        return LearnedRanker(None, {"kept": False, "why": "no time left in the budget"})
    blend = Blend(members)
    found = lessons(
        blend,
        _trial_bridge(bridge, catalogue, validation, room),
        validation.train,
        validation.held,
        recipe=recipe,
        deadline=room,
        seed=seed,
    )
    if found is None:
        return LearnedRanker(None, {"kept": False, "why": "no time left in the budget"})
    known = knowledge(
        dataset,
        validation.train,
        attributes=told_of(bridge, catalogue),
        sources=(BLEND, *(member.name for member in members)),
        seed=seed,
        deadline=room,
    )
    stage, told = learn_ranker(
        found, known, k=validation.k, recipe=recipe, deadline=room, seed=seed, progress=progress
    )
    return LearnedRanker(stage, told, room.spent)


def refit_ranker(
    ranker: LearnedRanker,
    dataset: Dataset,
    attributes: tuple[Attribute, ...],
    *,
    deadline: Deadline,
    seed: int,
) -> RankerStage | None:
    """The ranker over features of all events; None where there is none, or no time for it.

    Args:
        ranker: Its trial.
        dataset: All training rows.
        attributes: What the items are, as for the trial.
        deadline: The budget of the training.
        seed: Seed of every draw.
    """
    if ranker.stage is None:
        return None
    if ranker.seconds * _AGAIN > max(deadline.left, _LEAST):
        ranker.report.update(kept=False, why="no time left in the budget to fit it on everything")
        return None
    stage = on_everything(ranker.stage, dataset, attributes, deadline=deadline, seed=seed)
    if stage is None:
        ranker.report.update(kept=False, why="a feature that it needs was not fitted")
    return stage


def on_everything(
    stage: RankerStage,
    dataset: Dataset,
    attributes: tuple[Attribute, ...],
    *,
    deadline: Deadline,
    seed: int,
) -> RankerStage | None:
    """The same scorer over features of all events; None where one of them is gone."""
    known = knowledge(
        dataset,
        dataset.histories,
        attributes=attributes,
        sources=stage.sources,
        seed=seed,
        deadline=deadline,
    )
    try:
        features = FeatureSet.learn(known, wanted=stage.features.names)
    except ArtifactError:
        return None
    return RankerStage(
        stage.name, stage.scorer, features, weight=stage.weight, candidates=stage.candidates
    )


def told_of(bridge: ChosenBridge | None, catalogue: ReadCatalogue | None) -> tuple[Attribute, ...]:
    """What the items are, where content is used at all: then updates can read it again."""
    return () if bridge is None or catalogue is None else catalogue.attributes


def _trial_bridge(
    bridge: ChosenBridge | None,
    catalogue: ReadCatalogue | None,
    validation: Validation,
    room: Deadline,
) -> ContentBridge | None:
    """Content as it stands beside the other models, without the held-out events."""
    if bridge is None or catalogue is None or not (bridge.config.beside or bridge.config.prior):
        return None
    if bridge.seconds > room.left / 2:
        return None
    train = validation.train
    counts = np.bincount(train.liked().indices, minlength=train.n_items)
    return ContentBridge(bridge.config, bridge.weights).fit(catalogue.attributes, counts)
