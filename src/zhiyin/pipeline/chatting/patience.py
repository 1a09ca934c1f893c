"""A language model that is waited for so long and no longer: a turn is answered without it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from zhiyin.core.errors import ZhiyinError
from zhiyin.core.protocols import Form, LanguageModel, Prompt, Reply
from zhiyin.pipeline.patient_calls import PatientCalls, TooManyCallsError

LATE = "the language model did not answer within {0:g} seconds"
BUSY = "the language model is still busy with earlier messages"


class PatientModel:
    """A language model with a limit on how long its answers are waited for.

    What comes too late is dropped, though a service that counts tokens may count it. So that
    calls do not pile up behind a slow model, only so many are under way at once; further
    questions are answered with a problem at once.

    Args:
        model: The model.
        seconds: How long it is waited for.
        most: Calls under way at once, late ones included.
    """

    def __init__(self, model: LanguageModel, *, seconds: float, most: int) -> None:
        self._model = model
        self._calls = PatientCalls(seconds=seconds, most=most, queue=False, name="chat-model")

    @property
    def id(self) -> str:
        """See `LanguageModel.id`."""
        return self._model.id

    def answer(
        self, prompts: Sequence[Prompt], *, schema: Form, accept: Callable[[str], bool]
    ) -> list[Reply]:
        """See `LanguageModel.answer`; a problem where it takes too long."""
        try:
            return self._calls(lambda: self._model.answer(prompts, schema=schema, accept=accept))
        except TooManyCallsError:
            problem = BUSY
        except TimeoutError:
            problem = LATE.format(self._calls.seconds)
        except ZhiyinError as error:
            problem = error.message
        return [Reply(None, problem)] * len(prompts)

    def stream(self, prompt: Prompt) -> Iterator[Reply]:
        """See `LanguageModel.stream`; pieces are not waited for in a thread of their own."""
        return self._model.stream(prompt)

    def usage(self) -> dict[str, float]:
        """See `LanguageModel.usage`."""
        return self._model.usage()
