"""The one interface between a Simulation and a backend.

A backend turns networks of one structure into a :class:`Device`: memory, kernels and a clock that
all its instances share. Each :class:`Instance` is one network with its own seed, state, random
numbers and spikes in flight. Run loop, views, recordings and checkpoints use what is listed here
and nothing else; they never see pointers or libraries. The variables that a device keeps are named
by its :class:`~pygenn_lite.runtime.layout.NetworkLayout`.

What passes through this interface is *canonical*: neurons in the order of their population,
synapses by pre, then post, then delay, whatever order a backend keeps them in. So what one backend
gives, another one takes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from pygenn_lite.records import dataclass
from pygenn_lite.runtime.card_options import CardOptions

if TYPE_CHECKING:
    from pygenn_lite.codegen import NetworkStructure
    from pygenn_lite.codegen.plan.memory import MemoryRows
    from pygenn_lite.codegen.program.extension import Extension
    from pygenn_lite.declaration.network import Network
    from pygenn_lite.runtime.device_programs import Programs
    from pygenn_lite.runtime.layout import NetworkLayout, StoredVariable
    from pygenn_lite.runtime.recording import Requests, Sink
    from pygenn_lite.runtime.values.connections import Connections
    from pygenn_lite.runtime.values.spike_trains import SpikeTrain

Array = npt.NDArray[Any]
Report = Callable[[str, float, float], None]  # what, done, total


@dataclass(frozen=True)
class BuildRequest:
    """What a backend is asked to build.

    Attributes
    ----------
    networks : sequence of Network
        One for each instance, with the instance's seed; the caller will not change them.
    structures : sequence of NetworkStructure
        Of these networks; all have the same key.
    precision : {"float32", "float64"}
    threads : int or None
        Worker threads; None: as many as are worthwhile. Results do not depend on it.
    cache : bool
        Whether generated code is kept for next time.
    connectivity_seeds : sequence of int
        Of the synapses, their weights and delays, for each instance.
    shared : bool
        Whether all instances have the same synapses, laid down once; the seeds are equal then.
    extension : Extension or None
        What is compiled and laid down together with the network.
    accumulator : {"float", "int32"}
        How what arrives through static synapses in a step is summed.
    own_weights : frozenset of str
        Groups of which instances that share their synapses have weights of their own.
    card : CardOptions
        Which card is used, and how; nothing but defaults where the backend uses none.
    """

    networks: Sequence[Network]
    structures: Sequence[NetworkStructure]
    precision: str = "float32"
    threads: int | None = None
    cache: bool = True
    connectivity_seeds: Sequence[int] = ()
    shared: bool = False
    extension: Extension | None = None
    accumulator: str = "float"
    own_weights: frozenset[str] = frozenset()
    card: CardOptions = CardOptions()

    @property
    def network(self) -> Network:
        """The first instance's: what all instances have in common can be read from it."""
        return self.networks[0]

    @property
    def structure(self) -> NetworkStructure:
        """The first instance's."""
        return self.structures[0]


@dataclass(frozen=True)
class CodeReport:
    """What a device runs, for people and for the provenance of results.

    Attributes
    ----------
    source : callable
        Gives the generated source; "" where there is none.
    compiler : str
        The command that compiled it; "" where nothing was compiled.
    flags : callable
        Gives the compiler's flags.
    target : str
        The processor that the code is for.
    seconds : float
        Wall time of generating and compiling.
    plan : callable
        Gives how steps are carried out, where the backend has several ways: which one, why, its
        kernels; "" where it has not.
    """

    source: Callable[[], str] = str
    compiler: str = ""
    flags: Callable[[], str] = str
    target: str = ""
    seconds: float = 0.0
    plan: Callable[[], str] = str


@dataclass(frozen=True)
class Fault:
    """A variable that stopped being finite, or to which more arrived in a step than fits.

    Attributes
    ----------
    population : str
    neuron : int
    variable : str
        Its name in generated code.
    step : int
        The step at whose end it was found, counted from 0.
    value : float
    overflow : bool
        Whether it is the sum of what arrived, in whole numbers, that does not fit.
    """

    population: str
    neuron: int
    variable: str
    step: int
    value: float
    overflow: bool = False


@dataclass(frozen=True)
class Past:
    """Values of a variable that plastic synapses read with a delay.

    Attributes
    ----------
    values : ndarray, [longest delay + 1, neurons]
        At the present step, one step before, and so on.
    repeated : ndarray, [spikes]
        As each spike of a train left it that another spike of the same neuron and step follows.
    """

    values: Array
    repeated: Array = field(default_factory=lambda: np.zeros(0))


