"""Self-consistent rates of declared networks."""

import numpy as np
import pytest

import pygenn_lite as pg
from pygenn_lite.errors import NetworkError
from pygenn_lite.scaling import mean_field_rates, siegert_rate

# Brunel (2000): tau 20, theta 20, V_r 10, t_ref 2; C_E = 1000, C_I = 250, J = .1 mV.
CELL = dict(tau=20.0, V_th=20.0, V_r=10.0, t_ref=2.0)


def brunel(g=5.0, eta=2.0):
    return pg.load_network("brunel", {"constants.g": g, "constants.nu_ext": eta})[0]


@pytest.mark.parametrize(("g", "eta"), [(5.0, 2.0), (6.0, 4.0), (4.5, 0.9)])
def test_brunels_network_solves_his_equations(g, eta):
    """Equations 4, 5 and 21 there, with C_E = 1000, gamma = 1/4 and J = .1 mV."""
    rates = mean_field_rates(brunel(g, eta))
    nu = rates["exc"] * 1e-3
    assert rates["inh"] == pytest.approx(rates["exc"])
    outside = eta * 20.0 / (0.1 * 1000 * 20)
    mu = 1000 * 0.1 * 20 * (outside + nu * (1 - 0.25 * g))
    sigma = 0.1 * np.sqrt(1000 * 20 * (outside + nu * (1 + 0.25 * g**2)))
    assert rates["exc"] == pytest.approx(float(siegert_rate(mu, sigma, **CELL)), rel=1e-6)


def test_without_noise_it_is_the_f_i_curve():
    net = pg.Network()
    cells = net.population("cells", 3, pg.LIF())
    net.current(cells, 400.0)
    assert mean_field_rates(net)["cells"] == pytest.approx(1e3 / (2 + 10 * np.log(16.0)))


def test_the_microcircuits_rates_are_about_the_published_ones():
    net, settings = pg.load_network("microcircuit")
    rates = mean_field_rates(net)
    for name, rate in settings.reference_rates.items():
        assert rates[name] == pytest.approx(rate, rel=0.35, abs=0.6), name


def test_poisson_neurons_and_noise_currents_count():
    def net(through_neurons):
        net = pg.Network(dt=0.1)
        cells = net.population("cells", 10, pg.LIF(C=10.0, E_L=0.0, V_th=20.0, V_r=10.0))
        if through_neurons:
            source = net.population("source", 100, pg.PoissonNeuron(rate=30.0))
            net.connect(source, cells, pg.Delta(), pg.AllToAll(), weight=0.6)
        else:
            net.poisson(cells, 30.0, sources=100, weight=0.6, variable="V")
        return net

    assert mean_field_rates(net(True))["cells"] == mean_field_rates(net(False))["cells"] > 1
    assert mean_field_rates(net(True))["source"] == 30.0
    noisy = pg.Network(dt=0.1)
    cells = noisy.population("cells", 10, pg.LIF(C=10.0, E_L=0.0, V_th=20.0, V_r=10.0))
    noisy.noise_current(cells, 18.0, 60.0)  # sigma = 60 sqrt(.1/10) = 6
    cell = dict(tau=10.0, V_th=20.0, V_r=10.0, t_ref=2.0)
    assert mean_field_rates(noisy)["cells"] == pytest.approx(float(siegert_rate(18.0, 6.0, **cell)))


def test_where_there_are_two_states_the_start_decides():
    net = pg.Network()
    cells = net.population("cells", 100, pg.LIF(C=10.0, E_L=0.0, V_th=20.0, V_r=10.0))
    net.current(cells, 10.0)
    net.connect(cells, cells, pg.Delta(), pg.FixedInDegree(50), weight=0.6)
    assert mean_field_rates(net)["cells"] < 1e-3
    assert mean_field_rates(net, {"cells": 200.0})["cells"] > 100


def cell_with(model, **options):
    net = pg.Network()
    net.population("cells", 4, model, **options)
    return net


def driven(synapse):
    net = cell_with(pg.LIF())
    net.poisson("cells", 10.0, weight=1.0, synapse=synapse, name="drive")
    return net


@pytest.mark.parametrize(
    ("net", "message"),
    [
        (cell_with(pg.AdEx()), "'cells': no mean-field rate"),
        (cell_with(pg.QIF()), r"dV/dt is not linear with constant"),
        (cell_with(pg.LIF(tau=[1.0, 2, 3, 4])), "'tau' differs between neurons"),
        (cell_with(pg.Izhikevich()), "has not one potential alone"),
        (driven(pg.AlphaCurrent()), "'drive': no mean-field rate: AlphaCurrent is neither"),
        (driven(pg.ExponentialConductance()), "not a linear current"),
    ],
)
def test_what_has_no_mean_field_is_refused_by_name(net, message):
    with pytest.raises(NetworkError, match=message):
        mean_field_rates(net)
