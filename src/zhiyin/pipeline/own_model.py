"""The language model of a workspace, for everything in it that speaks."""

from __future__ import annotations

from pathlib import Path
from threading import Lock

from zhiyin.core.protocols import LanguageModel
from zhiyin.core.registry import load_path
from zhiyin.pipeline.settings import LlmSettings

REPLIES_FILE = "replies.sqlite"
"""Name of the file of remembered answers in a workspace's folder."""


class OwnLanguageModel:
    """The language model of a workspace: opened when first asked for, once for all threads.

    What is asked of it shares one breaker, one number of questions at once and, for a file,
    one copy of the weights.

    Args:
        settings: The section [llm].
        folder: Where answers and what they cost are remembered between runs.
    """

    def __init__(self, settings: LlmSettings, *, folder: Path) -> None:
        self._settings = settings
        self._folder = folder
        self._lock = Lock()
        self._model: LanguageModel | None = None

    def __call__(self) -> LanguageModel | None:
        """The model; None where neither an address nor a file is given.

        Raises:
            ZhiyinError: As `zhiyin.pipeline.language_model.open_language_model`; the next call
                tries again.
        """
        if not self._settings.is_given:
            return None
        with self._lock:
            if self._model is None:
                open_model = load_path("zhiyin.pipeline.language_model:open_language_model")
                self._model = open_model(self._settings, folder=self._folder)
            return self._model
