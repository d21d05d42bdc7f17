"""A neuron's numbers do not depend on how many stand behind it in its population: blocks that are
not full are computed only as far as there are neurons."""

from __future__ import annotations

import numpy as np
import pytest

import pygenn_lite as pg

LARGE = 100
NOISY = pg.NeuronModel(
    "dV/dt = (-V + I)/10.0 + 0.1*xi",
    threshold="V > 1.5",
    reset="V = 0.5*rand()",
    refractory=0.3,
    inputs=("I",),
)


def run(size: int, backend: str, precision: str) -> tuple[list[tuple[int, int]], np.ndarray]:
    """Spikes and potentials of a population with all that is drawn in a step."""
    net = pg.Network(dt=0.1, seed=3)
    cells = net.population("cells", size, NOISY, initial={"V": pg.Uniform(0.0, 1.0)})
    net.poisson(cells, rate=400.0, weight=0.4, variable="V")  # small counts: from a table
    net.poisson(cells, rate=30_000.0, weight=0.01, variable="V")  # by inversion
    net.noise_current(cells, 1.0, 0.5)
    net.record(cells)
    simulation = net.compile(backend=backend, precision=precision, progress=False)
    spikes = simulation.run(6.0, progress=False).spikes["cells"]
    pairs = sorted(zip(spikes.steps.tolist(), spikes.indices.tolist(), strict=True))
    return pairs, simulation["cells"]["V"][:]


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_neurons_are_the_same_in_populations_of_any_size(backend: str, precision: str) -> None:
    spikes, potentials = run(LARGE, backend, precision)
    assert len(spikes) > 50
    for size in (1, 3, 15, 16, 17, 31, 33, 48, 49, 63, 64, 65, 81):
        some, of_them = run(size, backend, precision)
        assert some == [(step, neuron) for step, neuron in spikes if neuron < size], size
        np.testing.assert_array_equal(of_them, potentials[:size])
