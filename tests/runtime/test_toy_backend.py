"""The recipe for a backend in docs/recipes.md, followed literally, from outside the package."""

import re
from pathlib import Path

import helpers_runtime as helpers
import pytest

import pygenn_lite as pg
from pygenn_lite.errors import UnsupportedFeatureError
from pygenn_lite.runtime import backends

RECIPES = Path(__file__).parents[2] / "docs" / "recipes.md"


@pytest.fixture
def toy(monkeypatch):
    """The backend of the recipe, registered for one test."""
    monkeypatch.setattr(backends, "BACKENDS", dict(backends.BACKENDS))
    recipe = RECIPES.read_text(encoding="utf-8").partition("## A backend")[2]
    code = re.search(r"```python\n(.*?)```", recipe, re.DOTALL)[1]
    names = {"pg": pg}
    exec(code, names)
    return names["Toy"]


def test_it_runs_what_others_run(toy):
    sim = helpers.balanced_network(neurons=100).compile(backend="toy", precision="float64")
    assert sim.backend == "toy"
    expected = helpers.balanced_network(neurons=100).compile(precision="float64", threads=1)
    assert helpers.same_spikes(sim.run(30.0), expected.run(30.0))


def test_it_names_what_it_lacks(toy):
    with pytest.raises(UnsupportedFeatureError, match=r"the toy has no plasticity: .*'learning'"):
        helpers.plastic_network().compile(backend="toy")


def test_a_checkpoint_moves_from_and_to_it(toy, tmp_path):
    there = helpers.balanced_network(neurons=100).compile(backend="toy", precision="float64")
    here = helpers.balanced_network(neurons=100).compile(precision="float64", threads=2)
    there.run(10.0)
    there.save(tmp_path / "toy.npz")
    here.restore(tmp_path / "toy.npz")
    assert helpers.same_spikes(here.run(20.0), there.run(20.0))


def test_a_name_is_taken_once(toy):
    with pytest.raises(UnsupportedFeatureError, match="there is a backend 'toy' already"):
        pg.register_backend("toy", toy)
    pg.register_backend("toy", toy, replace=True)
    for name in ("auto", "cpp"):
        with pytest.raises(UnsupportedFeatureError, match=f"there is a backend '{name}' already"):
            pg.register_backend(name, toy)


def test_it_is_in_the_list_of_what_there_is(toy):
    net = pg.Network()
    net.population("cells", 1, pg.LIF())
    with pytest.raises(UnsupportedFeatureError, match="auto, cuda, cpp, reference, null, toy"):
        net.compile(backend="tyo")
