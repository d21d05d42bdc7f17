"""The CUDA backend on the emulated card: what it gives is what other backends give, and what it
refuses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import pygenn_lite as pg
from pygenn_lite.codegen.plan.card_rows import card_rows
from pygenn_lite.runtime.card_options import CARD_PLANS
from pygenn_lite.runtime.cuda.choosing_plan import KNOWN
from pygenn_lite.runtime.cuda.device import CardDevice
from pygenn_lite.runtime.cuda.drivers.emulator import EmulatorDriver

STEPS = 60.0  # ms


def network() -> pg.Network:
    net = pg.Network(dt=0.1, seed=3)
    driven = net.population("driven", 20, pg.LIF(), initial={"V": pg.Uniform(-65.0, -50.0)})
    others = net.population("others", 10, pg.LIF())
    net.current(driven, 600.0)
    net.poisson(driven, rate=500.0, weight=30.0, synapse=pg.ExponentialCurrent(2.0))
    net.connect(
        driven,
        others,
        pg.ExponentialCurrent(5.0),
        pg.FixedProbability(0.5),
        weight=pg.Normal(400.0, 40.0),
        delay=pg.Uniform(0.1, 2.0),
    )
    net.record(driven.spikes, others.spikes, others["V"][:3])
    return net


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_sums_in_whole_numbers_give_the_bits_of_the_cpu(precision: str) -> None:
    card = (
        network()
        .compile("cuda", driver="emulator", accumulator="int32", precision=precision)
        .run(STEPS)
    )
    cpu = network().compile("cpp", accumulator="int32", precision=precision).run(STEPS)
    for name in ("driven", "others"):
        assert len(card.spikes[name]) > 10
        assert np.array_equal(card.spikes[name].times, cpu.spikes[name].times)
        assert np.array_equal(card.spikes[name].indices, cpu.spikes[name].indices)
    assert np.array_equal(card.traces["others"]["V"].values, cpu.traces["others"]["V"].values)


def test_the_default_sums_differ_by_rounding_alone() -> None:
    card = network().compile("cuda", driver="emulator", precision="float64").run(STEPS)
    cpu = network().compile("cpp", precision="float64").run(STEPS)
    ours, theirs = (r.traces["others"]["V"].values for r in (card, cpu))
    assert np.allclose(ours, theirs, rtol=1e-9)


def test_instances_are_what_each_is_alone() -> None:
    sim = network().compile("cuda", driver="emulator", instances=3, accumulator="int32")
    result = sim.run(STEPS)
    for k, seed in enumerate((3, 4, 5)):
        alone = network()
        alone.seed = seed
        own = alone.compile("cpp", accumulator="int32").run(STEPS)
        assert np.array_equal(result[k].spikes["others"].times, own.spikes["others"].times)


def test_options_of_cards_are_refused_elsewhere() -> None:
    with pytest.raises(pg.errors.UnsupportedFeatureError) as raised:
        network().compile("cpp", driver="emulator", device=1)
    assert "driver='emulator', device=1: the backend 'cpp' uses no card" in str(raised.value)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"driver": "opencl"}, "driver = 'opencl'"),
        ({"plan": "fast"}, "plan = 'fast'"),
        ({"device": -1}, "device = -1"),
        ({"device": "first"}, "device = 'first'"),
    ],
)
def test_what_is_no_option_of_a_card_is_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(pg.errors.ArgumentError) as raised:
        network().compile("cuda", **options)  # type: ignore[arg-type]
    assert message in str(raised.value)


# ------------------------------------------------------------------ memory
def test_what_does_not_fit_is_refused_before_anything_is_allocated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def no_more(driver: object, bytes: int) -> None:
        raise AssertionError("nothing is to be allocated")

    monkeypatch.setattr(EmulatorDriver, "free_bytes", lambda driver: (64 << 20) + 1000)
    monkeypatch.setattr(EmulatorDriver, "allocate", no_more)
    with pytest.raises(pg.errors.InsufficientMemoryError) as raised:
        network().compile("cuda", driver="emulator")
    message = str(raised.value)
    assert "the network needs about" in message and "1000 B of its" in message
    assert "driven: spikes of the last steps" in message
    assert "a network 1" in message and "of this size would fit" in message  # so many per cent


def test_so_many_instances_would_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(EmulatorDriver, "free_bytes", lambda driver: (64 << 20) + 100_000)
    with pytest.raises(pg.errors.InsufficientMemoryError) as raised:
        network().compile("cuda", driver="emulator", instances=100)
    assert "the 100 instances need about" in str(raised.value)
    assert "instances would fit: run them in groups of so many" in str(raised.value)


@pytest.mark.parametrize("instances", [None, 2])
def test_the_plan_of_memory_has_what_lies_on_the_card(instances: int | None) -> None:
    sim = network().compile("cuda", driver="emulator", instances=instances)
    device = sim._device
    assert isinstance(device, CardDevice)
    kept = {(row.name, row.what.partition(" (sum")[0]): row.bytes for row in device.memory_rows()}
    for row in card_rows(device.network.plan, instances or 1):
        found = kept.get((row.name, row.what.partition(" (sum")[0]))
        if row.what not in ("spikes, counted", "synapses"):
            assert found == pytest.approx(row.bytes, rel=0.1, abs=200), row
    synapses = sum(row.bytes for row in device.memory_rows() if row.what == "synapses")
    planned = sum(r.bytes for r in card_rows(device.network.plan, instances or 1)
                  if r.what == "synapses")  # fmt: skip
    assert synapses == pytest.approx(planned, rel=0.2, abs=4096)


# ------------------------------------------------------------------ a card that is lost
def test_what_was_recorded_before_a_card_was_lost_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = network().compile("cuda", driver="emulator").run(STEPS)
    sim = network().compile("cuda", driver="emulator")
    lost = []

    def lost_in_the_end(call: str) -> None:
        usual = getattr(EmulatorDriver, call)

        def called(driver: EmulatorDriver, *given: Any, **more: Any) -> Any:
            if lost or (call == "synchronise" and sim._device.step >= 400):
                lost.append(call)
                raise pg.errors.DeviceError("the card is lost", hint="restart it")
            return usual(driver, *given, **more)

        monkeypatch.setattr(EmulatorDriver, call, called)

    for call in ("synchronise", "launch", "upload", "download", "fill", "copy", "allocate"):
        lost_in_the_end(call)
    with pytest.raises(pg.errors.DeviceError, match="the card is lost") as raised:
        sim.run(STEPS, keep_weights=True)
    kept = raised.value.result  # type: ignore[attr-defined]
    assert 100 <= kept.stop_step < 600 and kept.interrupted
    for name, train in whole.spikes.items():
        steps = train.steps[train.steps <= kept.stop_step]
        assert np.array_equal(kept.spikes[name].steps, steps)
    values = whole.traces["others"]["V"].values[: kept.stop_step]
    assert np.array_equal(kept.traces["others"]["V"].values, values)
    with pytest.raises(pg.errors.DeviceError, match="lost in an earlier run: the card is lost"):
        sim.run(1.0)


def test_what_synapses_add_may_be_far_beyond_their_first_weights() -> None:
    """Sums are whole multiples of a unit that follows from the first weights."""
    model = pg.NeuronModel("dx/dt = 0*x", initial={"x": 0.0})
    gain = pg.SynapseModel(
        on_pre="x_post += weight*gain; weight = weight", parameters={"gain": 3e4 / 7}
    )
    found = {}
    for backend, options in (("cpp", {"threads": 1}), ("cuda", {"driver": "emulator"})):
        net = pg.Network(dt=0.5)
        source = net.spike_source("s", 1, times=[1.0, 3.0], indices=[0, 0])
        cells = net.population("c", 3, model)
        net.connect(source, cells, gain, pg.AllToAll(), weight=1.1)
        sim = net.compile(backend=backend, precision="float64", progress=False, **options)
        sim.run(10.0, progress=False)
        found[backend] = np.array(sim["c"]["x"])
    assert found["cpp"][0] == pytest.approx(2 * 1.1 * 3e4 / 7, rel=1e-14)
    np.testing.assert_allclose(found["cuda"], found["cpp"], rtol=1e-13)


def test_the_plans_that_can_be_asked_for_are_those_there_are() -> None:
    assert set(CARD_PLANS) == set(KNOWN)
