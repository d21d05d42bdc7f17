"""The examples in docstrings run, and each entry point has some."""

from __future__ import annotations

import doctest
import inspect
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

import pygenn_lite as pg

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for path in (ROOT / "pygenn_lite").rglob("*.py")
    if ">>> " in path.read_text(encoding="utf-8")
)
ENTRY_POINTS = (
    pg.Network, pg.Network.population, pg.Network.spike_source, pg.Network.connect,
    pg.Network.poisson, pg.Network.record, pg.NeuronModel, pg.SynapseModel, pg.FixedProbability,
    pg.Uniform, pg.LIF, pg.AdEx, pg.Izhikevich, pg.ExponentialCurrent, pg.PairSTDP,
    pg.TsodyksMarkram, pg.compile_network, pg.Simulation.run, pg.Result.rates, pg.Result.plot,
    pg.load_result, pg.load_network, pg.dump_network,
)  # fmt: skip


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings_run(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    module = import_module(name.removesuffix(".__init__"))
    found = doctest.testmod(
        module,
        extraglobs={"pg": pg, "np": np},
        optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE,
    )
    assert found.attempted > 0
    assert found.failed == 0


@pytest.mark.parametrize("thing", ENTRY_POINTS, ids=lambda thing: thing.__qualname__)
def test_an_entry_point_has_an_example(thing: object) -> None:
    assert ">>> " in (inspect.getdoc(thing) or "")
