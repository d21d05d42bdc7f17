"""Tableaus of users: what is refused, the order and the limit that follow, and that they hold."""

from __future__ import annotations

import math
import pickle
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from test_convergence import orders

import pygenn_lite as pg
from pygenn_lite import codegen
from pygenn_lite.declaration.integrator_records import (
    INTEGRATORS,
    Integrator,
    find_integrator,
    integrator_names,
)
from pygenn_lite.declaration.runge_kutta import RungeKutta, trees
from pygenn_lite.errors import ModelError
from pygenn_lite.runtime.reference.interpreter import run_reference

RALSTON = RungeKutta([[], ["2/3"]], ["1/4", "3/4"])
SSPRK3 = RungeKutta([[], [1], [0.25, 0.25]], ["1/6", "1/6", "2/3"], [0, 1, 0.5])
RK38 = RungeKutta(
    [[], [1 / 3], [-1 / 3, 1], [1, -1, 1]],
    [Fraction(1, 8), 3 / 8, 3 / 8, "1/8"],
    [0, 1 / 3, 2 / 3, 1],
)
DORMAND_PRINCE = RungeKutta(
    [
        [],
        ["1/5"],
        ["3/40", "9/40"],
        ["44/45", "-56/15", "32/9"],
        ["19372/6561", "-25360/2187", "64448/6561", "-212/729"],
        ["9017/3168", "-355/33", "46732/5247", "49/176", "-5103/18656"],
    ],
    ["35/384", 0, "500/1113", "125/192", "-2187/6784", "11/84"],
)
METHODS = [(RALSTON, 2), (SSPRK3, 3), (RK38, 4), (DORMAND_PRINCE, 5)]


def turning(integrator: str | RungeKutta) -> pg.NeuronModel:
    """x = cos t, with time as an explicit drive."""
    return pg.NeuronModel(
        "dx/dt = -y; dy/dt = x - r*(sin(t) - y)",
        parameters={"r": 0.5},
        initial={"x": 1.0, "y": 0.0},
        integrator=integrator,
    )


def test_there_are_as_many_conditions_as_rooted_trees() -> None:
    assert [len(trees(n)) for n in range(1, 9)] == [1, 1, 2, 4, 9, 20, 48, 115]


@pytest.mark.parametrize(("method", "order"), METHODS)
def test_the_order_follows_from_the_tableau_and_holds(method: RungeKutta, order: int) -> None:
    assert method.order == order
    steps = [2.0**-k for k in range(7 - order, 10 - order)]
    found = orders(turning(method), math.cos(1.0), steps, 1.0)
    assert found[-1] == pytest.approx(order, abs=0.35)


@pytest.mark.parametrize("record", [r for r in INTEGRATORS.values() if r.tableau])
def test_records_say_what_follows_from_their_tableaus(record: Integrator) -> None:
    assert record.runge_kutta.order == record.order
    assert record.runge_kutta.limit == pytest.approx(record.limit, rel=1e-9)


@pytest.mark.parametrize("name", [n for n, r in INTEGRATORS.items() if r.limit < math.inf])
def test_a_step_is_stable_up_to_the_limit(name: str) -> None:
    record = INTEGRATORS[name]

    def grows(share: float) -> bool:
        model = pg.NeuronModel(
            "dx/dt = -rate*x", parameters={"rate": share * record.limit}, initial={"x": 1.0},
            integrator=name,
        )  # fmt: skip
        network = pg.Network(dt=1.0)
        network.population("p", 1, model)
        return abs(float(run_reference(network, 400).states["p"]["x"][0])) > 1.0

    assert not grows(0.99) and grows(1.01)


def test_a_tableau_of_a_name_gives_what_the_name_gives() -> None:
    network = pg.Network(dt=0.1)
    tableau = INTEGRATORS["rk4"].runge_kutta
    for name, given in (("by_name", "rk4"), ("by_tableau", tableau)):
        network.population(name, 1, turning(given))
    states = run_reference(network, 50).states
    assert states["by_name"]["x"] == states["by_tableau"]["x"]


def test_what_is_shown_names_stages_and_order() -> None:
    network = pg.Network(dt=0.1)
    network.population("p", 1, turning(SSPRK3))
    program = codegen.derive_program(codegen.network_structure(network))
    assert dict(program.neurons[0].integrators)["x"] == "RungeKutta (order 3, 3 stages)"
    assert repr(SSPRK3) == "<RungeKutta: 3 stages, order 3>"


