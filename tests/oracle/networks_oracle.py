"""Small networks for the comparison with the reference interpreter.

There are few structures (each costs a compilation) and many values: sizes, rules, delays, weights,
parameters, seeds and time steps are drawn.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from pygenn_lite.declaration import (
    AllToAll,
    Connectivity,
    FixedInDegree,
    FixedOutDegree,
    FixedProbability,
    FixedTotalNumber,
    Network,
    NeuronModel,
    OneToOne,
    PairList,
    Population,
    SynapseModel,
    SynapticTrace,
    Uniform,
)
from pygenn_lite.models import (
    GIF,
    LIF,
    QIF,
    AdEx,
    AlphaConductance,
    AlphaCurrent,
    Delta,
    ExponentialConductance,
    ExponentialCurrent,
    FitzHughNagumo,
    Izhikevich,
    LIFConductance,
    PairSTDP,
    PoissonNeuron,
    TraubMilesHH,
    TripletSTDP,
    TsodyksMarkram,
    VogelsSTDP,
)


@dataclass(frozen=True)
class Case:
    """What is drawn."""

    structure: str
    sizes: tuple[int, int, int]
    dt: float
    seed: int

    def network(self) -> Network:
        """The network of this case."""
        return STRUCTURES[self.structure](Draw(self))


class Draw:
    """Values of a case, from one generator."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.random = np.random.default_rng(case.seed)
        self.net = Network(dt=case.dt, seed=case.seed)

    def between(self, low: float, high: float) -> float:
        return float(self.random.uniform(low, high))

    def many(self, low: float, high: float, size: int) -> np.ndarray:
        return self.random.uniform(low, high, size)

    def rule(self, source: Population, target: Population) -> Connectivity:
        n_pre, n_post = source.size, target.size
        same = source.name == target.name
        autapses = bool(self.random.random() < 0.5) or min(n_pre, n_post) == 1
        match self.random.integers(7):
            case 5 if n_pre == n_post:
                return OneToOne()
            case 6:
                count = int(self.between(0, 4 * n_post))
                pre, post = (self.random.integers(0, n, count) for n in (n_pre, n_post))
                return PairList(pre, post)
            case 0:
                return FixedProbability(self.between(0.05, 0.5), autapses)
            case 1:
                total = int(self.between(0, 4 * (n_pre + n_post)))
                return FixedTotalNumber(total, autapses=autapses or not same)
            case 2:
                return FixedInDegree(min(n_pre, 10), autapses=autapses)
            case 3:
                return FixedOutDegree(min(n_post, 10), autapses=autapses)
            case _:
                return AllToAll(autapses)

    def delay(self) -> Any:
        dt = self.case.dt
        if self.random.random() < 0.4:
            return dt * int(self.between(1, 20))
        return Uniform(dt, dt * self.between(2, 25))

    def connect(
        self, source: Population, target: Population, model: SynapseModel, low: float, high: float
    ) -> None:
        rule = self.rule(source, target)
        # The same total input whatever the rule.
        expected = {
            FixedInDegree: 10.0,
            FixedOutDegree: 10.0 * source.size / target.size,
            FixedTotalNumber: 4.0 * (source.size + target.size) / target.size,
            AllToAll: float(source.size),
            OneToOne: 1.0,
            PairList: 2.0,
        }.get(type(rule), 0.3 * source.size)
        low, high = 10 * low / max(expected, 1.0), 10 * high / max(expected, 1.0)
        weight = self.between(low, high) if self.random.random() < 0.4 else Uniform(low, high)
        if isinstance(rule, PairList) and self.random.random() < 0.5:
            weight = self.many(low, high, len(rule.pre))
        delay = self.delay()
        storage = "auto"
        if model.is_static:  # how it is stored changes nothing
            choices = ["auto", "sparse"]
            drawn = not isinstance(weight, np.ndarray) and not isinstance(delay, np.ndarray)
            if isinstance(rule, (AllToAll, FixedProbability)) and drawn:
                choices += ["procedural"] + ["dense"] * isinstance(delay, float)
            storage = str(self.random.choice(choices))
        self.net.connect(source, target, model, rule, weight=weight, delay=delay, storage=storage)

    def trains(self, size: int, spikes: int, duration: float) -> tuple[np.ndarray, np.ndarray]:
        """Spikes at random, some of which come two or three times."""
        copies = self.random.choice([1, 1, 1, 2, 3], spikes)
        times, neurons = self.many(0, duration, spikes), self.random.integers(0, size, spikes)
        return np.repeat(times, copies), np.repeat(neurons, copies)


