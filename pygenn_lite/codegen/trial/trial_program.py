"""What a trial of a network computes: its populations and groups (see `trial_records`), as plain
data that prints itself."""

from __future__ import annotations

from collections.abc import Mapping

from pygenn_lite.codegen.trial.trial_records import (
    BACK,
    SPIKE,
    TANGENTIAL,
    Chain,
    FlowGradient,
    TrialGroup,
    TrialPopulation,
)
from pygenn_lite.codegen.trial.trial_text import group_text, population_text
from pygenn_lite.records import dataclass

__all__ = [
    "BACK",
    "SPIKE",
    "TANGENTIAL",
    "Chain",
    "FlowGradient",
    "TrialGroup",
    "TrialPopulation",
    "TrialProgram",
]


@dataclass(frozen=True)
class TrialProgram:
    """What a trial of a network computes; the loss and optimisers join it where it is rendered.

    Attributes
    ----------
    populations : mapping of str to TrialPopulation
        All with a model, in the order of the network; those whose spikes are given are in `given`.
    given : tuple of str
    groups : mapping of str to TrialGroup
        In the order of the network.
    adjoint : str
        "exact", or "surrogate".
    real : str
        "float" or "double".
    """

    populations: Mapping[str, TrialPopulation]
    given: tuple[str, ...]
    groups: Mapping[str, TrialGroup]
    adjoint: str = "exact"
    real: str = "float"

    def __str__(self) -> str:
        parts = [population_text(p) for p in self.populations.values()]
        parts += [f"population {name}\n  its spikes are given" for name in self.given]
        targets = self.populations
        parts += [group_text(g, targets[g.target].called) for g in self.groups.values()]
        return "\n\n".join(parts)
