"""What a run did, as benchmarks count it: synaptic events, updates of neurons and of membranes,
sparsity of activity.

Definitions are those of NeuroBench's harness (Yik et al., Nature Communications 2025; its package
2.3.0) where it has them; one run is one sample.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pygenn_lite.analysis.of_instances import also_of_instances
from pygenn_lite.analysis.trains import warmup_steps
from pygenn_lite.declaration.steps import nearest_steps
from pygenn_lite.errors import ArgumentError, SimulationError
from pygenn_lite.runtime.results.result import Result

if TYPE_CHECKING:
    from pygenn_lite.runtime.simulation import Simulation
    from pygenn_lite.runtime.values.connections import Connections

Integers = npt.NDArray[np.int64]


@also_of_instances
def neuron_updates(result: Result, *, warmup: float = 0.0) -> dict[str, int]:
    """Updates of neurons: neurons times steps, by population.

    Parameters
    ----------
    result : Result
    warmup : float
        ms at the start that are left out.

    Returns
    -------
    dict of str to int
        By population.

    Examples
    --------
    >>> net = pg.Network(dt=0.1)
    >>> cells = net.population("cells", 5, pg.LIF())
    >>> pg.analysis.neuron_updates(net.compile(threads=1).run(10.0))
    {'cells': 500}
    """
    steps = result.stop_step - result.start_step
    steps -= warmup_steps(warmup, result.dt, steps)
    return {name: size * steps for name, size in result.sizes.items()}


@also_of_instances
def activation_sparsity(result: Result, *, warmup: float = 0.0) -> dict[str, float]:
    """Share of neurons and steps without a spike, by population: 1 - spikes / (neurons * steps).

    Parameters
    ----------
    result : Result
        Spikes need not have been recorded.
    warmup : float
        ms at the start that are left out.

    Returns
    -------
    dict of str to float
        By population.

    Examples
    --------
    >>> net = pg.Network(dt=0.1)
    >>> cells = net.population("cells", 1, pg.LIF())
    >>> drive = net.current(cells, 500.0)
    >>> pg.analysis.activation_sparsity(net.compile(threads=1).run(1000.0))  # 63 spikes
    {'cells': 0.9937}
    """
    per_step = {name: rate * result.dt / 1000.0 for name, rate in result.rates(warmup).items()}
    return {name: 1.0 - spikes for name, spikes in per_step.items()}


def synaptic_events(simulation: Simulation, result: Result, *, instance: int = 0) -> dict[str, int]:
    """Spikes that arrived at synapses, by synapse group: each spike counts once for each synapse of
    its neuron that it reaches by the end of the run.

    Exact, from the stored synapses and their delays. Not counted are spikes of before the run that
    arrive in it, and Poisson inputs, which have no synapses. Groups with continuous transmission
    have an event per synapse and step.

    Parameters
    ----------
    simulation : Simulation
        Of which the result is.
    result : Result
        With the spikes of all populations that synapses come from.
    instance : int
        Which instance of the simulation.

    Raises
    ------
    SimulationError
        Spikes that are needed were not recorded.

    Examples
    --------
    >>> net = pg.Network(dt=1.0)
    >>> source = net.spike_source("source", 1, [1.0, 8.0], [0, 0])
    >>> cells = net.population("cells", 3, pg.LIF())
    >>> group = net.connect(source, cells, pg.Delta(), pg.AllToAll(), delay="1 + i_post")
    >>> net.record(source.spikes)
    >>> sim = net.compile(threads=1)
    >>> pg.analysis.synaptic_events(sim, sim.run(10.0))  # the spike of 8 ms: two of three
    {'source_cells': 5}
    """
    view = simulation.instances[instance]
    groups = view.network.groups
    found = {}
    for name, group in groups.items():
        if group.synapse.continuous:
            found[name] = view.groups[name].size * (result.stop_step - result.start_step)
        else:
            steps, indices = spikes_of(result, group.source)
            synapses = view.groups[name].connections()
            left = result.stop_step - steps
            found[name] = _arrived(synapses, left, indices, result.dt)
    return found


def _arrived(
    synapses: Connections, left: Integers, neurons: npt.NDArray[np.uint32], dt: float
) -> int:
    """Arrivals of spikes of ``neurons`` in the steps that are ``left`` after each."""
    if not len(synapses) or not len(left):
        return 0
    pre = synapses.pre.astype(np.int64)
    delays = nearest_steps(synapses.delay, dt).astype(np.int64)
    longest = int(delays.max())
    width = int(max(pre.max(), neurons.max())) + 1
    degrees = np.bincount(pre, minlength=width)
    late = left < longest
    total = int(degrees[neurons[~late]].sum())
    if late.any():  # of their synapses, those whose delay is short enough
        keys = np.sort(pre * (longest + 1) + delays)
        of = neurons[late].astype(np.int64)
        before = np.searchsorted(keys, of * (longest + 1))
        reached = np.searchsorted(keys, of * (longest + 1) + left[late], side="right")
        total += int((reached - before).sum())
    return total


def spikes_of(result: Result, population: str) -> tuple[Integers, npt.NDArray[np.uint32]]:
    """All spikes of a population: steps and neurons.

    Raises
    ------
    SimulationError
        They were not recorded.
    """
    if population not in result.fully_recorded or population not in result.spikes:
        raise SimulationError(
            f"synaptic events of {population!r} are not known: its spikes were not recorded",
            hint=f"record them before compiling: net.record(net[{population!r}].spikes)",
        )
    train = result.spikes[population]
    return train.steps.astype(np.int64), train.indices


def membrane_updates(
    simulation: Simulation, result: Result, *, variable: str = "V", instance: int = 0
) -> dict[str, int]:
    """Neurons and steps in which the membrane potential changed, by population.

    As NeuroBench's harness counts them: all neurons at the first step, then those whose potential
    after a step is not what it was before.

    Parameters
    ----------
    simulation : Simulation
        At the end of the run.
    result : Result
        With the variable of all neurons at every step; populations of which it was not recorded are
        left out.
    variable : str
        The membrane potential.
    instance : int
        Which instance of the simulation.

    Raises
    ------
    ArgumentError
        The simulation has been run on, so that the last potentials are gone.

    Examples
    --------
    >>> net = pg.Network(dt=0.1)
    >>> cells = net.population("cells", 2, pg.LIF(t_ref=1.0))
    >>> drive = net.current(cells, [0.0, 500.0])  # one at rest, one that spikes
    >>> net.record(cells["V"])
    >>> sim = net.compile(threads=1)
    >>> pg.analysis.membrane_updates(sim, sim.run(100.0))
    {'cells': 941}
    """
    if simulation.steps_done != result.stop_step:
        raise ArgumentError(
            f"the result ends at step {result.stop_step}, the simulation is at "
            f"{simulation.steps_done}",
            hint="count before the simulation is run on, or reset",
        )
    view, steps = simulation.instances[instance], result.stop_step - result.start_step
    found = {}
    for name, size in result.sizes.items():
        if name not in result.traces or variable not in result.traces[name]:
            continue
        values = result.traces[name][variable].values
        if values.shape == (steps, size) and steps:
            last = np.asarray(view.populations[name][variable])
            changed = np.count_nonzero(values[2:] != values[1:-1])
            changed += np.count_nonzero(values[-1] != last) if steps > 1 else 0
            found[name] = size + int(changed)
    return found
