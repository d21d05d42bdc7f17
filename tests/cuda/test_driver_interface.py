"""What every driver does alike: CuPy's and PyCUDA's, over a faked card, and the emulator."""

from __future__ import annotations

import numpy as np
import pytest
from fake_card import FakeCard, use_fake_cupy, use_fake_pycuda

from pygenn_lite.errors import ArgumentError, DeviceError, InsufficientMemoryError
from pygenn_lite.runtime.cuda.drivers import DRIVERS, open_driver
from pygenn_lite.runtime.cuda.drivers.base import Driver


@pytest.fixture(params=DRIVERS)
def driver(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Driver:
    if request.param == "cupy":
        use_fake_cupy(monkeypatch, FakeCard())
    elif request.param == "pycuda":
        use_fake_pycuda(monkeypatch, FakeCard())
    return open_driver(request.param)


def test_a_driver_says_who_it_is(driver: Driver) -> None:
    assert driver.name in DRIVERS
    assert driver.card.compute_capability == 90 and driver.card.multiprocessors >= 4
    assert driver.free_bytes() > 0


def test_memory_is_zero(driver: Driver) -> None:
    memory = driver.allocate(1000)
    found = np.full(1000, 7, np.uint8)
    driver.download(memory.address, found)
    assert memory.bytes == 1000 and not found.any()
    assert driver.allocate(0).bytes == 1


def test_arrays_go_there_and_back(driver: Driver) -> None:
    memory = driver.allocate(64)
    sent = np.arange(8.0)
    driver.upload(memory.address, sent)
    sent[:] = -1  # may be used again at once
    driver.copy(memory.address + 32, memory.address, 16)
    driver.fill(memory.address + 48, 8, 0xFF)
    found = np.zeros(8)
    driver.download(memory.address, found)
    assert found[:6].tolist() == [0, 1, 2, 3, 0, 1] and np.isnan(found[6]) and found[7] == 7
    driver.upload(memory.address, np.zeros(0))
    driver.download(memory.address, np.zeros(0))
    driver.fill(memory.address, 0)
    driver.copy(memory.address, memory.address, 0)
    driver.synchronise()


def test_what_cannot_be_copied_is_refused(driver: Driver) -> None:
    memory = driver.allocate(64)
    with pytest.raises(ArgumentError, match="only contiguous arrays"):
        driver.upload(memory.address, np.arange(8.0)[::2])
    locked = np.zeros(4)
    locked.flags.writeable = False
    with pytest.raises(ArgumentError, match="cannot be written"):
        driver.download(memory.address, locked)


def test_too_much_memory_is_refused(driver: Driver) -> None:
    with pytest.raises(InsufficientMemoryError, match=r"card|H100"):
        driver.allocate(1 << 50)


def test_events_follow_each_other(driver: Driver) -> None:
    start, end = driver.event(), driver.event()
    start.record()
    end.record()
    assert end.seconds_since(start) >= 0


def test_another_card_is_not_there(driver: Driver) -> None:
    with pytest.raises(DeviceError, match=r"there is no .*card 7"):
        open_driver(driver.name, device=7)
