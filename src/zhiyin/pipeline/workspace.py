"""A workspace: one recommender's data, settings and models, in one folder."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from filelock import FileLock, Timeout

from zhiyin.core.clock import Clock, system_clock
from zhiyin.core.errors import StoreBusyError, StoreError
from zhiyin.core.keys import id_keys
from zhiyin.core.messages import ErasureCertificate, UserExport
from zhiyin.core.progress import Progress, silent
from zhiyin.core.protocols import Appended, EntityKind, LanguageModel, Policy, TextEncoder
from zhiyin.core.registry import load_path
from zhiyin.core.slate import Slate
from zhiyin.data.dataset import Dataset
from zhiyin.models.profile.interest import Profile
from zhiyin.pipeline.artifacts import ArtifactFolder
from zhiyin.pipeline.assembly import load_dataset
from zhiyin.pipeline.changes import Changes
from zhiyin.pipeline.encoding import meaning_encoder, words_alone
from zhiyin.pipeline.engine import Engine
from zhiyin.pipeline.erasure import erase_entity
from zhiyin.pipeline.exporting import export_user
from zhiyin.pipeline.following import EngineFollower
from zhiyin.pipeline.ingest import Ingest
from zhiyin.pipeline.items import store_items, store_users
from zhiyin.pipeline.likeness import Neighbour
from zhiyin.pipeline.own_model import OwnLanguageModel
from zhiyin.pipeline.profiles import Profiles, ProfileScorer, open_profiles
from zhiyin.pipeline.publishing import Publish
from zhiyin.pipeline.records import Records
from zhiyin.pipeline.scrubbing import concerned
from zhiyin.pipeline.search.alike import By, Categories, Likeness
from zhiyin.pipeline.search.asking import alike, taste_of
from zhiyin.pipeline.search.results import SearchResult
from zhiyin.pipeline.search.service import CatalogueSearch
from zhiyin.pipeline.settings import Settings, seconds
from zhiyin.pipeline.settings_file import SettingsFile
from zhiyin.pipeline.stores import Stores
from zhiyin.pipeline.trained import Trained, restore

if TYPE_CHECKING:
    from zhiyin.data.importing import ImportOptions, TableReport
    from zhiyin.pipeline.chatting.service import Chats
    from zhiyin.pipeline.enrichment import EnrichmentReport


class Workspace:
    """What ``zhiyin.open`` returns: import, train, recommend.

    Args:
        folder: The workspace's folder.
        settings: Its settings.
        stores: Its stores.
        policy: How slates are drawn.
        clock: Source of the present.
    """

    def __init__(
        self,
        folder: Path,
        *,
        settings: Settings,
        stores: Stores,
        policy: Policy,
        clock: Clock = system_clock,
    ) -> None:
        self.folder = folder
        self.settings = settings
        self.settings_file = SettingsFile(folder)
        self.stores = stores
        self.artifacts = ArtifactFolder(folder / "models")
        self._policy = policy
        self._clock = clock
        self.following = EngineFollower(self.artifacts, self._load)
        self._changes = Changes(folder)
        self._ingest = Ingest(lambda: self.stores)
        self._search: CatalogueSearch | None = None
        self._chats: Chats | None = None
        self.language_model = OwnLanguageModel(settings.llm, folder=folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the stores."""
        if self._chats is not None:
            self._chats.close()
        self.stores.close()

    def import_events(self, path: str | Path, options: ImportOptions | None = None) -> TableReport:
        """Imports a file of events; see `zhiyin.pipeline.importing`."""
        return self.import_files(events=path, options=options)["events"]

    def import_items(self, path: str | Path, options: ImportOptions | None = None) -> TableReport:
        """Imports a file of items."""
        return self.import_files(items=path, options=options)["items"]

    def import_users(self, path: str | Path, options: ImportOptions | None = None) -> TableReport:
        """Imports a file of users."""
        return self.import_files(users=path, options=options)["users"]

    def import_files(
        self,
        *,
        events: str | Path | None = None,
        items: str | Path | None = None,
        users: str | Path | None = None,
        edges: str | Path | None = None,
        options: ImportOptions | None = None,
        progress: Progress = silent,
    ) -> dict[str, TableReport]:
        """Imports several files at once, and reports on each."""
        reports: dict[str, TableReport] = load_path("zhiyin.pipeline.importing:import_tables")(
            self.stores,
            events=events,
            items=items,
            users=users,
            edges=edges,
            options=options,
            quarantine=self.folder / "quarantine",
            progress=progress,
            clock=self._clock,
        )
        self._expire()
        note = words_alone(self.settings.text)
        if note and "items" in reports:
            told = reports["items"]
            n = told.accepted + told.duplicates
            reports["items"] = replace(told, notes={**told.notes, note: n})
        return reports

    def train(
        self, *, recipe: str | None = None, budget: str | None = None, progress: Progress = silent
    ) -> Trained:
        """Trains on everything in the store and publishes the result.

        Raises:
            StoreBusyError: Another training is running here.
        """
        settings = self.settings.train
        with self.publishing() as (dataset, publish):
            return self._published(
                publish,
                load_path("zhiyin.pipeline.train:train")(
                    dataset,
                    recipe=recipe or settings.recipe,
                    budget_s=seconds(budget or settings.budget),
                    seed=settings.seed,
                    encoder=self.encoder,
                    unfinished=self.folder / "models" / ".unfinished",
                    ranker=self.settings.ranker,
                    progress=progress,
                ),
            )

    def update(self, *, budget: str | None = None, progress: Progress = silent) -> Trained:
        """Teaches the published model what came since, and publishes the result.

        Members and weights stay; see `zhiyin.pipeline.update`. To choose anew, `train`.

        Raises:
            ArtifactError: There is no model.
            NotEnoughDataError: Nothing came since.
            StoreBusyError: Another training is running here.
        """
        settings = self.settings.train
        with self.publishing() as (dataset, publish):
            return self._published(
                publish,
                load_path("zhiyin.pipeline.update:update")(
                    self.engine().trained,
                    dataset,
                    budget_s=seconds(budget or settings.budget),
                    seed=settings.seed,
                    encoder=self.encoder(),
                    progress=progress,
                ),
            )

    @contextmanager
    def publishing(self) -> Generator[tuple[Dataset, Publish]]:
        """The store as a data set, and how to publish what comes of it; one at a time.

        Raises:
            StoreBusyError: Another training is running here.
        """

        def publish(trained: Trained, *, serve: bool = True, refusal: str = "") -> str:
            version = self._next_version()
            self.artifacts.store(version, manifest=trained.manifest(), arrays=trained.arrays())
            if refusal:
                self.artifacts.refuse(version, refusal)
            if serve:
                self.artifacts.point_at(version)
            return version

        try:
            with FileLock(self.folder / "models" / ".training.lock", timeout=0):
                stores = self.stores
                yield (
                    load_dataset(
                        stores.events,
                        stores.entities,
                        settings=self.settings.events,
                        exposures=stores.exposures,
                    ),
                    publish,
                )
        except Timeout as error:
            raise StoreBusyError(
                f"another training is running in {self.folder}", hint="wait for it to finish"
            ) from error

    @staticmethod
    def _published(publish: Publish, trained: Trained) -> Trained:
        publish(trained)
        return trained

    def recommend(self, user_id: str | None, **query: Any) -> Slate:  # noqa: ANN401 - see Engine
        """A slate; the arguments are those of `zhiyin.pipeline.engine.Engine.recommend`."""
        return self.engine().recommend(user_id, **query)

    def record(self, events: Sequence[dict[str, Any]]) -> Appended:
        """Stores live events; each has user_id, type, and mostly item_id (see the API)."""
        stored = self._ingest.record(events, now=self._clock())
        engine = self.following.serving
        if engine is not None:
            engine.notice(str(e["item_id"]) for e in events if e.get("item_id") is not None)
        return stored

    def encoder(self) -> TextEncoder | None:
        """What reads the meaning of texts here, opened once; None where only words are compared."""
        return self._encoder

    @cached_property
    def _encoder(self) -> TextEncoder | None:
        return meaning_encoder(self.settings.text, folder=self.folder)

    def upsert_items(self, items: Sequence[dict[str, Any]]) -> list[str]:
        """Adds or replaces items; each has item_id and any attributes (see the API).

        They are found by the next search, and recommendable on the next request.

        Returns:
            Their ids.

        Raises:
            DataError: An item is malformed; nothing was stored.
        """
        ids = store_items(self.stores.entities, items)
        self.announce(ids)
        return ids

    def upsert_users(self, users: Sequence[dict[str, Any]]) -> list[str]:
        """Adds or replaces users by user_id, with any attributes (see the API); returns their ids.

        Raises:
            DataError: A user is malformed; nothing was stored.
        """
        return store_users(self.stores.entities, users)

    def records(self, kind: EntityKind) -> Records:
        """The users or the items, one by one."""
        return Records(kind, self.stores.entities, self)

    def export_user(self, user_id: str) -> UserExport:
        """All that is stored about one user; see `zhiyin.pipeline.exporting`."""
        return export_user(self.stores, user_id, clock=self._clock)

    def erase(self, kind: EntityKind, entity_id: str) -> ErasureCertificate:
        """Erases a user or an item from everything; see `zhiyin.pipeline.erasure`."""
        certificate = erase_entity(self, kind, entity_id, clock=self._clock)
        if kind == "item":
            self.announce([entity_id])
        return certificate

    def unlist(self, item_id: str) -> int:
        """Takes an erased item out of the search index; returns how many entries went."""
        return self.searcher().unlist(item_id)

    def forget(self) -> None:
        """Has the serving engine forget what was erased, by whatever process."""
        serving = self.following.serving
        for stone in self.artifacts.erased.fresh():
            if serving is not None and serving.trained.last_seq <= stone.seq:
                serving.forget(stone.kind, stone.key)

    def announce(self, item_ids: Sequence[str]) -> None:
        """Tells everything here, and every other process, of items that the store has anew."""
        self._notice(item_ids)
        self._changes.note(id_keys(item_ids).tolist())

    def _notice(self, item_ids: Sequence[str]) -> None:
        self.profiles.catalogue.notice(item_ids)
        for part in self._readers:
            part.notice(item_ids)
        if self.following.serving is not None:
            self.following.serving.notice_items(item_ids)

    def _meet_changes(self) -> None:
        """Takes in the items that other processes announced."""
        keys = self._changes.fresh()
        if keys is None:  # more than can be told one by one
            self._expire()
            if self.following.serving is not None:
                self.following.serving.meet_catalogue()
        elif keys:
            self._notice(list(self.stores.entities.ids("item", keys).values()))

    def search(
        self,
        text: str,
        *,
        n: int = 10,
        user_id: str | None = None,
        explain: bool = False,
        understand: bool = False,
        progress: Progress = silent,
    ) -> SearchResult:
        """The items that answer a query, by meaning and by words; needs no training.

        Args:
            text: The query.
            n: How many items at most.
            user_id: For whom: once a model is trained, taste decides between near equals.
            explain: Whether to say which sentence and which words matched.
            understand: Whether to read filters out of it; see `zhiyin.pipeline.chatting`.
            progress: Told how far reading a catalogue for the first time has come.
        """
        if understand:
            ask = load_path("zhiyin.pipeline.chatting.understanding:understood_search")
            return ask(self, text, n=n, user_id=user_id, explain=explain)
        taste, note = taste_of(self, user_id)
        found = self.searcher().search(
            text, n=n, user_id=user_id, taste=taste, explain=explain, progress=progress
        )
        return found.model_copy(update={"fallbacks": [*found.fallbacks, *([note] if note else [])]})

    def similar(
        self,
        item_id: str,
        *,
        n: int = 10,
        by: By = "behaviour",
        likeness: Likeness = "cosine",
        category: str = "",
        other_categories: bool = False,
    ) -> list[Neighbour]:
        """The items most like one; see `zhiyin.pipeline.search.asking.alike`."""
        categories = Categories(category, other_categories)
        return alike(self, item_id, n=n, by=by, likeness=likeness, categories=categories)

    def searcher(self) -> CatalogueSearch:
        """The search over the items; its index is made at the first search."""
        self._meet_changes()
        if self._search is None:
            self._search = CatalogueSearch(
                self.stores.entities,
                self.folder,
                text=self.settings.text,
                settings=self.settings.search,
                clock=self._clock,
            )
        return self._search

    @property
    def chats(self) -> Chats:
        """Conversations with this workspace; see `zhiyin.pipeline.chatting`."""
        self._meet_changes()
        if self._chats is None:
            make: type[Chats] = load_path("zhiyin.pipeline.chatting.service:Chats")
            self._chats = make(self, partial(taste_of, self), clock=self._clock)  # pyright: ignore[reportArgumentType]
        return self._chats

    @property
    def _readers(self) -> list[CatalogueSearch | Chats]:
        return [part for part in (self._search, self._chats) if part is not None]

    def _expire(self) -> None:
        self.profiles.refresh()
        for part in self._readers:
            part.expire()

    def titles(self, item_ids: Sequence[str]) -> dict[str, str]:
        """Titles by id, of the items that have one."""
        found = self.stores.entities.get("item", item_ids)
        return {
            i: str(attributes["title"])
            for i, attributes in found.items()
            if attributes.get("title")
        }

    def profile(self, user_id: str) -> Profile:
        """What is known of a user's interests; of one never seen, nothing."""
        return self.profiles.of(user_id)

    @cached_property
    def profiles(self) -> Profiles:
        """The users' profiles: read, edited, reset."""
        return open_profiles(
            self.stores.events,
            self.stores.entities,
            edits=self.stores.profiles,
            enrichments=self.stores.enrichments,
            settings=self.settings,
            open_encoder=self.encoder,
            clock=self._clock,
        )

    def enrich(
        self,
        *,
        limit: int | None = None,
        model: LanguageModel | None = None,
        progress: Progress = silent,
    ) -> EnrichmentReport:
        """Works out tags, topics and a summary for items that lack them or changed.

        Args:
            limit: At most so many items now; None for all.
            model: What answers; None for that of the section [llm], if there is one.
            progress: Told how far it has come.

        Raises:
            ConfigError: The section [llm] names an address and no model.
            StoreError: The store keeps no enrichments.
        """
        if self.stores.enrichments is None:
            raise StoreError("this store keeps no enrichments", hint="use the embedded store")
        report: EnrichmentReport = load_path("zhiyin.pipeline.enrichment:enrich_items")(
            self.stores.entities,
            self.stores.enrichments,
            catalogue=self.profiles.catalogue,
            model=model or self.language_model(),
            limit=limit,
            progress=progress,
        )
        self.profiles.refresh()
        return report

    def engine(self) -> Engine:
        """The engine over the published model; it follows the pointer when that moves.

        Raises:
            ArtifactError: Nothing was trained yet, or the model is damaged and none served
                before it.
        """
        self._meet_changes()
        self.forget()
        self.follow_settings()
        engine = self.following.engine()
        engine.follow(self.settings.surfaces)
        return engine

    def follow_settings(self) -> None:
        """Takes over what the settings file says of surfaces, where it changed."""
        fresh = self.settings_file.fresh()
        if fresh is not None and fresh.surfaces != self.settings.surfaces:
            self.settings = self.settings.model_copy(update={"surfaces": fresh.surfaces})

    def _load(self, version: str) -> Engine:
        with self.artifacts.steady():
            manifest = self.artifacts.manifest(version)
            trained = restore(manifest, self.artifacts.arrays(version))
        self.profiles.follow(trained)
        engine = Engine(
            trained,
            version=version,
            stores=self.stores,
            policy=self._policy,
            settings=self.settings,
            clock=self._clock,
            encoder=self.encoder,
            tastes=ProfileScorer(self.profiles),
        )
        for stone in concerned(manifest, self.artifacts.erased.all()):
            engine.forget(stone.kind, stone.key)
        return engine

    def _next_version(self) -> str:
        taken = [int(v[1:]) for v in self.artifacts.versions() if v[1:].isdigit()]
        return f"v{max(taken, default=0) + 1:06d}"
