"""What is said of searches that mean nothing, or need what is not there."""

from __future__ import annotations

import sys

import pytest

import pygenn_lite as pg
from pygenn_lite.errors import DeclarationError, SweepError

DRIVE = "inputs.drive.value"


def network():
    net = pg.Network(dt=0.1, seed=5)
    for name, current in (("cell", "drive"), ("second", "other")):
        net.current(net.population(name, 1, pg.LIF()), 500.0, name=current)
    return net


BAD = {
    "unknown name": ({"parameters": {"inputs.driv.value": {"uniform": [1, 2]}}},
                     "inputs has no 'driv'; did you mean 'drive'"),
    "no parameters": ({"parameters": {}}, "no value is varied"),
    "normal": ({"parameters": {DRIVE: {"normal": [0, 1]}}},
               "should have one of uniform, loguniform, integers, choice"),
    "unknown measure": ({"maximise": "ratse.cell"}, "there is not a measure 'ratse'; did you mean "
                        "'rates'"),
    "unknown population": ({"targets": {"rates.cel": 4}}, "no run will have a column 'rates.cel'; "
                           "did you mean 'rates.cell'"),
    "no population": ({"minimise": "rates"}, "'rates' is not one number"
                      "(.|\n)*write rates.POPULATION"),
    "both": ({"targets": {"rates.cell": 4}, "minimise": "rates.cell"},
             "'minimise' and 'targets' are both given"),
    "nothing": ({}, "nothing says what is searched for(.|\n)*write targets:"),
    "target of 0": ({"targets": {"rates.cell": 0}}, "an error relative to a target of 0 means "
                    "nothing(.|\n)*scale: 0.1"),
    "scale": ({"targets": {"rates.cell": {"value": 1, "scale": 0}}}, "the scale 0 is not above 0"),
    "weight": ({"targets": {"rates.cell": {"value": 1, "weight": -1}}},
               "the weight -1 is not above"),
    "key of a target": ({"targets": {"rates.cell": {"valeu": 1}}}, "unknown key 'valeu'; did you "
                        "mean 'value'"),
    "no value": ({"targets": {"rates.cell": {"scale": 1}}}, "the key 'value' is missing"),
    "sampler": ({"maximise": "rates.cell", "sampler": "tpa"},
                "'tpa' is not a valid sampler; did you mean 'tpe'"),
    "cmaes": ({"several": [{"maximise": "rates.cell"}, {"minimise": "rates.second"}],
               "sampler": "cmaes"}, "cmaes takes one objective"),
    "several": ({"several": [{"maximize": "rates.cell"}]}, "should be one of maximise, minimise, "
                "targets; did you mean 'maximise'"),
    "several and one": ({"several": [{"maximise": "rates.cell"}], "minimise": "rates.cell"},
                        "'several' and 'minimise' are both given"),
    "runs": ({"maximise": "rates.cell", "runs": 0}, "runs = 0\n.*give 1 to"),
    "together": ({"maximise": "rates.cell", "together": 0}, "together = 0\n.*give 1 to"),
    "pruner": ({"maximise": "rates.cell", "prune": {"every": 10, "pruner": "medain"}},
               "'medain' is not a valid pruner; did you mean 'median'"),
    "time": ({"maximise": "rates.cell", "prune": {"every": 0}}, "0 is not a valid time"),
    "percentile": ({"maximise": "rates.cell", "prune": {"every": 10, "pruner": "percentile"}},
                   "the key 'percentile' is missing"),
    "percentile of the median": (
        {"maximise": "rates.cell", "prune": {"every": 10, "percentile": 20}},
        "percentile = 20 does not fit pruner: median"),
    "startup": ({"maximise": "rates.cell", "prune": {"every": 10, "startup": 0}}, "startup = 0"),
    "pruning of several": (
        {"several": [{"maximise": "rates.cell"}, {"minimise": "rates.second"}],
         "prune": {"every": 10}}, "trials of several objectives cannot be ended early"),
    "pruning of several runs": (
        {"maximise": "rates.cell", "prune": {"every": 10}, "sweep": {"grid": {"seed": [1, 2]}}},
        "trials of 2 runs cannot be ended early"),
    "twice": ({"maximise": "rates.cell", "sweep": {"grid": {DRIVE: [1, 2]}}},
              f"'{DRIVE}' is varied twice"),
}  # fmt: skip


@pytest.mark.parametrize("options, message", BAD.values(), ids=BAD)
def test_what_is_wrong_is_said(options, message):
    options = {"parameters": {DRIVE: {"uniform": [1.0, 2.0]}}, **options}
    with pytest.raises(DeclarationError, match=message):
        pg.Search(network(), **options)


def test_sweeps_and_searches_are_told_apart(tmp_path):
    (tmp_path / "search.yaml").write_text(
        "network: brunel\noptimise: {parameters: {g: {uniform: [3, 8]}}, maximise: cv_isi.exc}\n"
    )
    (tmp_path / "sweep.yaml").write_text("network: brunel\nsweep: {grid: {g: [3]}}\n")
    (tmp_path / "neither.yaml").write_text("network: brunel\n")
    found = pg.Search.load(tmp_path / "search.yaml")
    assert found.names == ("g",) and [m.name for m in found.spec.measures] == ["rates", "cv_isi"]
    assert repr(found) == "<Search of brunel: 100 trials of g>"
    assert "100 random values, uniform 3, 8" in str(found.dry_run(trial=False))
    with pytest.raises(SweepError, match=r"this is a search, not a sweep(.|\n)*pg.Search"):
        pg.Sweep.load(tmp_path / "search.yaml")
    with pytest.raises(SweepError, match=r"this is a sweep, not a search(.|\n)*pg.Sweep"):
        pg.Search.load(tmp_path / "sweep.yaml")
    with pytest.raises(pg.errors.FileFormatError, match="the key 'sweep' is missing"):
        pg.Search.load(tmp_path / "neither.yaml")


def test_what_a_sampler_needs_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "cmaes", None)
    with pytest.raises(pg.errors.MissingPackageError, match=r"'cmaes'(.|\n)*the sampler cmaes"):
        pg.Search(
            network(), {DRIVE: {"uniform": [1.0, 2.0]}}, maximise="rates.cell", sampler="cmaes"
        ).run(processes=0)
