"""How weights move: AdamW for vectors and tables, Muon for the matrices between them."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from zhiyin.neural.checkpoint import Weights
from zhiyin.neural.settings import LoopConfig

_optim: Any = torch.optim


class Optimizer:
    """Two optimisers that take one step together.

    With `optimizer` "muon" the weight matrices of linear layers move by the orthogonalised
    mean of their gradients (Jordan et al., "Muon: an optimizer for hidden layers in neural
    networks", 2024), everything else by AdamW; benchmarks/sequence_choices.py compares.

    Args:
        module: Whose parameters move.
        settings: Rates and memories.
        device: Where the module is.
    """

    def __init__(self, module: nn.Module, settings: LoopConfig, device: torch.device) -> None:
        matrices = _matrices(module) if settings.optimizer == "muon" else []
        taken = {id(each) for each in matrices}
        rest = [each for each in module.parameters() if id(each) not in taken]
        self._parts: list[tuple[Any, float]] = []
        if rest:
            adamw = _optim.AdamW(
                rest,
                lr=settings.learning_rate,
                betas=(settings.beta1, settings.beta2),
                weight_decay=settings.weight_decay,
                fused=device.type in ("cpu", "cuda"),
            )
            self._parts.append((adamw, settings.learning_rate))
        if matrices:
            rate = settings.matrix_rate
            muon = _optim.Muon(matrices, lr=rate, weight_decay=settings.weight_decay)
            self._parts.append((muon, rate))

    def step(self, share: float) -> None:
        """Moves the weights against their gradients.

        Args:
            share: Of the step sizes, 0..1.
        """
        for part, rate in self._parts:
            for group in part.param_groups:
                group["lr"] = rate * share
            part.step()

    def state(self) -> Weights:
        """The memories of all parts, by part, parameter and name."""
        return {
            f"{at}.{i}.{name}": value
            for at, (part, _) in enumerate(self._parts)
            for i, state in part.state_dict()["state"].items()
            for name, value in state.items()
        }

    def restore(self, moments: Weights) -> None:
        """The inverse of `state`."""
        states: list[dict[int, dict[str, Tensor]]] = [{} for _ in self._parts]
        for key, value in moments.items():
            at, index, name = key.split(".", 2)
            states[int(at)].setdefault(int(index), {})[name] = value
        for (part, _), state in zip(self._parts, states, strict=True):
            part.load_state_dict({**part.state_dict(), "state": state})


def _matrices(module: nn.Module) -> list[Tensor]:
    return [each.weight for each in module.modules() if isinstance(each, nn.Linear)]
