"""Runs a network both ways and compares."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pygenn_lite.codegen import network_structure
from pygenn_lite.declaration import Network, SpikeSource
from pygenn_lite.runtime.reference.interpreter import ReferenceResult, run_reference


@dataclass
class CompiledRun:
    """What a compiled run gave; states are exact to `exact_to`, relative: cards sum what arrives in
    multiples of 2^-40 (1e-12) of the largest weight."""

    spikes: dict[str, tuple[np.ndarray, np.ndarray]]
    states: dict[str, dict[str, np.ndarray]]
    synapses: dict[str, dict[str, np.ndarray]]
    traces: dict[str, dict[str, np.ndarray]]
    connections: dict[str, Any] = field(repr=False)
    exact_to: float = 1e-12


def run_compiled(
    network: Network, steps: int, *, precision: str = "float64", threads: int = 1
) -> CompiledRun:
    """Compile, run, and read back everything."""
    for population in network.populations.values():
        network.record(population.spikes)
        if not isinstance(population.model, SpikeSource):
            network.record(*(population[v] for v in population.model.state_names))
    simulation = network.compile(precision=precision, threads=threads)
    connections = {name: simulation[name].connections() for name in network.groups}
    result = simulation.run(steps * network.dt)
    structure = network_structure(network, precision)
    states: dict[str, dict[str, np.ndarray]] = {}
    for name, instance in structure.populations.items():
        kernel = None if instance.kernel is None else structure.kernels[instance.kernel]
        states[name] = {
            v: np.array(simulation[name][v]) for v in (instance.initial if kernel else ())
        }
    synapses = {}
    for name, group in structure.groups.items():
        variables = ["weight"]
        if group.kernel is not None:
            stored = structure.synapse_kernels[group.kernel].synapse
            variables = [v for v in stored if v != "last_update"]
        synapses[name] = {v: np.array(simulation[name][v]) for v in variables}
    return CompiledRun(
        spikes={n: (s.steps.copy(), s.indices.copy()) for n, s in result.spikes.items()},
        states=states,
        synapses=synapses,
        traces={
            name: {v: np.array(trace.values) for v, trace in traces.items()}
            for name, traces in result.traces.items()
        },
        connections=connections,
        exact_to=1e-11 if simulation._device.backend == "cuda" else 1e-12,
    )


def assert_equal_runs(found: CompiledRun, expected: ReferenceResult, tolerance: float) -> None:
    """Spikes exactly; states, weights and traces to rounding, relative to a variable's range."""
    for name, (steps, indices) in expected.spikes.items():
        assert np.array_equal(found.spikes[name][0], steps), f"spike times of {name}"
        assert np.array_equal(found.spikes[name][1], indices), f"spiking neurons of {name}"
    for what in ("states", "synapses", "traces"):
        for name, variables in getattr(found, what).items():
            for variable, values in variables.items():
                other = getattr(expected, what)[name][variable]
                assert_close(values, other, tolerance, f"{what} of {name}: {variable}")


def assert_close(found: np.ndarray, expected: np.ndarray, tolerance: float, what: str) -> None:
    scale = np.max(np.abs(expected), initial=1e-30)
    worst = np.max(np.abs(found - expected), initial=0.0)
    assert worst <= tolerance * scale, f"{what}: off by {worst} of {scale}"


def both(net: Network, steps: int, threads: int = 1) -> CompiledRun:
    """A compiled run, once it agrees with the interpreter's in spikes and states."""
    found, expected = run_compiled(net, steps, threads=threads), run_reference(net, steps)
    for name, pair in expected.spikes.items():
        assert np.array_equal(found.spikes[name], pair), f"spikes of {name}"
    for what in ("states", "synapses"):
        for name, variables in getattr(found, what).items():
            for variable, values in variables.items():
                other = getattr(expected, what)[name][variable]
                np.testing.assert_allclose(values, other, rtol=found.exact_to, atol=1e-12)
    return found


def reference(network: Network, steps: int, run: CompiledRun) -> ReferenceResult:
    """The interpreter's run with the compiled run's synapses."""
    return run_reference(network, steps, run.connections)


def first_difference(found: CompiledRun, expected: ReferenceResult) -> int | None:
    """The first step at which spikes differ."""
    steps = []
    for name, pairs in expected.spikes.items():
        differing = set(zip(*found.spikes[name], strict=True)) ^ set(zip(*pairs, strict=True))
        steps += [int(step) for step, _ in differing]
    return min(steps, default=None)
