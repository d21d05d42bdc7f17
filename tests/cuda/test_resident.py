"""The plan "resident" on the emulated card: the same bits as the general plan, whatever the delays,
the kernels and the order in which threads come; every synapse lies where it is looked for; what it
cannot sum is refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pygenn_lite as pg
from pygenn_lite.codegen.plan.resident_layout import HEAD, TAIL_UNIT
from pygenn_lite.errors import (
    InsufficientMemoryError,
    NumericalError,
    UnsupportedFeatureError,
)
from pygenn_lite.runtime.cuda import resident_memory, resident_plan
from pygenn_lite.runtime.cuda.drivers import emulator

LIF = pg.NeuronModel(
    "dV/dt = (E_L - V + I)/tau",
    threshold="V > V_th",
    reset="V = V_r",
    refractory="t_ref",
    parameters=dict(tau=20.0, E_L=-49.0, V_th=-50.0, V_r=-60.0, t_ref=5.0),
    initial=dict(V=pg.Uniform(-60.0, -50.0)),
)
OTHER = pg.NeuronModel(
    "dV/dt = (-60 - V + I)/tau",
    threshold="V > V_th",
    reset="V = -61",
    parameters=dict(tau=8.0, V_th=-52.0),
    initial=dict(V=pg.Uniform(-60.0, -50.0)),
)
# All spike in the same step, again and again.
TOGETHER = pg.NeuronModel("dV/dt = 10 + 0*I", threshold="V > 2.95", reset="V = 0")
# Nobody can hold these: V grows without bound.
GROWING = pg.NeuronModel(
    "dV/dt = (V*V*V + I)/tau",
    threshold="V > 1e30",
    reset="V = 0",
    parameters=dict(tau=10.0),
    initial=dict(V=pg.Uniform(0.0, 0.2)),
)
CUDA: dict[str, Any] = dict(backend="cuda", driver="emulator", accumulator="int32", progress=False)
SPARSE = pg.FixedProbability(0.1)


def balanced(
    rule: pg.Connectivity = SPARSE,
    delay: object = 0.1,
    synapse: pg.SynapseModel | None = None,
    weights: tuple[object, object] = (pg.Normal(6.0, 2.0), pg.Normal(-30.0, 4.0)),
    **options: Any,
) -> pg.Network:
    """240 excitatory and 60 inhibitory neurons."""
    net = pg.Network(dt=0.1, seed=1)
    exc, inh = net.population("exc", 240, LIF), net.population("inh", 60, LIF)
    for source, weight, tau in ((exc, weights[0], 5.0), (inh, weights[1], 10.0)):
        model = synapse or pg.ExponentialCurrent(tau=tau)
        for target in (exc, inh):
            net.connect(source, target, model, rule, weight=weight, delay=delay, **options)
    net.record(exc.spikes, inh.spikes, exc["V"][::7])
    return net


def mixed() -> pg.Network:
    """Two kinds of neurons, several receptors each, Poisson inputs of every kind, noise."""
    net = pg.Network(dt=0.1, seed=1)
    exc, inh = net.population("exc", 201, LIF), net.population("inh", 55, OTHER)
    few = net.population("few", 33, LIF)
    for source, target, weight, tau, delay in (
        (exc, exc, pg.Normal(6.0, 2.0), 5.0, 0.5),
        (exc, inh, pg.Normal(7.0, 1.0), 4.0, pg.Uniform(0.2, 1.0)),
        (inh, exc, -20.0, 10.0, 0.3),
        (exc, few, 5.0, 5.0, 0.1),
        (few, inh, 6.0, 4.0, 0.2),
        (inh, few, -4.0, 10.0, 1.0),
        (inh, inh, -9.0, 10.0, 0.1),
    ):
        synapse = pg.ExponentialCurrent(tau=tau)
        net.connect(source, target, synapse, pg.FixedProbability(0.2), weight=weight, delay=delay)
    net.poisson(exc, rate=900.0, weight=4.0, synapse=pg.ExponentialCurrent(tau=5.0))
    net.poisson(inh, rate=300_000.0, weight=0.05, synapse=pg.ExponentialCurrent(tau=4.0))
    net.poisson(
        few, rate=np.linspace(0.0, 900.0, 33), weight=3.0, synapse=pg.ExponentialCurrent(5.0)
    )
    net.record(exc.spikes, inh.spikes[::2], few.spikes, few["V"])
    net.record(inh["V"][::3], interval=0.3)
    return net


def together(size: int, synapse: pg.SynapseModel, delay: object = 0.1) -> pg.Network:
    net = pg.Network(dt=0.1, seed=1)
    exc, inh = net.population("exc", size, TOGETHER), net.population("inh", 20, LIF)
    rule = pg.FixedProbability(0.05)
    net.connect(exc, inh, synapse, rule, weight=pg.Normal(0.2, 0.01), delay=delay)
    net.connect(exc, exc, synapse, rule, weight=pg.Normal(0.001, 0.0001), delay=delay)
    net.record(exc.spikes, inh.spikes, exc["V"][:3])
    return net


EXPONENTIAL, DELTA = pg.ExponentialCurrent(tau=5.0), pg.Delta()
SMALL, TINY = (
    (pg.Normal(1.0, 0.3), pg.Normal(-5.0, 1.0)),
    (pg.Normal(0.4, 0.1), pg.Normal(-1.0, 0.2)),
)
CASES: dict[str, tuple[Callable[[], pg.Network], int]] = {
    "one delay": (balanced, 200),
    "delays, tails": (
        lambda: balanced(pg.FixedProbability(0.4), pg.Uniform(0.1, 3.0), weights=SMALL),
        250,
    ),
    "needed in the same step": (lambda: balanced(synapse=DELTA, weights=TINY), 200),
    "in the same step, delays, tails": (
        lambda: balanced(pg.FixedProbability(0.5), pg.Uniform(0.1, 2.0), DELTA, TINY),
        200,
    ),
    "4 bytes": (lambda: balanced(pg.FixedProbability(0.3), weights=(0.25, -2.0)), 200),
    "tails at once": (lambda: balanced(pg.AllToAll(), weights=(pg.Normal(0.2, 0.01), -1.0)), 200),
    "16-bit weights": (
        lambda: balanced(delay=pg.Uniform(0.1, 2.0), weight_precision="int16"),
        150,
    ),
    "not before two steps": (
        lambda: balanced(pg.FixedProbability(0.4), pg.Uniform(0.2, 3.0), weights=SMALL),
        250,
    ),
    "all in two steps": (lambda: balanced(pg.AllToAll(), 0.2, weights=(0.2, -1.0)), 200),
    "mixed": (mixed, 200),
    "messages that do not hold all": (lambda: together(300, EXPONENTIAL), 12),
    "more than the queue holds": (lambda: together(1300, EXPONENTIAL, pg.Uniform(0.1, 0.9)), 9),
    "more than the queue holds, same step": (
        lambda: together(1300, DELTA, pg.Uniform(0.1, 0.9)),
        9,
    ),
}


def compiled(net: pg.Network, plan: str = "resident", **options: Any) -> pg.Simulation:
    return net.compile(plan=plan, **{**CUDA, **options})


def check_same(one: pg.Simulation, other: pg.Simulation) -> None:
    for name in one.populations:
        assert np.array_equal(one[name]["V"][:], other[name]["V"][:]), name
        assert np.array_equal(one[name].spike_counts(), other[name].spike_counts()), name


def check_same_results(one: pg.Result, other: pg.Result) -> None:
    assert sum(len(one.spikes[name].times) for name in one.spikes) > 10
    for name in one.spikes:
        assert np.array_equal(one.spikes[name].times, other.spikes[name].times), name
        assert np.array_equal(one.spikes[name].indices, other.spikes[name].indices), name
    for owner, variables in one.traces.items():
        for name, recorded in variables.items():
            assert np.array_equal(recorded.values, other.traces[owner][name].values), name


# ---------------------------------------------------------------- the same bits
@pytest.mark.parametrize("case", CASES)
def test_it_gives_the_bits_of_the_general_plan(case: str) -> None:
    make, steps = CASES[case]
    sims = [compiled(make(), plan) for plan in ("general", "resident")]
    results = [sim.run(steps * 0.1, progress=False) for sim in sims]
    check_same(*sims)
    check_same_results(*results)


def test_it_gives_the_bits_of_the_processor() -> None:
    def made() -> pg.Network:
        return balanced(delay=pg.Uniform(0.1, 3.0), weights=(6.1, -30.3))

    sims = [
        made().compile(backend="cpp", accumulator="int32", progress=False),
        compiled(made()),
    ]
    results = [sim.run(20.0, progress=False) for sim in sims]
    check_same(*sims)
    check_same_results(*results)


def test_the_microcircuit_has_the_spikes_of_the_processor() -> None:
    """A part of it that four multiprocessors hold: eight populations, delays of up to 60 steps."""

    def made() -> pg.Network:
        net, settings = pg.load_network("microcircuit")
        net.recordings.clear()
        part = pg.scale_network(net, 0.015, settings.full_scale_rates)
        part.record(*(population.spikes for population in part.populations.values()))
        return part

    sims = [
        made().compile(backend="cpp", accumulator="int32", progress=False),
        compiled(made()),
    ]
    results = [sim.run(60.0, progress=False) for sim in sims]
    check_same(*sims)
    check_same_results(*results)


def test_it_works_in_double_precision() -> None:
    sims = [
        compiled(balanced(delay=pg.Uniform(0.1, 2.0)), plan, precision="float64")
        for plan in ("general", "resident")
    ]
    results = [sim.run(15.0, progress=False) for sim in sims]
    check_same(*sims)
    check_same_results(*results)


@pytest.mark.parametrize("case", ["delays, tails", "in the same step, delays, tails"])
def test_the_order_of_threads_does_not_matter(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    make, steps = CASES[case]
    sims = [compiled(make())]
    usual = emulator.EmulatorDriver.__init__
    monkeypatch.setattr(
        emulator.EmulatorDriver,
        "__init__",
        lambda self, device=0: usual(self, device, backwards=True),
    )
    sims.append(compiled(make()))
    for sim in sims:
        sim.run(steps * 0.1, progress=False)
    check_same(*sims)


# ---------------------------------------------------------------- between runs
def delayed() -> pg.Network:
    return balanced(pg.FixedProbability(0.4), pg.Uniform(0.1, 3.0), weights=SMALL)


def test_a_run_in_pieces_is_one_run() -> None:
    whole, pieces = compiled(delayed(), "general"), compiled(delayed())
    whole.run(12.0, progress=False)
    for duration in (0.1, 0.4, 3.5, 8.0):
        pieces.run(duration, progress=False)
    check_same(whole, pieces)


def test_checkpoints_move_between_plans(tmp_path: Path) -> None:
    """In mid-run, with spikes in flight of the last thirty steps."""
    sims = {plan: compiled(delayed(), plan) for plan in ("general", "resident")}
    for plan, sim in sims.items():
        sim.run(8.0, progress=False)
        sim.save(tmp_path / plan)
    for plan, other in (("general", "resident"), ("resident", "general")):
        sims[f"{plan} after {other}"] = compiled(delayed(), plan)
        sims[f"{plan} after {other}"].restore(tmp_path / other)
    for sim in sims.values():
        sim.run(8.0, progress=False)
        check_same(sims["general"], sim)


def test_it_begins_again_after_a_reset() -> None:
    sims = [compiled(delayed(), plan) for plan in ("general", "resident")]
    for sim in sims:
        sim.run(3.0, progress=False)
        sim.reset(seed=5)
        sim.run(5.0, progress=False)
    check_same(*sims)


def test_weights_and_rates_that_are_set_count() -> None:
    sims = [compiled(mixed(), plan) for plan in ("general", "resident")]
    for sim in sims:
        sim.run(3.0, progress=False)
        sim.groups["exc_inh"]["weight"] = sim.groups["exc_inh"]["weight"][:] * 2.0
        sim.inputs["poisson_exc"]["rate"] = 40_000.0  # by another method than before
        sim.run(5.0, progress=False)
    check_same(*sims)
    assert sims[0]["inh"].spike_counts().sum() > 0


def test_logs_that_are_nearly_full_end_a_launch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resident_memory, "LOG_BYTES", 1)  # three steps in which all spike
    make, steps = CASES["messages that do not hold all"]
    launches = Counter[str]()
    run = resident_plan.ResidentPlan._launched

    def counted(self: Any, *given: Any) -> Any:
        launches["run"] += 1
        return run(self, *given)

    monkeypatch.setattr(resident_plan.ResidentPlan, "_launched", counted)
    sims = [compiled(make(), plan) for plan in ("general", "resident")]
    results = [sim.run(4 * steps * 0.1, progress=False) for sim in sims]
    check_same(*sims)
    check_same_results(*results)
    assert launches["run"] > 6


def test_neurons_that_spike_in_every_step_have_room_in_logs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of one warp, which tells of its spikes before it notes them."""
    monkeypatch.setattr(resident_memory, "LOG_BYTES", 1)
    always = pg.NeuronModel("dV/dt = 0*I", threshold="V > 0.5", reset="V = 1", initial={"V": 1.0})
    net = pg.Network(dt=0.1, seed=1)
    cells = net.population("cells", 128, always)
    net.connect(cells, cells, EXPONENTIAL, SPARSE, weight=0.01, delay=0.1)
    net.record(cells.spikes)
    result = compiled(net).run(1.0, progress=False)
    assert len(result.spikes["cells"].times) == 10 * 128


