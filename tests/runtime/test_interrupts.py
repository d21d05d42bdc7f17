"""Ctrl-C is noted by a watch, and goes to whom it went before once the watch is over; where its
exception is lost, it is remembered."""

import signal

import pytest

from pygenn_lite.runtime.interrupts import InterruptMemory, InterruptWatch


def ctrl_c():
    signal.raise_signal(signal.SIGINT)


def test_the_first_is_noted_and_the_second_stops():
    with pytest.raises(KeyboardInterrupt), InterruptWatch() as watch:
        assert not watch.seen
        ctrl_c()
        assert watch.seen
        ctrl_c()
        raise AssertionError("the second one was swallowed")


def test_a_patient_watch_notes_any_number():
    stopped = False
    try:
        with InterruptWatch(patient=True) as watch:
            for _ in range(3):
                ctrl_c()
    except KeyboardInterrupt:  # which would end the tests
        stopped = True
    assert watch.seen and not stopped


@pytest.mark.parametrize("patient", [False, True])
def test_afterwards_it_goes_to_whom_it_went_before(patient):
    came = []
    before = signal.signal(signal.SIGINT, lambda number, frame: came.append(number))
    try:
        with InterruptWatch(patient=patient):
            ctrl_c()
        assert came == []
        ctrl_c()
        assert came == [signal.SIGINT]
    finally:
        signal.signal(signal.SIGINT, before)


def test_an_interrupt_that_somebody_swallows_is_raised_again_when_asked():
    before = signal.getsignal(signal.SIGINT)
    with InterruptMemory() as interrupts:
        interrupts.check()
        with pytest.raises(KeyboardInterrupt):  # as a module may, while it is imported
            signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            interrupts.check()
    assert signal.getsignal(signal.SIGINT) is before


def test_ignored_interrupts_stay_ignored():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with InterruptMemory() as interrupts:
            signal.raise_signal(signal.SIGINT)
            interrupts.check()
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_an_interrupt_that_the_import_of_sympy_swallows_ends_the_compilation(tmp_path, monkeypatch):
    from pygenn_lite.runtime.cpp import building

    def generate():
        with pytest.raises(KeyboardInterrupt):  # as a module may, while it is imported
            ctrl_c()

    monkeypatch.setenv("PYGENN_LITE_CACHE", str(tmp_path / "cache"))
    with pytest.raises(KeyboardInterrupt):
        building.compile_code("a network", generate, parts=())
    assert not list((tmp_path / "cache").glob("v1/kernels-*"))
