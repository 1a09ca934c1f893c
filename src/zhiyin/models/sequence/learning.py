"""Trains the network of a sequence model, from the beginning or further."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from zhiyin.core.clock import Deadline
from zhiyin.core.errors import ArtifactError
from zhiyin.core.histories import Floats, Histories
from zhiyin.core.named_arrays import group_of
from zhiyin.core.progress import Progress
from zhiyin.core.protocols import Arrays
from zhiyin.models.sequence.config import SequenceConfig
from zhiyin.models.sequence.network import SequenceNetwork, served
from zhiyin.models.sequence.start import behaviour_vectors
from zhiyin.models.sequence.task import NextItem
from zhiyin.neural.batches import Rows
from zhiyin.neural.devices import choose_device, own_randomness
from zhiyin.neural.loop import Outcome, train

_HELD_SHARE = 5
"""At most one user in so many loses the last event to validation."""
_START_SHARE = 0.05
"""Of the time that training has, at most so much goes into the first item vectors."""
_NOBODY: Rows = np.empty(0, dtype=np.int64)


def learn(
    build: Callable[[Any, int], SequenceNetwork],
    histories: Histories,
    config: SequenceConfig,
    *,
    seed: int,
    deadline: Deadline,
    checkpoint: Path | None,
    progress: Progress,
    contents: Floats | None = None,
) -> tuple[Arrays, Outcome, SequenceConfig]:
    """Builds, trains and exports a network.

    Args:
        build: Makes the untrained network.
        histories: What is learnt from.
        config: Hyperparameters of the model.
        seed: Of every draw.
        deadline: Training ends in time for a last validation.
        checkpoint: File that keeps an interrupted training; None for no file.
        progress: Told every epoch.
        contents: What the items are, float32 of shape (n_items, c), where their vectors are
            to be made of that (see `ContentTable`).

    Returns:
        The arrays of `zhiyin.models.sequence.network.served`, with contents also
        "projection" of shape (dim, c); how the training went; the settled config.

    Raises:
        TrainingError: The loss became NaN at once, or the export differs.
    """
    gpu = choose_device(config.loop).type != "cpu"
    config = config.settled(gpu=gpu, timed=histories.times is not None)
    network = _built(build, config, histories.n_items, seed)
    held = _held_out(histories, config.held_out, np.random.default_rng([seed, 1]))
    if config.start == "behaviour":
        known = np.ones(len(histories.items), dtype=np.bool_)
        known[histories.indptr[1:][held] - 1] = False
        rng = np.random.default_rng([seed, 3])
        part = deadline.part(_START_SHARE)
        _begin_at(
            network,
            behaviour_vectors(histories.where(known), dim=config.dim, rng=rng, deadline=part),
        )
    if contents is not None:
        network.over_content(contents, bound=getattr(config, "bound", 1.0))
    task = NextItem(network, histories, config, seed, held=held)
    outcome = train(
        task, config.loop, seed=seed, deadline=deadline, checkpoint=checkpoint, progress=progress
    )
    return served(network.cpu().eval(), config), outcome, config


def relearn(
    build: Callable[[Any, int], SequenceNetwork],
    histories: Histories,
    config: SequenceConfig,
    start: Arrays,
    *,
    fresh: NDArray[np.bool_],
    seed: int,
    deadline: Deadline,
    progress: Progress,
) -> tuple[Arrays, Outcome]:
    """Trains a network further, from the weights that it had, on histories with new events.

    Args:
        build: As in `learn`.
        histories: All events of the users; those without a new event are not read.
        config: As in `learn`; its loop says how long and how fast.
        start: What `served` returned, with "items" grown to the catalogue.
        fresh: Which events are new, bool of shape (events,).
        seed: Of the batches' order and of dropout.
        deadline: Training ends in time for it.
        progress: Told every epoch.

    Raises:
        ArtifactError: The weights are of another network.
        TrainingError: The loss became NaN at once, or the export differs.
    """
    network = _built(build, config, histories.n_items, seed)
    weights = {name: torch.tensor(array) for name, array in group_of(start, "weights").items()}
    try:
        network.load_state_dict(weights | {"items.weight": torch.tensor(start["items"])})
    except RuntimeError as error:
        raise ArtifactError(
            f"these weights are of another network: {str(error)[:200]}",
            hint="train from the beginning",
        ) from error
    task = NextItem(network, histories, config, seed, held=_NOBODY, fresh=fresh)
    outcome = train(task, config.loop, seed=seed, deadline=deadline, progress=progress)
    return served(network.cpu().eval(), config), outcome


def _built(
    build: Callable[[Any, int], SequenceNetwork], config: SequenceConfig, n_items: int, seed: int
) -> SequenceNetwork:
    with own_randomness(torch.device("cpu"), seed=seed):
        return build(config, n_items)


def _begin_at(network: SequenceNetwork, items: Floats) -> None:
    with torch.no_grad():
        network.items.weight.copy_(torch.from_numpy(items))  # pyright: ignore[reportUnknownMemberType]


def _held_out(histories: Histories, most: int, rng: np.random.Generator) -> Rows:
    """Users with three events or more whose last is held out, sorted."""
    able = np.flatnonzero(histories.lengths >= 3)
    n = min(most, len(able) // _HELD_SHARE)
    return np.sort(rng.choice(able, n, replace=False)).astype(np.int64)
