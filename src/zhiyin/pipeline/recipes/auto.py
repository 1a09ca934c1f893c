"""The shipped recipe: try families of models, choose by validation, blend, refit on everything."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from zhiyin.core.candidates import TrainingData
from zhiyin.core.clock import Deadline
from zhiyin.core.config import Config
from zhiyin.core.errors import NotEnoughDataError, ZhiyinError
from zhiyin.core.histories import Floats
from zhiyin.core.progress import Progress
from zhiyin.core.protocols import Arrays, Retriever, TextEncoder
from zhiyin.core.registry import RETRIEVERS, load
from zhiyin.core.rng import derive_rng
from zhiyin.data.dataset import Dataset
from zhiyin.models.content.bridge import ContentBridge
from zhiyin.models.hybrid.blend import Member, standardised
from zhiyin.pipeline.content import Content
from zhiyin.pipeline.ranker.learn import RankerRecipe
from zhiyin.pipeline.ranker.settings import RankerSettings
from zhiyin.pipeline.recipes.apart import Done, Job, beside, cores
from zhiyin.pipeline.recipes.cold import ChosenBridge, choose_bridge
from zhiyin.pipeline.recipes.families import Facts, Family, Trial, families, slow_families
from zhiyin.pipeline.recipes.ranked import LearnedRanker, consider_ranker
from zhiyin.pipeline.recipes.reading import ReadCatalogue, read_catalogue
from zhiyin.pipeline.recipes.validation import Judge, Validation, hold_out
from zhiyin.pipeline.recipes.weights import search_weights

_EXPLORING = 0.55
"""Share of the budget that may go into trying; the rest refits what was chosen."""
_CAUTION = 1.8
"""Refitting on all rows may take this many times what fitting for validation took."""
_CONTENT = 0.65
"""Share of the time that refitting leaves which may go into content; its refit needs the rest."""
_LEAST_CONTENT = 2.0
"""Seconds below which content is not begun."""
_CONTENT_AGAIN = 1.2
"""Fitting content on everything may take this many times what fitting it for validation took."""
_RANKER = 0.12
"""Share of the budget that is kept for learning to rank, """
_MOST_RANKER = 90.0
"""and seconds that it may take at most."""
_SLOW = 0.75
"""Share of the time that refitting leaves which goes into models that take minutes."""
_AGAIN = 0.18
"""What teaching them the held-out events may take, as a share of their first training."""
_LEAST_SLOW = 45.0
"""Seconds below which none of them is begun."""
_SHORTLIST = 400
"""Columns per query that the search of weights looks at."""


@dataclass(slots=True)
class Tried:
    """The best trial of a family so far.

    Attributes:
        model: Registered name.
        config: How it was fitted and asked.
        goal: What it reached on validation.
        scores: Its validation scores.
        cost: Seconds of fitting.
        fitted: What was fitted, without the held-out events.
        spent: Seconds of fitting, asking and judging.
    """

    model: str
    config: Config
    goal: float
    scores: Floats
    cost: float
    fitted: Retriever
    spent: float = 0.0


@dataclass(slots=True)
class Choice:
    """What the recipe decided, and why: it ends up in the artifact's manifest.

    Attributes:
        members: Model, config and weight of each chosen member, the best one first.
        costs: Seconds that fitting each of them took.
        fresh: The events that were held out for choosing, bool of shape (events,).
        begun: What the members that take minutes learned for validation; fitting them on
            everything goes on from there.
        goal: Name and value of the goal on validation.
        trials: Every trial with its goal and seconds.
        skipped: Trials that were not made, with the reason.
        catalogue: The catalogue as it was read, where anything is known of the items.
        bridge: What content adds, where it adds anything.
        fitted: The chosen members as fitted without the held-out events; empty after choosing.
        ranker: What puts the candidates in order, where a trial was made.
    """

    members: list[tuple[str, Config, float]] = field(
        default_factory=list[tuple[str, Config, float]]
    )
    costs: dict[str, float] = field(default_factory=dict[str, float])
    fresh: NDArray[np.bool_] | None = None
    begun: dict[str, Arrays] = field(default_factory=dict[str, Arrays])
    goal: dict[str, float] = field(default_factory=dict[str, float])
    trials: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    skipped: list[str] = field(default_factory=list[str])
    catalogue: ReadCatalogue | None = None
    bridge: ChosenBridge | None = None
    fitted: list[Member] = field(default_factory=list[Member])
    ranker: LearnedRanker | None = None

    def report(self) -> dict[str, Any]:
        """As JSON carries it."""
        return {
            "chosen": {name: round(weight, 3) for name, _, weight in self.members},
            "goal": self.goal,
            "content": None if self.bridge is None else self.bridge.report,
            "ranker": None if self.ranker is None else self.ranker.report,
            "trials": self.trials,
            "skipped": self.skipped,
        }


def choose(
    dataset: Dataset,
    *,
    encoder: Callable[[], TextEncoder | None],
    ranker: RankerSettings | None = None,
    deadline: Deadline,
    seed: int,
    progress: Progress,
) -> Choice:
    """Tries, judges and weighs; nothing of it is fitted on the events it is judged by.

    Args:
        dataset: All training rows.
        encoder: Gives what reads the meaning of texts; None leaves meaning out.
        ranker: How the ranker learns; None for the defaults.
        deadline: The budget of the whole training.
        seed: Seed of every draw.
        progress: Told what is being tried.
    """
    choice = Choice()
    try:
        validation = hold_out(dataset, seed=seed)
    except NotEnoughDataError as error:
        choice.skipped.append(f"everything but popularity: {error.message}")
        choice.members = [("popularity", load(RETRIEVERS, "popularity").Config(), 1.0)]
        return choice
    choice.fresh = dataset.kept_out(seed=seed)
    explorer = _Explorer(dataset, validation, deadline, seed, progress, choice)
    facts = Facts.of(validation)
    table = families(facts)
    for turn in range(max(len(family.trials) for family in table)):
        for family in table:
            if turn < len(family.trials):
                explorer.explore(family, family.trials[turn])
    explorer.explore_slowly(slow_families(facts))
    scores = _weigh(list(explorer.best.values()), explorer.judge, choice, k=validation.k)
    progress("reading the catalogue", _EXPLORING)
    _consider_content(choice, dataset, validation, scores, encoder, deadline, seed)
    choice.ranker = consider_ranker(
        choice.fitted,
        dataset,
        validation,
        bridge=choice.bridge,
        catalogue=choice.catalogue,
        room=Deadline(min(deadline.left - _refit_cost(choice), _for_ranker(deadline))),
        seed=seed,
        progress=progress,
        recipe=None if ranker is None else RankerRecipe(**ranker.model_dump()),
    )
    choice.fitted = []
    return choice


def _for_ranker(deadline: Deadline) -> float:
    """Seconds of a budget that are kept for learning to rank."""
    return min(_RANKER * deadline.seconds, _MOST_RANKER)


def _refit_cost(choice: Choice) -> float:
    """Seconds that fitting everything chosen on all rows may take."""
    members = sum(choice.costs.get(name, 0.0) for name, _, _ in choice.members)
    content = 0.0 if choice.bridge is None else choice.bridge.seconds
    return _CAUTION * members + _CONTENT_AGAIN * content


def _consider_content(
    choice: Choice,
    dataset: Dataset,
    validation: Validation,
    scores: Floats,
    encoder: Callable[[], TextEncoder | None],
    deadline: Deadline,
    seed: int,
) -> None:
    """Reads the catalogue and chooses a bridge, in the time that the members' refit leaves."""
    table = dataset.item_attributes
    if table is None:
        return
    refit_cost = sum(choice.costs.get(name, 0.0) for name, _, _ in choice.members)
    room = Deadline((deadline.left - _CAUTION * refit_cost - _for_ranker(deadline)) * _CONTENT)
    if room.left <= _LEAST_CONTENT:
        choice.skipped.append("content: no time left in the budget")
        return
    choice.catalogue = read_catalogue(table, encoder(), deadline=room)
    if choice.catalogue is None:
        return
    choice.skipped += choice.catalogue.skipped
    choice.bridge = choose_bridge(
        choice.catalogue.attributes,
        validation,
        scores,
        taken=np.bincount(dataset.histories.items, minlength=len(dataset.items)) > 0,
        deadline=room,
        seed=seed,
    )


