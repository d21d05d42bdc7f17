"""The section of a network file that says how the network is trained."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from pygenn_lite.yaml_format.schema_base import Section
from pygenn_lite.yaml_format.schema_types import Word


class TrainingSection(Section):
    """How the network is trained: what is written in Python stands here as mappings."""

    data: Any = Field(description="A dataset by name: yin_yang, or {yin_yang: {n: 500}}.")
    validation: Any = Field(default=None, description="Another, or a share of the data: 0.1.")
    test: Any = Field(default=None, description="Another, evaluated at the end.")
    loss: Any = Field(description="{CrossEntropy: out.V}; of several terms a list, with factor.")
    optimiser: Any = Field(
        default="Adam", description="Adam, or {Adam: {rate: 0.005, schedule: Cosine}}."
    )
    batch: int = Field(default=32, ge=1, description="Samples per update.")
    epochs: int = Field(default=10, ge=1, description="How often all samples are used.")
    augment: Any = Field(default=None, description="{Jitter: 0.2}, or a list of such.")
    early_stopping: Any = Field(
        default=None, description="{patience: 10, watched: validation_loss}."
    )
    gradient: Any = Field(
        default="exact", description="exact, surrogate, or {EProp: {feedback: random}}."
    )
    surrogate: Any = Field(default=None, description="superspike, or {superspike: {k: 10}}.")
    detach_reset: bool | None = Field(
        default=None, description="With a surrogate: no gradients pass by resets."
    )
    trainable: list[str] | None = Field(default=None, description="Paths: groups.*.weight.")
    constraints: Any = Field(
        default=None, description="By path, one or a list: {groups.w.weight: {Norm: 2.0}}."
    )
    dropout: Any = Field(default=None, description="By group: {w_in: 0.2}.")
    rewiring: Any = Field(default=None, description="{groups: w_in, every: 10}.")
    longest_delay: float | None = Field(
        default=None, gt=0, description="Which trained delays may reach, ms."
    )
    duration: float | None = Field(default=None, gt=0, description="Of a trial, ms.")
    input: Word | None = Field(default=None, description="The spike source that replays the data.")
