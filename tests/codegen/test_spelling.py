"""Texts for people spell the symbols of generated code as users do: dotted paths."""

from __future__ import annotations

import re

import pytest

import pygenn_lite as pg
from pygenn_lite.codegen import derive_program, network_structure, systems_of
from pygenn_lite.codegen.program.spelling import spelled, spelled_program, spelled_systems
from pygenn_lite.codegen.structure.symbol_paths import paths_of_symbols


def network() -> pg.Network:
    net = pg.Network()
    rates, cells = net.population("rates", 6, pg.RateNeuron()), net.population("cells", 9, pg.LIF())
    net.connect(rates, rates, pg.RateSynapse(), pg.AllToAll(), name="up")
    net.connect(rates, rates, pg.RateSynapse(), pg.Transpose("up", factor=-2.0), name="down")
    receptor = pg.ExponentialCurrent(5.0)
    net.connect(cells, cells, receptor, pg.AllToAll(), name="static")
    net.connect(cells, cells, pg.PairSTDP(receptor), pg.AllToAll(), name="learning")
    net.connect(cells, cells, pg.GapJunction(), pg.AllToAll(), name="gap")
    net.poisson(cells, 5.0, weight=1.0, synapse=pg.ExponentialCurrent(2.0), name="drive")
    net.noise_current(cells, name="noise")
    net.step_current(cells, [0.0, 1.0], [1.0, 2.0], name="steps")
    return net


def test_each_symbol_has_the_path_by_which_its_value_is_reached() -> None:
    net = network()
    paths = paths_of_symbols(network_structure(net), "cells")
    assert paths["I_syn__r0"] == "static.I_syn" and paths["I_syn__r1"] == "drive.I_syn"
    assert paths["poisson__0_weight"] == "drive.weight" and paths["x__pre0"] == "learning.x"
    assert paths["I__coupled0"] == "coupled.I" and paths["noise__0_std"] == "noise.std"
    assert "V" not in paths
    sim = net.compile(backend="reference")
    for symbol, path in paths.items():
        if symbol in sim["cells"].names:
            assert path in sim["cells"].names


def test_texts_have_no_symbol_of_generated_code() -> None:
    structure = network_structure(network())
    for text in (
        spelled_systems(structure, systems_of(structure)),
        spelled_program(structure, derive_program(structure)),
        str(network().compile(backend="reference").inspect()),
        str(network().compile(backend="reference").memory()),
    ):
        assert re.findall(r"\w+__\w*|\w*__\w+", text) == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("dI_syn__r0/dt = -I_syn__r0/tau__r0", "d(exc.I_syn)/dt = -exc.I_syn/exc.tau"),
        ("P__V__I_syn__r0 + P__V__1", "P[V, exc.I_syn] + P[V, 1]"),
        ("P__I_syn__r0__V", "P[exc.I_syn, V]"),
        ("exc.tau (tau__r0); cells.tau", "exc.tau; cells.tau"),
        ("waiting__ = decay__r*gain__I_syn__r0", "waiting = decay[r]*gain[exc.I_syn]"),
        ("count__0 = spikes of Poisson input 0", "drive.count = spikes of drive"),
        ("I_post__sum += weight", "I_post += weight"),
    ],
)
def test_symbols_in_a_text(text: str, shown: str) -> None:
    paths = {"I_syn__r0": "exc.I_syn", "tau__r0": "exc.tau", "count__0": "drive.count"}
    assert spelled(text, paths) == shown


def test_transposed_weights_are_shown_as_such() -> None:
    structure = network_structure(network())
    system = systems_of(structure).groups["down"]
    assert "  weight = -2*transpose(up.weight)" in str(system).splitlines()
    assert [p.path for p in system.parameters] == ["down.delay"]
    assert "down (weights of up, transposed)" in spelled_program(
        structure, derive_program(structure)
    )


def test_a_kernel_names_those_who_use_it() -> None:
    net = pg.Network()
    for name in ("exc", "inh"):
        net.population(name, 3, pg.LIF())
    structure = network_structure(net)
    text = spelled_program(structure, derive_program(structure))
    assert text.startswith("neuron kernel neuron0 (float): exc, inh\n")
