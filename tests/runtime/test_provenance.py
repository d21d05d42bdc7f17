"""A result says where it comes from: in memory, in a file, from the command line."""

import datetime
import pickle
import platform
import shutil
import socket
import subprocess
import sys

import h5py
import numpy as np
import pytest

import pygenn_lite as pg
from pygenn_lite import hooks
from pygenn_lite.errors import FileFormatError
from pygenn_lite.runtime.cpp import loaded
from pygenn_lite.runtime.results import provenance

pytestmark = pytest.mark.usefixtures("backend")


def network(seed=7):
    net = pg.Network(dt=0.1, seed=seed, name="größer")
    cells = net.population("p", 20, pg.PoissonNeuron(rate=100.0), parameters={"rate": 90.0})
    targets = net.population("q", 4, pg.LIF())
    net.connect(cells, targets, pg.Delta(), pg.FixedProbability(0.1), weight=pg.Normal(1.0, 0.1))
    net.record(cells.spikes[[1, 2, 7]])
    return net


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("provenance")
    sim = network().compile(threads=2, precision="float64")
    sim.notes["mouse"] = "M7, left"
    sim.reset(seed=99)
    kept = sim.run(5.0)
    saved = pg.load_result(kept.save(folder / "kept.h5"))
    streamed = sim.run(5.0, stream_to=folder / "run.h5")
    return {"kept": kept, "saved": saved, "streamed": streamed}


@pytest.mark.parametrize("how", ["kept", "saved", "streamed"])
def test_what_made_a_result_is_known(results, how):
    found = results[how].provenance
    assert found["pygenn_lite"] == pg.__version__
    assert (found["threads"], found["precision"], found["dt_ms"]) == (2, "float64", 0.1)
    assert found["seed"] == 99  # that of the run
    assert found["host"] == socket.gethostname()
    assert found["python"] == platform.python_version() and found["numpy"] == np.__version__
    assert found["mouse"] == "M7, left"
    assert "command" not in found
    then = datetime.datetime.strptime(found["date"] + "+0000", "%Y-%m-%dT%H:%M:%SZ%z")
    now = datetime.datetime.now(datetime.UTC)
    assert datetime.timedelta(0) <= now - then < datetime.timedelta(hours=1)
    assert shutil.which(found["compiler"].split()[0]) is not None
    assert found["compiler_version"] and "-O" in found["flags"] and "-std=c++20" in found["flags"]
    again, _ = pg.load_network(found["network"])
    assert again == network()
    with pytest.raises(KeyError, match="nothing is known of 'colour'"):
        _ = found["colour"]


def test_other_tools_can_read_it(results):
    with h5py.File(results["saved"].path) as file:
        assert file["provenance/network"][()].decode().startswith("format:")
        assert '"mouse": "M7, left"' in file["provenance/run"][()].decode()


def test_later_notes_and_declarations_are_not_part_of_an_earlier_result():
    net = network()
    sim = net.compile(threads=1)
    sim.notes["trial"] = "1"
    first = sim.run(1.0)
    sim.notes["trial"] = "2"
    net.population("later", 3, pg.LIF())
    second = sim.run(1.0)
    assert (first.provenance["trial"], second.provenance["trial"]) == ("1", "2")
    assert "later" not in second.provenance["network"]


def test_a_run_does_not_pay_for_what_nobody_asks(monkeypatch):
    def never(*arguments, **options):
        raise AssertionError("asked for")

    sim = network().compile(threads=1)
    monkeypatch.setitem(hooks._PLACES, "network_as_text", ("nowhere", "nothing"))
    monkeypatch.setattr(loaded, "find_compiler", never)
    monkeypatch.setattr(subprocess, "run", never)
    result = sim.run(1.0)
    assert result.provenance["threads"] == 1


def test_large_networks_are_not_written_as_text(monkeypatch, tmp_path):
    monkeypatch.setattr(provenance, "LARGEST_NETWORK", 100)
    net = network()
    net.population("large", 30, pg.LIF(), initial={"V": np.linspace(-60, -50, 30)})
    result = net.compile(threads=1).run(1.0, stream_to=tmp_path / "run.h5")
    assert result.provenance["network"] == "# not kept: its arrays have more than 100 bytes"


def test_results_can_be_pickled(results):
    for result in results.values():
        again = pickle.loads(pickle.dumps(result))
        assert dict(again.provenance) == dict(result.provenance)
        assert np.array_equal(again.spikes["p"].steps, result.spikes["p"].steps)


@pytest.mark.compiled("runs in a process of its own")
def test_what_writes_a_network_is_imported_when_somebody_asks():
    code = (
        "import pygenn_lite as pg, sys\n"
        "net = pg.Network(); net.population('p', 1, pg.PoissonNeuron(rate=1.0))\n"
        "result = net.compile(threads=1).run(1.0)\n"
        "assert 'pygenn_lite.yaml_format' not in sys.modules\n"
        "assert 'PoissonNeuron' in result.provenance['network']\n"
        "print('pygenn_lite.yaml_format' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"


def test_a_folder_stands_for_its_result_file(tmp_path):
    sim = network().compile(threads=1)
    with pytest.raises(FileFormatError, match="has no result file"):
        pg.load_result(tmp_path)
    sim.run(1.0, stream_to=tmp_path / "first.h5")
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "folder.h5").mkdir()
    assert pg.load_result(tmp_path).start == 0.0
    sim.run(1.0, stream_to=tmp_path / "second.h5")
    with pytest.raises(FileFormatError, match=r"(?s)several result files.*first\.h5, second\.h5"):
        pg.load_result(tmp_path)
    sim.run(1.0, stream_to=tmp_path / "result.h5")
    assert pg.load_result(str(tmp_path)).start == 2.0
