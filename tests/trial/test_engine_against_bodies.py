"""The compiled program against the bodies of its populations in NumPy: the same trial, the same
gradients of all that can be trained."""

from __future__ import annotations

import numpy as np
import pytest
from test_gradients_converge import network
from tiny_trial import TinyTrial

import pygenn_lite as pg
from pygenn_lite.runtime.training.session import TrainingSession

DURATION, DT = 30.0, 0.2
PATHS = ["groups.*", "populations.cells.*"]


@pytest.mark.parametrize("case", ["refractory", "delta", "adex"])
def test_the_engine_goes_back_as_the_bodies_say(case: str) -> None:
    net, steps = network(case, DT), round(DURATION / DT)
    times = case == "delta"  # voltages jump where spikes arrive: of their values nothing is known
    outputs = ("cells.spikes",) if times else ("cells.V",)
    trial = TinyTrial(net, DURATION, PATHS, times=times, squares=not times)
    trial.run()
    expected = trial.go_back()
    session = TrainingSession(
        net, loss=None, steps=steps, batch=1, outputs=outputs, trainable=PATHS,
        precision="float64", threads=1, longest_delay=10.0, backend="cpp",
    )  # fmt: skip
    source = net.populations["source"].model
    data = pg.data.SpikeDataset(
        source.times.array, source.indices.array, [0, 4], 2, duration=DURATION
    )
    (found,) = session.forward(session.stage(data)).values()
    kept = np.array([step["cells"][2 if times else 5] for step in trial.kept])
    np.testing.assert_allclose(found[0], kept, rtol=1e-9, atol=1e-12)
    assert sum(step["cells"][2].sum() for step in trial.kept) >= 3
    given = trial.factors("cells") * 2 * found * DT
    if times:
        given = found * np.array([trial.numbers("cells")[step] for step in range(steps)])
    session.backward({outputs[0]: given})
    for path, gradient in session.gradient_sums.items():
        found, true = np.ravel(gradient), np.ravel(expected[path])
        if path.startswith("groups.loop.") and found.size == 9:  # a matrix with its diagonal
            found = found.reshape(3, 3)[~np.eye(3, dtype=bool)]
        np.testing.assert_allclose(found, true, rtol=1e-8, atol=1e-10, err_msg=path)
