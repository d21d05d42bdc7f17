"""What a type checker and completion see of the package."""

import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import pygenn_lite as pg
from pygenn_lite import declaration, models
from pygenn_lite.declaration import network
from pygenn_lite.runtime import simulation
from pygenn_lite.runtime.compilation import compile_network
from pygenn_lite.runtime.results import result

ROOT = Path(__file__).resolve().parents[2]
USES = Path(__file__).with_name("uses.py")


def test_a_type_checker_takes_right_uses_and_refuses_wrong_ones(tmp_path):
    everything = tmp_path / "everything.py"  # all that is listed is there for a type checker, too
    everything.write_text("import pygenn_lite as pg\n" + "".join(f"pg.{n}\n" for n in dir(pg)))
    config = ROOT / "pyproject.toml"
    command = [sys.executable, "-m", "mypy", "--config-file", config, USES, everything]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    refused = {int(line) for line in re.findall(r"uses\.py:(\d+): error", done.stdout)}
    lines = USES.read_text().splitlines()
    wrong = {number for number, line in enumerate(lines, 1) if line.endswith("# wrong")}
    assert len(wrong) > 30
    assert refused == wrong, done.stdout + done.stderr
    elsewhere = [
        line for line in done.stdout.splitlines() if "error:" in line and "uses" not in line
    ]
    assert not elsewhere


def test_dir_lists_all_that_is_public_and_all_of_it_is_there():
    listed = dir(pg)
    assert {*pg.__all__, *declaration.__all__, *models.__all__, "__version__"} == set(listed)
    for name in listed:
        assert getattr(pg, name) is not None
    assert {"LIF", "Network", "Simulation", "load_network", "plotting", "errors"} <= set(listed)
    for lazy in pg._LAZY:
        assert lazy in pg.__all__
    with pytest.raises(AttributeError, match="did you mean 'LIF'"):
        pg.LIFF  # noqa: B018


def test_a_star_import_brings_what_is_listed():
    names = {}
    exec("from pygenn_lite import *", names)
    assert set(pg.__all__) <= set(names)


def test_what_is_listed_loads_nothing_until_it_is_used():
    heavy = ("numpy", "sympy", "jinja2", "pydantic", "matplotlib", "h5py", "scipy.special")
    code = f"import sys, pygenn_lite; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_compile_takes_what_compile_network_takes():
    method = list(inspect.signature(pg.Network.compile).parameters.values())[1:]
    function = list(inspect.signature(compile_network).parameters.values())[1:]
    assert method == function


@pytest.mark.parametrize(
    "name", [name for registry in models.LIBRARY.values() for name in registry]
)
def test_library_models_show_their_signature_and_help(name):
    function = getattr(pg, name)
    parameters = inspect.signature(function).parameters
    assert "args" not in parameters and "kwargs" not in parameters
    assert all(p.annotation not in (inspect.Parameter.empty, "Any") for p in parameters.values())
    assert inspect.getdoc(function) and function.__name__ == name


@pytest.mark.parametrize(
    "call",
    [
        pg.Network.__init__, pg.Network.population, pg.Network.connect, pg.Network.poisson,
        pg.Network.current, pg.Network.step_current, pg.Network.noise_current,
        pg.Network.spike_source, pg.Network.record, pg.Network.compile, pg.NeuronModel.__init__,
        pg.SynapseModel.__init__, pg.SynapticTrace.__init__, pg.PairList.__init__,
        pg.Simulation.run,
    ],
)  # fmt: skip
def test_the_face_has_types(call):
    parameters = [p for name, p in inspect.signature(call).parameters.items() if name != "self"]
    assert all(p.annotation not in (inspect.Parameter.empty, "Any") for p in parameters)


@pytest.mark.parametrize("module", [network, simulation, result])
def test_the_three_main_classes_hide_no_type(module):
    assert not re.search(r"\bAny\b", inspect.getsource(module))
