"""The kernels of cards give the bits of the processor's program, whichever thread comes first."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from test_trial_by_hand import N_HIDDEN, N_IN, N_OUT, STEPS, bits, dense, samples, sparse
from trial_by_hand import HandGroup, HandMade, compiled
from trial_on_fibres import OnFibres, source_of_kernels

from pygenn_lite.runtime.cuda.drivers.nvrtc import compile_kernels, named_target
from pygenn_lite.runtime.training import training_records as records

BOTH = records.FORWARD | records.BACKWARD


def all_layouts() -> list[HandGroup]:
    """Dense with dropout, delays per synapse, trained and not, sparse, shared weights; delays per
    synapse behind given spikes, some longer than the trial."""
    rng = np.random.default_rng(9)
    groups = dense()
    groups[0].dropout = 0.2
    groups[1].delay = rng.integers(1, 9, (N_HIDDEN, N_HIDDEN))
    groups[1].wanted |= records.DELAYS
    groups[2].delay = rng.integers(1, 9, (N_HIDDEN, N_OUT))
    pre, post = sparse(rng, N_HIDDEN, N_HIDDEN)
    groups.append(HandGroup(0, 0, rng.normal(0.0, 0.2, len(pre)), 2, (pre, post)))
    pre, post = sparse(rng, N_IN, N_HIDDEN)
    groups.append(HandGroup(2, 0, rng.normal(0.2, 0.3, 7), 1, (pre, post), (pre + post) % 7))
    weight = rng.normal(0.0, 0.3, (N_IN, N_HIDDEN))
    delay, wanted = rng.integers(1, STEPS + 9, weight.shape), records.WEIGHTS | records.DELAYS
    groups.append(HandGroup(2, 0, weight, delay, dropout=0.1, wanted=wanted))
    return groups


def on_both(
    folder: Path, groups: Callable[[], list[HandGroup]], smooth: bool, backwards: bool
) -> tuple[list[bytes], list[bytes]]:
    """The bits of the processor's program, and of kernels."""
    hidden = "Smooth1" if smooth else "Population1"
    library = _library(folder, hidden)
    data, labels = samples(3), [0, 1, 2]
    found = []
    for on_fibres in (False, True):
        given_groups = groups()
        n_hidden = given_groups[1].weight.shape[1]
        made = HandMade(
            library, n_hidden, N_OUT, N_IN, given_groups, STEPS, real="float", smooth=smooth,
            slots=4, together=4,
        )  # fmt: skip
        staged, order = made.staged(data, labels), np.arange(3, dtype=np.uint64)
        given = made.results(3)
        if on_fibres:
            run = made.run_record(order, 3, BOTH, 0, given)
            fibres = OnFibres("float", hidden, 64, backwards)
            assert fibres.execute(made, staged, run, 2) == 0
        else:
            given = made.execute(staged, order, 3, BOTH)
            assert given["fault"].fault == records.FINE
        parts = [given[name].tobytes() for name in ("loss", "outputs", "spikes")]
        parts += [d.tobytes() for d in made.delay_gradients if d is not None]
        found.append(bits(made) + parts)
        made.close()
    return found[0], found[1]


@cache
def _library(folder: Path, hidden: str) -> object:
    return compiled(folder, "float", hidden)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fibres")


@pytest.mark.parametrize("smooth", [False, True])
@pytest.mark.parametrize("backwards", [False, True])
def test_kernels_give_the_bits_of_the_processor(
    folder: Path, smooth: bool, backwards: bool
) -> None:
    on_thread, on_fibres = on_both(folder, all_layouts if not smooth else dense, smooth, backwards)
    assert on_fibres == on_thread


@pytest.mark.parametrize("n_hidden", [32, 75])
def test_kernels_go_back_to_all_neurons_with_the_bits_of_panels(
    folder: Path, n_hidden: int
) -> None:
    def groups() -> list[HandGroup]:
        return dense(recurrent=0.1, n_hidden=n_hidden)

    on_thread, on_fibres = on_both(folder, groups, True, False)
    assert on_fibres == on_thread


@pytest.mark.nvrtc
@pytest.mark.parametrize("hidden", ["Population1", "Smooth1"])
def test_kernels_are_compiled_by_nvidias_compiler(hidden: str) -> None:
    source = {"trial.cu": source_of_kernels("float", hidden, 256)}
    image = compile_kernels(source, "trial.cu", named_target("90"), cache=False)
    assert image.kernels["pgl_training_trials"].spill_bytes == 0