def refit_content(
    choice: Choice, behaviour: csr_matrix, *, deadline: Deadline, progress: Progress
) -> Content | None:
    """Fits the content bridge on all training rows, where there is time for it.

    Args:
        choice: What was decided.
        behaviour: Who liked what, ones, of shape (users, items).
        deadline: The budget of the training.
        progress: Told what is being fitted.
    """
    chosen, catalogue = choice.bridge, choice.catalogue
    if chosen is None or catalogue is None:
        return None
    if _CONTENT_AGAIN * chosen.seconds > deadline.left:
        choice.skipped.append("content: no time left in the budget to fit it on everything")
        choice.bridge = None
        return None
    progress("fitting content on everything", 0.98)
    counts = np.bincount(behaviour.indices, minlength=behaviour.shape[1])
    bridge = ContentBridge(chosen.config, chosen.weights).fit(catalogue.attributes, counts)
    return Content.of(bridge, catalogue.reader)


def refit(
    choice: Choice, data: TrainingData, *, deadline: Deadline, seed: int, progress: Progress
) -> list[Member]:
    """Fits the chosen members on all training rows.

    A member for which the budget has no time left is dropped, the best one never; the goal is
    then what the best one reached alone.
    """
    models: dict[str, Retriever] = {}
    slow = [entry for entry in choice.members if entry[0] in choice.begun]
    quick = [entry for entry in choice.members if entry[0] not in choice.begun]
    for at, (name, config, _) in enumerate(quick):
        if at and choice.costs.get(name, 0.0) > deadline.left:
            choice.skipped.append(f"{name}: no time left in the budget to fit it on everything")
            continue
        share = _EXPLORING + (1 - _EXPLORING) * at / len(choice.members)
        progress(f"fitting {name} on everything", share)
        model = load(RETRIEVERS, name)(config)
        models[name] = model.fit(data, rng=derive_rng(seed, name), deadline=deadline)
    models |= _go_on(choice, slow, data, deadline=deadline, seed=seed, progress=progress)
    if len(models) < len(choice.members):  # what was measured is not what will serve
        choice.goal = {name: choice.goal["best_member"] for name in choice.goal}
    choice.members = [entry for entry in choice.members if entry[0] in models]
    return [Member(name, weight, models[name]) for name, _, weight in choice.members]


