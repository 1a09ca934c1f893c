"""Training: from a data set to a trained recommender, by a recipe, within a budget."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from zhiyin.core.candidates import TrainingData
from zhiyin.core.clock import Deadline
from zhiyin.core.errors import NotEnoughDataError
from zhiyin.core.progress import Progress, silent
from zhiyin.core.protocols import TextEncoder
from zhiyin.core.registry import RETRIEVERS, load
from zhiyin.data.dataset import Dataset
from zhiyin.models.hybrid.blend import Blend, Member
from zhiyin.pipeline.content import Content
from zhiyin.pipeline.encoding import installed_encoder
from zhiyin.pipeline.newcomers import KnownPeople, learn_people
from zhiyin.pipeline.ranker.heads import ObjectiveHeads
from zhiyin.pipeline.ranker.settings import RankerSettings
from zhiyin.pipeline.ranker.stage import RankerStage
from zhiyin.pipeline.recipes.alone import fit_alone
from zhiyin.pipeline.recipes.auto import Choice, choose, refit, refit_content
from zhiyin.pipeline.recipes.ranked import heads_on_everything, refit_ranker, told_of
from zhiyin.pipeline.recipes.reading import read_catalogue
from zhiyin.pipeline.settings import AUTO
from zhiyin.pipeline.trained import Trained


def train(
    dataset: Dataset,
    *,
    recipe: str,
    budget_s: float,
    seed: int,
    encoder: Callable[[], TextEncoder | None] = installed_encoder,
    unfinished: Path | None = None,
    ranker: RankerSettings | None = None,
    progress: Progress = silent,
) -> Trained:
    """Trains by a recipe.

    Args:
        dataset: The rows to learn from; nothing else is read.
        recipe: "auto", or the name of one registered model with its default config.
        budget_s: Seconds that training may take.
        seed: Seed of every draw.
        encoder: Gives what reads the meaning of texts, where there are any.
        unfinished: Folder where a model that takes minutes keeps what it has, so that the same
            training goes on after an interruption; None for none.
        ranker: How "auto" learns to rank; None for the defaults.
        progress: Told what is being done.

    Raises:
        NotEnoughDataError: There is no item.
        UnknownModelError: No such recipe.
    """
    if not len(dataset.items):
        raise NotEnoughDataError("training needs at least one item")
    deadline = Deadline(budget_s)
    data = dataset.training_data()
    if recipe != AUTO:
        return _alone(dataset, data, recipe, deadline, seed, encoder, unfinished, progress)
    choice = choose(
        dataset, encoder=encoder, ranker=ranker, deadline=deadline, seed=seed, progress=progress
    )
    members = refit(choice, data, deadline=deadline, seed=seed, progress=progress)
    liked = data.histories.liked()
    content = refit_content(choice, liked, deadline=deadline, progress=progress)
    people, told = learn_people(dataset.user_attributes, liked, seed=seed)
    ordering, heads = None, None
    if choice.ranker is not None:
        attributes = told_of(choice.bridge, choice.catalogue)
        ordering = refit_ranker(choice.ranker, dataset, attributes, deadline=deadline, seed=seed)
        heads = heads_on_everything(
            choice.ranker.heads, dataset, attributes, deadline=deadline, seed=seed
        )
    progress("done", 1.0)
    report = choice.report() | ({"newcomers": told} if told else {})
    return _trained(dataset, members, recipe, deadline, report, content, people, ordering, heads)


def _alone(
    dataset: Dataset,
    data: TrainingData,
    recipe: str,
    deadline: Deadline,
    seed: int,
    encoder: Callable[[], TextEncoder | None],
    unfinished: Path | None,
    progress: Progress,
) -> Trained:
    """One model, with the catalogue read for one that reads it."""
    if getattr(load(RETRIEVERS, recipe), "reads_attributes", False):
        table = dataset.item_attributes
        read = read_catalogue(table, encoder(), deadline=deadline) if table is not None else None
        data = replace(data, attributes=read.attributes if read is not None else ())
    model, told = fit_alone(
        recipe, data, deadline=deadline, seed=seed, unfinished=unfinished, progress=progress
    )
    progress("done", 1.0)
    choice = Choice(members=[(recipe, model.config, 1.0)])
    report = choice.report() | ({"training": told} if told else {})
    return _trained(dataset, [Member(recipe, 1.0, model)], recipe, deadline, report)


def _trained(
    dataset: Dataset,
    members: list[Member],
    recipe: str,
    deadline: Deadline,
    report: dict[str, Any],
    content: Content | None = None,
    people: KnownPeople | None = None,
    ranker: RankerStage | None = None,
    heads: ObjectiveHeads | None = None,
) -> Trained:
    return Trained(
        dataset.users,
        dataset.items,
        Blend(members),
        dataset.histories,
        {"recipe": recipe, "train_s": round(deadline.spent, 3), **report},
        dataset.as_of,
        dataset.order,
        dataset.last_seq,
        content,
        people,
        ranker,
        heads,
    )