def test_compiled_code_does_the_same_as_the_oracle() -> None:
    network = pg.Network(dt=0.1)
    network.population("p", 3, turning(RK38))
    compiled = network.compile(precision="float64", threads=1)
    compiled.run(5.0)
    oracle = run_reference(network, 50).states["p"]["x"]
    np.testing.assert_allclose(compiled["p"]["x"], oracle, rtol=1e-13)


def test_variables_of_synapses_take_a_tableau() -> None:
    network = pg.Network(dt=0.1)
    cells = network.population("cells", 1, pg.LIF())
    synapse = pg.SynapseModel(
        "dg/dt = -g", inputs="I = g", on_pre="g += weight",
        synapse_derivatives="dweight/dt = -weight**2", event_driven=False,
        integrator=RALSTON,
    )  # fmt: skip
    network.connect(cells, cells, synapse, pg.AllToAll(), weight=1.0, name="group")
    weights = run_reference(network, 10).synapses["group"]["weight"]
    assert float(np.ravel(weights)[0]) == pytest.approx(0.5, abs=1e-3)


def test_tableaus_are_values() -> None:
    again = pickle.loads(pickle.dumps(RK38))
    assert again == RK38 == RungeKutta.from_text(str(RK38)) and hash(again) == hash(RK38)
    assert turning(RK38) == turning(again) != turning(SSPRK3)
    nets = [pg.Network() for _ in range(3)]
    for net, method in zip(nets, (RK38, again, SSPRK3), strict=True):
        net.population("p", 1, turning(method))
    first, second, third = (net.digest() for net in nets)
    assert first == second != third


def test_files_hold_tableaus() -> None:
    network = pg.Network(dt=0.1, seed=1)
    network.population("p", 2, turning(DORMAND_PRINCE))
    text = pg.dump_network(network)
    assert "runge_kutta:" in text and "19372/6561" in text
    assert pg.load_network(text)[0] == network


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([[], [0.5, 0.5]], [0, 1]), r"row 1 of a has 2 numbers: .* depend on itself"),
        (([[1]], [1]), "depend on itself"),
        (([[], [1]], [0.5, 0.25]), r"the numbers of b add up to 3/4"),
        (([[], [1]], [0.5, 0.5], [0, 0.5]), r"c = \[0, 1/2\] are not the sums"),
        (([[]], [0.5, 0.5]), "a has 1 rows and b 2 numbers"),
        (([], []), "a has 0 rows"),
        (([["x"]], [1]), "'x' in row 0 of a"),
        (([[], [float("nan")]], [0, 1]), "nan in row 1 of a"),
        (([[], ["1/0"]], [0, 1]), "'1/0' in row 1"),
        ((3, [1]), "a = 3"),
        (([[]] * 17, [1] * 17), "17 rows"),
    ],
)
def test_what_is_no_tableau_is_refused(arguments: tuple, message: str) -> None:
    with pytest.raises(ModelError, match=f"(?s)Runge-Kutta tableau.*{message}"):
        RungeKutta(*arguments)


def test_a_file_says_where_its_tableau_is_wrong() -> None:
    text = """
populations:
  p:
    size: 1
    model:
      derivatives: dx/dt = -x
      integrator:
        runge_kutta: {a: [[], [1]], b: [1, 1]}
"""
    with pytest.raises(pg.errors.DeclarationError, match=r"(?s)<text>:\d.*b add up to 2"):
        pg.load_network(text)
    with pytest.raises(pg.errors.FileFormatError, match="should be a name, or runge_kutta"):
        pg.load_network(text.replace("b:", "weights:"))


def test_every_record_is_known_to_all_who_choose() -> None:
    for name in integrator_names():
        assert pg.NeuronModel("dx/dt = -x", integrator=name).integrator == name
    for name in integrator_names(synapses=True):
        pg.SynapseModel(
            synapse_derivatives="dweight/dt = -weight", event_driven=False, integrator=name
        )
    with pytest.raises(ModelError, match="'euler_maruyama' is not a valid integrator"):
        pg.SynapseModel(synapse_derivatives="dweight/dt = -weight", integrator="euler_maruyama")
    assert find_integrator(str(RALSTON)).order == 2


def test_the_page_shows_what_the_records_say() -> None:
    page = (Path(__file__).parents[2] / "docs" / "equations.md").read_text()
    table = page.split("| integrator | order | equations | limit |")[1].split("\n\n")[0]
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines()[2:]]
    expected = [
        [
            f"`{record.name}`",
            "none but rounding" if record.order == math.inf else f"{record.order:g}",
            record.needs + (", with noise" if record.noise else ""),
            "none" if record.limit == math.inf else f"{record.limit:.4g}",
        ]
        for record in INTEGRATORS.values()
    ]
    assert rows == expected
