"""What the tests of known answers share: small networks whose spike times are given."""

import numpy as np

import pygenn_lite as pg

EXACT = dict(precision="float64", threads=1)

# A neuron that spikes exactly when a spike source tells it to, and that nothing else can reach.
RELAY_MODEL = pg.NeuronModel(
    "dV/dt = (I - V)/tau",
    threshold="V > 500",
    reset="V = 0",
    parameters=dict(tau=10.0),
    initial=dict(V=0.0),
)


def silent_lif(**parameters):
    """A LIF neuron that never reaches its threshold, at rest at 0 mV."""
    return pg.models.LIF(**{**dict(E_L=0.0, V_r=0.0, V_th=1e9, tau=10.0, C=250.0), **parameters})


def trains(lists):
    """Return (times, indices) of a list of spike trains, in the order of time."""
    times = np.concatenate([np.asarray(train, dtype=float) for train in lists])
    indices = np.repeat(np.arange(len(lists)), [len(train) for train in lists])
    order = np.argsort(times, kind="stable")
    return times[order], indices[order]


def forced_population(net, name, lists):
    """Add neurons that spike at the given times (from 2 dt on), one list for each neuron."""
    times, indices = trains(lists)
    source = net.spike_source(f"{name}_source", len(lists), times - net.dt, indices)
    neurons = net.population(name, len(lists), RELAY_MODEL)
    net.connect(source, neurons, pg.models.Delta(), pg.OneToOne(), weight=1000.0, delay=net.dt)
    return neurons


def grid_times(rng, count, duration, dt=0.1):
    """Draw distinct spike times on the grid, from 1 ms on."""
    steps = rng.choice(np.arange(round(1 / dt), round(duration / dt)), size=count, replace=False)
    return np.sort(steps) * dt


def stack_pairs(lists):
    """Steps of each train as a sorted integer array, for exact comparison."""
    return [np.unique(np.rint(np.asarray(train) * 10).astype(int)) for train in lists]
