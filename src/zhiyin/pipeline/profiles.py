"""Interest profiles in a workspace: read, edited, and turned into scores of items."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from difflib import get_close_matches
from functools import cached_property
from threading import Thread
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from zhiyin.core.clock import Clock
from zhiyin.core.errors import DataError, StoreError, ZhiyinError
from zhiyin.core.histories import Floats
from zhiyin.core.keys import id_key
from zhiyin.core.protocols import (
    EditAction,
    EnrichmentStore,
    EntityStore,
    EventStore,
    ProfileEdit,
    ProfileStore,
    TextEncoder,
)
from zhiyin.data.vocabulary import Vocabulary
from zhiyin.encode.text.cleaning import clean
from zhiyin.models.profile.interest import Profile
from zhiyin.models.profile.matching import match_items, standardised
from zhiyin.models.profile.portrait import nobody, portray
from zhiyin.models.profile.sentiment import SentimentJudge
from zhiyin.pipeline.group_tastes import GroupTastes, own_words
from zhiyin.pipeline.said_and_done import read_statements
from zhiyin.pipeline.settings import Settings
from zhiyin.pipeline.tagged_catalogue import TaggedCatalogue
from zhiyin.pipeline.trained import Trained

_LONGEST_WISH = 500
_MOST_EDITS = 500


class Profiles:
    """The profiles of a workspace's users.

    Args:
        events: What users did.
        entities: What is known of them.
        edits: What they changed; None where the store keeps no profiles.
        settings: The workspace's settings.
        catalogue: Tags and vectors of items.
        clock: Source of the present.
    """

    def __init__(
        self,
        *,
        events: EventStore,
        entities: EntityStore,
        edits: ProfileStore | None,
        settings: Settings,
        catalogue: TaggedCatalogue,
        clock: Clock,
    ) -> None:
        self._events = events
        self._entities = entities
        self._kept = edits
        self._settings = settings
        self._clock = clock
        self.catalogue = catalogue
        self._trained: Trained | None = None
        self._groups: GroupTastes | None = None
        self._preparing: Thread | None = None

    @cached_property
    def judge(self) -> SentimentJudge:
        """What reads reviews."""
        return SentimentJudge(self.catalogue.encoder)

    def prepare(self) -> None:
        """Reads the catalogue beside everything else, once: the first profile need not wait."""
        if self._preparing is None:
            self._preparing = Thread(target=self._prepare, name="profiles", daemon=True)
            self._preparing.start()

    def settle(self) -> None:
        """Waits until nothing is read beside everything else any more."""
        if self._preparing is not None:
            self._preparing.join()

    def _prepare(self) -> None:
        with suppress(ZhiyinError):  # whoever asks for a profile is told
            self.catalogue.meet([])
            self._group_tastes()

    def refresh(self) -> None:
        """Looks at the next use whether the catalogue changed, and reads it again if so."""
        self.catalogue.expire()
        self._groups = None

    def follow(self, trained: Trained) -> None:
        """Reads the catalogue anew when it is next needed, and what people of a kind like."""
        self._trained = trained
        self.refresh()

    def of(self, user_id: str, *, readable: bool = True) -> Profile:
        """The profile of anybody; of a user who was never seen it is empty.

        Args:
            user_id: Whose.
            readable: Whether to list tags with their evidence; scoring needs only weights and
                the direction in meaning, which a profile that is read does without.
        """
        key = id_key(user_id)
        events = self._events.history(key, limit=self._settings.profile.events, words=True)
        edits = self._edits.edits(key)
        attributes = self._entities.get("user", [user_id]).get(user_id, {})
        wishes = [edit.subject for edit in edits if edit.action == "wish"]
        if not events and not edits and not attributes:
            return nobody(user_id)
        said = read_statements(
            events,
            [*wishes, *own_words(attributes)],
            catalogue=self.catalogue,
            open_judge=lambda: self.judge,
            settings=self._settings,
            now=self._clock(),
            directed=not readable,
        )
        return portray(
            user_id,
            self.catalogue.table,
            edits,
            said,
            n_events=len(events),
            groups=self._tastes_of(attributes),
            gate=self.gate(len(events)),
            readable=readable,
        )

    def gate(self, n_events: int) -> float:
        """How much a profile counts beside behaviour, k / (k + events), 0..1."""
        k = self._settings.profile.gate
        return k / (k + n_events)

    def edit(self, user_id: str, changes: Mapping[EditAction, Sequence[str]]) -> None:
        """Pins, mutes or forgets tags, or adds wishes.

        Args:
            user_id: Whose profile.
            changes: By action, tags ("facet:name", or a name alone), or texts of wishes.

        Raises:
            DataError: A tag that no item has, a wish without words or without end, too many
                edits; then nothing was changed.
        """
        key, store = id_key(user_id), self._edits
        known = {edit.subject: edit for edit in store.edits(key)}
        wanted: list[tuple[EditAction, str]] = [
            (action, named)
            for action, subjects in changes.items()
            for subject in subjects
            for named in self._subjects(action, subject, known)
        ]
        if len(known.keys() | {named for _, named in wanted}) > _MOST_EDITS:
            raise DataError(
                f"a profile holds at most {_MOST_EDITS} edits", hint="forget some, or reset it"
            )
        for action, named in wanted:
            if action == "forget" and named in known and known[named].action == "wish":
                store.withdraw(key, named)
            else:
                store.edit(key, ProfileEdit(action, named, self._clock()))

    def take_back(self, user_id: str, action: EditAction, subject: str) -> int:
        """Takes edits back; returns how many there were.

        Args:
            user_id: Whose.
            action: What was done: only such edits.
            subject: A tag, or a name alone for all tags of that name.
        """
        key = id_key(user_id)
        table = self.catalogue.table
        named = {subject, *(str(table.tags[column]) for column in table.columns_of(subject))}
        held = [edit for edit in self._edits.edits(key) if edit.action == action]
        return sum(self._edits.withdraw(key, e.subject) for e in held if e.subject in named)

    def told(self, user_id: str) -> bool:
        """Whether the user put anything into words: a wish, an edit, a search, a review.

        So do attributes that say what they like; see `zhiyin.pipeline.group_tastes`.
        """
        key = id_key(user_id)
        attributes = self._entities.get("user", [user_id]).get(user_id, {})
        if self._edits.edits(key) or own_words(attributes):
            return True
        events = self._events.history(key, limit=self._settings.profile.events, words=True)
        return any(event.query or event.text for event in events)

    def reset(self, user_id: str) -> int:
        """Takes all edits of a user back; returns how many there were."""
        return self._edits.clear(id_key(user_id))

    def mutes(self, user_id: str) -> list[str]:
        """The tags that a user has muted."""
        found = self._edits.edits(id_key(user_id))
        return [edit.subject for edit in found if edit.action == "mute"]

    def _tastes_of(self, attributes: Mapping[str, Any]) -> dict[str, Floats]:
        """Tags that people with these attributes take more than others."""
        groups = self._group_tastes() if attributes else None
        return {} if groups is None else groups.of(attributes)

    def _group_tastes(self) -> GroupTastes | None:
        """What people of a kind like; None where nobody's behaviour was learned from."""
        trained = self._trained
        if self._groups is None and trained is not None:
            places = self.catalogue.places(trained.items)
            tags = self.catalogue.table.matrix[np.maximum(places, 0)]
            self._groups = GroupTastes(
                self._entities,
                users=trained.users,
                behaviour=trained.behaviour,
                item_tags=csr_matrix(tags.multiply((places >= 0)[:, None])),
            )
        return self._groups

    @property
    def _edits(self) -> ProfileStore:
        if self._kept is None:
            raise StoreError("this store keeps no profiles", hint="use the embedded store")
        return self._kept

    def _subjects(
        self, action: EditAction, subject: str, known: Mapping[str, ProfileEdit]
    ) -> list[str]:
        """What an edit is about, as it is stored."""
        text = " ".join(subject.split())
        if action == "wish":
            if not clean(text)[0] or len(text) > _LONGEST_WISH:
                raise DataError(
                    f"a wish has 1 to {_LONGEST_WISH} characters that can be read",
                    hint="say in a sentence what you would like to see",
                )
            return [text]
        if action == "forget" and text in known:
            return [text]
        table = self.catalogue.table
        columns = table.columns_of(text)
        if not columns:
            name = text.rpartition(":")[2].casefold()
            near = get_close_matches(name, list(table.by_name), n=3, cutoff=0.5)
            raise DataError(
                f"no item has the tag {text!r}",
                hint=f"did you mean {', '.join(near)}?" if near else "a wish may say it in words",
            )
        return [str(table.tags[column]) for column in columns]


