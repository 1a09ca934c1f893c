"""Interest profiles in a workspace: read, edited, and turned into scores of items."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import get_args

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from zhiyin.core.clock import Clock
from zhiyin.core.errors import DataError, StoreError
from zhiyin.core.histories import Floats
from zhiyin.core.keys import id_key
from zhiyin.core.protocols import EditAction, ProfileEdit, ProfileStore
from zhiyin.data.vocabulary import Vocabulary
from zhiyin.encode.text.cleaning import clean
from zhiyin.models.profile.interest import Profile
from zhiyin.models.profile.matching import match_items, standardised
from zhiyin.models.profile.portrait import nobody, portray
from zhiyin.models.profile.sentiment import SentimentJudge
from zhiyin.pipeline.encoding import meaning_encoder
from zhiyin.pipeline.engine import Stores
from zhiyin.pipeline.group_tastes import GroupTastes, own_words
from zhiyin.pipeline.said_and_done import read_statements
from zhiyin.pipeline.settings import Settings
from zhiyin.pipeline.tagged_catalogue import TaggedCatalogue

_LONGEST_WISH = 500
_MOST_EDITS = 500


class Profiles:
    """The profiles of a workspace's users.

    Args:
        stores: Events, items, users and edits.
        settings: The workspace's settings.
        catalogue: Tags and vectors of items.
        judge: What reads reviews.
        clock: Source of the present.
    """

    def __init__(
        self,
        stores: Stores,
        *,
        settings: Settings,
        catalogue: TaggedCatalogue,
        judge: SentimentJudge,
        clock: Clock,
    ) -> None:
        self._stores = stores
        self._settings = settings
        self._judge = judge
        self._clock = clock
        self.catalogue = catalogue
        self._groups: GroupTastes | None = None

    def learn_groups(self, users: Vocabulary, items: Vocabulary, behaviour: csr_matrix) -> None:
        """Learns what people of a kind like, from a matrix of shape (n_users, n_items)."""
        places = self.catalogue.places(items)
        tags = self.catalogue.table.matrix[np.maximum(places, 0)]
        tags = csr_matrix(tags.multiply((places >= 0)[:, None]))
        self._groups = GroupTastes(
            self._stores.entities, users=users, behaviour=behaviour, item_tags=tags
        )

    def of(self, user_id: str) -> Profile:
        """The profile of anybody; of a user who was never seen it is empty."""
        key = id_key(user_id)
        events = self._stores.events.history(key, limit=self._settings.profile.events, words=True)
        edits = self._edits.edits(key)
        attributes = self._stores.entities.get("user", [user_id]).get(user_id, {})
        wishes = [edit.subject for edit in edits if edit.action == "wish"]
        if not events and not edits and not attributes:
            return nobody(user_id)
        said = read_statements(
            events,
            [*wishes, *own_words(attributes)],
            catalogue=self.catalogue,
            judge=self._judge,
            settings=self._settings,
            now=self._clock(),
        )
        return portray(
            user_id,
            self.catalogue.table,
            edits,
            said,
            n_events=len(events),
            groups=self._groups.of(attributes) if self._groups is not None else {},
            gate=self.gate(len(events)),
        )

    def gate(self, n_events: int) -> float:
        """How much a profile counts beside behaviour, k / (k + events), 0..1."""
        k = self._settings.profile.gate
        return k / (k + n_events)

    def edit(self, user_id: str, action: EditAction, subjects: Sequence[str]) -> None:
        """Pins, mutes or forgets tags, or adds wishes; all or none.

        Raises:
            DataError: A tag that the catalogue does not have, an empty or endless wish.
        """
        if action not in get_args(EditAction):
            raise DataError(
                f"{action!r} is no edit", hint=f"known: {', '.join(get_args(EditAction))}"
            )
        key = id_key(user_id)
        store = self._edits
        known = {edit.subject: edit for edit in store.edits(key)}
        wanted = [s for subject in subjects for s in self._subjects(action, subject, known)]
        if len(known) + len(wanted) > _MOST_EDITS:
            raise DataError(
                f"a profile holds at most {_MOST_EDITS} edits", hint="forget some, or reset it"
            )
        for subject in wanted:
            if action == "forget" and subject in known and known[subject].action == "wish":
                store.withdraw(key, subject)
            else:
                store.edit(key, ProfileEdit(action, subject, self._clock()))

    def reset(self, user_id: str) -> int:
        """Takes all edits of a user back; returns how many there were."""
        return self._edits.clear(id_key(user_id))

    def mutes(self, user_id: str) -> list[str]:
        """The tags that a user has muted."""
        found = self._edits.edits(id_key(user_id))
        return [edit.subject for edit in found if edit.action == "mute"]

    @property
    def _edits(self) -> ProfileStore:
        if self._stores.profiles is None:
            raise StoreError("this store keeps no profiles", hint="use the embedded store")
        return self._stores.profiles

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


def open_profiles(stores: Stores, *, settings: Settings, folder: Path, clock: Clock) -> Profiles:
    """The profiles of a workspace; nothing is read before it is asked for.

    Args:
        stores: Its stores.
        settings: Its settings.
        folder: Where vectors of texts are remembered.
        clock: Source of the present.
    """
    encoder = meaning_encoder(settings.text, folder=folder)
    catalogue = TaggedCatalogue(stores.entities, enrichments=stores.enrichments, encoder=encoder)
    judge = SentimentJudge(encoder)
    return Profiles(stores, settings=settings, catalogue=catalogue, judge=judge, clock=clock)


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
        profile = self._profiles.of(user_id)
        if profile.is_empty:
            return None
        catalogue = self._profiles.catalogue
        places = catalogue.places(items)
        found = match_items(profile, catalogue.table, catalogue.vectors)
        if found is None:
            return None
        total = standardised(np.where(places >= 0, found[np.maximum(places, 0)], 0.0))
        return total if total.any() else None

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
