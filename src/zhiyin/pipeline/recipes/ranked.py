"""How ``auto`` comes to a ranker: learned on what was held out, fitted to everything known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from zhiyin.core.attributes import Attribute
from zhiyin.core.clock import Deadline
from zhiyin.core.errors import ArtifactError
from zhiyin.core.progress import Progress
from zhiyin.data.dataset import Dataset
from zhiyin.models.content.bridge import ContentBridge
from zhiyin.models.hybrid.blend import Blend, Member
from zhiyin.pipeline.ranker.fatigue import Showings
from zhiyin.pipeline.ranker.heads import ObjectiveHeads
from zhiyin.pipeline.ranker.impressions import slate_lessons
from zhiyin.pipeline.ranker.knowledge import knowledge
from zhiyin.pipeline.ranker.learn import RankerRecipe, course_of, learn_ranker, lessons
from zhiyin.pipeline.ranker.learn_heads import HeadsRecipe, learn_heads, values_of
from zhiyin.pipeline.ranker.lessons import contexts_of
from zhiyin.pipeline.ranker.stage import BLEND, RankerStage
from zhiyin.pipeline.recipes.cold import ChosenBridge
from zhiyin.pipeline.recipes.reading import ReadCatalogue
from zhiyin.pipeline.recipes.validation import Validation
from zhiyin.ranking.features import FeatureSet
from zhiyin.ranking.features.exposure import FATIGUE, PLACE

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
        heads: What became of candidates, as estimates; None where events do not tell.
    """

    stage: RankerStage | None
    report: dict[str, Any]
    seconds: float = 0.0
    heads: ObjectiveHeads | None = None


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
    content = _trial_bridge(bridge, catalogue, validation, room)
    held, facts = dataset.kept_out(seed=seed), dataset.facts
    slates, told_of_slates = slate_lessons(
        blend,
        content,
        validation.train,
        dataset,
        held,
        least=recipe.slates,
        per_second=recipe.users_per_second,
        deadline=Deadline(room.left / 2),
        seed=seed,
    )
    shown = None if slates is None or dataset.slates is None else dataset.slates
    found = lessons(
        blend,
        content,
        validation.train,
        validation.held,
        recipe=recipe,
        deadline=room,
        seed=seed,
        contexts=contexts_of(facts, dataset.histories, held),
        showings=None if shown is None else Showings.of_slates(shown),
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
        facts=None if facts is None else facts.filter(pl.Series(~held)),
        impressions=slates is not None,
    )
    course = course_of(found, known, slates=slates, recipe=recipe, seed=seed)
    stage, told = learn_ranker(
        course, k=validation.k, recipe=recipe, deadline=room, seed=seed, progress=progress
    )
    if dataset.slates is not None:
        told["impressions"] = told_of_slates
    heads = None
    if facts is not None and (facts["converted"].any() or facts["dwell"].count()):
        progress("learning what becomes of candidates", 1.0)
        heads, told["objectives"] = learn_heads(
            course, dataset, held, recipe=HeadsRecipe(), deadline=room, seed=seed
        )
    return LearnedRanker(stage, told, room.spent, heads)


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
    features = _of_everything(stage.features, dataset, attributes, deadline=deadline, seed=seed)
    if features is None:
        return None
    return RankerStage(
        stage.name, stage.scorer, features, weight=stage.weight, candidates=stage.candidates
    )


def heads_on_everything(
    heads: ObjectiveHeads | None,
    dataset: Dataset,
    attributes: tuple[Attribute, ...],
    *,
    deadline: Deadline,
    seed: int,
) -> ObjectiveHeads | None:
    """The same estimates over features and values of all events; None where one is gone."""
    if heads is None:
        return None
    features = _of_everything(heads.features, dataset, attributes, deadline=deadline, seed=seed)
    if features is None:
        return None
    return ObjectiveHeads(
        features, heads.heads, values=values_of(dataset), candidates=heads.candidates
    )


def _of_everything(
    features: FeatureSet,
    dataset: Dataset,
    attributes: tuple[Attribute, ...],
    *,
    deadline: Deadline,
    seed: int,
) -> FeatureSet | None:
    """The same features, counted on all events; None where one of them is gone."""
    known = knowledge(
        dataset,
        dataset.histories,
        attributes=attributes,
        sources=features.sources,
        seed=seed,
        deadline=deadline,
        facts=dataset.facts,
        impressions=_shown(features),
    )
    try:
        return FeatureSet.learn(known, wanted=features.names)
    except ArtifactError:
        return None


def _shown(features: FeatureSet) -> bool:
    """Whether slates taught these features."""
    return bool({PLACE, FATIGUE} & set(features.names))


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