def current_based(draw: Draw) -> Network:
    """Exact propagators: shared and separate receptors, delta jumps, all inputs."""
    net, (n, m, k) = draw.net, draw.case.sizes
    exc = net.population(
        "exc", n, LIF(tau=draw.between(5, 20), t_ref=draw.between(0, 3)),
        initial={"V": Uniform(-65, -51)},
    )  # fmt: skip
    inh = net.population(
        "inh", m, LIF(t_ref=draw.between(0, 3)), parameters={"tau": draw.many(5, 20, m)},
        initial={"V": Uniform(-65, -51)},
    )  # fmt: skip
    trains = net.spike_source("trains", k, *draw.trains(k, 60, 300 * net.dt))
    fast, slow = ExponentialCurrent(draw.between(1, 6)), AlphaCurrent(draw.between(1, 6))
    draw.connect(exc, exc, fast, 0, 200)
    draw.connect(inh, exc, slow, -200, 0)
    draw.connect(exc, inh, fast, 0, 200)
    draw.connect(inh, inh, Delta(), -1, 0)
    draw.connect(trains, exc, fast, 0, 900)
    draw.connect(trains, inh, Delta(), 0, 4)
    net.poisson(exc, draw.between(500, 9000), weight=draw.between(50, 120), synapse=fast)
    net.poisson(inh, draw.many(500, 9000, m), weight=draw.many(0.2, 0.8, m), variable="V")
    net.poisson(inh, 30.0, weight=0.1, variable="V", sources=draw.between(1000, 9000) // 1)
    net.noise_current(exc, draw.between(0, 300), draw.between(0, 300))
    net.current(exc, draw.many(0, 300, n))
    net.step_current(inh, [5 * net.dt, 90 * net.dt], draw.random.uniform(0, 500, (2, m)))
    net.step_current(exc, [0.0, 150 * net.dt], [100.0, draw.between(0, 400)])
    return net


def conductance_based(draw: Draw) -> Network:
    """Runge-Kutta and exponential Euler; refractory by time and by condition."""
    net, (n, m, k) = draw.net, draw.case.sizes
    adex = net.population("adex", n, AdEx(), parameters={"b": draw.between(20, 90)})
    spiking = net.population("hh", m, TraubMilesHH(), initial={"V": Uniform(-70, -55)})
    lif = net.population("lif", k, LIFConductance(t_ref=draw.between(0, 4)))
    excite = ExponentialConductance(draw.between(2, 8), 0.0)
    inhibit = AlphaConductance(draw.between(2, 8), draw.between(-85, -75))
    draw.connect(adex, spiking, excite, 0, 6)
    draw.connect(spiking, adex, inhibit, 0, 6)
    draw.connect(lif, lif, excite, 0, 3)
    draw.connect(spiking, lif, inhibit, 0, 3)
    draw.connect(lif, adex, excite, 0, 3)
    net.poisson(spiking, 2000.0, weight=draw.between(1, 4), synapse=excite)
    net.poisson(lif, 2000.0, weight=draw.between(1, 4), synapse=excite)
    net.current(adex, draw.between(700, 1500))
    net.step_current(spiking, [0.0, 8.0], [0.0, draw.between(100, 400)])
    return net


def maps_and_chance(draw: Draw) -> Network:
    """Discrete models, escape noise, white noise, Poisson neurons."""
    net, (n, m, k) = draw.net, draw.case.sizes
    izhikevich = net.population(
        "izhikevich", n, Izhikevich(), initial={"V": Uniform(-70, -50)},
        parameters={"c": draw.many(-65, -50, n)},
    )  # fmt: skip
    gif = net.population("gif", m, GIF(), parameters={"D_V": draw.between(0.5, 2)})
    poisson = net.population("poisson", k, PoissonNeuron(rate=draw.between(20, 300)))
    synapse = ExponentialCurrent(draw.between(2, 5))
    draw.connect(poisson, izhikevich, synapse, 0, 4)
    draw.connect(izhikevich, gif, synapse, 0, 90)
    draw.connect(gif, gif, synapse, -90, 90)
    net.current(izhikevich, draw.between(2, 10))
    net.current(gif, draw.between(0, 400))
    noisy = NeuronModel(
        "dV/dt = (E - V + I)/tau + s*sqrt(2/tau)*xi + 0.1*V*xi_other; dw/dt = (V - w)/tau_w",
        threshold="V > th + 0.2*w and rand() < 0.9",
        reset="V = 0.1*randn(); th = th + 0.1",
        refractory="w > r or t < 2.0",
        clamp=("V",),
        parameters={"E": 0.9, "tau": 5.0, "s": draw.between(0.1, 0.5), "tau_w": 3.0, "r": 0.5},
        initial={"th": 1.0, "V": Uniform(0, 1)},
    )
    ou = net.population("ou", m, noisy)
    draw.connect(ou, ou, synapse, -1, 1)
    # Jumps between flow and threshold, where noise, time and currents meet.
    tiring = SynapseModel(
        on_pre="V_post += weight*u; u = 0.8*u + 0.01*V_post",
        on_post="V_post += 0.01; u += 0.1",
        variables={"u": 1.0},
    )
    draw.connect(ou, ou, tiring, -0.2, 0.3)
    net.poisson(ou, 900.0, weight=draw.between(-0.1, 0.2), variable="V")
    rough = NeuronModel(
        "dV/dt = (I - V)/4 + 0.1*xi",
        threshold="V + 0.1*I > 1 + 0.2*sin(t) - 0.1*rand()",
        reset="V -= 0.5*I",
        refractory=draw.between(0, 1),
        initial={"V": Uniform(0, 1)},
    )
    rough = net.population("rough", n, rough)
    draw.connect(ou, rough, tiring, -0.2, 0.3)
    net.noise_current(rough, 0.8, 0.3)
    net.step_current(rough, [1.0, 3.0], draw.random.uniform(0, 0.5, (2, n)))
    return net


def plastic(draw: Draw) -> Network:
    """All plasticity of the library and variables of every kind, with delays per synapse."""
    net, (n, m, k) = draw.net, draw.case.sizes
    pre = net.population("pre", n, PoissonNeuron(rate=draw.between(50, 400)))
    lif = LIF(t_ref=draw.between(0, 3))
    post = net.population("post", m, lif, initial={"V": Uniform(-65, -51)})
    trains = net.spike_source("trains", k, *draw.trains(k, 80, 300 * net.dt))
    receptor = ExponentialCurrent(draw.between(1, 6))
    w_max = 500.0
    pair = PairSTDP(receptor, A_plus=0.1, A_minus=0.1, w_max=w_max)
    nearest = PairSTDP(receptor, w_max=w_max, rule="multiplicative", pairing="nearest")
    triplet = TripletSTDP(receptor, A3_plus=5.0, A2_minus=5.0, w_max=w_max)
    vogels = VogelsSTDP(receptor, eta=2.0, w_max=w_max)
    short_term = TsodyksMarkram(receptor, tau_rec=50.0, tau_facil=draw.between(5, 100))
    for source, model in (
        (trains, pair), (pre, nearest), (pre, triplet), (post, pair), (post, vogels),
        (trains, short_term), (pre, short_term),
    ):  # fmt: skip
        draw.connect(source, post, model, 0, 45)
    forgetting = SynapseModel(
        on_pre="V_post += weight*u; u = u + 0.3*(1 - u); weight += 0.01*(V_post + 55)",
        on_post="u = 0.5*u + 0.001*delay",
        synapse_derivatives="du/dt = (base - u)/tau_u; dc/dt = 0.1*u",
        parameters={"tau_u": 20.0, "base": 0.2},
        variables={"u": 0.5, "c": 1.0},
    )
    draw.connect(pre, post, forgetting, 0, 2)
    continuous = SynapseModel(
        on_pre="c += x; V_post += weight*c",
        synapse_derivatives="dc/dt = -c/5.0 + 0.001*x*y; dweight/dt = 0.01*(c - weight)",
        event_driven=False,
        pre_trace=SynapticTrace("dx/dt = -x/8.0", on_spike="x += 1 - 0.1*x"),
        post_trace=SynapticTrace("dy/dt = -y/9.0", on_spike="y = 1"),
        variables={"c": 0.1},
    )
    draw.connect(trains, post, continuous, 0, 1)
    net.current(post, draw.many(0, 450, m))
    return net


def integrators(draw: Draw) -> Network:
    """Each integrator by name."""
    net, (n, m, k) = draw.net, draw.case.sizes
    synapse = ExponentialCurrent(draw.between(2, 5))
    populations = [
        net.population("euler", n, LIF(integrator="euler")),
        net.population("rk2", m, LIF(integrator="rk2")),
        net.population("rk4", k, LIF(integrator="rk4")),
        net.population("eeuler", n, LIF(integrator="exponential_euler")),
        net.population("fhn", m, FitzHughNagumo(integrator="heun")),
        net.population("qif", k, QIF()),
    ]
    for source, target in pairwise(populations):
        draw.connect(source, target, synapse, 0, 100 if target.name[0] in "er" else 1)
    for population in populations[:4]:
        net.current(population, draw.many(350, 900, population.size))
    net.current("fhn", 0.6)
    net.current("qif", draw.between(1, 30))
    return net


STRUCTURES: dict[str, Callable[[Draw], Network]] = {
    "current_based": current_based,
    "conductance_based": conductance_based,
    "maps_and_chance": maps_and_chance,
    "plastic": plastic,
    "integrators": integrators,
}
