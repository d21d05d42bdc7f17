"""The layout of the plan "resident": which block has which neurons, how long the ring is, what
fits, and in which words it says that something does not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pygenn_lite as pg
from pygenn_lite.codegen import Signatures, generate, network_structure
from pygenn_lite.codegen.plan.described import Described
from pygenn_lite.codegen.plan.network_plan import NetworkPlan, plan_network
from pygenn_lite.codegen.plan.ownership import RoundRobin
from pygenn_lite.codegen.plan.resident_layout import (
    CardLimits,
    ResidentLayout,
    _expected_tail,
    described,
    memory_rows,
    plan_resident,
    refusal,
    static_bytes,
)

H100 = CardLimits(132, 227 << 10, 80 * 10**9)
SMALL = CardLimits(4, 100 << 10, 1 << 30)
LIF = pg.LIF()
OTHER = pg.NeuronModel("dV/dt = (I - V)/5", threshold="V > 1", reset="V = 0")
CURRENT = pg.ExponentialCurrent(tau=5.0)


DERIVED: dict[str, Signatures] = {}  # by structure: SymPy takes its time


def plan_of(net: pg.Network) -> NetworkPlan:
    structure = network_structure(net, "float32")
    if structure.key not in DERIVED:
        DERIVED[structure.key] = generate(structure).signatures
    return plan_network(Described(net, structure, DERIVED[structure.key], np.dtype("float32")))


def chain(sizes: dict[str, int], delay: object = 0.1, synapse: object = CURRENT) -> pg.Network:
    """Populations, each of which leads to itself and the next; those called "other" have neurons of
    another kind."""
    net = pg.Network(dt=0.1, seed=1)
    made = [
        net.population(name, size, OTHER if name.startswith("other") else LIF)
        for name, size in sizes.items()
    ]
    for source, target in zip(made, [*made[1:], made[0]], strict=True):
        net.connect(source, target, synapse, pg.FixedProbability(0.1), weight=1.0, delay=delay)
    return net


def layout_of(net: pg.Network, limits: CardLimits = SMALL) -> ResidentLayout:
    return plan_resident(plan_of(net), limits)


@pytest.fixture(scope="module")
def microcircuit() -> NetworkPlan:
    return plan_of(pg.load_network("microcircuit")[0])


# ---------------------------------------------------------------- known answers
def test_the_microcircuit_takes_a_whole_h100(microcircuit: NetworkPlan) -> None:
    layout = plan_resident(microcircuit, H100)
    assert layout.places == 585  # 77,169 neurons on 132 multiprocessors
    assert (layout.neuron_warps, layout.polling_warps, layout.threads) == (19, 5, 768)
    assert (layout.slots, layout.lag, layout.buffers) == (64, 1, 4)
    assert layout.shared_bytes == 64 * 585 * 4
    assert layout.start["L23E"] == 0 and layout.start["L23I"] == 20683
    assert set(layout.receptors.values()) == {("I_syn__r0",)}


def test_what_the_microcircuit_takes_of_memory(microcircuit: NetworkPlan) -> None:
    layout = plan_resident(microcircuit, H100)
    rows = {row.what: row for row in memory_rows(microcircuit, layout)}
    slices = 585 * 132 * 132
    assert rows["heads of rows"].bytes == slices * 32 * 8
    assert rows["where tails of rows begin"].bytes == slices * 8
    # Slices of 29 synapses on average: about a quarter has more than 32.
    assert 30e6 < rows["tails of rows"].count < 50e6
    assert rows["tails of rows"].estimated
    packed = {row.what: row for row in memory_rows(microcircuit, layout, synapse=4)}
    assert packed["heads of rows"].bytes == rows["heads of rows"].bytes // 2


def test_the_layout_says_what_it_is(microcircuit: NetworkPlan) -> None:
    text = described(plan_resident(microcircuit, H100))
    assert "132 blocks of 768 threads, one on each multiprocessor" in text
    assert "a ring of 64 steps for 585 sums: 146.2 KiB of shared memory" in text
    assert "messages travel while the next step is computed" in text


def test_how_many_synapses_stand_in_tails() -> None:
    rng = np.random.default_rng(1)
    for mean in (3.0, 29.0, 60.0, 500.0):
        lengths = rng.poisson(mean, 200_000)
        beyond = lengths[lengths > 32]
        units = -(-(beyond - 31) // 4) * 4
        assert _expected_tail(mean) == pytest.approx(units.sum() / 200_000, rel=0.03, abs=1e-3)


@pytest.mark.parametrize(
    ("delay", "synapse", "lag", "slots"),
    [
        (0.1, CURRENT, 1, 1),  # added in the next step
        (0.2, CURRENT, 2, 2),  # a step later
        (1.6, CURRENT, 2, 16),
        (1.7, CURRENT, 2, 32),
        (pg.Uniform(0.1, 1.6), CURRENT, 1, 16),
        (0.1, pg.Delta(), 0, 1),  # jumps of what the threshold sees: added in the same step
        (0.2, pg.Delta(), 1, 1),
        (0.3, pg.Delta(), 2, 2),
        (1.6, pg.Delta(), 2, 16),
        (pg.Uniform(0.1, 1.6), pg.Delta(), 0, 16),
        (pg.Uniform(0.1, 1.7), pg.Delta(), 0, 32),
    ],
)
def test_the_ring_is_as_long_as_delays(
    delay: object, synapse: object, lag: int, slots: int
) -> None:
    layout = layout_of(chain({"a": 20}, delay, synapse))
    assert (layout.lag, layout.slots) == (lag, slots)


def test_each_receptor_has_sums_of_its_own() -> None:
    net = pg.Network(dt=0.1, seed=1)
    a, b = net.population("a", 40, LIF), net.population("b", 40, LIF)
    for tau in (2.0, 9.0):
        synapse = pg.ExponentialCurrent(tau=tau)
        net.connect(a, b, synapse, pg.AllToAll(), weight=1.0, delay=0.1, name=f"fast{tau:.0f}")
    layout = layout_of(net)
    assert len(layout.receptors["b"]) == 2
    assert layout.columns == 2 * layout.places


# ---------------------------------------------------------------- dealing
def test_neurons_are_dealt_out_as_by_round_robin() -> None:
    sizes = {"a": 37, "b": 5, "c": 90}
    layout, dealt = layout_of(chain(sizes)), RoundRobin(4, sizes)
    for name, size in sizes.items():
        for neuron in range(size):
            assert layout.block_and_place(name, neuron)[0] == dealt.owner(name, neuron)


@settings(max_examples=30)
@given(
    sizes=st.lists(st.integers(1, 90), min_size=1, max_size=5),
    kinds=st.lists(st.booleans(), min_size=5, max_size=5),
    blocks=st.integers(1, 9),
)
def test_every_neuron_has_a_place_of_its_own(
    sizes: list[int], kinds: list[bool], blocks: int
) -> None:
    named = {
        f"{'other' if kind else 'lif'}{k}": size
        for k, (size, kind) in enumerate(zip(sizes, kinds, strict=False))
    }
    layout = layout_of(chain(named), CardLimits(blocks, 100 << 10, 1 << 30))
    seen: dict[tuple[int, int], bool] = {}
    per_block = np.zeros((len(named), blocks), int)
    for k, (name, size) in enumerate(named.items()):
        for neuron in range(size):
            block, place = layout.block_and_place(name, neuron)
            assert 0 <= block < blocks and 0 <= place < layout.places
            assert (block, place) not in seen
            seen[block, place] = name.startswith("other")
            per_block[k, block] += 1
    assert (per_block.max(axis=1) - per_block.min(axis=1) <= 1).all()
    kinds_of_warp: dict[tuple[int, int], set[bool]] = {}
    for (block, place), kind in seen.items():
        kinds_of_warp.setdefault((block, place // 32), set()).add(kind)
    assert all(len(kinds) == 1 for kinds in kinds_of_warp.values())


def test_where_room_is_short_kernels_share_a_warp() -> None:
    """31 warps have neurons at most: 992 places. Two kinds of 495 fit only side by side."""
    sizes = {"lif": 495 * 4, "other": 497 * 4}
    layout = layout_of(chain(sizes), CardLimits(4, 1 << 30, 1 << 40))
    assert layout.places == 992
    assert layout.start["other"] == 495 * 4


# ---------------------------------------------------------------- refusals
def refused(net: pg.Network, limits: CardLimits = SMALL) -> str:
    return refusal(plan_of(net), limits)


def test_nothing_is_said_where_it_fits(microcircuit: NetworkPlan) -> None:
    assert refusal(microcircuit, H100) == ""
    assert refused(chain({"a": 30})) == ""


def test_too_many_neurons() -> None:
    assert refused(chain({"a": 4 * 993})) == (
        "3,972 neurons on 4 multiprocessors are 993 for each, 992 at most"
    )


def test_too_long_delays() -> None:
    assert refused(chain({"a": 400}, delay=20.0)) == (
        "a ring of 256 steps for 100 sums takes 104.6 KiB of shared memory, a block has 100.0 KiB"
    )
    assert refused(chain({"a": 4}, delay=2000.0)) == "a delay of 20,000 steps, 16,384 at most"


def test_too_little_memory(microcircuit: NetworkPlan) -> None:
    found = refusal(microcircuit, CardLimits(132, 227 << 10, 2 * 10**9))
    assert found.startswith("rows cut into heads and tails take") and "1.86 GiB" in found


def test_synapses_with_kernels() -> None:
    net = chain({"a": 20})
    a = net.populations["a"]
    net.connect(a, a, pg.PairSTDP(), pg.AllToAll(), weight=0.5, name="learning")
    assert refused(net) == "synapses of learning have kernels of their own"


def test_synapses_drawn_at_every_spike() -> None:
    net = pg.Network(dt=0.1, seed=1)
    a = net.population("a", 20, LIF)
    net.connect(
        a, a, CURRENT, pg.FixedProbability(0.1), weight=1.0, storage="procedural", name="drawn"
    )
    assert refused(net) == "synapses of drawn are drawn at every spike"


def test_spike_sources() -> None:
    net = pg.Network(dt=0.1, seed=1)
    source = net.spike_source("source", 3, times=[0.1], indices=[1])
    net.connect(source, net.population("a", 9, LIF), CURRENT, pg.AllToAll(), weight=1.0)
    assert refused(net) == "source replays spikes"


def test_too_many_multiprocessors() -> None:
    assert refused(chain({"a": 9}), CardLimits(300, 1 << 17, 1 << 30)) == (
        "300 multiprocessors, 256 at most"
    )


def test_too_many_receptors() -> None:
    net = pg.Network(dt=0.1, seed=1)
    a = net.population("a", 9, LIF)
    for k in range(5):
        synapse = pg.ExponentialCurrent(tau=1.0 + k)
        net.connect(a, a, synapse, pg.AllToAll(), weight=1.0, name=f"g{k}")
    assert refused(net) == "synapses add to 5 variables of a, 4 at most"


def test_a_block_has_room_for_the_rest(microcircuit: NetworkPlan) -> None:
    layout = plan_resident(microcircuit, H100)
    assert static_bytes(layout) == 4 * (1024 + 585 + 48) + 16
