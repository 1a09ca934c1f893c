"""Conversations with a workspace: a message in, an answer out, what was said kept by consent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol

from zhiyin.core.clock import Clock
from zhiyin.core.errors import DataError, MissingExtraError
from zhiyin.core.messages.chat import ChatAnswer, ChatItem, ChatMessage, ChatWish
from zhiyin.core.protocols import EditAction, LanguageModel
from zhiyin.llm.errors import ServiceError
from zhiyin.narrate.chat import ChatReply, ChatState, Wish, begin, converse
from zhiyin.narrate.language import shown
from zhiyin.pipeline.chatting.deeds import deeds_of
from zhiyin.pipeline.chatting.patience import PatientModel
from zhiyin.pipeline.chatting.sessions import Session, Sessions
from zhiyin.pipeline.chatting.tools import LiveTable, Talked, TasteOf, WorkspaceTools
from zhiyin.pipeline.own_model import OwnLanguageModel
from zhiyin.pipeline.profiles import Profiles
from zhiyin.pipeline.settings import Settings

_READ = 2000
"""Events of a user that are looked at when a conversation is begun, the latest ones."""
_ASKED_AHEAD = ("show me something red with steel", "有没有便宜的红色保温杯")
"""Answered for what answering them loads."""


class Talking(Talked, Protocol):
    """What of a workspace a conversation asks, with the profiles."""

    folder: Path
    settings: Settings
    language_model: OwnLanguageModel

    @property
    def profiles(self) -> Profiles:
        """What is known of its users' tastes."""
        ...


