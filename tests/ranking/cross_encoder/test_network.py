"""The network: its gradients, its agreement with transformers, what it may not depend on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
import transformers

from zhiyin.encode.errors import ModelFileError
from zhiyin.neural.session import OnnxSession
from zhiyin.ranking.cross_encoder.backbones import open_backbone
from zhiyin.ranking.cross_encoder.graph import pair_graph
from zhiyin.ranking.cross_encoder.learning import listwise_loss
from zhiyin.ranking.cross_encoder.network import BilinearHead, PairNetwork
from zhiyin.ranking.cross_encoder.reading import joined, padded_pairs

STEP = 1e-6


def test_the_head_is_the_quadratic_form() -> None:
    torch.manual_seed(0)
    head = BilinearHead(5, 3).double()
    h = torch.randn(4, 5, dtype=torch.float64)
    form = head.weight.T @ head.weight
    expected = torch.stack([row @ form @ row for row in h])
    assert torch.allclose(head(h), expected)


def test_gradients_of_the_head_match_finite_differences() -> None:
    """d s / d W = 2 W h h', d s / d h = 2 W' W h, and both through the listwise loss."""
    torch.manual_seed(1)
    head = BilinearHead(6, 4).double()
    h = torch.randn(5, 6, dtype=torch.float64, requires_grad=True)
    labels = torch.tensor([1.0, 0.0, 0.0, 0.5, 0.5], dtype=torch.float64)

    def loss() -> torch.Tensor:
        return listwise_loss(head(h), labels, [3, 2])

    loss().backward()
    for tensor in (head.weight, h):
        assert tensor.grad is not None
        for place in np.ndindex(*tensor.shape):
            with torch.no_grad():
                before = float(tensor[place])
                tensor[place] = before + STEP
                above = float(loss())
                tensor[place] = before - STEP
                below = float(loss())
                tensor[place] = before
            assert float(tensor.grad[place]) == pytest.approx(
                (above - below) / (2 * STEP), rel=1e-5, abs=1e-8
            )


def test_gradients_of_the_head_have_the_closed_form() -> None:
    torch.manual_seed(2)
    head = BilinearHead(6, 4).double()
    h = torch.randn(6, dtype=torch.float64, requires_grad=True)
    head(h[None]).sum().backward()
    w = head.weight.detach()
    assert torch.allclose(head.weight.grad, 2 * torch.outer(w @ h.detach(), h.detach()))
    assert torch.allclose(h.grad, 2 * w.T @ w @ h.detach())


def test_the_loss_is_the_cross_entropy_of_naming_the_answer() -> None:
    scores = torch.tensor([1.0, 2.0, 0.0, 3.0, 1.0])
    labels = torch.tensor([0.0, 2.0, 0.0, 0.0, 1.0])
    expected = -(torch.log_softmax(scores[:3], 0)[1] + torch.log_softmax(scores[3:], 0)[1]) / 2
    assert float(listwise_loss(scores, labels, [3, 2])) == pytest.approx(float(expected))


def test_states_are_those_of_transformers(bert_folder: Path) -> None:
    backbone = open_backbone(str(bert_folder))
    network = PairNetwork(backbone, rank=4, longest=24).eval()
    reader = backbone.reader
    asked, *texts = reader.pieces(["want a knife", "the fine knife", "a lamp"])
    pairs = [joined(reader, asked, text, max_tokens=24, max_query=8) for text in texts]
    batch = padded_pairs(pairs, two_segments=True)
    with torch.no_grad():
        scores = network(
            torch.as_tensor(reader.vectors(batch.ids)),
            torch.as_tensor(batch.segments),
            torch.as_tensor(batch.mask),
        )
        model = transformers.AutoModel.from_pretrained(bert_folder).eval()
        hidden = model(
            input_ids=torch.as_tensor(batch.ids),
            attention_mask=torch.as_tensor(batch.mask),
            token_type_ids=torch.as_tensor(batch.segments),
        ).last_hidden_state[:, 0]
        expected = network.head(hidden)
    assert scores.numpy() == pytest.approx(expected.numpy(), rel=1e-4)


def test_a_pair_is_marked_and_cut() -> None:
    class Reader:
        begin, end, two_segments = 101, 102, True

    pair = joined(Reader(), [1, 2, 3, 4], [5] * 20, max_tokens=10, max_query=3)  # type: ignore[arg-type]
    assert pair == ([101, 1, 2, 3, 102, 5, 5, 5, 5, 102], 5)
    batch = padded_pairs([pair, ([101, 1, 102, 7, 102], 3)], two_segments=True)
    assert batch.mask.sum(axis=1).tolist() == [10, 5]
    assert batch.segments[1].tolist() == [0, 0, 0, 1, 1, 0, 0, 0, 0, 0]


def test_the_graph_says_what_torch_says_and_8_bits_nearly_so(bert_folder: Path) -> None:
    network = PairNetwork(open_backbone(str(bert_folder)), rank=4, longest=24).eval()
    rng = np.random.default_rng(0)
    words = rng.standard_normal((4, 9, 32)).astype(np.float32)
    mask = np.ones((4, 9), dtype=np.int64)
    segments = np.zeros((4, 9), dtype=np.int64)
    with torch.no_grad():
        expected = network(*(torch.as_tensor(each) for each in (words, segments, mask))).numpy()
    exact = OnnxSession(pair_graph(network, int8=False))
    small = OnnxSession(pair_graph(network, int8=True))
    given = {"words": words, "segments": segments, "mask": mask}
    assert exact.run(**given)[0] == pytest.approx(expected, rel=1e-4)
    assert small.run(**given)[0] == pytest.approx(expected, rel=0.1)


def test_frozen_layers_stay_as_they_came(bert_folder: Path) -> None:
    backbone = open_backbone(str(bert_folder))
    network = PairNetwork(backbone, rank=4, longest=24, frozen=1)
    moving = {name.split(".")[1] for name, p in network.named_parameters() if p.requires_grad}
    assert moving == {"1", "weight"}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ('"model_type": "roberta"', "no BERT"),
        ('"hidden_act": "relu"', "no BERT"),
        ('"num_hidden_layers": 5', "lacks"),
    ],
)
def test_another_kind_of_model_is_refused(
    bert_folder: Path, tmp_path: Path, change: str, says: str
) -> None:
    name, _, value = change.partition(": ")
    about = (bert_folder / "config.json").read_text()
    lines = [
        f"  {name}: {value}," if line.strip().startswith(name) else line
        for line in about.splitlines()
    ]
    for path in bert_folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "config.json").write_text("\n".join(lines))
    with pytest.raises(ModelFileError, match=says):
        open_backbone(str(tmp_path))
