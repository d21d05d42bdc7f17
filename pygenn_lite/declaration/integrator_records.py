"""The integrators, one record each: what they can integrate, how exact they are, how stable.

What chooses an integrator, checks one, reads one from a file or describes one looks here. How the
step is derived stands in `codegen/systems/integrators.py`, one function for each `kind`.
"""

from __future__ import annotations

from math import inf
from typing import Any, TypeAlias

from pygenn_lite.declaration.language.names import check_choice
from pygenn_lite.declaration.runge_kutta import RungeKutta
from pygenn_lite.errors import Location, ModelError
from pygenn_lite.records import dataclass

AUTO = "auto"
IntegratorLike: TypeAlias = "str | RungeKutta"

# What an integrator asks of the equation of each variable.
LINEAR = "linear"  # with all others together, coefficients constant
LINEAR_BY_ITSELF = "linear by itself"  # the others may stand in its coefficients
ANYTHING = "anything"


@dataclass(frozen=True)
class Integrator:
    """What is known of an integrator.

    Attributes
    ----------
    name : str
        What users write, and what is shown.
    kind : str
        How a step is derived.
    order : float
        Of the global error; infinite where only rounding is left; strong order with noise.
    needs : {"linear", "linear by itself", "anything"}
        What it asks of the equations.
    limit : float
        The largest ``dt |lambda|`` at which ``dx/dt = lambda x`` with lambda < 0 does not grow.
    noise : bool
        Whether it integrates white noise.
    synapses : bool
        Whether variables of single synapses can have it.
    automatic : bool
        Whether ``auto`` may choose it: it takes the first of `INTEGRATORS` that fits.
    tableau : tuple
        a and b of a Runge-Kutta method, as `RungeKutta` takes them.
    """

    name: str
    kind: str
    order: float
    needs: str
    limit: float = inf
    noise: bool = False
    synapses: bool = True
    automatic: bool = False
    tableau: tuple[Any, ...] = ()

    @property
    def runge_kutta(self) -> RungeKutta:
        """The method that the tableau stands for."""
        return RungeKutta(*self.tableau)


# Orders and limits of Runge-Kutta methods follow from their tableaus, which is tested: to work them
# out here would cost every start of a program.
_RECORDS = (
    Integrator("exact", "exact", inf, LINEAR, automatic=True),
    Integrator("exponential_euler", "exponential_euler", 1, LINEAR_BY_ITSELF, automatic=True),
    Integrator(
        "rk4", "runge_kutta", 4, ANYTHING, 2.785293563405282, automatic=True,
        tableau=([[], ["1/2"], [0, "1/2"], [0, 0, 1]], ["1/6", "1/3", "1/3", "1/6"]),
    ),
    Integrator("heun", "runge_kutta", 2, ANYTHING, 2.0, tableau=([[], [1]], ["1/2", "1/2"])),
    Integrator("rk2", "runge_kutta", 2, ANYTHING, 2.0, tableau=([[], ["1/2"]], [0, 1])),
    Integrator("euler", "runge_kutta", 1, ANYTHING, 2.0, tableau=([[]], [1])),
    Integrator(
        "euler_maruyama", "euler_maruyama", 0.5, ANYTHING, 2.0, noise=True, synapses=False,
        automatic=True,
    ),
)  # fmt: skip
INTEGRATORS = {record.name: record for record in _RECORDS}


def integrator_names(synapses: bool = False) -> tuple[str, ...]:
    """What may be asked for by name, for neurons or for variables of synapses."""
    return (AUTO, *(n for n, r in INTEGRATORS.items() if r.synapses or not synapses))


def check_integrator(given: object, where: Location, synapses: bool = False) -> IntegratorLike:
    """A name or a tableau as users give it.

    Raises
    ------
    ModelError
        There is no such integrator; the nearest names are shown.
    """
    if isinstance(given, RungeKutta):
        return given
    return check_choice(given, integrator_names(synapses), "integrator", where, ModelError)


def find_integrator(text: str) -> Integrator:
    """The record of an integrator that a model has, from its text: a name, or a tableau's."""
    known = INTEGRATORS.get(text)
    if known is not None:
        return known
    method = RungeKutta.from_text(text)
    shown = f"RungeKutta (order {method.order}, {method.stages} stages)"
    parts = (method.a, method.b, method.c)
    return Integrator(shown, "runge_kutta", method.order, ANYTHING, method.limit, tableau=parts)
