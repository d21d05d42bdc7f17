"""The engine with structures written by hand, against NumPy in float64."""

from __future__ import annotations

import ctypes as c
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from event_prop import Network
from trial_by_hand import HandGroup, HandMade, compiled

from pygenn_lite.runtime.training import training_records as records

N_IN, N_HIDDEN, N_OUT, STEPS = 13, 21, 3, 40
Make = Callable[..., HandMade]


@pytest.fixture(scope="module")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., c.CDLL]:
    folder = tmp_path_factory.mktemp("trial")
    made: dict[tuple[str, str], c.CDLL] = {}

    def get(real: str = "double", hidden: str = "Population1") -> c.CDLL:
        if (real, hidden) not in made:
            made[real, hidden] = compiled(folder, real, hidden)
        return made[real, hidden]

    return get


@pytest.fixture
def make(libraries: Callable[..., c.CDLL]) -> Iterator[Make]:
    open_: list[HandMade] = []

    def made(groups: list[HandGroup], **options: Any) -> HandMade:
        real = options.setdefault("real", "double")
        hidden = "Smooth1" if options.get("smooth") else "Population1"
        options.setdefault("steps", STEPS)
        n_hidden = groups[0].weight.shape[-1] if groups[0].pairs is None else N_HIDDEN
        one = HandMade(libraries(real, hidden), n_hidden, N_OUT, N_IN, groups, **options)
        open_.append(one)
        return one

    yield made
    for one in open_:
        one.close()


def samples(n: int, seed: int = 1, rate: float = 0.15) -> list[tuple[np.ndarray, np.ndarray]]:
    rng = np.random.default_rng(seed)
    found = [np.nonzero(rng.random((STEPS, N_IN)) < rate) for _ in range(n)]
    return [(steps, neurons) for steps, neurons in found]


def dense(seed: int = 2, recurrent: float = 0.3, n_hidden: int = N_HIDDEN) -> list[HandGroup]:
    rng = np.random.default_rng(seed)
    return [
        HandGroup(2, 0, rng.normal(0.6, 0.5, (N_IN, n_hidden)), 1),
        HandGroup(0, 0, rng.normal(0.0, recurrent, (n_hidden, n_hidden)), 2),
        HandGroup(0, 1, rng.normal(0.1, 0.5, (n_hidden, N_OUT)), 3),
    ]


def sparse(rng: np.random.Generator, n_pre: int, n_post: int, p: float = 0.3) -> tuple[Any, Any]:
    pre, post = np.nonzero(rng.random((n_pre, n_post)) < p)
    return pre, post


def compare(made: HandMade, n: int = 5, tolerance: float = 1e-9, **options: Any) -> None:
    """Losses, spikes and all gradients of a batch."""
    data, labels = samples(n), [k % N_OUT for k in range(n)]
    found = made.run(data, labels, **options)
    assert found["fault"].fault == records.FINE
    wanted = [Network(made).answer(s, k) for s, k in zip(data, labels, strict=True)]
    assert sum(len(w.spikes) for w in wanted) > 10 * n
    close = dict(rtol=tolerance, atol=tolerance)
    np.testing.assert_allclose(found["loss"], [w.loss for w in wanted], **close)
    np.testing.assert_allclose(found["outputs"], [w.outputs for w in wanted], **close)
    assert list(found["spikes"][:, 0]) == [len(w.spikes) for w in wanted]
    assert list(found["tangential"]) == [w.tangential for w in wanted]
    for g, group in enumerate(made.groups):
        total = sum(w.weights[g] for w in wanted)
        assert np.abs(total).max() > 1e-6
        np.testing.assert_allclose(made.gradients[g], total, **close)
        if group.wanted & records.DELAYS:
            delays = sum(w.delays[g] for w in wanted)
            computed = made.delay_gradients[g]
            assert computed is not None
            np.testing.assert_allclose(computed[..., : delays.shape[-1]], delays, **close)
    for k in (0, 1):
        decay = sum(w.decay[k] for w in wanted)
        np.testing.assert_allclose(getattr(made, f"gradient_{k}"), decay, **close)
        initial = sum(w.initial[k] for w in wanted)
        np.testing.assert_allclose(getattr(made, f"initial_gradient_{k}"), initial, **close)


def test_spikes_are_those_of_numpy_in_their_order(make: Make) -> None:
    made = make(dense())
    (sample,) = samples(1)
    made.run([sample], [0], mode=records.FORWARD)
    wanted = Network(made).forward(sample)["spikes"]
    assert len(wanted) > 20
    assert made.tape(0) == wanted


@pytest.mark.parametrize("smooth", [False, True])
def test_gradients_of_dense_recurrent_groups(make: Make, smooth: bool) -> None:
    compare(make(dense(), smooth=smooth))