def _go_on(
    choice: Choice,
    members: list[tuple[str, Config, float]],
    data: TrainingData,
    *,
    deadline: Deadline,
    seed: int,
    progress: Progress,
) -> dict[str, Retriever]:
    """Teaches the members that take minutes what was held out; without time they stay."""
    content = 0.0 if choice.bridge is None else _CONTENT_AGAIN * choice.bridge.seconds
    room = Deadline(deadline.left - content)
    jobs = [
        Job(name, config, data, seed, room, start=choice.begun[name], fresh=choice.fresh)
        for name, config, _ in members
    ]
    learned = dict(choice.begun)
    if room.left > _LEAST_SLOW * _AGAIN:
        done = beside(jobs, progress=progress, shares=(_EXPLORING, 0.97))
        for job, each in zip(jobs, done, strict=True):
            if each.fault:
                choice.skipped.append(f"{job.model} on everything: {each.fault}")
            else:
                learned[job.model] = each.state
    return {
        name: load(RETRIEVERS, name)(config).restore(learned[name]) for name, config, _ in members
    }


@dataclass(slots=True)
class _Explorer:
    dataset: Dataset
    validation: Validation
    deadline: Deadline
    seed: int
    progress: Progress
    choice: Choice
    best: dict[str, Tried] = field(default_factory=dict[str, Tried])
    judge: Judge = field(init=False)

    def __post_init__(self) -> None:
        self.judge = Judge(self.validation)

    def explore(self, family: Family, trial: Trial) -> None:
        """Makes one trial, if time allows; the best of its family is kept."""
        found = self.best.get(family.name)
        if not self._affordable(found):
            self.choice.skipped.append(
                f"{trial.model} {trial.settings}: no time left in the budget"
            )
            return
        share = min(1.0, self.deadline.spent / self.deadline.seconds / _EXPLORING)
        self.progress(f"trying {trial.model}", _EXPLORING * share)
        try:
            tried = self._attempt(family, trial)
        except ZhiyinError as error:
            self.choice.skipped.append(f"{trial.model}: {error.message}")
            return
        if found is None or tried.goal > found.goal:
            self.best[family.name] = tried

    def explore_slowly(self, families: list[Family]) -> None:
        """Trains what takes minutes, side by side, in the time that nothing else needs."""
        families = families[: cores()]
        if not families:
            return
        names = ", ".join(family.name for family in families)
        if not find_spec("torch"):
            self.choice.skipped.append(f"{names}: the extra neural is not installed")
            return
        quick = _CAUTION * sum(tried.cost for tried in self.best.values())
        room = (self.deadline.left - quick - _for_ranker(self.deadline)) * _SLOW
        if room < _LEAST_SLOW:
            self.choice.skipped.append(f"{names}: no time left in the budget")
            return
        deadline, data = Deadline(room), self.dataset.training_data(self.validation.train)
        jobs = [
            Job(t.model, load(RETRIEVERS, t.model).Config(**t.settings), data, self.seed, deadline)
            for t in (family.trials[0] for family in families)
        ]
        shares = (self.deadline.spent / self.deadline.seconds, _EXPLORING)
        for family, done in zip(
            families, beside(jobs, progress=self.progress, shares=shares), strict=True
        ):
            self._take(family, done, cost=_AGAIN * done.seconds / len(families))

    def _take(self, family: Family, done: Done, *, cost: float) -> None:
        """Judges what a slow training learned."""
        trial = family.trials[0]
        if done.fault:
            self.choice.skipped.append(f"{trial.model}: {done.fault}")
            return
        model = load(RETRIEVERS, trial.model)(done.config).restore(done.state)
        scores = model.score(self.validation.queries)
        goal = self.judge.value(scores)
        self.choice.trials.append(
            {
                "model": trial.model,
                "config": trial.settings,
                "goal": round(goal, 5),
                "fit_s": round(done.seconds, 2),
                "ended": done.told,
            }
        )
        self.choice.begun[trial.model] = done.state
        self.best[family.name] = Tried(trial.model, done.config, goal, scores, cost, model)

    def _affordable(self, found: Tried | None) -> bool:
        """Whether another trial, and the refit of what would be chosen, fit the budget."""
        if not self.best:
            return True
        refit_cost = sum(tried.cost for tried in self.best.values())
        next_cost = 0.0 if found is None else found.spent
        planned = self.deadline.spent + next_cost + refit_cost
        return planned < self.deadline.seconds * 0.9 and self.deadline.spent < (
            self.deadline.seconds * _EXPLORING
        )

    def _attempt(self, family: Family, trial: Trial) -> Tried:
        cls = load(RETRIEVERS, trial.model)
        config = cls.Config(**trial.settings)
        data = self.dataset.training_data(self.validation.train)
        started = time.monotonic()
        model = cls(config).fit(
            data, rng=derive_rng(self.seed, trial.model), deadline=self.deadline.part(0.5)
        )
        cost = time.monotonic() - started
        best: Tried | None = None
        for settings in family.queries:
            asked = _asked_with(model, settings)
            scores = asked.score(self.validation.queries)
            goal = self.judge.value(scores)
            self.choice.trials.append(
                {
                    "model": trial.model,
                    "config": {**trial.settings, **settings},
                    "goal": round(goal, 5),
                    "fit_s": round(cost, 2),
                }
            )
            if best is None or goal > best.goal:
                best = Tried(trial.model, asked.config, goal, scores, cost, asked)
        if best is None:
            raise ValueError(f"the family {family.name} asks no question")
        best.spent = time.monotonic() - started
        return best


