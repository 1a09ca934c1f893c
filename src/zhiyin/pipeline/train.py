"""Training: from a data set to a trained recommender, by a recipe, within a budget."""

from __future__ import annotations

from zhiyin.core.clock import Deadline
from zhiyin.core.errors import NotEnoughDataError
from zhiyin.core.progress import Progress, silent
from zhiyin.core.registry import RETRIEVERS, load
from zhiyin.core.rng import derive_rng
from zhiyin.data.dataset import Dataset
from zhiyin.models.hybrid.blend import Blend, Member
from zhiyin.pipeline.trained import Trained


def train(
    dataset: Dataset,
    *,
    recipe: str,
    budget_s: float,
    seed: int,
    progress: Progress = silent,
) -> Trained:
    """Trains by a recipe.

    Args:
        dataset: The rows to learn from; nothing else is read.
        recipe: "auto", or the name of one registered model with its default config.
        budget_s: Seconds that training may take.
        seed: Seed of every draw.
        progress: Told what is being done.

    Raises:
        NotEnoughDataError: There is no user or no item.
        UnknownModelError: No such recipe.
    """
    if not len(dataset.users) or not len(dataset.items):
        raise NotEnoughDataError("training needs at least one user and one item")
    deadline = Deadline(budget_s)
    name = "ease" if recipe == "auto" else recipe
    cls = load(RETRIEVERS, name)
    progress(f"fitting {name}", 0.0)
    model = cls().fit(dataset.training_data(), rng=derive_rng(seed, name), deadline=deadline)
    progress("done", 1.0)
    return Trained(
        dataset.users,
        dataset.items,
        Blend([Member(name, 1.0, model)]),
        dataset.histories.positive().matrix(),
        {"recipe": recipe, "chosen": {name: 1.0}, "train_s": round(deadline.spent, 3)},
        dataset.as_of,
        dataset.order,
        dataset.last_seq,
    )

