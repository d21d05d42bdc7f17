"""Units of variables go from a model to the axes of pictures, also through files."""

import pytest

import pygenn_lite as pg
from pygenn_lite import models
from pygenn_lite.errors import ModelError

pytestmark = pytest.mark.usefixtures("backend")

MILLIVOLTS = dict(V="mV")


def own_model(**options):
    return pg.NeuronModel("dV/dt = -V/10\ndw/dt = -w/10", **options)


@pytest.fixture(scope="module")
def result():
    net = pg.Network()
    cells = net.population("cells", 2, own_model(units=MILLIVOLTS))
    net.record(cells["V"], cells["w"])
    return net.compile(progress=False).run(2.0)


def test_recorded_variables_have_the_unit_that_the_model_declares(result, tmp_path):
    result.save(tmp_path / "a.h5")
    for each in (result, pg.load_result(tmp_path / "a.h5")):
        assert each.traces["cells"]["V"].unit == "mV"
        assert each.traces["cells"]["w"].unit == ""


def test_axes_of_traces_have_the_unit(result):
    assert pg.plotting.traces(result, "cells", "V").get_ylabel() == "V (mV)"
    assert pg.plotting.traces(result, "cells", "w").get_ylabel() == "w"


@pytest.mark.parametrize("name", ["LIF", "AdEx", "GIF", "TraubMilesHH", "Izhikevich"])
def test_the_library_knows_millivolts(name):
    assert dict(models.NEURONS[name]().units)["V"] == "mV"


def test_units_change_nothing_that_is_computed():
    assert own_model(units=MILLIVOLTS) == own_model()
    assert hash(own_model(units=MILLIVOLTS)) == hash(own_model())


def test_files_keep_units(tmp_path):
    net = pg.Network()
    net.population(
        "cells", 2, own_model(units=dict(V="mV", w="\N{MICRO SIGN}A/cm\N{SUPERSCRIPT TWO}"))
    )
    (tmp_path / "net.yaml").write_text(pg.dump_network(net), encoding="utf-8")
    loaded, _ = pg.load_network(tmp_path / "net.yaml")
    assert loaded.populations["cells"].model.units == net.populations["cells"].model.units


@pytest.mark.parametrize(
    ("units", "message"),
    [
        (dict(v="mV"), "'v'.*did you mean 'V'"),
        (dict(V=3), "cannot be the name of a unit"),
        ("mV", "units = 'mV'"),
    ],
)
def test_units_of_nothing_are_refused(units, message):
    with pytest.raises(ModelError, match=message):
        own_model(units=units)
