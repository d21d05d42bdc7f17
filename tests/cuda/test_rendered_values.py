"""Kernels that are rendered for a card give the bits of the CPU's: the engine runs either."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from kernels_on_engine import use_kernels_for_cards
from networks_for_cards import KINDS

import pygenn_lite as pg
from pygenn_lite.errors import NumericalError

STEPS = 250


def after(
    net: pg.Network, folder: Path, backend: str = "cpp", **options: Any
) -> tuple[str, dict[str, np.ndarray]]:
    """The source of the kernels, and all that a checkpoint holds after some steps."""
    sim = net.compile(backend=backend, threads=1, **options)
    sim.step(STEPS)
    sim.save(folder / "after.npz", overwrite=True)
    with np.load(folder / "after.npz") as file:
        kept = {name: file[name] for name in file.files if name != "header"}
    return sim.inspect().source, kept


@pytest.mark.parametrize(
    ("name", "precision"),
    [
        *((name, "float64" if name in ("coupling", "periodic") else "float32") for name in KINDS),
        ("randomness", "float64"),
    ],
)
def test_states_weights_and_spikes_are_the_same_bit_for_bit(
    name: str, precision: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, expected = after(KINDS[name](), tmp_path, precision=precision)
    use_kernels_for_cards(monkeypatch)
    source, found = after(KINDS[name](), tmp_path, precision=precision)
    assert "PGL_STRUCTURES_ONLY" in source
    assert found.keys() == expected.keys()
    differ = [n for n, array in found.items() if array.tobytes() != expected[n].tobytes()]
    assert not differ
    spikes = sum(int(a.sum()) for n, a in found.items() if n.endswith("/counts"))
    assert spikes > 0 or name == "integrators"
    assert all(np.isfinite(array).all() for array in found.values())


@pytest.mark.parametrize(
    ("name", "precision"),
    [("neurons", "float32"), ("randomness", "float32"), ("coupling", "float64")],
)
def test_the_emulated_card_gives_the_same_bits(name: str, precision: str, tmp_path: Path) -> None:
    """Where no spikes are summed, whose sums are whole numbers on a card."""
    _, expected = after(KINDS[name](), tmp_path, precision=precision)
    source, found = after(
        KINDS[name](), tmp_path, "cuda", driver="emulator", plan="general", precision=precision
    )
    assert "PGL_STRUCTURES_ONLY" in source and found.keys() == expected.keys()
    assert not [n for n, array in found.items() if array.tobytes() != expected[n].tobytes()]


def test_a_neuron_that_stops_being_finite_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    model = pg.NeuronModel(
        "dV/dt = V**3*k; du/dt = -u", threshold="V < -30", reset="V = 0",
        parameters=dict(k=np.array([0.0, 0.0, 0.5])), initial=dict(V=3.0, u=1.0),
        integrator="euler",
    )  # fmt: skip
    messages = []
    for rendered in (False, True):
        if rendered:
            use_kernels_for_cards(monkeypatch)
        net = pg.Network(dt=1.0, seed=1)
        cells = net.population("cells", 3, model)
        net.record(cells.spikes)
        sim = net.compile(backend="cpp", threads=1)
        with pytest.raises(NumericalError, match="neuron 2: 'V' became") as caught:
            sim.run(60.0)
        messages.append(str(caught.value))
    assert messages[0] == messages[1]
