"""10,000 rate neurons with 100 random inputs each, as a standalone program of Brian2; run by
``benchmarks/coupling.py --peer PYTHON`` with a Python that has Brian2.

    python coupled_on_brian2.py DIRECTORY MILLISECONDS

builds the program in DIRECTORY; ``main`` there runs it and leaves the seconds of its second run, of
so many ms, in ``results/last_run_info.txt`` (connecting and a first short run are outside).
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

SIZE, INPUTS, DT = 10_000, 100, 0.1
RATES = """
dr/dt = (tanh(I) - r)/(10*ms) : 1
I : 1
"""


def build(directory: Path, milliseconds: float) -> None:
    """Generate and compile, in single precision and with Brian2's own compiler flags."""
    import brian2 as b

    b.prefs.core.default_float_dtype = np.float32
    b.set_device("cpp_standalone", directory=None, build_on_run=False)
    b.defaultclock.dt = DT * b.ms
    rng = np.random.default_rng(1)
    sources = b.NeuronGroup(SIZE, RATES, method="euler")
    sources.r = "rand()"
    targets = b.NeuronGroup(SIZE, RATES, method="euler")
    synapses = b.Synapses(sources, targets, "weight : 1\nI_post = weight*r_pre : 1 (summed)")
    synapses.connect(i=rng.integers(0, SIZE, SIZE * INPUTS), j=np.repeat(np.arange(SIZE), INPUTS))
    synapses.weight = "1e-3*rand()"
    network = b.Network(sources, targets, synapses)
    network.run(1 * b.ms)
    network.run(milliseconds * b.ms)
    b.get_device().build(directory=str(directory), compile=True, run=False, debug=False)


if __name__ == "__main__":
    build(Path(sys.argv[1]), float(sys.argv[2]))
