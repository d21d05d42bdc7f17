"""A network file that runs in a moment, and the command line as a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pygenn_lite as pg

SMALL = """\
network: {name: small, description: "a test", seed: 3}
constants: {p: 0.1}
models:
  lif:
    derivatives: dV/dt = (E_L - V + I) / tau
    threshold: V > V_th
    reset: V = V_r
    refractory: t_ref
    parameters: {tau: 20, E_L: -49, V_th: -50, V_r: -60, t_ref: 5}
    initial: {V: {uniform: [-60, -50]}}
populations:
  exc: {size: 80, model: lif}
  inh: {size: 20, model: lif}
connections:
  - {source: exc, target: all, synapse: {ExponentialCurrent: {tau: 5}},
     connectivity: {fixed_probability: p}, weight: 1, delay: 0.5}
run: {duration: 100, warmup: 20, record: [exc.spikes, inh.spikes, "exc.V[:2]"]}
reference_rates: {exc: 30, inh: 31}
full_scale_rates: {exc: 30, inh: 30}
"""


def plain_environment() -> dict[str, str]:
    """That of a user whose streams have buffers, with this package."""
    plain = {k: v for k, v in os.environ.items() if k != "PYTHONUNBUFFERED"}
    return {**plain, "PYTHONPATH": str(Path(pg.__file__).parents[1])}


def program(*words, module="pygenn_lite_command", environment=None, **options):
    """Start the program as a process of its own, also where the package is not installed."""
    return subprocess.Popen(
        [sys.executable, "-m", module, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, env={**plain_environment(), **(environment or {})}, **options,
    )  # fmt: skip
