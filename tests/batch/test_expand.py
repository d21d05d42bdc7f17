"""Runs of a sweep: their number, values and identities."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pygenn_lite as pg
from pygenn_lite.batch.expand import MANY_RUNS, expand
from pygenn_lite.batch.sweep import Sweep
from pygenn_lite.batch.value_text import as_text
from pygenn_lite.errors import DeclarationError, SweepError

NET = pg.Network(seed=7)
NET.population("cells", 10, pg.LIF())
TAU, T_REF = "populations.cells.parameters.tau", "populations.cells.parameters.t_ref"
NUMBERS = st.lists(st.floats(1, 100), min_size=1, max_size=6, unique=True)


def identities(*given: Any, **options: Any) -> list[str]:
    return [run.id for run in Sweep(NET, *given, **options).runs]


@given(NUMBERS, NUMBERS, st.integers(1, 5))
@settings(max_examples=30, deadline=None)
def test_there_are_as_many_runs_as_the_product(
    taus: list[float], refs: list[float], repeats: int
) -> None:
    sweep = Sweep(NET, {TAU: taus, T_REF: refs}, random={"seed": {"repeat": repeats}})
    assert len(sweep) == sweep.spec.count == len(taus) * len(refs) * repeats
    assert len(set(map(str, sweep.runs))) == len({run.id for run in sweep}) == len(sweep)


@given(NUMBERS, NUMBERS, st.floats(1, 200))
@settings(max_examples=30, deadline=None)
def test_each_run_fulfils_the_constraints_and_no_other_does(
    taus: list[float], refs: list[float], limit: float
) -> None:
    wanted = [{TAU: a, T_REF: b} for a in taus for b in refs if a + b < limit and a != b]
    condition = f"{TAU} + {T_REF} < {limit!r} and {TAU} != {T_REF}"
    sweep = Sweep(NET, {TAU: taus, T_REF: refs}, constraints=condition)
    if wanted:
        assert [run.values for run in sweep] == wanted
    else:
        with pytest.raises(SweepError, match=r"none of the .* combinations fulfils"):
            len(sweep)


@given(st.permutations([TAU, T_REF, "seed", "dt"]))
@settings(max_examples=20, deadline=None)
def test_identities_do_not_depend_on_the_order_of_names(names: list[str]) -> None:
    values = {TAU: [5.0, 10.0], T_REF: [1.0, 2.0], "seed": [1, 2], "dt": [0.1]}
    assert set(identities({n: values[n] for n in names})) == set(identities(values))


def test_identities_are_the_same_in_another_process() -> None:
    code = (
        "import pygenn_lite as pg\n"
        "net = pg.Network(seed=7)\n"
        "net.population('cells', 10, pg.LIF())\n"
        f"values = {{{TAU!r}: [5, pg.Uniform(5, 10)], 'seed': [1, 2]}}\n"
        "print(*[run.id for run in pg.Sweep(net, values)])"
    )
    printed = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert printed == identities({TAU: [5, pg.Uniform(5, 10)], "seed": [1, 2]})


def test_identities_follow_all_that_decides_about_a_run() -> None:
    first = identities({TAU: [5.0]})
    other = pg.Network(seed=8)
    other.population("cells", 10, pg.LIF())
    assert first == identities({"populations.cells.parameters.tau": [5]})
    assert first == identities({TAU: [5.0]}, measure=["cv_isi"], keep={"spikes": "all"})
    changed = [
        identities({TAU: [6.0]}),
        identities({T_REF: [5.0]}),
        identities({TAU: [5.0]}, duration=999),
        identities({TAU: [5.0]}, warmup=1),
        identities({TAU: [5.0]}, precision="float64"),
        identities({TAU: [5.0]}, set={T_REF: 3.0}),
        [run.id for run in Sweep(other, {TAU: [5.0]})],
    ]
    assert len({tuple(found) for found in [first, *changed]}) == len(changed) + 1


def test_names_that_mean_the_same_have_the_same_identities() -> None:
    g = [run.id for run in Sweep("brunel", {"g": [3, 4], "seed": [1]})]
    assert [r.id for r in Sweep("brunel", {"constants.g": [3.0, 4.0], "network.seed": [1]})] == g


def test_what_stands_there_twice_runs_once() -> None:
    sweep = Sweep(NET, {TAU: [5, 5.0, 6, 5], "seed": [1, 1]})
    assert [run.values[TAU] for run in sweep] == [5, 6]
    assert [run.index for run in sweep] == [0, 1]


def test_seeds_go_on_beyond_the_last() -> None:
    last = pg.Network(seed=2**64 - 1)
    last.population("cells", 1, pg.LIF())
    assert [run.values["seed"] for run in Sweep(last, {"seed": {"repeat": 2}})] == [2**64 - 1, 0]


def test_a_sweep_of_absurd_size_is_counted_and_refused_at_once() -> None:
    sweep = Sweep(NET, {TAU: {"linspace": [1, 2, 10**12]}, "seed": {"repeat": 3}})
    assert sweep.spec.count == 3 * 10**12
    assert repr(sweep).startswith("<Sweep of network: 3,000,000,000,000 runs (")
    with pytest.raises(SweepError) as caught:
        len(sweep)
    assert f"has 3,000,000,000,000 runs: 1,000,000,000,000 ({TAU}) x 3 (seed)" in str(caught.value)
    assert "--yes" in str(caught.value)
    assert len(expand(Sweep(NET, {"seed": {"repeat": 5}}).spec, most=5)) == 5
    with pytest.raises(SweepError, match="has 5 runs"):
        expand(Sweep(NET, {"seed": {"repeat": 5}}).spec, most=4)
    assert MANY_RUNS == 10**6


def test_a_plan_that_no_memory_holds_is_refused_whoever_asks_for_it() -> None:
    message = r"the plan of 1,000,000,000,000,000 runs would take about .* TiB of memory"
    for options in ({}, {"constraints": f"{TAU} > 1.5"}):
        sweep = Sweep(NET, {TAU: {"linspace": [1, 2, 10**15]}}, **options)
        with pytest.raises(SweepError, match=message):
            sweep.plan(most=None)


def test_only_runs_that_there_are_can_be_kept() -> None:
    seeds = {"seed": [1, 2, 3]}
    some = Sweep(NET, seeds).runs[1].id
    assert len(Sweep(NET, seeds, keep={"spikes": {"runs": [2, some]}})) == 3
    for wrong, shown in ((3, "3"), (-1, "-1"), ("a" * 16, "'a{16}'")):
        with pytest.raises(SweepError, match=f"keep: there is no run {shown}\n.* from 0 to 2,"):
            len(Sweep(NET, seeds, keep={"traces": {"runs": [0, wrong]}}))


def test_a_condition_over_what_is_not_a_number_is_refused() -> None:
    sweep = Sweep(NET, {TAU: [5.0, pg.Uniform(1, 2)]}, constraints=f"{TAU} > 3")
    with pytest.raises(SweepError, match="whose values are not all numbers"):
        len(sweep)


def test_values_as_text() -> None:
    assert as_text(5) == as_text(5.0) != as_text("5") != as_text(True)
    assert as_text({"a": 1, "b": 2.0}) == as_text({"b": 2, "a": 1.0})
    assert as_text([1, 2]) == as_text([1.0, 2.0]) != as_text([12])
    assert as_text(pg.Uniform(0, 1)) == as_text(pg.Uniform(0, 1)) != as_text(pg.Uniform(0, 2))
    assert as_text(2**63 + 1) != as_text(2.0**63)
    assert as_text(pg.LIF()) != as_text(pg.LIF(tau=3.0))
    with pytest.raises(DeclarationError, match="cannot tell"):
        as_text(len)