@pytest.mark.parametrize("smooth", [False, True])
def test_gradients_of_sparse_groups(make: Make, smooth: bool) -> None:
    rng = np.random.default_rng(3)
    groups = dense()
    pre, post = sparse(rng, N_HIDDEN, N_HIDDEN)
    groups[1] = HandGroup(0, 0, rng.normal(0.0, 0.5, len(pre)), 2, (pre, post))
    pre, post = sparse(rng, N_IN, N_HIDDEN, 0.5)
    groups[0] = HandGroup(2, 0, rng.normal(1.2, 0.5, len(pre)), 1, (pre, post))
    compare(make(groups, smooth=smooth))


@pytest.mark.parametrize("smooth", [False, True])
def test_gradients_of_shared_weights(make: Make, smooth: bool) -> None:
    rng = np.random.default_rng(4)
    groups = dense()
    pre, post = sparse(rng, N_IN, N_HIDDEN, 0.5)
    entries = (pre + post) % 7
    groups[0] = HandGroup(2, 0, rng.normal(1.2, 0.5, 7), 1, (pre, post), entries)
    pre, post = sparse(rng, N_HIDDEN, N_HIDDEN)
    groups[1] = HandGroup(0, 0, rng.normal(0.0, 0.5, 5), 4, (pre, post), (pre * post) % 5)
    compare(make(groups, smooth=smooth))


@pytest.mark.parametrize("wanted", [records.WEIGHTS, records.WEIGHTS | records.DELAYS])
def test_gradients_of_a_delay_for_every_synapse(make: Make, wanted: int) -> None:
    rng = np.random.default_rng(5)
    groups = dense()
    for group in groups:
        group.wanted = wanted
        group.delay = rng.integers(1, 30, group.weight.shape)
        group.delay[0, 0] = STEPS + 5  # nothing arrives
    pre, post = sparse(rng, N_HIDDEN, N_HIDDEN)
    groups[1] = HandGroup(
        0, 0, rng.normal(0.0, 0.5, len(pre)), rng.integers(1, 12, len(pre)), (pre, post),
        wanted=wanted,
    )  # fmt: skip
    compare(make(groups))


def test_surrogate_gradients_with_a_delay_for_every_synapse(make: Make) -> None:
    rng = np.random.default_rng(5)
    groups = dense()
    for group in groups:
        group.delay = rng.integers(1, 30, group.weight.shape)
    compare(make(groups, smooth=True))


@pytest.mark.parametrize("smooth", [False, True])
def test_what_comes_back_through_other_weights_or_not_at_all(make: Make, smooth: bool) -> None:
    groups = dense()
    groups[1].cut = True
    groups[2].feedback = np.random.default_rng(6).normal(0.0, 1.0, groups[2].weight.shape)
    compare(make(groups, smooth=smooth))


def bits(made: HandMade) -> list[bytes]:
    parts = [*made.gradients, made.gradient_0, made.gradient_1, made.initial_gradient_0]
    return [np.ascontiguousarray(part).tobytes() for part in parts]


def test_threads_and_slots_change_no_bit(make: Make) -> None:
    rng = np.random.default_rng(7)
    data, labels = samples(11), [k % 3 for k in range(11)]

    def groups() -> list[HandGroup]:
        made = dense()
        made[1].delay = np.random.default_rng(8).integers(1, 9, (N_HIDDEN, N_HIDDEN))
        return made

    order = list(rng.permutation(11))
    first = make(groups(), real="float", threads=1, slots=11)
    wanted = first.run(data, labels, order=order)
    for threads, slots in ((1, 2), (2, 2), (2, 4), (3, 7), (2, 11)):
        other = make(groups(), real="float", threads=threads, slots=slots)
        found = other.run(data, labels, order=order)
        assert bits(other) == bits(first)
        assert found["loss"].tobytes() == wanted["loss"].tobytes()
        assert found["outputs"].tobytes() == wanted["outputs"].tobytes()


@pytest.mark.parametrize("real", ["float", "double"])
def test_samples_that_go_back_together_have_the_bits_of_samples_alone(
    make: Make, real: str
) -> None:
    rng = np.random.default_rng(7)
    data, labels = samples(11), [k % 3 for k in range(11)]

    def groups() -> list[HandGroup]:
        made = dense(recurrent=0.1, n_hidden=75)
        made.append(HandGroup(0, 0, made[1].weight / 2, rng.integers(1, 9, (75, 75))))
        made.append(HandGroup(0, 0, made[1].weight / 3, 3, dropout=0.2))
        return made

    def run(**options: Any) -> tuple[HandMade, dict[str, Any]]:
        nonlocal rng
        rng = np.random.default_rng(8)
        made = make(groups(), real=real, smooth=True, **options)
        return made, made.run(data, labels)

    first, wanted = run(slots=11)
    assert wanted["fault"].fault == records.FINE
    for together, threads, slots in ((2, 1, 11), (4, 1, 11), (4, 1, 8), (4, 2, 11), (4, 2, 6)):
        other, found = run(together=together, threads=threads, slots=slots)
        assert bits(other) == bits(first)
        for name in ("loss", "outputs", "spikes", "tangential"):
            assert found[name].tobytes() == wanted[name].tobytes()


