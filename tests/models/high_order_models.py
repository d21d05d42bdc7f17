"""The library's deterministic neurons, written again for a solver of high order.

Run as a program, it prints the table ``KNOWN`` of test_high_order_solver.py.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

import pygenn_lite as pg

DURATION = 100.0
NAUD = np.array(  # C, g_L, E_L, V_T, D_T, a, tau_w, b, V_r, I: Naud et al. 2008, table 1
    [
        [200, 10, -70, -50, 2, 2, 30, 0, -58, 500],  # tonic
        [200, 12, -70, -50, 2, 2, 300, 60, -58, 500],  # adapting
        [130, 18, -58, -50, 2, 4, 150, 120, -50, 400],  # initial burst
        [200, 10, -58, -50, 2, 2, 120, 100, -46, 210],  # regular bursting
        [200, 12, -70, -50, 2, -10, 300, 0, -58, 300],  # delayed accelerating
        [100, 10, -65, -50, 2, -10, 90, 30, -47, 110],  # delayed regular bursting
        [100, 10, -65, -50, 2, 10, 90, 100, -47, 180],  # transient
        [100, 12, -60, -50, 2, -11, 130, 30, -48, 160],  # irregular
    ],
    dtype=float,
)
ADEX = ("C", "g_L", "E_L", "V_T", "D_T", "a", "tau_w", "b", "V_r")


@dataclass(frozen=True)
class Case:
    """A model, its currents, and the same neuron as plain mathematics."""

    model: pg.NeuronModel
    currents: tuple[float, ...]
    slope: Callable  # (state, current) -> derivatives
    over: Callable  # state -> a number that is positive above the threshold
    start: tuple[float, ...]
    reset: Callable | None = None
    refractory: float = 0.0


def _adex(cut):
    def slope(y, current):
        upstroke = np.exp((min(y[0], cut) + 50.4) / 2)
        return [
            (30 * (-70.6 - y[0] + 2 * upstroke) - y[1] + current) / 281,
            (4 * (y[0] + 70.6) - y[1]) / 144,
        ]

    return dict(
        slope=slope,
        over=lambda y: y[0] - cut,
        start=(-70.6, 0.0),
        reset=lambda y: [-70.6, y[1] + 80.5],
        currents=(600.0, 1000.0, 5000.0),
    )


def _izhikevich(regime):
    a, b, c, d = pg.models.IZHIKEVICH_REGIMES[regime]
    return Case(
        model=pg.Izhikevich(regime, scheme="equations"),
        currents=(6.0, 20.0, 100.0),
        slope=lambda y, current: [
            0.04 * y[0] ** 2 + 5 * y[0] + 140 - y[1] + current,
            a * (b * y[0] - y[1]),
        ],
        over=lambda y: y[0] - 30,
        start=(-65.0, -65.0 * b),
        reset=lambda y: [c, y[1] + d],
    )


def _over_expm1(x):
    return x / np.expm1(x) if x else 1.0


def _squid(y, current):
    V, m, h, n = y
    alphas = (
        _over_expm1(-(V + 40) / 10),
        0.07 * np.exp(-(V + 65) / 20),
        0.1 * _over_expm1(-(V + 55) / 10),
    )
    betas = (
        4 * np.exp(-(V + 65) / 18),
        1 / (1 + np.exp(-(V + 35) / 10)),
        0.125 * np.exp(-(V + 65) / 80),
    )
    ions = 120 * m**3 * h * (50 - V) + 36 * n**4 * (-77 - V) + 0.3 * (-54.387 - V)
    gates = zip(alphas, betas, (m, h, n), strict=True)
    return [ions + current, *(alpha * (1 - q) - beta * q for alpha, beta, q in gates)]


def _traub_miles(y, current):
    V, m, n, h = y
    u = V + 63
    alphas = (
        1.28 * _over_expm1((13 - u) / 4),
        0.16 * _over_expm1((15 - u) / 5),
        0.128 * np.exp((17 - u) / 18),
    )
    betas = (
        1.4 * _over_expm1((u - 40) / 5),
        0.5 * np.exp((10 - u) / 40),
        4 / (1 + np.exp((40 - u) / 5)),
    )
    ions = 10 * (-60 - V) + 2e4 * m**3 * h * (50 - V) + 6e3 * n**4 * (-90 - V)
    gates = zip(alphas, betas, (m, n, h), strict=True)
    return [(ions + current) / 200, *(alpha * (1 - q) - beta * q for alpha, beta, q in gates)]


_SQUID = dict(
    currents=(7.0, 20.0, 50.0),
    slope=_squid,
    over=lambda y: y[0],
    start=(-65.0, 0.0529324852572, 0.5961207535085, 0.3176769140607),
)
_TRAUB_MILES = dict(
    currents=(100.0, 500.0, 3000.0),
    slope=_traub_miles,
    over=lambda y: y[0] + 20,
    start=(-60.0, 0.0268633297984, 0.0604340346786, 0.9913058218944),
)
CASES = {
    "adex_cut_low": Case(model=pg.AdEx(V_cut=-40.4), **_adex(-40.4)),
    "adex": Case(model=pg.AdEx(), **_adex(-30.4)),
    # From V_T + 10 D_T to any peak the upstroke takes 4e-4 ms, too steep for the solver to follow.
    "adex_cut_at_0": Case(model=pg.AdEx(V_cut=0.0), **_adex(-30.4)),
    "izhikevich_regular": _izhikevich("regular_spiking"),
    "izhikevich_chattering": _izhikevich("chattering"),
    "izhikevich_fast": _izhikevich("fast_spiking"),
    "qif": Case(
        model=pg.QIF(),
        currents=(0.25, 4.0, 100.0),
        slope=lambda y, current: [(y[0] ** 2 + current) / 10],
        over=lambda y: y[0] - 100,
        start=(0.0,),
        reset=lambda y: [-100.0],
        refractory=0.2,
    ),
    "squid_rk4": Case(model=pg.HodgkinHuxleySquid(integrator="rk4"), **_SQUID),
    "squid": Case(model=pg.HodgkinHuxleySquid(), **_SQUID),
    "traub_miles_rk4": Case(model=pg.TraubMilesHH(integrator="rk4"), **_TRAUB_MILES),
    "traub_miles": Case(model=pg.TraubMilesHH(), **_TRAUB_MILES),
    "fitzhugh_nagumo": Case(
        model=pg.FitzHughNagumo(),
        currents=(0.4, 0.6, 1.2),
        slope=lambda y, current: [
            y[0] - y[0] ** 3 / 3 - y[1] + current,
            (y[0] + 0.7 - 0.8 * y[1]) / 12.5,
        ],
        over=lambda y: y[0] - 1,
        start=(-1.199408035244035, -0.6242600440550438),
    ),
    "lif_conductance": Case(
        model=pg.LIFConductance(),
        currents=(110.0, 300.0, 1000.0),
        slope=lambda y, current: [(10 * (-60 - y[0]) + current) / 200],
        over=lambda y: y[0] + 50,
        start=(-60.0,),
        reset=lambda y: [-60.0],
        refractory=5.0,
    ),
    "adaptive_threshold": Case(
        model=pg.AdaptiveThresholdLIF(t_ref=0.0),
        currents=(250.0, 400.0, 1500.0),
        slope=lambda y, current: [(-70 - y[0]) / 20 + current / 200, -y[1] / 100],
        over=lambda y: y[0] + 50 - y[1],
        start=(-70.0, 0.0),
        reset=lambda y: [-70.0, y[1] + 2],
    ),
}


def spike_times(case: Case, current: float) -> np.ndarray:
    """Spike times of the case's own equations, by LSODA with events at the threshold."""
    from scipy.integrate import solve_ivp

    def event(t, y):
        return case.over(y)

    event.direction, event.terminal = 1, case.reset is not None
    start, state, times = 0.0, list(case.start), []
    while start < DURATION:
        solution = solve_ivp(
            lambda t, y: case.slope(y, current),
            (start, DURATION),
            state,
            method="LSODA",
            events=event,
            rtol=1e-9,
            atol=1e-9,
        )
        times += solution.t_events[0].tolist()
        if not event.terminal or not solution.t_events[0].size:
            break
        state = case.reset(solution.y[:, -1])
        start = times[-1] + case.refractory
    return np.array(times)


def known(case: Case) -> list[tuple[int, float, float]]:
    """(number of spikes, first, last) for each current."""
    trains = [spike_times(case, current) for current in case.currents]
    return [(len(t), round(float(t[0]), 3), round(float(t[-1]), 3)) for t in trains]


if __name__ == "__main__":
    for name, case in CASES.items():
        print(f'    "{name}": {known(case)},')
