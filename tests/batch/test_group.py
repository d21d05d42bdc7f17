"""Groups: runs of one structure, those with the same synapses together."""

from __future__ import annotations

from typing import Any

import pytest

import pygenn_lite as pg
from pygenn_lite.batch.group import structure_of
from pygenn_lite.batch.sweep import Sweep
from pygenn_lite.errors import DeclarationError

TAU = "populations.cells.parameters.tau"
P = "groups.own.connectivity.p"


def network() -> pg.Network:
    net = pg.Network(seed=3)
    cells = net.population("cells", 10, pg.LIF())
    synapse = pg.ExponentialCurrent(5.0)
    net.connect(cells, cells, synapse, pg.FixedProbability(0.2), weight=1.0, name="own")
    return net


def groups(values: dict[str, Any]) -> list[tuple[dict[str, Any], list[int]]]:
    return [(g.structural, [r.index for r in g.runs]) for g in Sweep(network(), values).groups]


def test_values_make_no_groups() -> None:
    values = {TAU: [5.0, 6.0], "groups.own.weight": [1.0, 2.0], P: [0.1, 0.2], "seed": [1, 2]}
    assert [len(runs) for _, runs in groups(values)] == [16]


def test_sizes_models_and_time_steps_make_groups() -> None:
    assert groups({"populations.cells.size": [10, 20], TAU: [5.0, 6.0]}) == [
        ({"populations.cells.size": 10}, [0, 1]),
        ({"populations.cells.size": 20}, [2, 3]),
    ]
    assert groups({TAU: [5.0, 6.0], "dt": [0.1, 0.2]}) == [
        ({"dt": 0.1}, [0, 2]),
        ({"dt": 0.2}, [1, 3]),
    ]
    models = groups({"populations.cells.model": [pg.LIF(), pg.AdEx(), pg.LIF()]})
    assert [runs for _, runs in models] == [[0], [1]]


def test_a_distribution_is_another_structure_than_a_number() -> None:
    found = groups({TAU: [5.0, pg.Uniform(4.0, 6.0), 7.0, pg.Uniform(1.0, 2.0)]})
    assert [runs for _, runs in found] == [[0, 2], [1, 3]]


def test_structures_are_those_of_the_networks() -> None:
    sweep = Sweep(
        network(),
        {"populations.cells.size": [10, 20], TAU: [5.0, pg.Uniform(4.0, 6.0)], "dt": [0.1, 0.2]},
    )
    for group in sweep.groups:
        assert len({structure_of(sweep.network(run)) for run in group.runs}) == 1
    firsts = [structure_of(sweep.network(group.runs[0])) for group in sweep.groups]
    assert len(set(firsts)) == len(firsts) == len({group.key for group in sweep.groups}) == 8


def test_runs_with_the_same_synapses_stand_together() -> None:
    sweep = Sweep(network(), {"seed": [1, 2], TAU: [5.0, 6.0], P: [0.1, 0.2]})
    (group,) = sweep.groups
    order = [(run.values["seed"], run.values[P]) for run in group.runs]
    assert order == [(1, 0.1)] * 2 + [(1, 0.2)] * 2 + [(2, 0.1)] * 2 + [(2, 0.2)] * 2
    assert [run.values[TAU] for run in group.runs] == [5.0, 6.0] * 4


def test_values_that_do_not_fit_are_left_to_their_runs() -> None:
    assert groups({TAU: [5.0, -1.0, 6.0]}) == [({}, [0, 1, 2])]
    found = groups({"populations.cells.size": [10, 0, 20]})
    assert sorted(runs for _, runs in found) == [[0], [1], [2]]


def test_what_makes_no_network_at_all_is_refused() -> None:
    sweep = Sweep("brunel", {"models.lif.parameters.taw": [1.0, 2.0], "seed": [1, 2]})
    with pytest.raises(DeclarationError, match="taw"):
        _ = sweep.groups


def test_many_values_are_not_all_tried() -> None:
    sweep = Sweep(network(), {TAU: {"linspace": [5, 10, 2000]}, "seed": [1]})
    made: list[Any] = []
    source = sweep.spec.source
    original = source.make
    source.make = lambda values: made.append(values) or original(values)  # type: ignore[method-assign,func-returns-value]
    assert [len(group.runs) for group in sweep.groups] == [2000]
    assert len(made) < 20
