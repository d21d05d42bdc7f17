"""Where the networks of a sweep come from: files, scripts, networks of Python."""

from __future__ import annotations

import pickle
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pygenn_lite as pg
from pygenn_lite.batch import yaml_source
from pygenn_lite.batch.script import read_script
from pygenn_lite.batch.script_source import ScriptSource
from pygenn_lite.batch.sweep import Sweep
from pygenn_lite.batch.yaml_source import YamlSource
from pygenn_lite.errors import DeclarationError, PygennLiteError, ScriptError
from pygenn_lite.models import network_file

NETWORK = """\
network: {seed: 7}
constants: {g: 5, J: 0.1, J_inh: "-g*J", count: 10}
models:
  lif: {use: LIF, parameters: {tau: 20}}
  other: {use: LIF, parameters: {tau: 30}}
populations:
  exc: {size: count, model: lif}
  inh: {size: 5, model: lif, positions: {uniform: {low: [0], high: [1]}}}
connections:
  - {source: inh, target: [exc, inh], synapse: Delta, connectivity: {fixed_probability: 0.2},
     weight: J_inh}
"""
SCRIPT = """\
import pygenn_lite as pg
from beside import SIZE

calls = []

def make_network(g, tau=20.0, *, seed=3):
    calls.append(g)
    net = pg.Network(seed=seed)
    cells = net.population("cells", SIZE, pg.LIF(tau=tau))
    net.connect(cells, cells, pg.Delta(), pg.AllToAll(), weight=-g, name="own")
    return net

def nothing(g=1):
    return g

def broken(g=1):
    raise ValueError("no such g")

def needy(size):
    return pg.Network()

def anything(**values):
    return make_network(**values)

value = 3
"""


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "path", [*sys.path])
    (tmp_path / "beside.py").write_text("SIZE = 4\n")
    (tmp_path / "networks.py").write_text(SCRIPT)
    yield tmp_path / "networks.py"
    for name in [name for name in sys.modules if name.startswith("pygenn_lite_script_")]:
        del sys.modules[name]
    sys.modules.pop("beside", None)


def from_yaml(fixed: dict[str, Any] | None = None) -> YamlSource:
    return YamlSource(NETWORK, "net.yaml", Path(), fixed)


def source_of(path: Path, function: str, fixed: dict[str, Any] | None = None) -> ScriptSource:
    return ScriptSource(read_script(f"{path.name}:{function}", path.parent), fixed)


def same(one: pg.Network, other: pg.Network) -> bool:
    return one.digest() == other.digest()


# ------------------------------------------------------------------------------ files


@pytest.mark.parametrize(
    ("values", "changes"),
    [
        ({"g": 3}, {"constants.g": 3}),
        ({"constants.g": 3, "J": 0.2}, {"constants.g": 3, "constants.J": 0.2}),
        ({"count": 12}, {"constants.count": 12}),
        ({"g": "2*J"}, {"constants.g": "2*J"}),
        ({"seed": 9}, {"network.seed": 9}),
        ({"network.seed": 9, "dt": 0.2}, {"network.seed": 9, "network.dt": 0.2}),
        ({"models.lif.parameters.tau": 9}, {"models.lif.parameters.tau": 9}),
        ({"populations.exc.size": 6}, {"populations.exc.size": 6}),
        ({"populations.exc.model": "other"}, {"populations.exc.model": "other"}),
        (
            {"populations.exc.initial.V": {"uniform": [-60, -50]}, "g": 2},
            {"populations.exc.initial.V": {"uniform": [-60, -50]}, "constants.g": 2},
        ),
    ],
)
def test_a_network_is_what_the_file_with_these_changes_declares(
    values: dict[str, Any], changes: dict[str, Any]
) -> None:
    wanted, _ = pg.load_network(NETWORK, set=changes)
    source = from_yaml()
    assert same(source.make(values), wanted)
    assert same(source.make(values), wanted)  # the second is made of what was kept
    assert same(pickle.loads(pickle.dumps(source)).make(values), wanted)
    assert same(source.make({}), pg.load_network(NETWORK)[0])


