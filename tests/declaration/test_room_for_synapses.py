"""Rules that ask for more synapses than there is room for."""

import itertools
import re

import pytest

import pygenn_lite as pg
from pygenn_lite.errors import ConnectivityError

RULES = (pg.FixedInDegree, pg.FixedOutDegree, pg.FixedTotalNumber)


def refusal(rule, sizes, same):
    """What the rule says to these sizes; nothing if it can be met."""
    try:
        rule.validate(*sizes, same, pg.errors.Location("here"))
    except ConnectivityError as error:
        return error
    return None


def possible(kind, n, autapses, multapses, sizes, same):
    """Whether there are enough pairs, counted one by one."""
    pairs = [
        (i, j) for i in range(sizes[0]) for j in range(sizes[1]) if autapses or not same or i != j
    ]
    if kind is pg.FixedTotalNumber:
        places = [len(pairs)]
    else:
        end = 1 if kind is pg.FixedInDegree else 0
        places = [sum(pair[end] == k for pair in pairs) for k in range(sizes[end])]
    return n == 0 or all(room > 0 and (multapses or n <= room) for room in places)


@pytest.mark.parametrize("kind", RULES)
def test_what_does_not_fit_is_refused_and_every_hint_given_would_help(kind):
    refused = 0
    cases = itertools.product(
        range(11), (True, False), (True, False), ((1, 1), (2, 2), (3, 3), (1, 3), (3, 1))
    )
    for n, autapses, multapses, sizes in cases:
        for same in {False, sizes[0] == sizes[1]}:
            error = refusal(kind(n, autapses=autapses, multapses=multapses), sizes, same)
            assert (error is None) == possible(kind, n, autapses, multapses, sizes, same)
            if error is None:
                continue
            refused += 1
            given = dict(autapses=autapses, multapses=multapses)
            least = int(re.search(r"at most (\d+)", error.hint)[1])
            assert least < n
            assert refusal(kind(least, **given), sizes, same) is None
            for flag in ("autapses", "multapses"):
                if f"{flag}=True" in error.hint:
                    assert not given[flag]
                    assert refusal(kind(n, **{**given, flag: True}), sizes, same) is None
            if "both True" in error.hint:
                assert given == dict(autapses=False, multapses=False)
                assert refusal(kind(n), sizes, same) is None
            shown = error.message.partition("without")[2]
            assert ("multapses" in shown) == (not multapses)
            assert ("autapses" in shown) == (same and not autapses)
    assert refused > 20


def test_a_probability_that_does_not_fit_is_lowered_by_the_probability():
    rule = pg.FixedTotalNumber(probability=0.99, multapses=False)
    error = refusal(rule, (3, 3), False)
    assert "lower the probability" in error.hint
    assert "allow multapses" in error.hint
