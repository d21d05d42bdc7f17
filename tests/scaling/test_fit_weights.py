"""Weights for rates: known answers, and what cannot be reached."""

import math

import numpy as np
import pytest

import pygenn_lite as pg
from pygenn_lite.errors import ArgumentError, FitError, NetworkError

pytestmark = pytest.mark.usefixtures("backend")


def driven_by_current(current=400.0):
    net = pg.Network(dt=0.1, seed=1)
    cells = net.population("cells", 4, pg.LIF())
    net.current(cells, current, name="drive")
    return net


def current_for(rate):
    """Of the LIF with R = tau/C = .04 GOhm: 1/rate = t_ref + tau log(R I/(R I - 15))."""
    x = math.exp((1e3 / rate - 2.0) / 10.0)
    return 15.0 / 0.04 * x / (x - 1)


@pytest.mark.parametrize(
    "rate", [pytest.param(20.0, marks=pytest.mark.long("5,000 steps, ten times")), 55.0]
)
def test_one_neuron_gets_the_current_of_its_f_i_curve(rate):
    fit = pg.fit_weights(
        driven_by_current(), {"cells": rate}, {"cells": "inputs.drive.value"},
        method="bisection", seeds=1, tolerance=0.02, duration=500.0, warmup=0.0,
    )  # fmt: skip
    assert fit.reached and fit.rates["cells"] == pytest.approx(rate, rel=0.02)
    found = fit.network.values["inputs.drive.value"]
    least, most = (current_for(rate * (1 + each)) for each in (-0.06, 0.06))
    assert least < found < most
    assert found == pytest.approx(400.0 * fit.factors["cells"])
    assert fit.runs == sum(step.runs for step in fit.steps) > 2
    assert "Targets reached" in str(fit)


def test_the_mean_field_inverts_the_f_i_curve():
    fit = pg.fit_weights(
        driven_by_current(), {"cells": 40.0}, {"cells": "inputs.drive.value"},
        method="siegert", tolerance=1e-4,
    )  # fmt: skip
    assert fit.network.values["inputs.drive.value"] == pytest.approx(current_for(40.0), rel=1e-3)
    assert fit.runs == 0


def balanced():
    """A small network of Brunel's kind, dominated by inhibition."""
    net = pg.Network(dt=0.1, seed=3)
    model = pg.LIF(tau=20.0, C=20.0, E_L=0.0, V_th=20.0, V_r=10.0, t_ref=2.0)
    start = {"V": pg.Uniform(0.0, 20.0)}
    exc = net.population("exc", 80, model, initial=start)
    inh = net.population("inh", 20, model, initial=start)
    for target in (exc, inh):
        net.connect(exc, target, pg.Delta(), pg.FixedInDegree(16), weight=0.4, delay=1.5)
        net.connect(inh, target, pg.Delta(), pg.FixedInDegree(4), weight=-2.4, delay=1.5)
        net.poisson(target, 3000.0, weight=0.4, variable="V", name=f"drive_{target.name}")
    return net


VARY = {"exc": "inputs.drive_exc.weight", "inh": "inputs.drive_inh.weight"}


@pytest.mark.long("2,000 steps, some 20 times")
@pytest.mark.parametrize("method", ["bisection", "auto"])
def test_two_populations_reach_their_rates_together(method):
    targets = {"exc": 8.0, "inh": (18.0, 22.0)}
    seen = []
    fit = pg.fit_weights(
        balanced(), targets, VARY, method=method, seeds=2, duration=400.0, warmup=100.0,
        tolerance=0.1, on_step=seen.append, threads=1,
    )  # fmt: skip
    assert fit.reached and tuple(seen) == fit.steps
    assert abs(fit.rates["exc"] - 8.0) <= 0.8 and 18.0 <= fit.rates["inh"] <= 22.0
    net = fit.network.copy()
    net.record(net["exc"].spikes, net["inh"].spikes)
    again = net.compile(instances=2, threads=1).run(500.0).rates(100.0)
    assert {name: np.mean(rate) for name, rate in again.items()} == pytest.approx(fit.rates)


