"""The digest of a network follows from the declaration alone: in every process, and for good."""

from __future__ import annotations

import ast
import os
import subprocess
import sys

import numpy as np
import pytest

import pygenn_lite as pg
from pygenn_lite.errors import DeclarationError

SCRIPT = """
import numpy as np
import pygenn_lite as pg

net = pg.Network(dt=0.1, seed=3)
exc = net.population(
    "exc", 8, pg.LIF(), initial={"V": pg.Uniform(-60, -50)},
    parameters={"tau": np.linspace(10, 20, 8)}, positions=np.arange(8.0)[:, None],
)
stdp = pg.PairSTDP(pg.ExponentialCurrent(5.0))
net.connect(exc, exc, stdp, pg.FixedProbability(0.5), weight=0.5, name="plastic")
net.connect(exc, exc, pg.ExponentialCurrent(5.0), pg.AllToAll(), weight="exp(-distance)/2")
net.poisson(exc, 8.0, weight=1.0, variable="V")
"""

DIGEST = "25b972985fdbc9b4389373c73e6d19b16d73b02d968d03c6cf025bae54cfe4eb"


def built():
    names: dict[str, object] = {}
    exec(SCRIPT, names)
    return names["net"]


def test_every_process_finds_the_same_digest():
    expected = built().digest()
    for seed in ("0", "1", "12345"):
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT + "print(net.digest())"],
            env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert done.stdout.strip() == expected


def test_the_digest_of_this_release_stays():
    """A change here makes checkpoints and batches of earlier releases strangers: raise
    `digest.VERSION`, say so in the changelog, and only then put the new digest here."""
    net = pg.Network(dt=0.1, seed=3)
    cells = net.population("cells", 3, pg.NeuronModel("dV/dt = -V/tau", parameters={"tau": 2.5}))
    net.connect(cells, cells, pg.SynapseModel("dI/dt = -I/2", on_pre="I += weight"), pg.AllToAll())
    assert net.digest() == DIGEST


def test_what_changes_the_network_changes_its_digest():
    first = built()
    changes = {
        "network.seed": 4,
        "network.dt": 0.05,
        "populations.exc.parameters.tau": np.linspace(10, 21, 8),
        "populations.exc.initial.V.low": -61.0,
        "groups.plastic.weight": np.nextafter(0.5, 1.0),
        "groups.plastic.delay": 0.1,  # given: it does not follow dt any more
        "inputs.poisson_exc.rate": 9.0,
    }
    digests = {first.digest(), *(first.with_values({p: v}).digest() for p, v in changes.items())}
    assert len(digests) == len(changes) + 1


def test_names_recordings_and_spelling_do_not_enter():
    net, other = built(), built()
    other.name = "another name"
    other.record(other["exc"].spikes)
    assert net.digest() == other.digest()
    spelt = [
        pg.NeuronModel(text, parameters={"tau": 2.0}).equations[0].text
        for text in ("dV/dt = -V / tau", "dV/dt=(-V)/(tau)")
    ]
    networks = [pg.Network(), pg.Network()]
    for each, text in zip(networks, spelt, strict=True):
        each.population("a", 1, pg.NeuronModel(f"dV/dt = {text}", parameters={"tau": 2.0}))
    assert networks[0].digest() == networks[1].digest()


def test_no_two_syntax_trees_read_alike():
    from pygenn_lite.declaration.digest import _of_node

    texts = [
        "a - (b - c)",
        "a - b - c",
        "a*b + c",
        "a*(b + c)",
        "ab*c",
        "-a",
        "a",
        "a < b",
        "a > b",
    ]
    assert len({b"".join(_of_node(ast.parse(t, mode="eval").body)) for t in texts}) == len(texts)


class Ring(pg.Connectivity):
    """A user's rule with whatever attributes it is given."""

    def __init__(self, **attributes):
        vars(self).update(attributes)

    def draw(self, n_pre, n_post, random):
        return np.arange(n_pre), np.arange(n_pre)


def with_rule(rule):
    net = pg.Network()
    cells = net.population("cells", 3, pg.LIF())
    net.connect(cells, cells, pg.Delta(), rule, name="ring")
    return net


def test_rules_of_the_same_name_from_different_modules_differ():
    other = type("Ring", (Ring,), {"__module__": "another.module"})
    inner = type("Ring", (Ring,), {"__qualname__": "Outer.Ring"})
    digests = {with_rule(rule(reach=2)).digest() for rule in (Ring, other, inner)}
    assert len(digests) == 3
    assert with_rule(Ring(reach=2)).digest() == with_rule(Ring(reach=2)).digest()
    assert with_rule(Ring(reach=2)).digest() != with_rule(Ring(reach=3)).digest()


@pytest.mark.parametrize("odd", [lambda r: r, max, {1, 2}, np.random.default_rng(1), object()])
def test_an_attribute_that_cannot_be_told_from_others_is_refused(odd):
    with pytest.raises(DeclarationError, match=r"synapse group 'ring': a digest cannot tell "):
        with_rule(Ring(profile=odd)).digest()
