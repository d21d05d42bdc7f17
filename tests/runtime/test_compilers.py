"""The same spikes, bit for bit, whichever compiler builds engine, connections and kernels."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

PROGRAM = """
import hashlib, json, sys
import numpy as np
import pygenn_lite as pg

precision = sys.argv[1]
net = pg.Network(dt=0.1, seed=5)
exact = net.population("exact", 300, pg.LIF(), initial=dict(V=pg.Uniform(-65.0, -50.0)))
stepped = net.population("stepped", 200, pg.AdEx(), initial=dict(V=pg.Normal(-65.0, 3.0)))
for name, source, target, synapse, weight in (
    ("static", exact, stepped, pg.ExponentialCurrent(5.0), pg.LogNormal(3.0, 0.5)),
    ("plastic", stepped, exact, pg.PairSTDP(pg.ExponentialCurrent(5.0), w_max=80.0), 40.0),
    ("depressing", exact, exact, pg.TsodyksMarkram(pg.ExponentialCurrent(3.0)), -20.0),
):
    net.connect(source, target, synapse, pg.FixedProbability(0.1), weight=weight,
                delay=pg.Uniform(0.5, 3.0), name=name)
net.poisson(exact, 8000.0, weight=0.5, variable="V")
net.noise_current(stepped, mean=600.0, std=200.0)
net.record(exact.spikes, stepped.spikes)
sim = net.compile(precision=precision, threads=2)
result = sim.run(300.0)
digest = hashlib.sha256()
for name in ("exact", "stepped"):
    digest.update(result.spikes[name].steps.tobytes() + result.spikes[name].indices.tobytes())
    digest.update(np.asarray(sim[name]["V"]).tobytes())
digest.update(np.asarray(sim["plastic"]["weight"]).tobytes())
counts = {name: len(result.spikes[name].steps) for name in ("exact", "stepped")}
print(json.dumps({"digest": digest.hexdigest(), **counts}))
"""


def compilers() -> dict[str, str | None]:
    """What ``CXX`` must be for each compiler; None for one that is not there."""
    zig = importlib.util.find_spec("ziglang") is not None
    return {
        "g++": shutil.which("g++"),
        "clang++": shutil.which("clang++"),
        "zig": f"{sys.executable} -m ziglang c++" if zig else None,
    }


@pytest.fixture(scope="module")
def made_by(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], dict[str, Any]]:
    """What a compiler makes of the network; each one has an empty cache to begin with."""
    folder = tmp_path_factory.mktemp("compilers")

    @cache
    def made(name: str, precision: str) -> dict[str, Any]:
        command = compilers()[name]
        if command is None:
            pytest.skip(f"NOT TESTED: {name} is not on this machine")
        settings = {"CXX": command, "PYGENN_LITE_CACHE": str(folder / name)}
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, precision],
            env={**os.environ, **settings},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return made


@pytest.mark.compilers
@pytest.mark.parametrize("name", ["clang++", "zig"])
@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_every_compiler_gives_the_spikes_states_and_weights_of_gpp(
    name: str, precision: str, made_by: Callable[[str, str], dict[str, Any]]
) -> None:
    expected = made_by("g++", precision)
    assert min(expected["exact"], expected["stepped"]) > 100
    assert made_by(name, precision) == expected