def open_profiles(
    events: EventStore,
    entities: EntityStore,
    *,
    edits: ProfileStore | None,
    enrichments: EnrichmentStore | None,
    settings: Settings,
    open_encoder: Callable[[], TextEncoder | None],
    clock: Clock,
) -> Profiles:
    """The profiles of a workspace; nothing is read before it is asked for.

    Args:
        events: What users did.
        entities: Users and items.
        edits: What users changed.
        enrichments: What was worked out about items.
        settings: The workspace's settings.
        open_encoder: Gives what reads texts, when it is first needed.
        clock: Source of the present.
    """
    catalogue = TaggedCatalogue(entities, enrichments=enrichments, open_encoder=open_encoder)
    return Profiles(
        events=events,
        entities=entities,
        edits=edits,
        settings=settings,
        catalogue=catalogue,
        clock=clock,
    )


class ProfileScorer:
    """Scores items by a user's profile: for those whose history is short.

    Args:
        profiles: The profiles.
    """

    def __init__(self, profiles: Profiles) -> None:
        self._profiles = profiles

    def scores(self, user_id: str, *, items: Vocabulary) -> Floats | None:
        """How well each item fits, float32 of shape (len(items),), mean 0 and deviation 1.

        Returns:
            None where nothing is known of the user that tells items apart.
        """
        profile = self._profiles.of(user_id, readable=False)
        if profile.is_empty:
            return None
        catalogue = self._profiles.catalogue
        places = catalogue.places(items)
        found = match_items(profile, catalogue.table, catalogue.vectors)
        if found is None:
            return None
        total = standardised(np.where(places >= 0, found[np.maximum(places, 0)], 0.0))
        return total if total.any() else None

    def told(self, user_id: str) -> bool:
        """Whether the user put anything into words, which behaviour cannot know."""
        return self._profiles.told(user_id)

    def muted(self, user_id: str, *, items: Vocabulary) -> NDArray[np.bool_] | None:
        """Which items have a tag that the user muted, shape (len(items),); None: no mutes."""
        subjects = self._profiles.mutes(user_id)
        if not subjects:
            return None
        catalogue = self._profiles.catalogue
        places = catalogue.places(items)
        table = catalogue.table
        columns = sorted({c for subject in subjects for c in table.columns_of(subject)})
        barred = np.asarray(table.matrix[:, columns].sum(axis=1)).ravel() > 0
        return np.where(places >= 0, barred[np.maximum(places, 0)], False)

    def gate(self, n_events: int) -> float:
        """How much these scores count beside behaviour, k / (k + events)."""
        return self._profiles.gate(n_events)
