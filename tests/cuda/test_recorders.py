"""What a card records: rings and logs that hold little, instances that end early, runs that are
lost, neurons chosen here and there."""

from __future__ import annotations

import numpy as np
import pytest

import pygenn_lite as pg
from pygenn_lite.errors import NumericalError
from pygenn_lite.runtime.cuda import recorders
from pygenn_lite.runtime.cuda.device import CardDevice
from pygenn_lite.runtime.cuda.drivers.emulator import EmulatorDriver
from pygenn_lite.runtime.cuda.recorders import Recorders

CHOSEN = [1, 2, 7, 30]
STEPS = 170


def network() -> pg.Network:
    net = pg.Network(dt=0.1, seed=3)
    cells = net.population("cells", 33, pg.LIF(), initial={"V": pg.Uniform(-65.0, -50.0)})
    net.current(cells, 900.0)
    net.record(cells.spikes[CHOSEN])
    net.record(cells["V"][CHOSEN], interval=0.3)
    return net


def on_card(**options: object) -> pg.Simulation:
    return network().compile("cuda", driver="emulator", progress=False, **options)  # type: ignore[arg-type]


def recorders_of(sim: pg.Simulation) -> Recorders:
    device = sim._device
    assert isinstance(device, CardDevice)
    return device.network.recorders


@pytest.mark.parametrize("plan", ["general", "instances", "resident"])
@pytest.mark.parametrize("bytes", [1, recorders.RING_BYTES])
def test_rings_of_two_samples_lose_none(
    plan: str, bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorders, "RING_BYTES", bytes)
    cpu = network().compile("cpp", progress=False)
    card = on_card(plan=plan)
    assert (recorders_of(card).rings[0].rows == 2) == (bytes == 1)
    for steps in (100, 1, 69):  # runs that begin between two samples
        theirs, ours = cpu.step(steps), card.step(steps)
        own, other = ours.traces["cells"]["V"], theirs.traces["cells"]["V"]
        assert np.array_equal(own.times, other.times)
        assert np.array_equal(own.values, other.values)
        one, two = ours.spikes["cells"], theirs.spikes["cells"]
        assert np.array_equal(one.steps, two.steps) and np.array_equal(one.indices, two.indices)
        assert set(one.indices.tolist()) <= {*CHOSEN}
        assert steps == 1 or len(one) > 3


@pytest.mark.parametrize("bytes", [1, recorders.RING_BYTES])
def test_an_instance_that_failed_has_samples_up_to_its_end(
    bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorders, "RING_BYTES", bytes)
    found = {}
    for backend, options in (("cpp", {}), ("cuda", {"driver": "emulator"})):
        net = pg.Network(dt=0.1, seed=1)
        model = pg.NeuronModel(
            "dx/dt = x*x*rate", parameters={"rate": 0.0}, initial={"x": 1.0}, integrator="euler"
        )
        net.record(net.population("cells", 3, model)["x"])
        values = {"populations.cells.parameters.rate": [0.1, 2.0, 0.0]}
        sim = net.compile(backend, instances=3, values=values, progress=False, **options)  # type: ignore[arg-type]
        with pytest.raises(NumericalError, match="instance 1") as raised:
            sim.run(5.0)
        found[backend] = [one.traces["cells"]["x"] for one in raised.value.result]  # type: ignore[attr-defined]
    ends = [len(trace.times) for trace in found["cuda"]]
    assert ends[0] == ends[2] == 50 and 0 < ends[1] < 50
    for card, cpu in zip(found["cuda"], found["cpp"], strict=True):
        assert np.array_equal(card.times, cpu.times) and np.array_equal(card.values, cpu.values)


def test_what_a_lost_run_had_recorded_is_dropped() -> None:
    sim = on_card()
    sim._device.run(STEPS)
    kept = recorders_of(sim)
    spikes = kept.logs[0].held(0)
    steps = np.concatenate([s for s, _ in kept.rings[0]._held[0]])
    assert len(spikes[0]) > 5 and steps.tolist() == list(range(0, STEPS, 3))
    kept.cut(int(spikes[0][2]))
    last = int(spikes[0][2])
    assert np.array_equal(kept.logs[0].held(0)[0], spikes[0][spikes[0] <= last])
    left = np.concatenate([s for s, _ in kept.rings[0]._held[0]])
    assert left.tolist() == list(range(0, last, 3))


@pytest.mark.parametrize("step", [5, 2**32 - 1, 2**32 + 5, 3 * 2**32])
def test_spikes_are_told_from_32_bits_of_their_step(step: int) -> None:
    log = recorders_of(on_card()).logs[0]
    sent = [(step - 4, 7), (step - 1, 30), (step, 1)]
    entries = [(at & 0xFFFFFFFF) << 32 | neuron for at, neuron in sent]
    driver = log._driver
    assert isinstance(driver, EmulatorDriver)
    driver.upload(log._entries.address, np.array(entries, np.uint64))
    driver.upload(log._sizes.address, np.array([len(sent)], np.uint64))
    log.fetch(step)
    steps, neurons = log.held(0)
    assert list(zip(steps.tolist(), neurons.tolist(), strict=True)) == sent