# ---------------------------------------------------------------- faults
@pytest.mark.parametrize("synapse", [EXPONENTIAL, DELTA], ids=["lag 1", "lag 0"])
def test_a_fault_is_found_in_its_step_and_nothing_goes_on(synapse: pg.SynapseModel) -> None:
    def failing(plan: str) -> tuple[pg.Simulation, str]:
        net = pg.Network(dt=0.1, seed=1)
        exc, grows = net.population("exc", 200, LIF), net.population("grows", 60, GROWING)
        net.connect(exc, grows, synapse, pg.FixedProbability(0.2), weight=5.0, delay=0.1)
        net.record(exc.spikes, grows["V"][:5])
        sim = compiled(net, plan)
        with pytest.raises(NumericalError) as found:
            sim.run(200.0, progress=False)
        return sim, str(found.value)

    (one, said), (other, also_said) = failing("general"), failing("resident")
    assert said == also_said and "'V' became inf" in said
    assert np.array_equal(one["exc"]["V"][:], other["exc"]["V"][:])
    assert np.array_equal(one["grows"]["V"][:], other["grows"]["V"][:], equal_nan=True)


def test_sums_that_32_bits_may_not_hold_are_refused() -> None:
    net = pg.Network(dt=0.1, seed=1)
    many, one = net.population("many", 2100, TOGETHER), net.population("one", 4, LIF)
    net.connect(many, one, EXPONENTIAL, pg.AllToAll(), weight=1.0, delay=0.1)
    with pytest.raises(UnsupportedFeatureError, match="more could arrive at neuron 0 of one"):
        compiled(net)
    halved = pg.Network(dt=0.1, seed=1)
    many, one = halved.population("many", 1050, TOGETHER), halved.population("one", 4, LIF)
    halved.connect(many, one, EXPONENTIAL, pg.AllToAll(), weight=1.0, delay=0.1)
    assert compiled(halved)


