"""How neural models are trained: one set of hyperparameters for all of them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from zhiyin.core.config import Config


class LoopConfig(Config):
    """Hyperparameters of the training loop."""

    epochs: int = Field(default=30, ge=1)
    """Passes over the data at most; a deadline that comes first shortens the schedule."""
    optimizer: Literal["muon", "adamw"] = "muon"
    """What moves the matrices of linear layers; everything else moves by AdamW."""
    learning_rate: float = Field(default=1e-3, gt=0)
    """Step size of AdamW after the warm-up."""
    matrix_rate: float = Field(default=0.01, gt=0)
    """Step size of Muon after the warm-up."""
    beta1: float = Field(default=0.9, ge=0, lt=1)
    """Memory of AdamW's mean of gradients."""
    beta2: float = Field(default=0.98, ge=0, lt=1)
    """Memory of AdamW's mean of squared gradients."""
    weight_decay: float = Field(default=0.0, ge=0)
    """Share of the step size by which all weights shrink, decoupled from the gradient."""
    warmup_steps: int = Field(default=100, ge=0)
    """Steps in which the step size grows linearly from 0."""
    schedule: Literal["constant", "cosine"] = "cosine"
    """What the step size does afterwards: stays, or falls to 0 as half a cosine."""
    clip: float = Field(default=1.0, gt=0)
    """Gradients longer than this are shortened to it."""
    patience: int = Field(default=5, ge=1)
    """Epochs without a better validation after which training ends."""
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    """Of matrix products; "auto" takes bfloat16 on a GPU that has it, float32 elsewhere."""
    device: str = "auto"
    """Where to train: "cpu", "cuda", "cuda:1", "mps"; "auto" takes a GPU where there is one."""
    threads: int = Field(default=1, ge=0)
    """CPU threads of torch while training; 0: as many as cores. More than one helps on an idle
    machine only: they wait for each other awake, and beside one busy process two threads on
    two cores took 17 times as long as one. The number changes the last bits of the result."""
