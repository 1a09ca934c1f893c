"""An answer piece by piece, as a caller may read it while it comes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from zhiyin.core.messages import ChatAnswer, ChatPiece

_PIECE = re.compile(r"\s*[^\s\u3400-\u9fff]+|\s*[\u3400-\u9fff]{1,4}|\s+")


def pieces_of(answer: ChatAnswer) -> Iterator[ChatPiece]:
    """The words of an answer piece by piece, the whole answer with the last one."""
    for piece in _PIECE.findall(answer.text):
        yield ChatPiece(text=piece)
    yield ChatPiece(answer=answer)