def test_where_memory_is_short_another_plan_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows cut into slices take 32 places of 8 bytes for each neuron and multiprocessor."""
    net = balanced(pg.FixedProbability(0.01))
    net.population("more", 1900, LIF)
    reserve = 64 << 20
    monkeypatch.setattr(emulator.EmulatorDriver, "free_bytes", lambda self: reserve + (1 << 21))
    with pytest.raises(InsufficientMemoryError, match="resident plan: heads of rows"):
        compiled(net)
    assert compiled(net, "auto")._device.plan.name == "instances"  # type: ignore[attr-defined]
    monkeypatch.undo()
    assert compiled(net, "auto")._device.plan.name == "resident"  # type: ignore[attr-defined]


def test_what_it_cannot_hold_is_refused_with_the_reason() -> None:
    net = balanced()
    net.connect(
        net.populations["exc"],
        net.populations["inh"],
        pg.PairSTDP(),
        SPARSE,
        weight=0.5,
        name="learns",
    )
    with pytest.raises(
        UnsupportedFeatureError, match="synapses of learns have kernels of their own"
    ):
        compiled(net)


# ---------------------------------------------------------------- rows
@pytest.mark.parametrize(
    "case",
    ["delays, tails", "in the same step, delays, tails", "4 bytes", "tails at once", "mixed"],
)
def test_every_synapse_is_found_again(case: str) -> None:
    """Heads and tails, decoded here, hold the synapses of all groups and no others; what is needed
    first stands in heads, or its tail is marked."""
    sim = compiled(CASES[case][0]())
    plan = sim._device.plan  # type: ignore[attr-defined]
    layout, found = plan.layout, Counter[tuple[int, int, int, int]]()
    for block in range(layout.blocks):
        for number in range(layout.numbers):
            for weight, delay, column in synapses_of(plan, block, number):
                found[number, column * layout.blocks + block, delay, weight] += 1
    expected = Counter[tuple[int, int, int, int]]()
    for name, group in sim.groups.items():
        binding, made = plan._network.groups[name], group.connections()
        inbox = next(iter(binding.inboxes.values()))
        receptor = layout.receptors[binding.target.name].index(binding.delivery.adds_to)
        weights = np.rint(made.weight / inbox.units[0]).astype(int)
        steps = np.rint(made.delay / 0.1).astype(int) - binding.delivery.lead
        sources = made.pre.astype(int) + layout.start[binding.source.name]
        targets = made.post.astype(int) + layout.start[binding.target.name]
        targets += receptor * layout.numbers
        rows = zip(*(a.tolist() for a in (sources, targets, steps, weights)), strict=True)
        expected.update(row for row in rows if row[3])
    assert found == expected


def synapses_of(plan: Any, block: int, number: int) -> list[tuple[int, int, int]]:
    """A slice, as the card has it: weight, steps, column."""
    rows, layout = plan._rows, plan.layout
    kind = np.uint64 if rows.synapse_bytes == 8 else np.uint32
    if not hasattr(plan, "copied"):
        plan.copied = {}
        for name, dtype in (("heads", kind), ("tails", kind), ("tails_at", np.uint64)):
            memory = getattr(rows, name)
            plan.copied[name] = np.zeros(memory.bytes // np.dtype(dtype).itemsize, dtype)
            plan._driver.download(memory.address, plan.copied[name])
    row = block * layout.numbers + number
    head = [decoded(rows, int(w)) for w in plan.copied["heads"][row * HEAD : (row + 1) * HEAD]]
    last = 0xFFFF if rows.synapse_bytes == 8 else 0x3FF
    more = head[-1][2] == last
    at_once = more and head[-1][0] != 0
    tail = []
    if more:
        at = int(plan.copied["tails_at"][row])
        begin, count = (at >> 24) * TAIL_UNIT, at & 0xFFFFFF
        tail = [decoded(rows, int(w)) for w in plan.copied["tails"][begin : begin + count]]
        head.pop()
        assert at_once or all(delay > layout.lag for _, delay, _ in tail)
    return [one for one in (*head, *tail) if one[0]]


def decoded(rows: Any, word: int) -> tuple[int, int, int]:
    if rows.synapse_bytes == 8:
        weight, delay, column = word >> 32, word >> 16 & 0xFFFF, word & 0xFFFF
        return weight - (weight >> 31 << 32), delay, column
    weight, delay, column = word >> 16, word >> 10 & 0x3F, word & 0x3FF
    return (weight - (weight >> 15 << 16)) << rows.weight_shift, delay, column


# ---------------------------------------------------------------- for people
def test_the_plan_says_what_it_is() -> None:
    sim = compiled(balanced(pg.FixedProbability(0.3), weights=(0.25, -2.0)))
    said = sim.inspect().plan
    assert "plan resident: 4 blocks of 128 threads, one on each multiprocessor" in said
    assert "75 neurons a block" in said and "synapses of 4 bytes" in said
    rows = {row.what: row for row in sim.memory() if row.name == "resident plan"}
    assert rows["heads of rows"].bytes == 300 * 4 * HEAD * 4
    assert rows["messages"].bytes == 4 * 4 * 128
