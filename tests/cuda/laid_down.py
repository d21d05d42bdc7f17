"""Networks connected by the C++ builder and on the emulated card, side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

import pygenn_lite as pg
from pygenn_lite import codegen
from pygenn_lite.codegen.plan.delivery import StorePlan
from pygenn_lite.codegen.plan.described import Described
from pygenn_lite.codegen.plan.network_plan import NetworkPlan, plan_network
from pygenn_lite.declaration.steps import times_of
from pygenn_lite.runtime.cuda.building import CardBuilder
from pygenn_lite.runtime.cuda.card_synapses import CardSynapses
from pygenn_lite.runtime.cuda.connecting import CardConnecting
from pygenn_lite.runtime.cuda.drivers.emulator import EmulatorDriver

_BUILDERS: dict[tuple[str, float, bool, bool], CardBuilder] = {}


def card_builder(
    precision: str = "float32", dt: float = 0.1, *, backwards: bool = False, by_warps: bool = False
) -> CardBuilder:
    """One for all tests."""
    key = precision, dt, backwards, by_warps
    if key not in _BUILDERS:
        driver = EmulatorDriver(backwards=backwards)
        _BUILDERS[key] = CardBuilder(driver, np.dtype(precision), dt, by_warps=by_warps)
    return _BUILDERS[key]


def plan_of(net: pg.Network, precision: str = "float32") -> NetworkPlan:
    structure = codegen.network_structure(net)
    signatures = codegen.generate(structure).signatures
    described = Described(net, structure, signatures, np.dtype(precision))
    return plan_network(described, threads=1)


def connected(
    net: pg.Network,
    precision: str = "float32",
    *,
    stores: Mapping[str, StorePlan] | None = None,
    backwards: bool = False,
    by_warps: bool = False,
) -> dict[str, CardSynapses]:
    """Its groups on the emulated card."""
    builder = card_builder(precision, net.dt, backwards=backwards, by_warps=by_warps)
    connecting = CardConnecting(builder, [plan_of(net, precision)], [net.seed])
    return {name: one for name, (one,) in connecting.lay_down(stores).items()}


def assert_alike(net: pg.Network, precision: str = "float32", **options: Any) -> None:
    """The same synapses in the same order, the same delays, the same bits of weights."""
    sim = net.compile(precision=precision, threads=1)
    for name, synapses in connected(net, precision, **options).items():
        assert_same(sim[name].connections(), synapses, net.dt)


def assert_same(expected: Any, synapses: CardSynapses, dt: float) -> None:
    pre, post, delay = synapses.read()
    assert synapses.size == len(expected.pre)
    np.testing.assert_array_equal(pre, expected.pre)
    np.testing.assert_array_equal(post, expected.post)
    np.testing.assert_array_equal(times_of(delay, dt), expected.delay)
    np.testing.assert_array_equal(synapses.read_weights(), expected.weight)


def card_array(synapses: CardSynapses, name: str, dtype: Any) -> np.ndarray:
    """An array as it lies on the card."""
    part = synapses.built.arrays[name]
    out = np.empty(part.bytes // np.dtype(dtype).itemsize, dtype)
    synapses.driver.download(part.address, out)
    return out


def network(rules: Sequence[Any], sizes: tuple[int, int] = (90, 70), **values: Any) -> pg.Network:
    """One group for each rule, from a to b."""
    net = pg.Network(dt=0.1, seed=11)
    a = net.population("a", sizes[0], pg.LIF())
    b = net.population("b", sizes[1], pg.LIF())
    for k, rule in enumerate(rules):
        given = {"weight": pg.Normal(2.0, 0.5), "delay": 1.0, **values}
        net.connect(a, b, pg.Delta(), rule, name=f"ab{k}", **given)
    return net
