"""Documents to vectors, on all cores, in parts that bound memory."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from zhiyin.core.histories import Floats
from zhiyin.core.progress import Progress, silent
from zhiyin.core.protocols import TextEncoder
from zhiyin.pipeline.search.documents import Document

_PART = 1000
"""Documents encoded at a time: a thread's share, and a step of the progress bar."""
_FEW = 64
_MOST_THREADS = 4


def encode_documents(
    encoder: TextEncoder, documents: Sequence[Document], *, progress: Progress = silent
) -> tuple[Floats, NDArray[np.int32]]:
    """The vectors of documents.

    Args:
        encoder: What reads the texts.
        documents: Items as text.
        progress: Told of the share that is done.

    Returns:
        Vectors one item after the other, first the title's (zeros for none), then those of
        the passages, float32 of shape (m, dim); and the vectors of each item, 0 for one
        without text, int32 of shape (n,).
    """
    parts = [documents[i : i + _PART] for i in range(0, len(documents), _PART)]
    threads = min(_MOST_THREADS, os.cpu_count() or 1, max(1, len(parts)))
    found: list[tuple[Floats, NDArray[np.int32]]] = []
    if len(documents) <= _FEW:
        found = [_encode(encoder, part) for part in parts]
    else:
        # Threads that encode side by side need no threads of BLAS, and must not set them.
        with threadpool_limits(1, "blas"), ThreadPoolExecutor(threads) as pool:
            for done, result in enumerate(pool.map(partial(_encode, encoder), parts), 1):
                found.append(result)
                progress("reading the catalogue", done / len(parts))
    if not found:
        return np.empty((0, encoder.dim), dtype=np.float32), np.empty(0, dtype=np.int32)
    return np.concatenate([v for v, _ in found]), np.concatenate([c for _, c in found])


def _encode(
    encoder: TextEncoder, documents: Sequence[Document]
) -> tuple[Floats, NDArray[np.int32]]:
    texts: list[str] = []
    counts = np.zeros(len(documents), dtype=np.int32)
    for row, document in enumerate(documents):
        if document.title or document.passages:
            texts += [document.title, *document.passages]
            counts[row] = 1 + len(document.passages)
    encoded = encoder.encode(texts)
    return encoded.vectors, counts
