"""A network file that runs in a moment, and a way to call the command line."""

from pathlib import Path

import pytest

from pygenn_lite.cli import main

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
run: {duration: 100, settle: 20, record: [exc.spikes, inh.spikes, "exc.V[:2]"]}
published: {exc: 30, inh: 31}
full_scale_rates: {exc: 30, inh: 30}
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty working directory with the small network in it."""
    monkeypatch.chdir(tmp_path)
    Path("small.yaml").write_text(SMALL)
    return tmp_path


@pytest.fixture
def call(capsys):
    """Call the command line: exit code, stdout, stderr."""

    def call(*words):
        with pytest.raises(SystemExit) as leaving:
            main([str(word) for word in words])
        printed = capsys.readouterr()
        return leaving.value.code, printed.out, printed.err

    return call
