"""Compiled runs give what the reference interpreter gives."""

from __future__ import annotations

import numpy as np
import pytest
from helpers_oracle import (
    assert_close,
    assert_equal_runs,
    first_difference,
    reference,
    run_compiled,
)
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from networks_oracle import STRUCTURES, Case

pytestmark = [
    pytest.mark.usefixtures("backend"),
    pytest.mark.generated("is compared with the interpreter"),
]

PROFILE = settings(
    max_examples=5,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.explicit, Phase.generate),  # shrinking would take the interpreter minutes
    suppress_health_check=[HealthCheck.too_slow],
)
SIZE = st.sampled_from([1, 2, 7, 30, 64, 65, 100])
STEPS = 160


def cases(structure: str) -> st.SearchStrategy[Case]:
    return st.builds(
        Case,
        structure=st.just(structure),
        sizes=st.tuples(SIZE, SIZE, SIZE),
        dt=st.sampled_from([0.1, 0.05, 0.25]),
        seed=st.integers(0, 2**64 - 1),
    )


@pytest.mark.parametrize("structure", STRUCTURES)
def test_a_compiled_run_in_double_precision_is_the_interpreters(structure):
    @PROFILE
    @given(cases(structure), st.integers(1, 3))
    def same(case, threads):
        network = case.network()
        found = run_compiled(network, STEPS, threads=threads)
        assert_equal_runs(found, reference(network, STEPS, found), 1e-9)

    same()


@pytest.mark.parametrize("structure", ["current_based", "conductance_based"])
def test_a_compiled_run_in_single_precision_stays_near_until_a_spike_differs(structure):
    network = Case(structure, (70, 40, 20), 0.1, 5).network()
    found = run_compiled(network, STEPS, precision="float32", threads=2)
    expected = reference(network, STEPS, found)
    first = first_difference(found, expected)
    assert first is None or first > 40
    for name, variables in found.traces.items():
        for variable, values in variables.items():
            other = expected.traces[name][variable][:first]
            assert_close(values[:first], other, 2e-3, f"{name}: {variable}")


@pytest.mark.compiled("threads")
@pytest.mark.parametrize(
    ("structure", "precision"),
    [*((s, "float64") for s in STRUCTURES), ("current_based", "float32")],
)
def test_one_two_and_three_threads_give_the_same_bits(structure, precision):
    case = Case(structure, (300, 200, 150), 0.1, 11)
    runs = [
        run_compiled(case.network(), 120, precision=precision, threads=threads)
        for threads in (1, 2, 3)
    ]
    assert sum(len(steps) for steps, _ in runs[0].spikes.values()) > 100
    for run in runs[1:]:
        for name, pair in run.spikes.items():
            assert np.array_equal(pair, runs[0].spikes[name]), name
        for what in ("states", "synapses", "traces"):
            for name, variables in getattr(run, what).items():
                for variable, values in variables.items():
                    first = getattr(runs[0], what)[name][variable]
                    assert np.array_equal(values, first), f"{what} of {name}: {variable}"