FORMULAS = """\
network: {seed: 7}
constants: {g: 5, J: 0.1, J_inh: "-g*J", C: 3, cut: "max(g, 20)", size: 10, tau: 20, half: g/2}
models: {lif: {use: LIF, parameters: {tau: tau}}}
populations: {exc: {size: size, model: lif}, inh: {size: 5, model: lif}}
connections:
  - {source: exc, target: [exc, inh], synapse: Delta, connectivity: {fixed_in_degree: C}, weight: J,
     delay: half}
  - {source: inh, target: [exc, inh], synapse: Delta, connectivity: {fixed_in_degree: 2},
     weight: J_inh}
  - {source: inh, target: exc, synapse: Delta, connectivity: all_to_all, weight: cut, name: last}
inputs:
  - poisson: {target: [exc, inh], rate: g*100, weight: J, variable: V}
  - current: {target: exc, value: g + J}
"""
OF_FORMULAS = YamlSource(FORMULAS, "formulas.yaml", Path())


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "g": st.floats(1, 30), "J": st.floats(-2, 2), "C": st.integers(1, 4),
            "size": st.integers(4, 9), "tau": st.floats(5, 30), "J_inh": st.floats(-3, 3),
            "cut": st.floats(1, 3),
        },
    )
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_constants_change_all_that_follows_them(values: dict[str, Any]) -> None:
    """Also where a formula is the same for the constants that were tried: cut is 20 for g < 20."""
    wanted, _ = pg.load_network(FORMULAS, set={f"constants.{n}": v for n, v in values.items()})
    assert same(OF_FORMULAS.make(values), wanted)


