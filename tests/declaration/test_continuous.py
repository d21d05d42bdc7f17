"""What can be wrong with continuous transmission, and how it is said."""

from __future__ import annotations

import pytest

import pygenn_lite as pg
from pygenn_lite.errors import DeclarationError, ModelError


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(continuous="weight += 1"), "changes the per-synapse variable 'weight'"),
        (dict(continuous="I_post *= 2"), "many synapses act on one target at once"),
        (dict(continuous="I_post = weight"), "sets what many synapses act on"),
        (dict(continuous="s = V_pre"), "adds to nothing"),
        (dict(continuous="s = V_pre; s += 1"), "changes the definition 's'"),
        (dict(continuous="I_post += a", parameters=dict(a=1.0, b=2.0)), "nothing reads .* 'b'"),
        (dict(continuous="I_post += rand()"), "synapses draw no random numbers"),
        (dict(continuous="a += 1", parameters=dict(a=1.0)), "assignment to the parameter 'a'"),
        (dict(continuous="V_pre += weight*V_post"), "a synapse's source are only read"),
    ],
)  # fmt: skip
def test_models_say_what_is_wrong(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(DeclarationError, match=message) as caught:
        pg.SynapseModel(**arguments)
    assert caught.value.hint


@pytest.mark.usefixtures("backend")
@pytest.mark.parametrize(
    ("continuous", "message", "hint"),
    [
        ("J_post += V_pre", "'J_post' cannot be added to", "I_post"),
        ("I += V_pre", "'I' cannot be added to", "I_post"),
        ("I_post += U_pre", "unknown symbol 'U_pre'", "V_pre"),
        ("I_post += I_post", "unknown symbol 'I_post'", "V_post"),
    ],
)
def test_names_that_the_neurons_do_not_have(continuous: str, message: str, hint: str) -> None:
    net = pg.Network()
    cells = net.population("cells", 2, pg.LIF())
    net.connect(cells, cells, pg.SynapseModel(continuous=continuous), pg.AllToAll())
    with pytest.raises(DeclarationError, match=message) as caught:
        net.compile()
    assert hint in (caught.value.hint or "")


@pytest.mark.usefixtures("backend")
def test_an_input_that_no_equation_reads_is_told() -> None:
    net = pg.Network()
    still = pg.NeuronModel("dV/dt = -V")
    cells = net.population("cells", 2, still)
    net.connect(cells, cells, pg.GapJunction(), pg.AllToAll())
    with pytest.raises(DeclarationError, match="drives the input 'I'"):
        net.compile()


def test_spikes_do_nothing_unless_asked_for_and_dynamics_are_those_of_every_step() -> None:
    assert pg.SynapseModel(continuous="I_post += V_pre").on_pre == ()
    assert pg.SynapseModel().on_pre != ()
    learning = pg.SynapseModel(
        continuous="I_post += weight*V_pre", synapse_derivatives="dweight/dt = -weight"
    )
    assert not learning.event_driven
    assert not learning.is_static


def test_event_driven_variables_cannot_be_transmitted_in_every_step() -> None:
    with pytest.raises(ModelError, match="between events") as caught:
        pg.SynapseModel(
            continuous="I_post += weight*V_pre",
            synapse_derivatives="dweight/dt = -weight",
            event_driven=True,
        )
    assert "event_driven=False" in (caught.value.hint or "")


def test_models_are_equal_by_what_they_transmit_and_show_it() -> None:
    assert pg.GapJunction() != pg.GapJunction(variable="U")
    assert "I_post" in repr(pg.GapJunction())
    assert r"V_{\mathrm{pre}}" in pg.GapJunction()._repr_html_()


def test_files_hold_continuous_transmission() -> None:
    net = pg.Network()
    cells = net.population("cells", 2, pg.LIF())
    own = pg.SynapseModel(
        "dg/dt = -g", inputs="I = g", continuous="s = tanh(V_pre); g += weight*s",
        synapse_derivatives="dweight/dt = s_0 - weight", parameters=dict(s_0=1.0), name="own",
    )  # fmt: skip
    net.connect(cells, cells, own, pg.AllToAll(), storage="dense")
    net.connect(cells, cells, pg.Graded(slope=3.0), pg.OneToOne())
    again, _ = pg.load_network(pg.dump_network(net))
    assert again == net
    text = """
    network: {dt: 0.1}
    populations:
      units: {size: 3, model: {RateNeuron: {transfer: "tanh(gain*I)"}}}
    connections:
      - {source: units, target: units, synapse: RateSynapse, connectivity: all_to_all}
    """
    with pytest.raises(DeclarationError, match="gain"):
        pg.load_network(text)
    assert (
        pg.load_network(text.replace("gain*", ""))[0].groups["units_units"].synapse
        == pg.RateSynapse()
    )


@pytest.mark.parametrize("nothing", ["", "  ", [], {}])
def test_continuous_transmission_of_nothing_is_refused(nothing: object) -> None:
    with pytest.raises(DeclarationError, match="continuous transmission without an equation") as e:
        pg.SynapseModel(continuous=nothing)  # type: ignore[arg-type]
    assert "leave it out" in e.value.hint
    assert pg.SynapseModel(continuous=None) == pg.SynapseModel()


def test_a_file_says_where_continuous_transmission_is_empty() -> None:
    text = "synapses: {empty: {continuous: ''}}\npopulations: {a: {size: 1, model: LIF}}\n"
    text += "connections: [{source: a, target: a, synapse: empty, connectivity: all_to_all}]"
    with pytest.raises(DeclarationError, match=r"<text>:1.*continuous: .*without an equation"):
        pg.load_network(text)