def _asked_with(model: Retriever, settings: dict[str, Any]) -> Retriever:
    """The same learned state behind another way of asking (a decay of the history)."""
    if not settings:
        return model
    config = model.config.model_copy(update=settings)
    return type(model)(config).restore(model.state())  # type: ignore[call-arg]


def _weigh(best: list[Tried], judge: Judge, choice: Choice, *, k: int) -> Floats:
    """Turns the best of each family into weights; returns the blend's validation scores."""
    ranked = sorted(best, key=lambda tried: -tried.goal)
    shortlist = judge.shortlist([standardised(t.scores) for t in ranked], size=_SHORTLIST)
    weights, reached = search_weights(shortlist, best=0)
    total = np.zeros_like(ranked[0].scores)
    for tried, weight in zip(ranked, weights, strict=True):
        tried.scores *= np.float32(weight)
        total += tried.scores
        tried.scores = np.empty((0, 0), dtype=np.float32)
    choice.goal = {f"ndcg@{k}": round(reached, 5), "best_member": round(ranked[0].goal, 5)}
    choice.members = [
        (tried.model, tried.config, float(weight))
        for tried, weight in zip(ranked, weights, strict=True)
        if weight > 0
    ]
    choice.fitted = [
        Member(tried.model, float(weight), tried.fitted)
        for tried, weight in zip(ranked, weights, strict=True)
        if weight > 0
    ]
    choice.costs = {tried.model: tried.cost for tried in ranked}
    for tried, weight in zip(ranked, weights, strict=True):
        if weight == 0:
            choice.skipped.append(f"{tried.model} ({tried.goal:.4f}): adds nothing to the blend")
    return total