def test_constants_of_weights_and_inputs_need_no_new_network(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    source = YamlSource(network_file("brunel").read_text(), "brunel", Path())
    source.make({"g": 3.0, "nu_ext": 2.0, "J": 0.2})
    monkeypatch.setattr(yaml_source, "build_network", None)
    made = source.make({"g": 4.0, "nu_ext": 3.0, "J": 0.3})
    assert made.values["groups.inh_exc.weight"] == pytest.approx(-1.2)
    assert made.values["inputs.poisson_inh.rate"] == 30_000


def test_paths_lead_to_what_the_file_declares_without_a_name() -> None:
    made = from_yaml().make({"groups.inh_exc.weight": "-J", "groups.*.connectivity.p": 0.5})
    assert made.values["groups.inh_exc.weight"] == -0.1
    assert made.values["groups.inh_inh.weight"] == -0.5
    assert made.values["groups.inh_inh.connectivity.p"] == 0.5


def test_networks_do_not_share_what_is_changed() -> None:
    source = from_yaml()
    one, two = source.make({"g": 3, "seed": 1}), source.make({"g": 3, "seed": 2})
    assert (one.seed, two.seed, source.seed) == (1, 2, 7)
    one.population("more", 1, pg.LIF())
    assert "more" not in two.populations


def test_names_of_a_file() -> None:
    names = from_yaml().names()
    assert {"g", "J", "seed", "dt", "populations.exc.size", "groups.inh_exc.weight"} <= {*names}
    assert from_yaml().canonical("g") == "constants.g"
    assert from_yaml().canonical("connections[0].weight") == "groups.inh_exc.weight"


def test_digests_follow_the_network_and_not_how_it_is_written() -> None:
    def digest(text: str, fixed: dict[str, Any] | None = None) -> str:
        return YamlSource(text, "x.yaml", Path(), fixed).digest

    same_network = "# a comment\n" + NETWORK + "run: {duration: 5}\n"
    assert digest(NETWORK) == digest(same_network)
    changed = [
        digest(NETWORK.replace("g: 5", "g: 6")),
        digest(NETWORK.replace('"-g*J"', '"-5*J"')),  # the same until g is swept
        digest(NETWORK, {"groups.inh_exc.weight": 6}),
    ]
    assert changed[0] == digest(NETWORK, {"g": 6})
    assert len({digest(NETWORK), *changed}) == 4


def test_a_value_that_does_not_fit_is_refused_with_its_name() -> None:
    with pytest.raises(DeclarationError, match=r"with count=0"):
        from_yaml().make({"count": 0})
    with pytest.raises(DeclarationError, match="unknown name 'hh'"):
        from_yaml().make({"g": "hh"})
    with pytest.raises(DeclarationError, match="seed"):
        from_yaml().make({"seed": -1})


# ------------------------------------------------------------------------------ scripts


def test_a_script_is_called_with_what_is_swept(script: Path) -> None:
    source = source_of(script, "make_network")
    made = source.make({"g": 2.0, "groups.own.weight": -3.0, "seed": 5})
    assert made["cells"].size == 4
    assert (made.seed, made.values["groups.own.weight"]) == (5, -3.0)
    assert source.make({"g": 2.0, "dt": 0.5}).dt == 0.5
    assert source.name == "networks"
    assert source.names() == ("g", "tau", "seed", "dt")


def test_a_script_travels_as_text(script: Path) -> None:
    source = pickle.loads(pickle.dumps(source_of(script, "make_network", {"tau": 9.0})))
    script.unlink()
    made = source.make({"g": 2.0})
    assert made.values["populations.cells.parameters.tau"] == 9.0


def test_reading_a_script_runs_none_of_it(script: Path) -> None:
    script.write_text(SCRIPT + "raise SystemExit\n")
    sweep = {"network": f"{script}:make_network", "values": {"g": [1, 2], "seed": [1]}}
    spec = Sweep(**sweep).spec  # type: ignore[arg-type]
    assert [s.function for s in spec.scripts] == ["make_network"]
    assert not [name for name in sys.modules if name.startswith("pygenn_lite_script_")]


def test_a_script_runs_once_in_a_process(script: Path) -> None:
    source = source_of(script, "make_network")
    source.make({"g": 1.0})
    pickle.loads(pickle.dumps(source)).make({"g": 2.0})
    calls = source.script.load().__globals__["calls"]
    assert calls == [1.0, 2.0]


def test_seeds_are_counted_from_that_of_the_script(script: Path) -> None:
    sweep = Sweep(f"{script}:anything", {"g": [1.0], "seed": {"repeat": 2}}, set={"tau": 5.0})
    with pytest.raises(PygennLiteError, match="make_network"):
        len(sweep)  # without g there is no network
    sweep = Sweep(f"{script}:make_network", {"seed": {"repeat": 2}}, set={"g": 5.0})
    assert [run.values["seed"] for run in sweep] == [3, 4]


def test_an_argument_that_a_function_does_not_take_is_refused(script: Path) -> None:
    with pytest.raises(PygennLiteError, match=r"takes no argument 'tua'; did you mean 'tau'\?"):
        Sweep(f"{script}:make_network", {"g": [1], "tua": [1]})
    with pytest.raises(ScriptError, match=r"needy.. cannot be called .*missing.*'size'"):
        source_of(script, "needy").make({})


@pytest.mark.parametrize(
    ("function", "message"),
    [
        ("nothing", "nothing() returns int, not a Network"),
        ("broken", "broken(g=2) fails: ValueError: no such g"),
    ],
)
def test_a_function_that_makes_no_network_is_told(
    script: Path, function: str, message: str
) -> None:
    with pytest.raises(ScriptError) as caught:
        source_of(script, function).make({"g": 2})
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("text", "name", "message"),
    [
        ("import not_there_at_all\ndef f(): pass", "bad.py:f",
         "bad.py:1: the script cannot be imported: ModuleNotFoundError: No module named "
         "'not_there_at_all'"),
        ("\n1/0\ndef f(): pass", "bad.py:f", "bad.py:2: the script cannot be imported: "
         "ZeroDivisionError"),
        ("f = 3", "bad.py:f", "'f' is not a function"),
        ("def f(: pass", "bad.py:f", "bad.py:1: the script is not valid Python"),
        ("def f(): pass", "bad.py:ff", "has no function 'ff'; did you mean 'f'?"),
        ("def f(): pass", "bad.py", "'bad.py' does not name a function"),
        ("def f(): pass", "gone.py:f", "the script cannot be read: No such file"),
    ],
)  # fmt: skip
def test_a_script_that_cannot_be_used_is_told_in_one_message(
    tmp_path: Path, text: str, name: str, message: str
) -> None:
    (tmp_path / "bad.py").write_text(text)
    with pytest.raises(ScriptError) as caught:
        read_script(name, tmp_path).load()
    assert message in str(caught.value)


# ------------------------------------------------------------------------------ networks


def test_a_network_of_python_is_copied() -> None:
    net = pg.Network(seed=7)
    cells = net.population("cells", 10, pg.LIF())
    sweep = Sweep(net, {"seed": [1, 2]}, set={"populations.cells.size": 5})
    before = sweep.spec.source.digest
    net.connect(cells, cells, pg.Delta(), pg.AllToAll())
    source = pickle.loads(pickle.dumps(sweep.spec)).source
    assert source.digest == before
    made = source.make({"seed": 2, "populations.cells.parameters.tau": {"uniform": [1, 2]}})
    assert (made.seed, made["cells"].size, len(made.groups)) == (2, 5, 0)
    assert made.values["populations.cells.parameters.tau"] == pg.Uniform(1, 2)
