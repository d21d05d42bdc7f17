"""A network as single neurons and synapses with their numbers: what the check of gradients runs."""

from __future__ import annotations

from dataclasses import field
from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.codegen.adjoint.adjoint_records import NetworkAdjoint
from pygenn_lite.records import dataclass
from pygenn_lite.training.adjoint_functions import ArrivalFunctions, NeuronFunctions
from pygenn_lite.training.parameter_table import ParameterTable

AT_BREAK = 1e-9  # ms: as near to a jump in time as dynamics are asked for


@dataclass
class Cell:
    """One neuron.

    Attributes
    ----------
    population : int
    number : int
        In its population.
    functions : NeuronFunctions
    numbers : ndarray of int
        Of its parameters, in the parameter table; -1: 0.
    start : ndarray of int
        Of its initial values, by state; -1: `initial` holds them.
    initial : ndarray
    constants : tuple of float
        As `Order` has them.
    breaks : tuple of float
        Times at which its dynamics jump, ms.
    given : list of (float, tuple)
        What comes from outside, by time: spikes of a source ("given", number), events of Poisson
        inputs ("event", name), changes of inputs ("change", numbers of parameters), jumps of the
        dynamics with time ("break").
    """

    population: int
    number: int
    functions: NeuronFunctions
    numbers: npt.NDArray[np.int64]
    start: npt.NDArray[np.int64]
    initial: npt.NDArray[np.float64]
    constants: tuple[float, ...]
    breaks: tuple[float, ...] = ()
    given: list[tuple[float, tuple[Any, ...]]] = field(default_factory=list)

    def span(self, t: float) -> tuple[float, float]:
        """The time between two of its breaks around another time, without these themselves."""
        low = max((b for b in self.breaks if b <= t), default=-np.inf)
        high = min((b for b in self.breaks if b > t), default=np.inf)
        return low + AT_BREAK, high - AT_BREAK


@dataclass
class Synapse:
    """One synapse: numbers of its delay and of its own values in the parameter table."""

    functions: ArrivalFunctions
    target: int
    delay: int
    own: tuple[int, ...]


@dataclass
class SmallNetwork:
    """Neurons and synapses, with the table of all their numbers."""

    names: list[str]
    adjoint: NetworkAdjoint
    table: ParameterTable
    cells: list[Cell] = field(default_factory=list)
    outgoing: list[list[Synapse]] = field(default_factory=list)
    first: dict[str, int] = field(default_factory=dict)  # neuron of each population

    def cell(self, population: str, neuron: int) -> Cell:
        """A neuron."""
        return self.cells[self.first[population] + neuron]

    def carried(self, source: int, synapse: Synapse) -> list[int]:
        """Which states of a neuron its spikes carry to a synapse, by their places."""
        order = self.cells[source].functions.order.states
        return [order.index(state) for state in synapse.functions.carried]