def test_distributions_and_several_paths_share_a_factor():
    net = balanced().with_values({"groups.exc_exc.weight": pg.Normal(0.4, 0.04)})
    fit = pg.fit_weights(
        net, {"exc": 10.0}, {"exc": ["groups.exc_exc.weight", "inputs.drive_exc.weight"]},
        method="siegert",
    )  # fmt: skip
    factor = fit.factors["exc"]
    assert fit.network["exc_exc"].weight.std == pytest.approx(0.04 * factor)
    assert fit.network["drive_exc"].weight == pytest.approx(0.4 * factor)


def test_a_rate_out_of_reach_is_told_with_what_was_found():
    with pytest.raises(FitError) as caught:
        pg.fit_weights(
            driven_by_current(), {"cells": 600.0}, {"cells": "inputs.drive.value"},
            method="bisection", seeds=1, duration=50.0, warmup=0.0,
        )  # fmt: skip
    assert "the rate of 'cells' is to be 600 Hz (570 to 630), but goes from" in str(caught.value)
    assert "(factor 32)" in str(caught.value)
    best = caught.value.result
    assert not best.reached and best.factors["cells"] == 32.0 and best.rates["cells"] > 300
    assert "not reached" in str(best)


def test_too_many_simulations_end_it_with_what_was_found():
    with pytest.raises(FitError, match="after 3 simulations the rates are not") as caught:
        pg.fit_weights(
            driven_by_current(), {"cells": 30.0}, {"cells": "inputs.drive.value"},
            method="bisection", seeds=1, duration=50.0, most_runs=4,
        )  # fmt: skip
    assert len(caught.value.result.steps) == 3


def test_a_jump_across_the_target_is_noted():
    """A neuron that fires at 0 or at 100 Hz and nowhere between."""
    net = pg.Network(dt=0.1, seed=1)
    model = pg.NeuronModel(
        update="phase = where(I > 1.5, phase + dt, 0)", threshold="phase > 9.95", reset="phase = 0",
        initial={"phase": 0.0},
    )  # fmt: skip
    net.population("clock", 1, model)
    net.current("clock", 1.0, name="drive")
    with pytest.raises(FitError, match=r"jumps from 0 to 100 Hz at the factor 1\.5"):
        pg.fit_weights(
            net, {"clock": 50.0}, {"clock": "inputs.drive.value"}, seeds=1, duration=100.0,
            warmup=0.0,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"targets": {"cell": 5.0}}, "there is no population 'cell'; did you mean 'cells'?"),
        ({"targets": {"cells": -5.0}}, "targets: -5.0 is not a rate that 'cells' can have"),
        ({"targets": {"cells": (9, 5)}}, "is not a rate"),
        ({"targets": {}}, "targets = {}"),
        ({"vary": {"other": "inputs.drive.value"}}, "name different populations: cells, other"),
        ({"vary": {"cells": "inputs.drive.valu"}}, "did you mean 'value'?"),
        ({"vary": {"cells": "populations.cells.size"}}, "a size is part of the structure"),
        ({"vary": {"cells": "populations.cells.positions"}}, "it is not a number"),
        ({"method": "newton"}, "method"),
        ({"seeds": 0}, "seeds = 0"),
        ({"tolerance": 2.0}, "tolerance = 2.0"),
        ({"bounds": (2.0, 3.0)}, "1, the weights as they are, lies between the bounds"),
        ({"duration": 0.0}, "duration = 0.0"),
    ],
)
def test_bad_input_is_refused_before_anything_runs(change, message):
    options = {"targets": {"cells": 5.0}, "vary": {"cells": "inputs.drive.value"}, **change}
    with pytest.raises((ArgumentError, NetworkError)) as caught:
        pg.fit_weights(driven_by_current(), **{"method": "bisection", **options})
    assert message in str(caught.value)


@pytest.mark.long("4,000 steps of AdEx")
def test_what_has_no_mean_field_is_refused_or_simulated():
    net = pg.Network(dt=0.1, seed=1)
    net.population("cells", 2, pg.AdEx())
    net.current("cells", 600.0, name="drive")
    arguments = net, {"cells": (10.0, 60.0)}, {"cells": "inputs.drive.value"}
    with pytest.raises(NetworkError, match="no mean-field rate"):
        pg.fit_weights(*arguments, method="siegert")
    assert pg.fit_weights(*arguments, seeds=1, duration=200.0).reached
