"""A sweep of a small network against the same on Brian2 and NEST, each with two processes.

    python benchmarks/sweep_peers.py --peers-python PYTHON [--runs 1000] [--peer-runs 20]

The network is CUBA with 1,000 neurons (80 inputs each), 1 s a run; the resting potential and the
seed differ from run to run, the mean rates are kept. Ours is a whole batch: planned, compiled, run
on two processors, written to disk. Brian2 is built once per process (C++ standalone, its own
compiler flags, float32), and its program run again and again with ``run_args``; NEST builds and
runs the network again for every value. Neither Brian2's compile time nor the import of a peer is
counted. PYTHON must have brian2 and nest-simulator.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

N_EXC, N_INH, PROBABILITY = 800, 200, 0.08
TAU, V_TH, V_R, T_REF = 20.0, -50.0, -60.0, 5.0
TAU_EXC, TAU_INH, W_EXC, W_INH = 5.0, 10.0, 1.62, -9.0
DT = 0.1
RESTING = (-49.25, -48.75)  # mV, ends of what is swept
PROCESSES = 2


def resting_potentials(runs: int) -> np.ndarray:
    """What is swept."""
    return np.linspace(*RESTING, runs)


def ours(runs: int, duration: float) -> tuple[float, float]:
    """Wall seconds of a whole batch, and the mean rate."""
    import pygenn_lite as pg

    sizes = {"populations.exc.size": N_EXC, "populations.inh.size": N_INH}
    net, _ = pg.load_network("cuba", set={**sizes, "constants.p": PROBABILITY})
    pairs = {
        "populations.*.parameters.E_L": resting_potentials(runs),
        "seed": np.arange(1, runs + 1),
    }
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        sweep = pg.Sweep(net, zip=pairs, duration=duration, measure=["rates"])
        batch = sweep.run(Path(folder) / "sweep", progress=False)
        seconds = time.perf_counter() - started
        return seconds, float(batch.table["rates.exc"].mean())


def on_brian2(runs: int, duration: float, seed: int) -> tuple[float, float]:
    """Seconds of the runs of one process, and the mean rate."""
    import brian2 as b

    b.prefs.core.default_float_dtype = np.float32
    b.set_device("cpp_standalone", build_on_run=False)
    b.defaultclock.dt = DT * b.ms
    neurons = b.NeuronGroup(
        N_EXC + N_INH,
        """
        dv/dt = (E_L - v + g_e + g_i)/tau : 1 (unless refractory)
        dg_e/dt = -g_e/tau_e : 1
        dg_i/dt = -g_i/tau_i : 1
        E_L : 1 (shared, constant)
        """,
        threshold="v > V_th", reset="v = V_r", refractory=T_REF * b.ms, method="exact",
        namespace={
            "tau": TAU * b.ms, "tau_e": TAU_EXC * b.ms, "tau_i": TAU_INH * b.ms,
            "V_th": V_TH, "V_r": V_R,
        },
    )  # fmt: skip
    neurons.v = f"{V_R} + rand()*{V_TH - V_R}"
    exc, inh = neurons[:N_EXC], neurons[N_EXC:]
    excite = b.Synapses(exc, neurons, on_pre=f"g_e += {W_EXC}")
    inhibit = b.Synapses(inh, neurons, on_pre=f"g_i += {W_INH}")
    excite.connect(p=PROBABILITY)
    inhibit.connect(p=PROBABILITY)
    counted = b.SpikeMonitor(exc, record=False)
    b.run(duration * b.ms)
    device = b.get_device()
    device.build(directory=tempfile.mkdtemp(), run=False, compile=True)  # one for each process
    spikes, started = 0, time.perf_counter()
    for value in resting_potentials(runs):
        device.run(run_args={neurons.E_L: value})
        spikes += counted.num_spikes
    return time.perf_counter() - started, spikes / (N_EXC * runs * duration / 1000)


def on_nest(runs: int, duration: float, seed: int) -> tuple[float, float]:
    """Seconds of the runs of one process, and the mean rate."""
    import nest

    nest.set_verbosity("M_ERROR")
    spikes, started = 0, time.perf_counter()
    for number, value in enumerate(resting_potentials(runs)):
        nest.ResetKernel()
        nest.resolution, nest.local_num_threads = DT, 1
        nest.rng_seed = seed + number
        nest.print_time = False
        parameters = {
            # With C_m = tau_m a current in pA counts in mV.
            "tau_m": TAU, "C_m": TAU, "E_L": value, "V_th": V_TH, "V_reset": V_R,
            "t_ref": T_REF, "tau_syn_ex": TAU_EXC, "tau_syn_in": TAU_INH,
        }  # fmt: skip
        neurons = nest.Create("iaf_psc_exp", N_EXC + N_INH, parameters)
        neurons.V_m = nest.random.uniform(V_R, V_TH)
        rule = {"rule": "pairwise_bernoulli", "p": PROBABILITY}
        for source, weight in ((neurons[:N_EXC], W_EXC), (neurons[N_EXC:], W_INH)):
            nest.Connect(source, neurons, rule, {"weight": weight, "delay": DT})
        recorder = nest.Create("spike_recorder")
        nest.Connect(neurons[:N_EXC], recorder)
        nest.Simulate(duration)
        spikes += recorder.n_events
    return time.perf_counter() - started, spikes / (N_EXC * runs * duration / 1000)


WORKERS = {"brian2": on_brian2, "nest": on_nest}


def peer(python: str, name: str, runs: int, duration: float) -> tuple[float, float]:
    """Runs per second of two processes at the same time, and the mean rate."""
    command = [python, __file__, "--worker", name, "--peer-runs", str(runs)]
    command += ["--duration", str(duration)]
    processes = [
        subprocess.Popen([*command, "--seed", str(1 + 100_000 * k)], stdout=subprocess.PIPE)
        for k in range(PROCESSES)
    ]
    answers = [process.communicate()[0].decode().split()[-2:] for process in processes]
    seconds = max(float(answer[0]) for answer in answers)
    rates = [float(answer[1]) for answer in answers]
    return PROCESSES * runs / seconds, float(np.mean(rates))


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--peers-python", default=sys.executable)
    options.add_argument("--runs", type=int, default=1000)
    options.add_argument("--peer-runs", type=int, default=20, help="per process")
    options.add_argument("--duration", type=float, default=1000.0, help="ms")
    options.add_argument("--worker", choices=WORKERS)
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    if given.worker:
        print(*WORKERS[given.worker](given.peer_runs, given.duration, given.seed))
        return
    seconds, rate = ours(given.runs, given.duration)
    own = given.runs / seconds
    print(f"{'pygenn_lite':12} {own:8.2f} runs/s   exc {rate:6.2f} Hz   {given.runs} runs")
    for name in WORKERS:
        speed, rate = peer(given.peers_python, name, given.peer_runs, given.duration)
        print(
            f"{name:12} {speed:8.2f} runs/s   exc {rate:6.2f} Hz   "
            f"{PROCESSES} x {given.peer_runs} runs   {own / speed:.1f} x slower"
        )


if __name__ == "__main__":
    main()
