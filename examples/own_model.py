"""A model of one's own, with SymPy: the exponential integrate-and-fire neuron with a slow current.

Equations may be SymPy expressions or text; both go the same way. `inspect` shows which
integrator was chosen and the formulas of a step.
"""

import matplotlib.pyplot as plt
import numpy as np
import sympy

import pygenn_lite as pg

V, w, I = sympy.symbols("V w I", real=True)  # noqa: E741
C, g, E, D, V_T, tau_w, a = sympy.symbols("C g E D V_T tau_w a", real=True)

leak = g * (E - V)
upswing = g * D * sympy.exp((V - V_T) / D)
model = pg.NeuronModel(
    {V: (leak + upswing - w + I) / C, w: (a * (V - E) - w) / tau_w},
    threshold=V > -40,
    reset="V = -65; w += 60",
    parameters=dict(C=200.0, g=10.0, E=-65.0, D=2.0, V_T=-50.0, tau_w=120.0, a=2.0),
    initial=dict(V=-65.0, w=0.0),
    name="exponential",
)

# The slope at rest, by SymPy, from the same equations:
rest = {w: 0, I: 0, V: E}
print("dV'/dV at rest:", sympy.simplify(sympy.diff((leak + upswing) / C, V).subs(rest)))

net = pg.Network(dt=0.05, seed=1)
neurons = net.population("neurons", 20, model)
net.current(neurons, "150 + 25*i")  # pA, more for each next neuron
net.record(neurons.spikes, neurons["V"], neurons["w"])

sim = net.compile()
print(sim.inspect().rules)
result = sim.run(1000.0)
counts = sim["neurons"].spike_counts()
print("spikes:", counts)

figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
traces = result.traces["neurons"]
for number in (4, 10, 19):
    orbit = [traces[name].values[-8000:, number] for name in ("V", "w")]
    left.plot(*orbit, linewidth=0.8, label=f"{150 + 25 * number} pA")
left.set(xlabel="V (mV)", ylabel="w (pA)", title="orbits, after 600 ms")
left.legend()
right.plot(150 + 25 * np.arange(20), counts, "ko-")
right.set(xlabel="current (pA)", ylabel="rate (Hz)", title="rate against current")
figure.savefig("own_model.png", dpi=120)
