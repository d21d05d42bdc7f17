"""Networks whose values are arrays in a file beside the YAML."""

import numpy as np
import pytest

import pygenn_lite as pg


def network():
    net = pg.Network(seed=3, name="trained")
    source = net.spike_source("in", 6, [1.0], [2])
    cells = net.population(
        "cells",
        40,
        pg.LIF(),
        initial={"V": np.linspace(-65.0, -55.0, 40)},
        parameters={"tau": 12.0},
    )
    net.connect(
        source, cells, pg.ExponentialCurrent(5.0), pg.AllToAll(),
        weight=np.arange(240.0).reshape(6, 40), delay=np.full((6, 40), 1.5), name="w_in",
    )  # fmt: skip
    net.connect(
        cells, cells, pg.ExponentialCurrent(5.0), pg.FixedProbability(0.2), name="loop",
        weight=np.arange(1600.0).reshape(40, 40),
    )  # fmt: skip
    return net


def test_what_is_written_is_read_again_as_an_equal_network(tmp_path):
    net = network()
    written = pg.save_network(net, tmp_path / "trained.yaml")
    assert [path.name for path in written] == ["trained.npz", "trained.yaml"]
    assert pg.load_network(tmp_path / "trained.yaml")[0] == net
    assert len((tmp_path / "trained.yaml").read_text()) < 2000
    with np.load(tmp_path / "trained.npz") as arrays:
        assert set(arrays.files) == {
            "groups.w_in.weight", "groups.w_in.delay", "groups.loop.weight",
            "populations.cells.initial.V",
        }  # fmt: skip


def test_short_arrays_stay_in_the_yaml(tmp_path):
    net = pg.Network()
    net.population("cells", 3, pg.LIF(tau=[10.0, 11.0, 12.0]))
    assert [path.name for path in pg.save_network(net, tmp_path / "small.yaml")] == ["small.yaml"]
    assert pg.load_network(tmp_path / "small.yaml")[0] == net


def test_files_are_replaced_only_when_that_is_asked_for(tmp_path):
    pg.save_network(network(), tmp_path / "x.yaml")
    with pytest.raises(pg.errors.ArgumentError, match="exists already"):
        pg.save_network(network(), tmp_path / "x.yaml")
    pg.save_network(network(), tmp_path / "x.yaml", overwrite=True)
    with pytest.raises(pg.errors.FileFormatError, match="is not a name of a network file"):
        pg.save_network(network(), tmp_path / "x.json")


FILE = """\
models: {{lif: {{use: LIF, parameters: {{tau: {value}}}}}}}
populations: {{cells: {{size: 3, model: lif}}}}
"""


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("{file: v.npz, array: tua}", "has no array 'tua'; did you mean 'tau'"),
        ("{file: v.npz}", "'array' is missing"),
        ("{file: v.npz, array: tau, factor: 2}", "unknown key 'factor'"),
        ("{file: v.npz, array: text}", "holds no numbers"),
        ("{file: v.csv, array: tau}", "is not an .npz file"),
        ("{file: ../v.npz, array: tau}", "lies outside the folder"),
        ("{file: w.npz, array: tau}", "there is no file"),
        ("{file: bad.npz, array: tau}", "cannot read"),
        ("{file: v.npz, array: wide}", "cells"),
    ],
)
def test_what_is_wrong_with_an_array_is_said_with_its_place(tmp_path, value, message):
    np.savez(tmp_path / "v.npz", tau=[1.0, 2.0, 3.0], text=["a"], wide=np.ones(7))
    (tmp_path / "v.csv").write_text("1")
    (tmp_path / "bad.npz").write_bytes(b"PK\x03\x04nonsense")
    (tmp_path / "net.yaml").write_text(FILE.format(value=value))
    with pytest.raises(pg.errors.DeclarationError, match=message):
        pg.load_network(tmp_path / "net.yaml")