def test_a_run_of_several_batches_ends_with_the_gradients_of_the_last(make: Make) -> None:
    data, labels = samples(7), [k % 3 for k in range(7)]
    alone = make(dense(), real="float")
    alone.run(data[4:], labels[4:])
    together = make(dense(), real="float", threads=2)
    found = together.run(data, labels, batch=4)
    assert list(found["done"]) == [7, 2]
    assert bits(alone) == bits(together)


def test_dropout_leaves_neurons_out_of_a_group_and_scales_the_others(make: Make) -> None:
    groups = dense()
    groups[0].dropout = 0.4
    made = make(groups)
    (sample,) = samples(1)
    made.run([sample], [1], epoch=3)
    dropped = np.abs(made.gradients[0]).sum(axis=1) == 0
    assert 0 < dropped.sum() < N_IN
    kept = ~dropped[sample[1]]
    plain = dense()
    plain[0].weight = plain[0].weight / 0.6
    other = make(plain)
    other.run([(sample[0][kept], sample[1][kept])], [1])
    np.testing.assert_allclose(made.gradients[0] * 0.6, other.gradients[0], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(made.gradients[2], other.gradients[2], rtol=1e-9, atol=1e-12)
    made.run([sample], [1], epoch=4)
    assert not ((np.abs(made.gradients[0]).sum(axis=1) == 0) == dropped).all()


def test_a_tape_without_room_is_a_fault_that_says_how_much_it_needs(make: Make) -> None:
    made = make(dense(), room=30, threads=2)
    data = samples(3)
    found = made.run([(data[0][0][:0], data[0][1][:0]), *data[1:]], [0, 1, 2])
    assert found["fault"].fault == records.NO_ROOM
    assert found["fault"].population == 0
    assert found["fault"].number > 30
    assert found["position"] == 1
    assert list(found["done"]) == [0, 0]


def test_given_spikes_that_do_not_fit_are_a_fault(make: Make) -> None:
    made = make(dense(), room_given=30)
    many = samples(1, rate=0.3)
    found = made.run(many, [0])
    assert (found["fault"].fault, found["fault"].population) == (records.NO_ROOM, 2)
    assert found["fault"].number == len(many[0][0])


def test_of_samples_that_go_back_together_one_may_have_a_fault(make: Make) -> None:
    data = samples(7)
    empty = (data[0][0][:0], data[0][1][:0])
    for broken in (0, 1, 3, 6):
        made = make(dense(), smooth=True, room=30, slots=8, together=4)
        found = made.run([data[k] if k == broken else empty for k in range(7)], [0] * 7)
        assert (found["fault"].fault, found["position"]) == (records.NO_ROOM, broken)


def test_what_is_not_finite_is_located_in_samples_that_go_back_together(make: Make) -> None:
    groups = dense()
    groups[1].feedback = groups[1].weight.copy()
    groups[1].feedback[5, 1] = np.inf
    alone, several = (make(groups, smooth=True, slots=8, together=k) for k in (1, 4))
    wanted, found = (made.run(samples(7), [0] * 7) for made in (alone, several))
    for name in ("fault", "where", "population", "neuron", "step", "number"):
        assert getattr(found["fault"], name) == getattr(wanted["fault"], name), name
    assert found["fault"].fault == records.NOT_FINITE
    assert found["position"] == wanted["position"] == 0


@pytest.mark.parametrize("what", ["state", "adjoint"])
def test_a_number_that_is_not_finite_is_located(make: Make, what: str) -> None:
    groups = dense()
    if what == "state":
        groups[0].weight = groups[0].weight.copy()
        groups[0].weight[4, 7] = np.nan
    else:
        groups[2].feedback = groups[2].weight.copy()
        groups[2].feedback[5, 1] = np.inf
    made = make(groups)
    data = samples(3)
    found = made.run(data, [0, 1, 2])
    fault = found["fault"]
    assert fault.fault == records.NOT_FINITE
    assert fault.where == (records.STATE if what == "state" else records.ADJOINT)
    assert fault.population == 0
    if what == "state":
        first = [steps[neurons == 4][0] for steps, neurons in data]
        assert fault.step == first[int(found["position"])] + 1
        assert fault.neuron == 7


def test_backwards_alone_goes_from_the_tapes_that_are_kept(make: Make) -> None:
    data, labels = samples(3), [0, 1, 2]
    both = make(dense(), real="float")
    both.run(data, labels)
    apart = make(dense(), real="float")
    staged = apart.staged(data, labels)
    order = np.arange(3, dtype=np.uint64)
    apart.execute(staged, order, 3, records.FORWARD)
    apart.execute(staged, order, 3, records.BACKWARD)
    assert bits(apart) == bits(both)
