"""What the console says, in English and in Chinese.

The English sentence is the key; `CHINESE` holds the other half. A test checks that every
sentence that the pages say stands there.
"""

from __future__ import annotations

from zhiyin.app.console.chinese import CHINESE

LANGUAGES = ("en", "zh")
"""Codes of the languages."""


class Words:
    """Says things in one language.

    Args:
        language: "en" or "zh"; anything else is "en".
    """

    def __init__(self, language: str) -> None:
        self.language = language if language in LANGUAGES else LANGUAGES[0]

    def __call__(self, sentence: str, **values: object) -> str:
        """A sentence, with values in the places of their names.

        Args:
            sentence: In English, as in the table.
            values: What stands in ``{name}``; never read as a sentence itself.
        """
        told = CHINESE.get(sentence, sentence) if self.language == "zh" else sentence
        return told.format(**values) if values else told
