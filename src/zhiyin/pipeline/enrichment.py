"""Tags, topics and a line of summary for every item: from a language model, or from statistics.

What is worked out is stored in a table of its own, beside what the owner of the catalogue
says of an item: importing the catalogue again neither loses nor overwrites anything. Each
row carries its source and a key of the data it was worked out from.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from pydantic import Field

from zhiyin.core.config import Config
from zhiyin.core.histories import Floats
from zhiyin.core.keys import id_key
from zhiyin.core.progress import Progress, silent
from zhiyin.core.protocols import (
    Enrichment,
    EnrichmentStore,
    EntityStore,
    LanguageModel,
    Prompt,
    Reply,
)
from zhiyin.encode.attributes.kinds import TITLES
from zhiyin.llm.structured import read_object
from zhiyin.models.profile.enriching import SCHEMA, SYSTEM, Worked, as_question, summary_of
from zhiyin.pipeline.tagged_catalogue import TaggedCatalogue

STATISTICS = "statistics"
_VERSION = "1"
_BATCH = 64
_NEAR = 0.2
"""Cosine, less the catalogue's mean, from which an item is put into a category."""
_LEAST_IN_CATEGORY = 3


class EnrichedItem(Config):
    """What was worked out about one item."""

    item_id: str
    """Its id."""
    source: str
    """"statistics", or "model:NAME"."""
    summary: str
    """One line."""
    topics: list[str]
    """What it is about."""
    tags: list[str]
    """Kind, style, use, audience; from statistics the nearest category."""


class EnrichmentReport(Config):
    """What became of a run."""

    items: int
    """Items in the catalogue."""
    unchanged: int
    """Items whose enrichment still holds."""
    left: int
    """Items beyond the limit, for the next run."""
    by_source: dict[str, int] = Field(default_factory=dict[str, int])
    """Items enriched now, by source."""
    problems: dict[str, int] = Field(default_factory=dict[str, int])
    """Why the model's answer was not used, and how often; these items got statistics."""
    examples: list[EnrichedItem] = Field(default_factory=list[EnrichedItem])
    """The first few of this run."""


class _Job(NamedTuple):
    key: int
    item_id: str
    attributes: Mapping[str, Any]
    content: int


def enrich_items(
    entities: EntityStore,
    enrichments: EnrichmentStore,
    *,
    catalogue: TaggedCatalogue,
    model: LanguageModel | None = None,
    limit: int | None = None,
    progress: Progress = silent,
) -> EnrichmentReport:
    """Works out what is missing or stale; every 64 items are stored at once, so nothing is lost.

    An item is done again when its data changed, or when a model is configured and what is
    stored comes from statistics or from another model.

    Args:
        entities: The items.
        enrichments: Where results are kept.
        catalogue: Topics and vectors, for statistics.
        model: A language model, or None.
        limit: At most so many items now; None for all.
        progress: Told how far it has come.
    """
    jobs, n_items, stale = _jobs(entities, enrichments, model)
    if stale:
        enrichments.forget(stale)
    todo = jobs[:limit]
    statistics = cache(lambda: Statistics(catalogue))
    by_source: Counter[str] = Counter()
    problems: Counter[str] = Counter()
    examples: list[EnrichedItem] = []
    for start in range(0, len(todo), _BATCH):
        progress("enriching", start / len(todo))
        batch = todo[start : start + _BATCH]
        made = [*_answers(batch, model, problems, statistics)]
        enrichments.put(
            [
                Enrichment(job.key, job.content, source, worked.model_dump_json())
                for job, (source, worked) in zip(batch, made, strict=True)
            ]
        )
        by_source.update(source for source, _ in made)
        for job, (source, worked) in zip(batch, made, strict=True):
            if len(examples) < 5:
                examples.append(_shown(job.item_id, source, worked))
    return EnrichmentReport(
        items=n_items,
        unchanged=n_items - len(jobs),
        left=len(jobs) - len(todo),
        by_source=dict(by_source),
        problems=dict(problems.most_common(5)),
        examples=examples,
    )


