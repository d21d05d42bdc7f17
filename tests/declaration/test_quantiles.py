"""Single quantiles agree with SciPy's, which they do not import."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import pygenn_lite as pg
from pygenn_lite.declaration.distribution_base import Distribution
from pygenn_lite.declaration.quantiles import normal_quantile

PROBABILITIES = (1e-9, 1e-6, 0.01, 0.3, 0.5, 0.9, 1 - 1e-6, 1 - 1e-9)
DISTRIBUTIONS = (
    pg.Uniform(-1.0, 3.0),
    pg.Normal(1.5, 0.75),
    pg.TruncatedNormal(1.5, 0.75, 0.1),
    pg.TruncatedNormal(1.5, 0.75, -1.0, 1.0),
    pg.TruncatedNormal(0.0, 1.0, 5.0),
    pg.TruncatedNormal(0.0, 1.0, -9.0, -6.0),
    pg.TruncatedNormal(2.0, 0.0, 0.1),
    pg.LogNormal(0.2, 0.9),
    pg.Exponential(2.5),
    pg.Gamma(0.3, 2.0),
    pg.Gamma(1.0, 2.0),
    pg.Gamma(7.5, 0.1),
    pg.Gamma(400.0, 1.0),
    pg.Binomial(20, 0.3),
    pg.Binomial(100_000, 0.001),
    pg.Binomial(5, 1.0),
    -2.0 * pg.LogNormal(0.0, 0.5) + 3.0,
)


@pytest.mark.parametrize("distribution", DISTRIBUTIONS, ids=str)
def test_quantiles_agree_with_scipy(distribution: Distribution) -> None:
    for p in PROBABILITIES:
        expected = float(distribution.ppf(np.array(p)))
        assert distribution.quantile(p) == pytest.approx(expected, rel=1e-9, abs=1e-12), p


def test_the_normal_quantile_is_its_known_values() -> None:
    assert normal_quantile(0.5, 0.5) == pytest.approx(0.0, abs=1e-15)
    assert normal_quantile(0.975, 0.025) == pytest.approx(1.959963984540054, rel=1e-14)
    assert normal_quantile(1e-300, 1.0) == pytest.approx(-37.0471, abs=1e-3)
    assert normal_quantile(1.0, 0.0) == np.inf and normal_quantile(0.0, 1.0) == -np.inf


def test_planning_delays_without_limits_does_not_import_scipy() -> None:
    code = """
import sys
import pygenn_lite as pg
from pygenn_lite.codegen.plan.groups import plan_groups
net = pg.Network()
cells = net.population("cells", 1000, pg.LIF())
rule = pg.FixedProbability(0.1)
delays = pg.Normal(1.5, 0.75), pg.TruncatedNormal(1.5, 0.75, low=0.1), pg.LogNormal(0.0, 0.5)
for k, delay in enumerate((*delays, pg.Gamma(2.0, 1.0), pg.Binomial(20, 0.5))):
    net.connect(cells, cells, pg.Delta(), rule, weight=0.1, delay=delay, name=f"g{k}")
longest = {name: plan.high for name, plan in plan_groups(net).items()}
print(longest, "scipy" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("False\n"), done.stdout


def test_a_distribution_of_a_users_own_is_asked_for_its_inverse() -> None:
    class Squared(Distribution):
        def ppf(self, u: np.ndarray) -> np.ndarray:
            return u * u

    assert Squared().quantile(0.5) == 0.25