class Instance(Protocol):
    """One network in the memory of a device.

    Attributes
    ----------
    network : Network
    structure : NetworkStructure
    seed : int
        Of initial values and noise; the network's, until ``reset(seed=...)``.
    connectivity_seed : int
    """

    @property
    def network(self) -> Network: ...
    @property
    def structure(self) -> NetworkStructure: ...
    @property
    def seed(self) -> int: ...
    @property
    def connectivity_seed(self) -> int: ...

    def initialise(self, seed: int) -> None:
        """Initial values, drawn with this seed; coefficients; plastic groups as they were built;
        step 0."""
        ...

    def set_step(self, step: int, seed: int) -> None:
        """Go to a step, without spikes in flight or recorded."""
        ...

    def read(self, variable: StoredVariable, *, stored: bool = False) -> Array:
        """A copy of a variable: shape () where it is shared, else one value per element.

        Event-driven variables of synapses are given as of the present step, or, with ``stored``, as
        the last event at each synapse left them.
        """
        ...

    def write(self, variable: StoredVariable, values: npt.ArrayLike) -> None:
        """Set a variable: one value, or one per element; they have been checked.

        Event-driven variables are set as of the last event at each synapse: see ``settle``. What
        follows from parameters waits for ``prepare``.
        """
        ...

    def settle(self, group: str) -> None:
        """Bring the event-driven variables of a group up to date: before any of them, or a
        parameter of theirs, is written."""
        ...

    def prepare(self, populations: Iterable[str]) -> None:
        """Compute the coefficients of some populations from their parameters.

        Raises
        ------
        ArgumentError
            A refractory period that cannot be counted.
        """
        ...

    def synapse_count(self, group: str) -> int:
        """Synapses of a group."""
        ...

    def connections(self, group: str) -> Connections:
        """The synapses of a group, weights as of now."""
        ...

    def has_own_weights(self, group: str) -> bool:
        """Whether the weights of a group may differ from synapse to synapse."""
        ...

    def check_weights(self, group: str, weights: npt.NDArray[np.float64]) -> None:
        """Refuse weights (one, or one per synapse) that are right for the group, and that cannot be
        kept; after this ``write`` does not refuse them.

        Raises
        ------
        ShapeError, SimulationError, UnsupportedFeatureError
        """
        ...

    def spike_totals(self) -> npt.NDArray[np.int64]:
        """Spikes since the start, or the last reset: one number per population, in the order of
        the layout."""
        ...

    def spike_counts(self, population: str) -> npt.NDArray[np.uint32]:
        """The same for each neuron of a population."""
        ...

    def set_spike_counts(self, population: str, counts: npt.NDArray[np.uint32]) -> None:
        """Go on counting from here."""
        ...

    def spikes_in_flight(
        self, population: str
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint32]]:
        """Steps and neurons of the spikes that may still have to arrive somewhere; those of the
        present step are among them."""
        ...

    def set_spikes_in_flight(
        self, population: str, steps: npt.NDArray[np.int64], indices: npt.NDArray[np.uint32]
    ) -> None:
        """Put spikes back on their way, after ``Device.set_step``.

        Raises
        ------
        SimulationError
            They lie in the future, or no such neuron.
        """
        ...

    def past(self, variable: StoredVariable) -> Past:
        """Past values of a exposed variable of a population."""
        ...

    def set_past(self, variable: StoredVariable, past: Past) -> None:
        """Put past values back, after ``Device.set_step``."""
        ...

    @property
    def replayed(self) -> Mapping[str, SpikeTrain]:
        """Spike sources that replay another train than the declared one, and which."""
        ...

    def replay(self, population: str, train: SpikeTrain | None) -> None:
        """Let a spike source replay another train from the next step on, no neuron of which spikes
        twice in a step; None: the declared one. ``Device.initialise`` puts that back, too."""
        ...

    def drain(self, sink: Sink | None) -> None:
        """Hand over what was recorded since the last call, all or nothing where memory runs out;
        without a sink it is dropped."""
        ...

    def fault(self) -> Fault | None:
        """The variable that ended the last run, if one stopped being finite."""
        ...


class Device(Protocol):
    """Networks of one structure, built and loaded.

    Attributes
    ----------
    backend : str
        Name of the backend.
    threads : int
        Workers.
    dtype : dtype
        Of states and weights.
    layout : NetworkLayout
        All variables of an instance.
    requests : Requests
        What is recorded.
    code : CodeReport
    connect_seconds : float
        Wall time of building everything in memory.
    instances : sequence of Instance
    programs : Programs or None
        For schedules of an extension; None where there is none.
    """

    backend: str
    threads: int
    dtype: np.dtype[Any]
    layout: NetworkLayout
    requests: Requests
    code: CodeReport
    connect_seconds: float
    programs: Programs | None = None

    @property
    def instances(self) -> Sequence[Instance]: ...

    @property
    def step(self) -> int:
        """The present step, the same for all instances."""
        ...

    def spike_totals(self) -> npt.NDArray[np.int64]:
        """Spikes since the start (or the last reset), [instance, population]."""
        return np.stack([one.spike_totals() for one in self.instances])

    def failed(self) -> list[int]:
        """Instances of which a variable stopped being finite (`Instance.fault`)."""
        return [k for k, one in enumerate(self.instances) if one.fault() is not None]

    def set_step(self, step: int, seeds: Sequence[int]) -> None:
        """Go to a step, without spikes in flight or recorded; ``seeds``: one for each instance."""
        for instance, seed in zip(self.instances, seeds, strict=True):
            instance.set_step(step, seed)

    def initialise(self, seeds: Sequence[int]) -> None:
        """Initial values, drawn with these seeds; coefficients; plastic groups as they were built;
        step 0."""
        for instance, seed in zip(self.instances, seeds, strict=True):
            instance.initialise(seed)

    def run(self, steps: int) -> int:
        """Advance by up to so many steps; returns how many were done: fewer after ``stop``, or
        where there is a fault.

        Raises
        ------
        MemoryError
            There is no room for what is recorded.
        """
        ...

    def stop(self) -> None:
        """End ``run`` early; called from another thread or a signal's handler."""
        ...

    def memory_rows(self) -> MemoryRows:
        """What takes how many bytes."""
        ...


class Backend(Protocol):
    """Who builds devices; known by name once it is registered (runtime/backends.py)."""

    name: str

    def is_available(self) -> bool:
        """Whether ``backend="auto"`` may choose it on this machine."""
        ...

    def build(self, request: BuildRequest, report: Report) -> Device:
        """Generate, compile, connect, load, and initialise with the networks' seeds.

        Raises
        ------
        UnsupportedFeatureError
            The networks ask for what this backend lacks.
        """
        ...
