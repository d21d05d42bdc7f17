"""Which backend runs a network, and what is said where there is none of the name."""

import pytest

import pygenn_lite as pg
from pygenn_lite.errors import UnsupportedFeatureError
from pygenn_lite.runtime import backends


class Made(Exception):
    """A backend was asked to build."""


class FakeBackend:
    def __init__(self, name, available=True):
        self.name, self.available = name, available

    def is_available(self):
        return self.available

    def build(self, request, report):
        raise Made(self.name)


@pytest.fixture
def three(monkeypatch):
    """A first backend that this machine lacks, and two that are there."""
    known = (FakeBackend("absent", False), FakeBackend("second"), FakeBackend("third"))
    monkeypatch.setattr(backends, "BACKENDS", {b.name: lambda b=b: b for b in known})


def network():
    net = pg.Network()
    net.population("a", 3, pg.LIF())
    return net


@pytest.mark.parametrize("name", ["second", "third", "absent"])
def test_the_backend_that_is_asked_for_builds(three, name):
    with pytest.raises(Made, match=f"^{name}$"):
        network().compile(backend=name)


def test_auto_is_the_first_that_is_available(three):
    with pytest.raises(Made, match=r"^second$"):
        network().compile()


@pytest.mark.parametrize("name", ["abacus", "", "Second", "second ", "gpu"])
def test_an_unknown_backend_is_refused_with_the_list_of_those_there_are(three, name):
    with pytest.raises(UnsupportedFeatureError) as refusal:
        network().compile(backend=name)
    assert repr(name) in str(refusal.value)
    assert "choose one of auto, absent, second, third" in str(refusal.value)


@pytest.mark.parametrize("precision", ["float16", "double", "Float32", ""])
def test_an_unknown_precision_is_refused_before_anything_is_built(three, precision):
    with pytest.raises(UnsupportedFeatureError) as refusal:
        network().compile(precision=precision)
    assert repr(precision) in str(refusal.value)
    assert "choose one of float32, float64" in str(refusal.value)
