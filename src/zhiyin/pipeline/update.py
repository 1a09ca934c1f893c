"""From a trained recommender and what came since to a newer one, without choosing anew."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from zhiyin.core.candidates import TrainingData
from zhiyin.core.clock import Deadline
from zhiyin.core.errors import NotEnoughDataError
from zhiyin.core.progress import Progress, silent
from zhiyin.core.protocols import Retriever, TextEncoder
from zhiyin.core.registry import RETRIEVERS, load
from zhiyin.core.rng import derive_rng
from zhiyin.data.dataset import Dataset
from zhiyin.models.hybrid.blend import Blend, Member
from zhiyin.pipeline.newcomers import learn_people
from zhiyin.pipeline.recipes.ranked import heads_on_everything, on_everything
from zhiyin.pipeline.trained import Trained


def update(
    trained: Trained,
    dataset: Dataset,
    *,
    budget_s: float,
    seed: int,
    encoder: TextEncoder | None,
    progress: Progress = silent,
) -> Trained:
    """Teaches a recommender what came since it was trained.

    Members, their settings and weights stay. A member with an ``update`` goes on from what
    it knows, on the histories with new events; the others, which take seconds, are fitted
    again; so is content.

    Args:
        trained: The recommender so far.
        dataset: Everything known now: the old rows and the new ones.
        budget_s: Seconds that all of it may take.
        seed: Seed of every draw.
        encoder: What reads the meaning of new texts.
        progress: Told what is being taught.

    Raises:
        NotEnoughDataError: There is no new event.
    """
    deadline = Deadline(budget_s)
    fresh = fresh_events(trained, dataset)
    if not fresh.any():
        raise NotEnoughDataError(
            "nothing came since the last training",
            hint="import events or record some, or train from the beginning",
        )
    known = trained.items.locate(dataset.items.keys)
    data = dataset.training_data()
    members: list[Member] = []
    for at, member in enumerate(trained.blend.members):
        progress(f"teaching {member.name}", at / len(trained.blend.members))
        model = _taught(member, data, known, fresh, seed, deadline)
        members.append(Member(member.name, member.weight, model))
    liked = data.histories.liked()
    content = trained.content
    if content is not None and dataset.item_attributes is not None:
        progress("fitting content", 0.9)
        counts = np.bincount(liked.indices, minlength=liked.shape[1])
        rows = dataset.item_attributes.to_dicts()
        content = content.refitted(rows, counts, encoder=encoder)
    ranker, heads = trained.ranker, trained.heads
    if ranker is not None or heads is not None:
        progress("fitting the ranker's features", 0.95)
        rows = None if dataset.item_attributes is None else dataset.item_attributes.to_dicts()
        read = content.read(rows, encoder) if content is not None and rows is not None else ()
        if ranker is not None:
            ranker = on_everything(ranker, dataset, read, deadline=deadline, seed=seed)
        heads = heads_on_everything(heads, dataset, read, deadline=deadline, seed=seed)
    people, told = learn_people(dataset.user_attributes, liked, seed=seed)
    progress("done", 1.0)
    report: dict[str, Any] = dict(trained.report)
    report |= {"train_s": round(deadline.spent, 3), "new_events": int(fresh.sum())}
    report |= {"updates": int(trained.report.get("updates", 0)) + 1}
    report |= {"newcomers": told} if told else {}
    return Trained(
        dataset.users,
        dataset.items,
        Blend(members),
        dataset.histories,
        report,
        dataset.as_of,
        dataset.order,
        dataset.last_seq,
        content,
        people,
        ranker,
        heads,
    )


def fresh_events(trained: Trained, dataset: Dataset) -> NDArray[np.bool_]:
    """Which events came since: of each user as many of the last as there are more than before."""
    before = trained.users.locate(dataset.users.keys)
    lengths = np.append(trained.histories.lengths, 0)  # -1 stands for nobody, who had none
    more = dataset.histories.lengths - lengths[before]
    return dataset.histories.from_end < np.repeat(more, dataset.histories.lengths)


def _taught(
    member: Member,
    data: TrainingData,
    known: NDArray[np.int32],
    fresh: NDArray[np.bool_],
    seed: int,
    deadline: Deadline,
) -> Retriever:
    """A model that knows more; the member's is left as it is, and goes on serving."""
    cls: Any = load(RETRIEVERS, member.name)
    model, rng = member.model, derive_rng(seed, member.name)
    if not hasattr(cls, "update"):
        return cls(model.config).fit(data, rng=rng, deadline=deadline)
    again = cls(model.config).restore(model.state())
    return again.update(data, known=known, fresh=fresh, rng=rng, deadline=deadline)
