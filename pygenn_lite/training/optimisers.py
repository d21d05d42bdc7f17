"""Optimisers: what becomes of each trained number after a batch, as equations.

>>> adam = pg.optimisers.Adam(1e-3, rates={"groups.*.delay": 100.0}, clip_norm=1.0)

Each is a few assignments over ``value``, ``gradient``, ``rate``, ``number`` (of the update, from
1), settings and slots (numbers kept beside each value, 0 at first), from which a kernel is made.
`Custom` makes one of yours. `Options` are common to all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict, Unpack

from pygenn_lite.codegen.trial.optimiser import Optimiser, Training
from pygenn_lite.codegen.trial.update_rule import update_rule
from pygenn_lite.declaration.language.equations import EquationsLike
from pygenn_lite.declaration.numeric import check_not_negative
from pygenn_lite.errors import ArgumentError, Location
from pygenn_lite.training.schedules import as_schedule

__all__ = [
    "SGD",
    "Adam",
    "AdamW",
    "Custom",
    "Lion",
    "Momentum",
    "Optimiser",
    "Options",
    "RMSprop",
    "Training",
]


class Options(TypedDict, total=False):
    """What every optimiser takes, by keyword; :class:`Optimiser` says what each does. A schedule is
    one of :mod:`~pygenn_lite.training.schedules`, or a function of batch and epoch, as text or
    SymPy."""

    rates: Mapping[str, float]
    weight_decay: float
    decays: tuple[str, ...]
    clip_value: float
    clip_norm: float
    norm_of: str
    schedule: Any


DECAYED = "gradient = gradient + weight_decay*value"


def SGD(rate: float = 0.01, **options: Unpack[Options]) -> Optimiser:
    """Stochastic gradient descent.

    Parameters
    ----------
    rate : float
    **options
        Of :class:`Optimiser`. The weight decay is added to the gradient.

    Examples
    --------
    >>> sgd = pg.optimisers.SGD(0.1, clip_value=1.0)
    """
    return Custom(f"{DECAYED}; value = value - rate*gradient", rate, name="SGD", **options)


def Momentum(
    rate: float = 0.01, mu: float = 0.9, nesterov: bool = False, **options: Unpack[Options]
) -> Optimiser:
    """Gradient descent with momentum (Polyak 1964), or Nesterov's, in the form of Sutskever et al.
    (2013) in which the gradient is taken where the value is.

    Parameters
    ----------
    rate : float
    mu : float
        What is left of the velocity after an update.
    nesterov : bool
    **options
        Of :class:`Optimiser`. The weight decay is added to the gradient.
    """
    ahead = "gradient + mu*velocity" if nesterov else "velocity"
    text = f"""
        {DECAYED}
        velocity = mu*velocity + gradient
        value = value - rate*({ahead})
    """
    settings = {"mu": _fraction("mu", mu, "Momentum")}
    return Custom(text, rate, settings, name="Nesterov" if nesterov else "Momentum", **options)


def Adam(
    rate: float = 1e-3,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
    epsilon: float = 1e-8,
    **options: Unpack[Options],
) -> Optimiser:
    """Adam (Kingma and Ba, 2015, algorithm 1).

    Parameters
    ----------
    rate : float
    beta_1, beta_2 : float
        What is left of the means of the gradient and of its square after an update.
    epsilon : float
        Added to the root of the mean square.
    **options
        Of :class:`Optimiser`. The weight decay is added to the gradient.
    """
    return Custom(
        f"{DECAYED}\n{ADAM}", rate, _adam(beta_1, beta_2, epsilon), name="Adam", **options
    )


def AdamW(
    rate: float = 1e-3,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
    epsilon: float = 1e-8,
    **options: Unpack[Options],
) -> Optimiser:
    """Adam with decoupled weight decay (Loshchilov and Hutter, 2019, algorithm 2).

    Parameters
    ----------
    rate, beta_1, beta_2, epsilon : float
        As of :func:`Adam`.
    **options
        Of :class:`Optimiser`. Values go to 0 by ``rate*weight_decay`` of them; by default the
        weight decay is 0.01.
    """
    options.setdefault("weight_decay", 0.01)
    text = f"value = value - rate*weight_decay*value\n{ADAM}"
    return Custom(text, rate, _adam(beta_1, beta_2, epsilon), name="AdamW", **options)


def Lion(
    rate: float = 1e-4, beta_1: float = 0.9, beta_2: float = 0.99, **options: Unpack[Options]
) -> Optimiser:
    """Lion: steps of one size, in the direction of an average's sign (Chen et al., 2023,
    algorithm 2).

    Parameters
    ----------
    rate : float
        About a tenth of what suits Adam.
    beta_1, beta_2 : float
        Of the average that is followed, and of the one that is kept.
    **options
        Of :class:`Optimiser`. Values go to 0 by ``rate*weight_decay`` of them.
    """
    text = """
        value = value - rate*(sign(beta_1*m + (1 - beta_1)*gradient) + weight_decay*value)
        m = beta_2*m + (1 - beta_2)*gradient
    """
    settings = {n: _fraction(n, b, "Lion") for n, b in (("beta_1", beta_1), ("beta_2", beta_2))}
    return Custom(text, rate, settings, name="Lion", **options)


def RMSprop(
    rate: float = 1e-3, rho: float = 0.9, epsilon: float = 1e-8, **options: Unpack[Options]
) -> Optimiser:
    """RMSprop (Tieleman and Hinton, 2012, lecture 6.5).

    Parameters
    ----------
    rate : float
    rho : float
        What is left of the mean square of the gradient after an update.
    epsilon : float
        Added to its root.
    **options
        Of :class:`Optimiser`. The weight decay is added to the gradient.
    """
    text = f"""
        {DECAYED}
        v = rho*v + (1 - rho)*gradient**2
        value = value - rate*gradient/(sqrt(v) + epsilon)
    """
    where = Location.of("optimiser", "RMSprop")
    epsilon = check_not_negative("epsilon", epsilon, where)
    settings = {"rho": _fraction("rho", rho, "RMSprop"), "epsilon": epsilon}
    return Custom(text, rate, settings, name="RMSprop", **options)


def Custom(
    equations: EquationsLike,
    rate: float,
    settings: Mapping[str, float] | None = None,
    name: str = "Custom",
    **options: Unpack[Options],
) -> Optimiser:
    """An optimiser from its equations.

    Parameters
    ----------
    equations : str or mapping or list
        Assignments, in order, as text or SymPy, over ``value``, ``gradient``, ``rate``,
        ``number``, ``weight_decay`` and the settings. What is read before it is assigned is a
        slot.
    rate : float
    settings : mapping of str to float, optional
        Values of further names.
    name : str
    **options
        Of :class:`Optimiser`.

    Raises
    ------
    EquationError
        A name stands for nothing, ``value`` is not assigned, or what is given is.
    ArgumentError
        A number is none that makes sense.

    Examples
    --------
    >>> own = pg.optimisers.Custom("value = value - rate*sign(gradient)", 1e-3, name="Signs")
    """
    given = dict(settings or {})
    rule = update_rule(name, equations, given)
    options["schedule"] = as_schedule(options.get("schedule"))
    return Optimiser(rule, rate, given, **options)


ADAM = """
m = beta_1*m + (1 - beta_1)*gradient
v = beta_2*v + (1 - beta_2)*gradient**2
value = value - rate*m/(1 - beta_1**number)/(sqrt(v/(1 - beta_2**number)) + epsilon)
"""


def _adam(beta_1: float, beta_2: float, epsilon: float) -> dict[str, float]:
    return {
        "beta_1": _fraction("beta_1", beta_1, "Adam"),
        "beta_2": _fraction("beta_2", beta_2, "Adam"),
        "epsilon": check_not_negative("epsilon", epsilon, Location.of("optimiser", "Adam")),
    }


def _fraction(name: str, value: float, optimiser: str) -> float:
    where = Location.of("optimiser", optimiser)
    number = check_not_negative(name, value, where)
    if number >= 1:
        raise ArgumentError(
            f"{name} = {value!r}", where=where, hint="give a number from 0 to below 1"
        )
    return number
