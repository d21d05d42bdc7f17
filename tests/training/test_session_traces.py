"""Trials forwards and backwards apart, for losses that are computed elsewhere."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from training_networks import STEPS, layers, samples

from pygenn_lite.codegen.trial.surrogate import surrogate_of
from pygenn_lite.errors import ArgumentError, InsufficientMemoryError, ShapeError
from pygenn_lite.runtime.training.session import TrainingSession

COUNT = 6


def _session(**options: Any) -> TrainingSession:
    given = {
        "loss": None, "outputs": ["out.V", "hidden.spikes"], "steps": STEPS,
        "precision": "float64", "gradient": "surrogate",
        "surrogate": surrogate_of("1/(1 + 0.25*abs(u))**2"), **options,
    }  # fmt: skip
    return TrainingSession(layers(), **given)


@pytest.fixture(scope="module")
def session() -> TrainingSession:
    return _session()


def test_outputs_are_those_of_the_simulation(session):
    data = session.stage(samples(COUNT))
    found = session.forward(data)
    net = session.network.copy()
    net.record(net.populations["hidden"].spikes, net.populations["out"]["V"])
    simulation = net.compile(threads=1, precision="float64")
    import pygenn_lite as pg

    tensor = pg.SpikeTensor.dense(samples(COUNT).array, 1.0)
    for k in range(COUNT):
        simulation.reset()
        simulation["source"].replay(tensor, k)
        result = simulation.run(float(STEPS + 1))
        dense = np.zeros((STEPS + 2, 12))
        spikes = result.spikes["hidden"]
        dense[np.rint(spikes.times).astype(int), spikes.indices] = 1
        np.testing.assert_array_equal(found["hidden.spikes"][k], dense[1 : STEPS + 1])
        voltage = result.traces["out"]["V"].values
        np.testing.assert_allclose(found["out.V"][k], voltage[1 : STEPS + 1], rtol=1e-12)


def test_gradients_are_linear_in_the_derivatives_that_are_given(session):
    data = session.stage(samples(COUNT))
    random = np.random.default_rng(1)
    found = []
    for scale in (1.0, -3.0):
        outputs = session.forward(data)
        given = {n: scale * random.normal(size=v.shape) for n, v in outputs.items()}
        random = np.random.default_rng(1)
        back = session.backward(given)
        found.append([*session.gradient_sums.values(), back["source"]])
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(other, -3.0 * one, rtol=1e-9, atol=1e-12)
        assert np.any(one != 0)


def test_derivatives_by_weights_and_inputs_are_differences_where_nothing_spikes():
    made = _session(
        outputs=["hidden.V"], gradient="exact", surrogate=None, trainable="groups.w_in.weight"
    )
    made.set("groups.w_in.weight", 0.1 * made.parameters["groups.w_in.weight"])
    array = samples(COUNT).array.astype(float)
    random = np.random.default_rng(2)
    added = random.normal(size=(COUNT, STEPS, 12))
    given = random.normal(size=(COUNT, STEPS, 12))

    def loss(values):
        return float(
            np.sum(given * made.forward(made.stage(array, {"hidden.V": values}))["hidden.V"])
        )

    made.forward(made.stage(array, {"hidden.V": added}))
    back = made.backward({"hidden.V": given})
    for at in ((0, 3, 5), (2, 10, 0), (5, STEPS - 1, 11)):
        moved = added.copy()
        moved[at] += 1e-4
        measured = (loss(moved) - loss(added)) / 1e-4
        assert back["hidden.V"][at] == pytest.approx(measured, rel=1e-6)
    # A spike is a number that is multiplied by weights: what another one would change.
    sample, channel = 1, 4
    step = int(np.flatnonzero(array[sample, :, channel])[0])
    without = array.copy()
    without[sample, step, channel] = 0
    before = loss(added)
    array = without
    assert back["source"][sample, step, channel] == pytest.approx(before - loss(added), rel=1e-9)


def test_weights_of_the_read_out_have_the_gradient_of_the_formula(session):
    data = session.stage(samples(COUNT))
    session.forward(data)
    given = np.zeros((COUNT, STEPS, 3))
    given[:, -1, 0] = 1.0  # the sum of the last potentials of one neuron
    session.backward({"out.V": given})
    gradient = session.gradient_sums["groups.w_out.weight"]
    before = session.forward(data)["out.V"][:, -1, 0].sum()
    weights = session.parameters["groups.w_out.weight"]
    moved = weights.copy()
    moved[:, 0] += 1.0
    session.set("groups.w_out.weight", moved)
    after = session.forward(data)["out.V"][:, -1, 0].sum()
    session.set("groups.w_out.weight", weights)
    assert after - before == pytest.approx(gradient[:, 0].sum(), rel=1e-9)
    assert np.all(gradient[:, 1:] == 0)


def test_what_cannot_be_gone_back_through_is_refused(session):
    data = session.stage(samples(COUNT))
    session.forward(data)
    session.backward({})
    with pytest.raises(ArgumentError, match="nothing to go back through"):
        session.backward({})
    session.forward(data)
    session.set("groups.w_out.weight", session.parameters["groups.w_out.weight"])
    with pytest.raises(ArgumentError, match="nothing to go back through"):
        session.backward({})
    session.forward(data)
    with pytest.raises(ArgumentError, match=r"no output 'out.U'; did you mean 'out.V'"):
        session.backward({"out.U": np.zeros(3)})
    session.forward(data)
    with pytest.raises(ShapeError, match=r"\(6, 40, 3\)"):
        session.backward({"out.V": np.zeros((6, 3, 40))})
    session.forward(data)
    session.backward({})
    assert all(np.all(g == 0) for g in session.gradient_sums.values())


def test_no_samples_go_forwards_and_backwards_as_well(session):
    data = session.stage(samples(COUNT))
    for given in ((data, []), (session.stage(samples(0)),)):
        empty = session.forward(*given)
        assert {name: array.shape for name, array in empty.items()} == {
            "out.V": (0, STEPS, 3), "hidden.spikes": (0, STEPS, 12),
        }  # fmt: skip
        back = session.backward({"out.V": np.zeros((0, STEPS, 3))})
        assert back["source"].shape == (0, STEPS, 9)
        assert all(np.all(g == 0) for g in session.gradient_sums.values())


def test_two_spikes_of_a_source_in_a_step_are_one_through_twice_the_weight(session):
    array = samples(COUNT).array.astype(int)
    weights = session.parameters["groups.w_in.weight"]
    twice = session.forward(session.stage(2 * array))
    session.backward({"out.V": np.ones((COUNT, STEPS, 3))})
    gradient = session.gradient_sums["groups.w_in.weight"]
    session.set("groups.w_in.weight", 2 * weights)
    once = session.forward(session.stage(array))
    session.backward({"out.V": np.ones((COUNT, STEPS, 3))})
    np.testing.assert_array_equal(twice["out.V"], once["out.V"])
    np.testing.assert_allclose(
        gradient, 2 * session.gradient_sums["groups.w_in.weight"], rtol=1e-12
    )
    session.set("groups.w_in.weight", weights)


def test_derivatives_of_any_layout_and_type_are_taken_and_others_refused(session):
    data, given = session.stage(samples(COUNT)), np.zeros((COUNT, STEPS, 3))
    given[:, 5] = 3.0
    found = []
    for made in (given, np.asfortranarray(given), given.astype(int), given.tolist()):
        session.forward(data)
        session.backward({"out.V": made})
        found.append(session.gradient_sums["groups.w_out.weight"])
    for one in found[1:]:
        np.testing.assert_array_equal(one, found[0])
    session.forward(data)
    with pytest.raises(ArgumentError, match=r"'out\.V' is complex"):
        session.backward({"out.V": 1j * given})


def test_outputs_that_do_not_exist_are_refused():
    with pytest.raises(ArgumentError, match=r"has no variable 'U'"):
        _session(outputs=["out.U"])
    with pytest.raises(ArgumentError, match="no population 'output' with a model"):
        _session(outputs=["output.V"])
    with pytest.raises(ArgumentError, match="give a loss, or outputs"):
        _session(outputs=[])


def test_samples_that_do_not_fit_into_memory_are_refused_with_how_many_would(session, monkeypatch):
    data, memory = session.stage(samples(COUNT)), session._memory
    session.forward(data)
    slot, whole = memory.record.slot_bytes, 2 * memory.slots.nbytes
    monkeypatch.setattr(
        "pygenn_lite.runtime.training.processor_program.available_memory",
        lambda: whole - memory.slots.nbytes,
    )
    found = session.forward(data)  # what is there already needs no more
    many = np.arange(whole // slot) % COUNT
    with pytest.raises(InsufficientMemoryError, match=f"{whole // 2 // slot} samples would fit"):
        session.forward(data, many)
    half = session.forward(data, many[: whole // 2 // slot])
    np.testing.assert_array_equal(half["out.V"][:COUNT], found["out.V"])


def test_values_for_variables_are_checked(session):
    with pytest.raises(ArgumentError, match=r"no variable 'hidden.U'"):
        session.stage(samples(COUNT), {"hidden.U": 0.0})
    with pytest.raises(ShapeError, match=r"\(6, 40, 12\)"):
        session.stage(samples(COUNT), {"hidden.V": np.zeros((6, 12))})


def test_ctrl_c_ends_a_layer_and_what_calls_it(session, monkeypatch):
    data, run = session.stage(samples(COUNT)), session._program.run

    def interrupted(*given):
        ended = run(*given)
        given[3].seen = True
        return ended

    with monkeypatch.context() as changed:
        changed.setattr(session._program, "run", interrupted)
        with pytest.raises(KeyboardInterrupt):
            session.forward(data)
    outputs = session.forward(data)
    monkeypatch.setattr(session._program, "run", interrupted)
    with pytest.raises(KeyboardInterrupt):
        session.backward({"out.V": outputs["out.V"]})
