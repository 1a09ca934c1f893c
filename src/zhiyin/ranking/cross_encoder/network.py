"""BERT in torch (Devlin et al., NAACL 2019), its pieces given as vectors, under a bilinear head."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from zhiyin.ranking.cross_encoder.backbones import Backbone

_functional: Any = nn.functional


class BilinearHead(nn.Module):
    """s(h) = h' W' W h, the squared length of W h.

    Args:
        dim: Length of h.
        rank: Rows of W. With fewer than ``dim`` the form has that rank.
    """

    def __init__(self, dim: int, rank: int) -> None:
        super().__init__()
        # The states of a BERT are normalised to about unit variance: scores begin near 1.
        self.weight = nn.Parameter(torch.randn(rank, dim) / (rank * dim) ** 0.5)

    def forward(self, hidden: Tensor) -> Tensor:
        """Scores of states: (n, dim) to (n,), never below 0."""
        return (hidden @ self.weight.T).square().sum(-1)


class Block(nn.Module):
    """One layer: attention and two linear maps, each added and normalised."""

    def __init__(self, dim: int, wide: int, heads: int, eps: float) -> None:
        super().__init__()
        self.heads = heads
        self.attend = nn.Linear(dim, 3 * dim)
        self.join = nn.Linear(dim, dim)
        self.first = nn.LayerNorm(dim, eps=eps)
        self.widen = nn.Linear(dim, wide)
        self.narrow = nn.Linear(wide, dim)
        self.second = nn.LayerNorm(dim, eps=eps)

    def forward(self, x: Tensor, bias: Tensor) -> Tensor:
        """States of shape (n, t, dim); ``bias`` of shape (n, 1, 1, t) is 0 or very small."""
        n, t, dim = x.shape
        parts = self.attend(x).view(n, t, 3, self.heads, dim // self.heads)
        query, key, value = parts.permute(2, 0, 3, 1, 4).unbind(0)
        scale = (dim // self.heads) ** -0.5
        weights = _functional.softmax(query @ key.transpose(2, 3) * scale + bias, dim=-1)
        seen = (weights @ value).transpose(1, 2).reshape(n, t, dim)
        x = self.first(x + self.join(seen))
        return self.second(x + self.narrow(_functional.gelu(self.widen(x))))


class PairNetwork(nn.Module):
    """Vectors of [CLS] query [SEP] item [SEP] in, one score for each pair out.

    Args:
        backbone: Where its weights begin.
        rank: Of the head.
        longest: Pieces of a pair at most.
        frozen: So many of the lowest layers are not trained.
    """

    def __init__(self, backbone: Backbone, *, rank: int, longest: int, frozen: int = 0) -> None:
        super().__init__()
        dim = backbone.places.shape[1]
        self.places = nn.Parameter(torch.tensor(backbone.places[:longest]), requires_grad=False)
        self.segments = nn.Parameter(torch.tensor(backbone.segments), requires_grad=frozen == 0)
        self.norm = nn.LayerNorm(dim, eps=backbone.eps)
        self.frozen = min(frozen, len(backbone.blocks))
        with torch.no_grad():
            self.norm.weight.copy_(torch.tensor(backbone.norm[0]))
            self.norm.bias.copy_(torch.tensor(backbone.norm[1]))
        self.blocks = nn.ModuleList()
        for arrays in backbone.blocks:
            block = Block(dim, len(arrays["widen.bias"]), backbone.heads, backbone.eps)
            block.load_state_dict({name: torch.tensor(each) for name, each in arrays.items()})
            self.blocks.append(block)
        self.head = BilinearHead(dim, rank)
        if frozen:
            for part in (self.norm, *list(self.blocks)[: self.frozen]):
                part.requires_grad_(False)

    def forward(self, words: Tensor, segments: Tensor, mask: Tensor) -> Tensor:
        """Scores of pairs.

        Args:
            words: Vectors of pieces, float32 of shape (n, t, dim).
            segments: 0 or 1, int64 of shape (n, t).
            mask: 1 for a piece, 0 for padding, int64 of shape (n, t).

        Returns:
            Shape (n,).
        """
        second = segments.unsqueeze(-1).to(words.dtype)
        x = words + self.places[: words.shape[1]] + self.segments[0]
        x = self.norm(x + second * (self.segments[1] - self.segments[0]))
        bias = (1.0 - mask.to(words.dtype))[:, None, None, :] * -1e4
        for block in self.blocks:
            x = block(x, bias)
        return self.head(x[:, 0].float())