class Chats:
    """The conversations of a workspace.

    Args:
        workspace: Whose.
        taste_of: How a user's taste is asked for.
        clock: Source of the present.
    """

    def __init__(self, workspace: Talking, taste_of: TasteOf, *, clock: Clock) -> None:
        self._workspace = workspace
        self._settings = settings = workspace.settings.chat
        self._taste_of = taste_of
        self._clock = clock
        self._patient: PatientModel | None = None
        self.table = LiveTable(workspace.stores.entities)
        self._sessions = Sessions(
            workspace.folder,
            hours=settings.hours,
            most=settings.sessions,
            clock=clock,
        )

    def say(self, message: ChatMessage) -> ChatAnswer:
        """Answers a message.

        Raises:
            UnknownEntityError: There is no such conversation with this user.
            StoreError: Conversations cannot be kept.
        """
        session = self._sessions.open(message.session_id, message.user_id)
        if message.message is None:
            return self._begun(message, session)
        tools = self._tools(message.user_id)
        try:
            model = self.model()
        except (ServiceError, MissingExtraError) as error:
            model = None
            tools.fallbacks.append(f"without the language model: {error}")
        reply, state = converse(
            message.message, session.state, tools=tools, n=message.n, model=model
        )
        if reply.model_problem:
            tools.fallbacks.append(f"without the language model: {reply.model_problem}")
        remembered = self._remembered(message, reply, tools.fallbacks)
        self._forget(message.user_id, reply)
        self._sessions.keep(Session(session.id, state))
        return ChatAnswer(
            session_id=session.id,
            user_id=message.user_id,
            text=reply.text,
            items=_items(tools, reply.item_ids),
            acts=reply.acts,
            about=reply.about,
            wishes=[
                ChatWish(field=wish.field, op=wish.op, value=wish.value, or_else=list(wish.or_else))
                for wish in state.wishes
            ],
            topic=" ".join(group[0] for group in state.topic),
            remembered=remembered,
            ask_to_remember=reply.lasting
            and message.user_id is not None
            and bool(_edits(reply.new_wishes))
            and not remembered,
            tools=reply.tools,
            made_by=reply.made_by,
            fallbacks=tools.fallbacks,
        )

    def _begun(self, message: ChatMessage, session: Session) -> ChatAnswer:
        """Begins a conversation with a slate, and the recorded reasons for it."""
        tools = self._tools(message.user_id)
        opening = begin(
            message.user_id,
            deeds_of(self._workspace.stores, message.user_id, limit=_READ),
            tools=tools,
            n=message.n,
            now=self._clock(),
            offset=message.utc_offset_minutes,
            language=message.language,
        )
        seen = list(dict.fromkeys([*session.state.seen, *opening.item_ids]))
        update = {"language": opening.language, "slate": opening.item_ids, "seen": seen}
        self._sessions.keep(Session(session.id, session.state.model_copy(update=update)))
        return ChatAnswer(
            session_id=session.id,
            user_id=message.user_id,
            text=opening.text,
            items=_items(tools, opening.item_ids),
            acts=["opens", "shows"] if opening.item_ids else ["opens"],
            reasons=opening.reasons,
            tools=opening.tools,
            fallbacks=tools.fallbacks,
        )

    def _tools(self, user_id: str | None) -> WorkspaceTools:
        return WorkspaceTools(
            self._workspace, self.table.current(), user_id=user_id, taste_of=self._taste_of
        )

    def keep(self, session_id: str, user_id: str | None) -> list[str]:
        """Keeps what the last message of a conversation wished, once the user agreed.

        Returns:
            What entered the profile.

        Raises:
            UnknownEntityError: There is no such conversation with this user.
        """
        state = self._sessions.open(session_id, user_id).state
        return self._kept(user_id, _edits(state.offered), [])

    def model(self) -> LanguageModel | None:
        """The language model of the settings, waited for so long as [chat] says; None for none."""
        model = self._workspace.language_model() if self._settings.model else None
        if model is None:
            return None
        if self._patient is None:
            self._patient = PatientModel(
                model,
                seconds=self._settings.patience,
                most=self._workspace.settings.llm.concurrency,
            )
        return self._patient

    def prepare(self) -> None:
        """Loads what the first message would wait for: index, encoder, words, language model.

        Raises:
            ZhiyinError: Something of this cannot be had.
        """
        for text in _ASKED_AHEAD:
            converse(text, ChatState(), tools=self._tools(None))
        self.model()

    def notice(self, item_ids: Iterable[str]) -> None:
        """Told of items that were just stored or erased."""
        self.table.notice(item_ids)

    def expire(self) -> None:
        """Told that any number of items changed."""
        self.table.expire()

    def close(self) -> None:
        """Closes the file of the conversations."""
        self._sessions.close()

    def _remembered(
        self, message: ChatMessage, reply: ChatReply, fallbacks: list[str]
    ) -> list[str]:
        """What enters the profile: with consent alone."""
        wished = reply.new_wishes if message.remember else reply.keep
        return self._kept(message.user_id, _edits(wished), fallbacks)

    def _kept(
        self, user_id: str | None, edits: list[tuple[EditAction, str]], fallbacks: list[str]
    ) -> list[str]:
        if not edits:
            return []
        if user_id is None:
            fallbacks.append("nothing is remembered of somebody unknown: send a user_id")
            return []
        done: list[str] = []
        for action, subject in edits:
            try:
                self._workspace.profiles.edit(user_id, {action: [subject]})
            except DataError:
                fallbacks.append(f"not remembered: no item has the tag {subject!r}")
            else:
                done.append(f"{action}: {subject}")
        return done

    def _forget(self, user_id: str | None, reply: ChatReply) -> None:
        if user_id is None:
            return
        for action, subject in _edits(reply.give_up):
            self._workspace.profiles.take_back(user_id, action, subject)


def _items(tools: WorkspaceTools, item_ids: Sequence[str]) -> list[ChatItem]:
    titles = tools.records(item_ids)
    return [
        ChatItem(item_id=item, title=shown(titles.get(item, {}).get("title") or ""))
        for item in item_ids
    ]


def _edits(wishes: Iterable[Wish]) -> list[tuple[EditAction, str]]:
    """Wishes as edits of a profile; bounds hold for the moment and are left out."""
    found: list[tuple[EditAction, str]] = []
    for wish in wishes:
        if wish.op not in ("has", "lacks"):
            continue
        action: EditAction = "pin" if wish.op == "has" else "mute"
        found.append((action, wish.values[0]))
    return found
