"""Answers of a language model in a file: a long run goes on, and is checked without the model."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from threading import Lock

from zhiyin.core.protocols import Form, Grammar, LanguageModel, Prompt, Reply


class RecordedModel:
    """Answers what was asked before from a file, a JSON line each; the rest by the model itself.

    Args:
        path: The file; made where absent, and added to.
        name: Id of the model whose answers these are.
        model: Is asked what the file does not know; None: nobody is.
    """

    def __init__(self, path: Path, *, name: str, model: LanguageModel | None = None) -> None:
        self.unanswered = 0
        """Questions that neither the file nor the model answered."""
        self._path, self._name, self._model = path, name, model
        self._lock = Lock()
        self._known = dict[str, str]()
        if path.exists():
            for line in path.read_text(encoding="utf-8").splitlines():
                row = json.loads(line)
                self._known[row["question"]] = row["answer"]

    @property
    def id(self) -> str:
        """As given."""
        return self._name

    def answer(
        self, prompts: Sequence[Prompt], *, schema: Form, accept: Callable[[str], bool]
    ) -> list[Reply]:
        """See `LanguageModel.answer`."""
        return [self._reply(prompt, schema, accept) for prompt in prompts]

    def stream(self, prompt: Prompt) -> Iterator[Reply]:
        """See `LanguageModel.stream`; in one piece."""
        yield self._reply(prompt, None, bool)

    def usage(self) -> dict[str, float]:
        """See `LanguageModel.usage`; of the model that was asked."""
        return {} if self._model is None else self._model.usage()

    def _reply(self, prompt: Prompt, form: Form, accept: Callable[[str], bool]) -> Reply:
        key = _key(prompt, form)
        known = self._known.get(key)
        if known is not None and accept(known):
            return Reply(known)
        reply = Reply(None, "no answer was recorded")
        if self._model is not None:
            reply = self._model.answer([prompt], schema=form, accept=accept)[0]
        with self._lock:
            if reply.text is None:
                self.unanswered += 1
                return reply
            self._known[key] = reply.text
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a", encoding="utf-8") as file:
                row = {"question": key, "answer": reply.text}
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
        return reply


def _key(prompt: Prompt, form: Form) -> str:
    """A hash of what was asked, and in which form."""
    shape = form.gbnf if isinstance(form, Grammar) else form
    asked = json.dumps([prompt.system, prompt.user, prompt.turns, shape], sort_keys=True)
    return hashlib.sha256(asked.encode()).hexdigest()[:24]
