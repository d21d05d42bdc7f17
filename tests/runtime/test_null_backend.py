"""The null backend derives, renders and plans what would be compiled, without a compiler."""

import helpers_runtime as helpers
import numpy as np
import pytest

import pygenn_lite as pg
from pygenn_lite.codegen import generate, network_structure
from pygenn_lite.errors import UnsupportedFeatureError
from pygenn_lite.runtime.cpp import toolchain

NETWORKS = [helpers.balanced_network, helpers.plastic_network]


@pytest.fixture(autouse=True)
def without_a_compiler(monkeypatch):
    monkeypatch.setenv("CXX", "/no/compiler")
    monkeypatch.setattr(toolchain.shutil, "which", lambda name: None)


@pytest.mark.parametrize("make", NETWORKS)
def test_it_renders_the_source_that_would_be_compiled(make):
    net = make()
    shown = net.compile(backend="null").inspect()
    assert shown.source == generate(network_structure(net, "float32")).source
    assert "V" in shown.rules and not shown.compiler


@pytest.mark.parametrize("make", NETWORKS)
def test_it_plans_what_the_network_would_take(make):
    sim = make().compile(backend="null")
    rows = {(row.name, row.what) for row in sim.memory()}
    assert ("exc", "V (state)") in rows
    assert any(what.startswith("synapses") for _, what in rows)
    assert sim.synapse_count == sum(len(group) for group in sim.groups.values()) > 1000


def test_values_that_follow_from_the_declaration_are_there(monkeypatch):
    null = helpers.balanced_network().compile(backend="null")
    monkeypatch.undo()
    real = helpers.balanced_network().compile(threads=1)
    for name in real.populations:
        for variable in ("V", "tau", "V_th"):
            assert np.array_equal(null[name][variable], real[name][variable])


@pytest.mark.parametrize(
    "what",
    [
        lambda sim: sim.run(1.0),
        lambda sim: sim["learning"].connections(),
        lambda sim: np.asarray(sim["learning"]["weight"]),
        lambda sim: sim.save("never.npz"),
    ],
)
def test_what_needs_a_machine_is_refused(what, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    sim = helpers.plastic_network().compile(backend="null")
    with pytest.raises(
        UnsupportedFeatureError, match="renders and plans a network, and runs nothing"
    ):
        what(sim)
    assert not any(tmp_path.iterdir())


def test_auto_never_chooses_it(monkeypatch):
    monkeypatch.undo()
    net = pg.Network()
    net.population("cells", 1, pg.LIF())
    assert net.compile().backend == "cpp"