class Statistics:
    """Topics by BM25, the nearest category by vectors, the first sentence.

    Args:
        catalogue: What has been learned of the items.
    """

    def __init__(self, catalogue: TaggedCatalogue) -> None:
        self._catalogue = catalogue
        self._categories, self._centres = _centres(catalogue)

    def work_out(self, item_id: str, attributes: Mapping[str, Any]) -> Worked:
        """What can be said of an item without a model."""
        catalogue = self._catalogue
        row = catalogue.items.index.get(item_id)
        topics: list[str] = []
        tags: list[str] = []
        if row is not None:
            own = [catalogue.table.tags[c] for c in catalogue.table.matrix[row].indices.tolist()]
            topics = _distinct(catalogue.topics_of(attributes))
            if not any(tag.facet == "category" for tag in own):
                tags = self._nearest(row)
        return Worked(
            summary=summary_of(*_title_and_text(attributes, catalogue.text_columns)),
            topics=tuple(topics),
            tags=tuple(tags),
        )

    def _nearest(self, row: int) -> list[str]:
        vectors = self._catalogue.vectors
        if vectors is None or not self._categories:
            return []
        length = float(np.linalg.norm(vectors[row]))
        if length < 1e-6:
            return []
        likeness = self._centres @ vectors[row] / length
        best = int(np.argmax(likeness))
        return [self._categories[best]] if likeness[best] >= _NEAR else []


def _centres(catalogue: TaggedCatalogue) -> tuple[list[str], Floats]:
    """Names of the categories, and the unit mean of each one's items."""
    vectors, table = catalogue.vectors, catalogue.table
    none = np.empty((0, 0), dtype=np.float32)
    columns = [
        column
        for column, tag in enumerate(table.tags)
        if tag.facet == "category" and table.counts[column] >= _LEAST_IN_CATEGORY
    ]
    if vectors is None or not columns:
        return [], none
    centres = np.asarray(table.matrix[:, columns].T @ vectors, dtype=np.float32)
    centres /= np.maximum(np.linalg.norm(centres, axis=1, keepdims=True), 1e-9)
    return [table.tags[column].name for column in columns], centres


def _jobs(
    entities: EntityStore, enrichments: EnrichmentStore, model: LanguageModel | None
) -> tuple[list[_Job], int, list[int]]:
    """What is to be done, how many items there are, and whose enrichment has no item any more."""
    kept = {row.item_key: row for row in enrichments.all()}
    wanted = None if model is None else f"model:{model.id}"
    jobs: list[_Job] = []
    frame = entities.scan("item")
    for key, item_id, text in frame.select("key", "id", "attributes").iter_rows():
        attributes: dict[str, Any] = json.loads(text) if text else {}
        content = id_key(f"{_VERSION}\0{as_question(attributes)}")
        done = kept.get(key)
        if done is None or done.content != content or wanted not in (None, done.source):
            jobs.append(_Job(key, item_id, attributes, content))
    stale = sorted(kept.keys() - set(frame["key"].to_list()))
    return jobs, frame.height, stale


def _answers(
    batch: Sequence[_Job],
    model: LanguageModel | None,
    problems: Counter[str],
    statistics: Callable[[], Statistics],
) -> Iterator[tuple[str, Worked]]:
    """Source and result for each item: the model's where it will do."""
    replies = [Reply(None)] * len(batch)
    if model is not None:
        prompts = [Prompt(SYSTEM, as_question(job.attributes)) for job in batch]
        replies = model.answer(prompts, schema=SCHEMA, accept=_accepted)
    for job, reply in zip(batch, replies, strict=True):
        worked = None if reply.text is None else read_object(reply.text, Worked)
        if worked is not None and worked.says_something and model is not None:
            yield f"model:{model.id}", worked
            continue
        if model is not None:
            problems[reply.problem or "the answer said nothing"] += 1
        yield STATISTICS, statistics().work_out(job.item_id, job.attributes)


def _accepted(text: str) -> bool:
    worked = read_object(text, Worked)
    return worked is not None and worked.says_something


def _shown(item_id: str, source: str, worked: Worked) -> EnrichedItem:
    return EnrichedItem(
        item_id=item_id,
        source=source,
        summary=worked.summary,
        topics=list(worked.topics),
        tags=list(worked.tags),
    )


def _distinct(topics: Sequence[str]) -> list[str]:
    """Without topics that are a part of an earlier one."""
    kept: list[str] = []
    for topic in topics:
        if not any(topic in other or other in topic for other in kept):
            kept.append(topic)
    return kept


def _title_and_text(attributes: Mapping[str, Any], columns: Sequence[str]) -> tuple[str, str]:
    title = text = ""
    for name in columns:
        value = str(attributes.get(name) or "")
        if name.casefold() in TITLES:
            title = title or value
        else:
            text = text or value
    return title, text
