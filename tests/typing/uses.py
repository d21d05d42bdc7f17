"""Right and wrong uses of the package, for a type checker only: lines that end in ``# wrong`` must
be refused, all others taken."""

from typing import assert_type

import numpy as np

import pygenn_lite as pg
from pygenn_lite.declaration import inputs
from pygenn_lite.runtime.instance_simulation import InstanceSimulation
from pygenn_lite.runtime.views.group_views import GroupView, PopulationView
from pygenn_lite.runtime.views.input_views import InputView
from pygenn_lite.runtime.views.instance_axis import InstancesView
from pygenn_lite.runtime.views.state_array import StateArray

model = pg.NeuronModel(
    "dV/dt = (E_L - V + I)/tau",
    threshold="V > V_th",
    reset={"V": 0},
    refractory=2,
    parameters={"tau": 20.0, "E_L": pg.Normal(-65, 1), "V_th": np.linspace(-55, -50, 10)},
    initial=dict(V="-65 + i"),
    inputs=["I"],
)
pg.NeuronModel(derivatives=["dV/dt = -V", "k = 2"], update=None)
pg.NeuronModel({"V": "-V/10"}, clamp=("V",), integrator="rk4")
net = pg.Network(dt=0.1, seed=3, name="net")
exc = net.population("exc", 10, model, initial={"V": [1, 2, 3]}, positions=[[0.0, 1.0]])
lif = net.population("lif", 10, pg.LIF(tau=np.float32(3), C=[1.0, 2.0], E_L="-65 + i"))
source = net.spike_source("source", 2, [0.0, 1.5], np.array([0, 1]))
stdp = pg.PairSTDP(pg.ExponentialCurrent(5.0), w_max=2)
group = net.connect(exc, "lif", stdp, pg.FixedProbability(0.1), weight=1, delay=pg.Uniform(0.1, 1))
net.connect(source, exc, pg.Delta(), pg.PairList([0, 1], np.arange(2)), weight="i_pre", name="d")
net.poisson(exc, 8, weight=0.1, variable="V", sources=[1, 2])
net.current(exc, np.zeros(10))
net.step_current(exc, [0, 1], [[1.0, 2.0]])
net.noise_current(exc, std=pg.LogNormal(0, 1))
net.record(exc.spikes, exc["V"][:5], group["I_syn"], lif, interval=0.2)
sim: pg.Simulation = net.compile(threads=2, precision="float64", progress=False)
result: pg.Result = sim.run(100.0, callback=lambda simulation: simulation.stop(), interval=10)
rate: float = result.rates(50)["exc"]
many: pg.InstanceResults = net.compile(instances=2, seeds=[1, 2], threads=1).run(5.0)
first: pg.Result = many[0]
times: np.ndarray = result.spikes["exc"].times
sim["exc"]["V"][:5] += 1
sim.populations["exc"]["V"] = "-65 + i"
count: int = sim.populations["exc"].spike_counts().size
largest: float = sim.populations["exc"]["V"].max()
sim.run(np.float32(1.0), interval=np.float64(2), callback=print)
sim.step(np.int64(2))
sim.reset(np.int32(3))
pg.Network(dt=np.float32(0.1), seed=np.int64(1)).population("n", np.int64(10), model)
loaded, settings = pg.load_network("microcircuit", set={"populations.L4E.size": 10})
text: str = pg.dump_network(loaded, settings)
duration: float = settings.duration
assert_type(net["exc"], pg.Population | pg.SynapseGroup | inputs.Input)
assert_type(sim.populations["exc"], PopulationView)
assert_type(sim.groups["d"], GroupView)
assert_type(sim.inputs["drive"], InputView)
assert_type(sim["exc"], PopulationView | GroupView | InputView)
assert_type(sim["exc"]["V"], StateArray)
side_by_side = net.compile(instances=2, values={"populations.exc.parameters.tau": [10.0, 20.0]})
assert_type(side_by_side, InstanceSimulation)
assert_type(side_by_side["exc"], InstancesView)
assert_type(side_by_side.populations["exc"], InstancesView)
net.compile(instances=2, values={"groups.d.weight": np.zeros((2, 2)), "inputs.a.value": ["i", 2]})
changed = {
    "populations.exc.size": 20,
    "groups.d.weight": pg.Normal(1, 2),
    "populations.exc.model": model,
}
assert_type(net.with_values(changed), pg.Network)
assert_type(result.provenance["seed"], object)
pg.plotting.raster(result)
names: list[str] = list(pg.models.NEURONS)
error: type[Exception] = pg.errors.NetworkError

pg.LIF(tua=3)  # wrong
pg.LIF(3.0)  # wrong
pg.LIF(tau=pg.LIF())  # wrong
pg.Lif()  # wrong
pg.PairSTDP(w_max="2")  # wrong
pg.ExponentialCurrent(tau=5.0, weight=2)  # wrong
pg.NeuronModel("dV/dt = 0", treshold="V > 1")  # wrong
pg.NeuronModel("dV/dt = 0", threshold=["V > 1"])  # wrong
pg.NeuronModel(5)  # wrong
pg.SynapseModel(on_pre=3)  # wrong
pg.SynapseModel(pre_trace="dx/dt = -x")  # wrong
pg.Network("net", 3)  # wrong
net.population("p", "ten", model)  # wrong
net.population("p", 10, stdp)  # wrong
net.population("p", 10, model, inital={"V": 1})  # wrong
net.population(10, "p", model)  # wrong
net.connect(exc, lif, stdp, 0.1)  # wrong
net.connect(exc, lif, pg.FixedProbability(0.1), stdp)  # wrong
net.connect(exc, lif, model, pg.AllToAll())  # wrong
net.connect(exc, lif, stdp, pg.AllToAll(), wieght=1)  # wrong
net.poisson(exc, rate=8)  # wrong
net.record("exc.spikes")  # wrong
net.compile(threads="2")  # wrong
net.compile(thread=2)  # wrong
net.compile(seeds=[1, 2])  # wrong
net.compile(instances=2, thread=2)  # wrong
sim.run("ten")  # wrong
sim.run(10, interval="1")  # wrong
sim.step(1.5)  # wrong
sim.runs(10)  # wrong
pg.FixedProbability("0.1")  # wrong
pg.Uniform("low", 1)  # wrong
result.rates("a")  # wrong
result.spike["exc"]  # wrong
result.provenance["seed"] + 1  # wrong
print(net["exc"].szie)  # wrong
sim.populations["exc"].spikes()  # wrong
sim.groups["d"].spike_counts()  # wrong
net.with_values({3: 0.1})  # wrong
net.compile(instances=2, values={"populations.exc.parameters.tau": 10.0})  # wrong
pg.load_network(3)  # wrong
pg.dump_network("net")  # wrong
