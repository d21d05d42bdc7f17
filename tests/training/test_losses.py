"""Losses as descriptions: sums, keys, numbers, formulas; and what is wrong with one, by name."""

from __future__ import annotations

import pickle
import re
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import sympy

import pygenn_lite as pg
from pygenn_lite.errors import ArgumentError, EquationError, UnsupportedFeatureError

sys.path.insert(0, str(Path(__file__).parents[1] / "trial"))
from stand_in_trial import code_of

L = pg.losses


# ------------------------------------------------------------------ sums, keys, numbers
def test_a_sum_has_the_terms_and_numbers_of_its_parts() -> None:
    loss = L.CrossEntropy("out.V", smoothing=0.1) + 0.5 * (2 * L.Rate("hidden", 14.0, above=3.0))
    assert loss.constants == (1.0, 0.1, 1.0, 1.0, 14.0, 3.0, 1.0)
    assert [term.name for term in loss.terms()] == ["CrossEntropy(out.V)", "Rate(hidden)"]
    assert [c for term in loss.terms() for c in term.constants] == [
        "factor", "smoothing", "scale", "factor", "target_count", "above", "below",
    ]  # fmt: skip


def test_losses_of_a_list_are_summed() -> None:
    loss = sum([L.Silence("hidden", 1.0), L.Silence("out", 2.0)])
    assert isinstance(loss, L.Loss) and len(loss.terms()) == 2


def test_the_key_is_the_same_whatever_the_numbers() -> None:
    keys = {
        (factor * L.CrossEntropy("out.V", smoothing=s) + L.Rate("hidden", nu)).key
        for factor, s, nu in ((1, 0.0, 14.0), (0.5, 0.1, 20.0))
    }
    assert len(keys) == 1


@pytest.mark.parametrize(
    "other",
    [
        L.CrossEntropy("out.V", shape="linear"),
        L.CrossEntropy("out.I"),
        L.CrossEntropy("out.V", targets="values"),
        L.IntegralCrossEntropy("out.V"),
    ],
)
def test_the_key_differs_where_the_program_does(other: pg.losses.Loss) -> None:
    assert other.key != L.CrossEntropy("out.V").key


def test_a_shape_is_one_whether_named_written_or_sympy() -> None:
    t, T = sympy.symbols("t T")
    given = ("exponential", "exp(-t/T)", sympy.exp(-t / T))
    assert len({L.CrossEntropy("out.V", shape=shape).key for shape in given}) == 1


def test_penalties_take_part_in_sums_with_their_factors() -> None:
    loss = L.CrossEntropy("out.V") + 0.5 * L.WeightPenalty("groups.*.weight", l1=2.0, l2=4.0)
    assert loss.key == L.CrossEntropy("out.V").key and loss.constants == (1.0, 0.0, 1.0)
    (penalty,) = loss.penalties
    assert (penalty.pattern, penalty.l1, penalty.l2) == ("groups.*.weight", 1.0, 2.0)


def test_losses_travel_between_processes_and_compare() -> None:
    loss = L.CrossEntropy("out.V") + 2 * L.SilentMargin("hidden")
    assert pickle.loads(pickle.dumps(loss)) == loss != L.CrossEntropy("out.V")


def test_a_loss_says_what_it_computes() -> None:
    text = (L.CrossEntropy("out.V", shape="linear") + L.WeightPenalty(l2=0.5)).formula()
    assert text == (
        "CrossEntropy(out.V), summed over the neurons of out\n"
        "  u = integral of V*(1 - t/T)/T\n"
        "  logp = log(softmax(scale*u))\n"
        "  factor*logp*(-hit*(1 - smoothing) - smoothing/n)\n"
        "0*sum(abs(w)) + 0.5*sum(w^2) of groups.*.weight"
    )


def test_lateness_that_costs_nothing_is_left_out() -> None:
    """Times 0 it would still overflow in long trials: exp(1000 ms/10 ms)."""
    with_it, without = (L.FirstSpikeCrossEntropy("out", tau=1.0, alpha=a) for a in (0.1, 0.0))
    assert with_it.key != without.key and len(with_it.constants) == len(without.constants) + 2
    assert "tau_late" in with_it.formula() and "tau_late" not in without.formula()


