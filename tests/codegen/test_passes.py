"""Each pass by itself, on kernels small enough to be read."""

from __future__ import annotations

import pytest
import sympy

from pygenn_lite.codegen.passes.fuse import fuse
from pygenn_lite.codegen.passes.hoist_time import hoist_time, in_double
from pygenn_lite.codegen.passes.quiet_screen import quiet_screen
from pygenn_lite.codegen.passes.safe_names import with_safe_names
from pygenn_lite.codegen.passes.shared_subexpressions import share_subexpressions
from pygenn_lite.codegen.passes.uniform import split_uniform
from pygenn_lite.codegen.program.kernel import (
    Assign,
    Check,
    Count,
    Domain,
    Draw,
    Emit,
    Kernel,
    LinearFlow,
    Update,
    Where,
)
from pygenn_lite.codegen.program.signature import Variable
from pygenn_lite.codegen.systems.rules import Next
from pygenn_lite.declaration.language.equations import parse_expression


def x(text: str) -> sympy.Basic:
    return parse_expression(text).sympy()


def kernel(*body, own="V w", shared="tau", name="k", **more) -> Kernel:
    known = (
        *(Variable(n, n) for n in own.split()),
        Variable("phase", "phase", role="parameter"),
        *(Variable(n, n, shared=True) for n in shared.split()),
    )
    return Kernel(name, Domain("population"), known, body, **more)


def test_time_alone_is_computed_once_and_in_double_precision():
    lines, found = hoist_time(kernel(Assign("V", x("V + sin(t/tau)"))))
    assert [line.value for line in lines] == [x("sin(t/tau)")]
    assert found.body == (Assign("V", x("V") + sympy.Symbol("time__0", real=True)),)


def test_time_that_meets_a_parameter_of_each_element_is_added_in_double_precision():
    lines, found = hoist_time(kernel(Assign("V", x("sin(t - phase)"))))
    assert not lines and found.body[0].value.has(in_double)


def test_temporaries_made_of_time_are_followed():
    body = (Assign("s", x("cos(t/tau)")), Update((("V", x("V + s")),)))
    lines, found = hoist_time(kernel(*body))
    assert lines[0].value == x("cos(t/tau)")
    assert x("t") not in set().union(*(v.free_symbols for _, v in found.body[1].values))


def test_bodies_for_few_elements_read_time_as_it_is():
    rare = Where(x("V > cos(t/tau)"), (Assign("w", x("t")),))
    lines, found = hoist_time(kernel(rare))
    assert lines and found.body[0].body == rare.body
    assert x("t") not in found.body[0].condition.free_symbols


SPIKE = Where(x("V > 1"), (Assign("V", x("0*V")), Emit()))


def test_a_kernel_that_ends_with_a_condition_is_screened():
    screen = quiet_screen(
        kernel(Assign("V", x("V + w")), Check(("w", "V"), ("V",)), SPIKE, fires=True)
    )
    assert screen is not None and screen.plain == (Assign("V", x("V + w")),)
    assert screen.below == x("V <= 1") and screen.rare == SPIKE and screen.bounded
    assert screen.names == {"V"}


def test_a_condition_on_several_variables_bounds_none_of_them():
    body = (Check(("V",), ("V",)), Where(x("V > 1 and w > 0"), (Emit(),)))
    screen = quiet_screen(kernel(*body, fires=True))
    assert screen is not None and not screen.bounded
    assert screen.below == sympy.Not(x("V > 1 and w > 0"))


@pytest.mark.parametrize(
    "body",
    [
        (Assign("a", x("V*w")), Where(x("a > 1"), (Emit(),))),
        (Assign("a", x("V*w")), Where(x("V > 1"), (Assign("w", x("a")), Emit()))),
        (Count("n", 0), Where(x("V > 1"), (Assign("w", x("n")), Emit()))),
        (SPIKE, Assign("w", x("V"))),
        (SPIKE, SPIKE),
    ],
    ids=["condition", "body", "count", "not last", "two"],
)
def test_where_the_screen_would_lack_something_elements_are_taken_one_by_one(body):
    assert quiet_screen(kernel(*body, fires=True)) is None


def test_random_numbers_are_there_behind_the_loop():
    body = (Draw("u", "uniform", 0), Where(x("u < tau"), (Assign("w", x("u")), Emit())))
    assert quiet_screen(kernel(*body, fires=True)) is not None


def test_what_is_the_same_for_all_elements_leaves_the_loop():
    flow = LinearFlow(("V",), (), ((0, 0, x("-1/tau")),), ((0, 0, "P"),), ())
    body = (flow.over(x("dt")), Assign("two", x("2*tau")), Assign("V", x("P*V + two")))
    before, loop = split_uniform(kernel(*body))
    assert before == body[:2] and loop == body[2:]
    before, loop = split_uniform(kernel(*body), flows_only=True)
    assert before == body[:1] and loop == body[1:]


def test_what_differs_between_elements_stays():
    flow = LinearFlow(("V",), (), ((0, 0, x("-1/phase")),), ((0, 0, "P"),), ())
    body = (flow.over(x("dt")), Assign("V", x("P*V")), Assign("w", x("tau")))
    assert split_uniform(kernel(*body)) == ((), body)


def test_two_kernels_become_one_that_draws_and_computes_once():
    draw = Draw("u", "normal", 0)
    waits = Assign("waits", x("w > 0"))
    first = kernel(draw, waits, Update((("V", x("V + u")),)))
    second = kernel(draw, waits, Assign("V", x("V*u")), SPIKE, fires=True)
    both = fuse(first, second, "both")
    assert both.body == (*first.body, Assign("V", x("V*u")), SPIKE) and both.fires


def test_what_has_changed_meanwhile_is_computed_again():
    look = Assign("high", x("V > 1"))
    first = kernel(look, Assign("V", x("V + 1")))
    second = kernel(look, Assign("w", x("w + 1")))
    assert fuse(first, second, "both").body.count(look) == 2


def test_names_of_templates_are_renamed_in_all_statements():
    found = with_safe_names(
        kernel(
            Assign("V", x("lane + V")),
            Where(x("lane > 1"), (Assign("lane", x("2*lane")), Emit())),
            own="V lane",
            fires=True,
        )
    )
    assert [v.symbol for v in found.variables][:2] == ["V", "lane__u"]
    assert [v.name for v in found.variables][:2] == ["V", "lane"]
    rare = found.body[1]
    assert isinstance(rare, Where) and rare.body[0].target == "lane__u"
    assert {s.name for s in rare.condition.free_symbols} == {"lane__u"}


def test_kernels_without_such_names_stay_as_they_are():
    plain = kernel(Assign("V", x("w*V")))
    assert with_safe_names(plain) is plain


def test_shared_subexpressions_come_before_what_uses_them_and_states_see_what_was():
    rules = [
        Next("V", x("V*exp(w/tau) + a")),
        Next("w", x("exp(w/tau) - V")),
        Assign("a", x("2*V")),
    ]
    found = share_subexpressions(rules, "s")
    order = [rule.target for rule in found]
    assert order.index("a") < order.index("V") and order[0] == "s0__"
    assert found[0].value == x("exp(w/tau)")
    # A state's new value is not a temporary: others still read the old one.
    assert x("V") in next(r.value for r in found if r.target == "w").free_symbols
