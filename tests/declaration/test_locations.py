"""The place of an error is data: what it stands in, keys, line, equation; text is made from it."""

from __future__ import annotations

import pickle

import pytest

import pygenn_lite as pg
from pygenn_lite.errors import Location, PygennLiteError


def test_text_and_data_grow_together() -> None:
    model = Location.of("neuron model", "own")
    line = model.key("derivatives").at_line(2).at_equation("dV/dt")
    assert line == "neuron model 'own', derivatives, line 2: dV/dt"
    assert (line.owners, line.path) == ((("neuron model", "own"),), ("derivatives",))
    assert (line.line, line.equation) == (2, "dV/dt")
    outer = line.inside(Location.of("population", "exc"))
    assert outer == f"population 'exc', {line}"
    assert outer.owners == (("population", "exc"), ("neuron model", "own"))
    assert Location().key("weight") == "weight" and Location.of("trace") == "trace"
    assert Location("anywhere").path == ()


def test_a_place_that_is_text_alone_is_refused() -> None:
    with pytest.raises(TypeError, match=r"where='here': .* Location, e\.g\. "):
        PygennLiteError("wrong", where="here")


def test_a_place_survives_a_pickle() -> None:
    error = PygennLiteError("wrong", where=Location.of("population", "exc").entry("tau"))
    again = pickle.loads(pickle.dumps(error)).where
    assert again == error.where == "population 'exc': tau"
    assert (again.owners, again.path) == ((("population", "exc"),), ("tau",))


@pytest.mark.parametrize(
    ("make", "owner", "path", "equation"),
    [
        (lambda: pg.NeuronModel("dV/dt = (V", name="m"), ("neuron model", "m"), ("derivatives",),
         "dV/dt"),
        (lambda: pg.NeuronModel("dV/dt = -V", threshold="V >", name="m"), ("neuron model", "m"),
         ("threshold",), ""),
        (lambda: pg.Network().population("p", 2, pg.LIF(), initial={"V": [1.0]}),
         ("population", "p"), (), ""),
    ],
)  # fmt: skip
def test_an_error_says_its_place_as_data(make, owner, path, equation) -> None:
    with pytest.raises(PygennLiteError) as caught:
        make()
    where = caught.value.where
    assert owner in where.owners
    assert where.path == path
    assert where.equation == equation