# ------------------------------------------------------------------ bad input
WRONG: list[tuple[Callable[[], object], str]] = [
    (lambda: L.CrossEntropy("V"), "'V' is not a variable of a population"),
    (lambda: L.CrossEntropy("out.V", shape="exponentail"), "the shape exponentail reads"),
    (lambda: L.CrossEntropy("out.V", shape="exp(-t/tau)"), "reads tau"),
    (lambda: L.CrossEntropy("out.V", smoothing=1.5), "the label smoothing is 1.5"),
    (lambda: L.CrossEntropy("out.V", scale=0), "the scale is 0"),
    (lambda: L.CrossEntropy("out.V", smoothing=True), "the label smoothing is True"),
    (
        lambda: L.CrossEntropy("out.V", targets="label"),
        "targets 'label' is not known; did you mean 'labels'",
    ),
    (lambda: L.FirstSpikeCrossEntropy("out", tau=0.0), "tau is 0"),
    (lambda: L.FirstSpikeMeanSquare("out", separation=-1.0), "the separation is -1.0"),
    (
        lambda: L.FirstSpikeMeanSquare("out.V", separation=1.0),
        "'out.V' is not the name of a population",
    ),
    (lambda: L.SpikeRateMeanSquare("out", right=25.0), "the right output's rate is 25.0"),
    (lambda: L.Rate("hidden", 14.0, above=-1.0), "the strength above is -1.0"),
    (lambda: L.Rate("hidden", np.nan), "the target is nan"),
    (lambda: -1 * L.CrossEntropy("out.V"), "the factor of a loss is -1"),
    (lambda: L.Custom("out", "u**2", {}), "read_outs={}"),
    (lambda: L.Custom("out", "v**2", {"u": L.integral("V")}), "the value v ** 2 reads 'v'"),
    (lambda: L.Custom("out", "-hit*logp", {"u": L.integral("V")}), "reads 'logp'"),
    (
        lambda: L.Custom("out", "u + v", {"u": L.integral("V"), "v": L.at_each_time("V")}),
        "values at each time stand beside values of the whole trial",
    ),
]


@pytest.mark.parametrize(("make", "message"), WRONG, ids=[m for _, m in WRONG])
def test_what_is_wrong_is_said_at_once(make: Callable[[], object], message: str) -> None:
    with pytest.raises((ArgumentError, EquationError), match=re.escape(message)) as found:
        make()
    assert found.value.where == "loss" and found.value.hint


def test_a_loss_is_not_added_to_a_number() -> None:
    with pytest.raises(TypeError):
        L.CrossEntropy("out.V") + 1.0  # type: ignore[operator]


NOT_THERE: list[tuple[pg.losses.Loss, str]] = [
    (L.CrossEntropy("ou.V"), "there is no population 'ou'; did you mean 'out'?"),
    (L.CrossEntropy("out.v"), "population 'out' has no variable 'v'; did you mean 'V'?"),
    (L.FirstSpikeCrossEntropy("leaky", tau=1.0), "population 'leaky' has no threshold"),
    (L.SilentMargin("leaky"), "population 'leaky' has no threshold"),
    (L.Rate("input", 1.0), "the spikes of 'input' are given"),
    (
        L.CrossEntropy("out.V") + L.TraceMeanSquare("out.V"),
        "CrossEntropy(out.V) is compared with labels, TraceMeanSquare(out.V) with traces",
    ),
]


@pytest.mark.parametrize(("loss", "message"), NOT_THERE, ids=[m for _, m in NOT_THERE])
def test_what_the_network_does_not_have_is_named(loss: pg.losses.Loss, message: str) -> None:
    with pytest.raises(ArgumentError, match=re.escape(message)) as found:
        code_of(loss)
    assert found.value.hint


@pytest.mark.parametrize(
    ("loss", "message"),
    [
        (L.Custom("out", "u/0", {"u": L.integral("V")}), "zoo*constant__0*u has no real value"),
        (L.Custom("out", "1/(u - u)", {"u": L.integral("V")}), "has no real value"),
        (L.Custom("out", "u", {"u": L.integral("V/(t - t)")}), "what is read = zoo*V has no"),
        (L.CrossEntropy("out.V", shape="1/(t - t)"), "has no real value"),
    ],
)
def test_a_formula_that_is_never_a_number_is_refused_before_it_is_compiled(
    loss: pg.losses.Loss, message: str
) -> None:
    with pytest.raises(EquationError, match=re.escape(message)):
        code_of(loss)


@pytest.mark.parametrize(
    "loss",
    [
        L.SpikeCountCrossEntropy("out"),
        L.SpikeRateMeanSquare("out"),
        L.SpikeCountMeanSquare("out"),
        L.Custom("out", "u**2", {"u": L.spike_count()}),
    ],
)
def test_counts_have_no_exact_gradient(loss: pg.losses.Loss) -> None:
    with pytest.raises(UnsupportedFeatureError, match="have no exact gradient"):
        code_of(loss)
    assert code_of(loss, smooth=True).drives == ("out",)


def test_a_loss_over_all_outputs_at_each_time_jumps_at_their_spikes() -> None:
    with pytest.raises(UnsupportedFeatureError, match="jumps at spikes of 'out'"):
        code_of(L.StepCrossEntropy("out.V"))
    assert code_of(L.StepCrossEntropy("leaky.V")).output == "leaky"
    assert code_of(L.StepCrossEntropy("out.V"), smooth=True).prices == ()
