"""Training on the emulated card (a card with --cuda-driver): the same program, hence the same bits
as on the processor."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from training_networks import STEPS, Samples, layers, samples

import pygenn_lite as pg
from pygenn_lite.codegen.trial.surrogate import surrogate_of
from pygenn_lite.errors import ArgumentError, NumericalError, UnsupportedFeatureError
from pygenn_lite.runtime.training.session import TrainingSession
from pygenn_lite.training import losses, optimisers

CARD = {"backend": "cuda", "driver": "emulator"}


@pytest.fixture(autouse=True)
def driver(request, monkeypatch):
    monkeypatch.setitem(CARD, "driver", request.config.getoption("--cuda-driver"))


def _session(**options: Any) -> TrainingSession:
    given = {
        "loss": losses.CrossEntropy("out.V"), "steps": STEPS, "batch": 4,
        "optimiser": optimisers.Adam(5.0), **options,
    }  # fmt: skip
    return TrainingSession(layers(), **given)


@pytest.mark.parametrize("in_flight", [None, 3])
def test_training_has_the_bits_of_the_processor(in_flight):
    found = []
    for options in ({"backend": "cpp"}, CARD):
        made = _session(in_flight=in_flight, **options)
        data = made.stage(samples(6))
        outcome = made.run(data)
        before = made.state()
        made.run(data, [3], train=False)
        for name, array in made.state().items():
            np.testing.assert_array_equal(array, before[name], name)
        outcome = made.run(data, [5, 0, 2])
        arrays = {"losses": outcome.losses, "norms": outcome.norms, "outputs": outcome.outputs}
        arrays |= {f"spikes {k}": v for k, v in outcome.spikes.items()}
        arrays |= {f"gradient {k}": v for k, v in made.gradients.items()}
        found.append(made.state() | arrays)
    for name, array in found[0].items():
        np.testing.assert_array_equal(array, found[1][name], name)


def test_values_that_are_set_and_restored_reach_the_card():
    made, other = _session(**CARD), _session(backend="cpp")
    for one in (made, other):
        one.set("groups.w_in.weight", 200.0)
        one.run(one.stage(samples(4)))
    np.testing.assert_array_equal(
        made.parameters["groups.w_in.weight"], other.parameters["groups.w_in.weight"]
    )
    kept = other.state()
    made.restore(kept)
    for one in (made, other):
        one.run(one.stage(samples(4)))
    np.testing.assert_array_equal(
        made.parameters["groups.w_in.weight"], other.parameters["groups.w_in.weight"]
    )


def test_tapes_grow_on_the_card():
    made = _session(**CARD)
    data = made.stage(Samples(np.ones((2, STEPS, 9), np.uint8), np.arange(2)))
    made.set("groups.w_in.weight", 4000.0)
    outcome = made.run(data, train=False)
    assert outcome.spikes_per_sample["hidden"].min() > 4 * 12


def test_a_gradient_that_explodes_on_the_card_ends_it_with_that_batch():
    array = np.concatenate([np.zeros((4, STEPS, 9), np.uint8), samples(4).array])
    array = np.concatenate([array, array[:4]])
    for options in ({"backend": "cpp"}, CARD):
        made = _session(**options)
        made.set("groups.w_out.weight", np.tile([1e30, -1e30, 0.0], (12, 1)))
        weights = made.parameters["groups.w_in.weight"]
        with pytest.raises(NumericalError, match="batch that begins with sample 4 explodes"):
            made.run(made.stage(Samples(array, np.arange(12) % 3)))
        assert made.updates == 1
        np.testing.assert_array_equal(made.parameters["groups.w_in.weight"], weights)


def test_forwards_and_backwards_apart_have_the_bits_of_the_processor():
    found = []
    for options in ({"backend": "cpp"}, CARD):
        made = _session(
            loss=None, outputs=["out.V", "hidden.spikes"], optimiser=None, gradient="surrogate",
            surrogate=surrogate_of("1/(1 + 0.25*abs(u))**2"), **options,
        )  # fmt: skip
        data = made.stage(samples(3), {"hidden.V": np.full((3, STEPS, 12), 0.5)})
        outputs = made.forward(data)
        random = np.random.default_rng(4)
        back = made.backward({name: random.normal(size=o.shape) for name, o in outputs.items()})
        assert set(back) == {"hidden.V", "source"}
        gradients = {f"gradient {path}": g for path, g in made.gradient_sums.items()}
        found.append({**outputs, **{f"by {k}": v for k, v in back.items()}, **gradients})
    for name, array in found[0].items():
        np.testing.assert_array_equal(array, found[1][name], name)
        assert np.any(array != 0), name


def test_options_of_cards_belong_to_cards():
    with pytest.raises(UnsupportedFeatureError, match="uses no card"):
        _session(backend="cpp", driver="emulator")
    with pytest.raises(ArgumentError, match="backend = 'gpu'"):
        _session(backend="gpu")


def test_a_trainer_runs_on_the_card():
    found = []
    for options in ({"backend": "cpp"}, CARD):
        trainer = pg.Trainer(layers(), losses.CrossEntropy("out.V"), batch=4, **options)
        data = pg.data.from_dense(samples(6).array, 1.0, labels=samples(6).labels)
        history = trainer.fit(data, epochs=2, progress=False)
        found.append((history["loss"][-1], trainer.parameters["groups.w_in.weight"]))
        assert trainer.memory()
    assert found[0][0] == found[1][0]
    np.testing.assert_array_equal(found[0][1], found[1][1])
