"""Izhikevich's two-variable neuron: the published scheme, and the differential equations."""

from __future__ import annotations

from types import MappingProxyType

from pygenn_lite.declaration import IntegratorLike, NeuronModel, ValueLike
from pygenn_lite.errors import Location, ModelError
from pygenn_lite.models.arguments import library_model
from pygenn_lite.models.neurons import Initial, merged_initial

__all__ = ["IZHIKEVICH_REGIMES", "Izhikevich"]

#: Figure 2 of Izhikevich (2003): regime -> (a, b, c, d).
IZHIKEVICH_REGIMES = MappingProxyType(
    {
        "regular_spiking": (0.02, 0.2, -65.0, 8.0),
        "intrinsically_bursting": (0.02, 0.2, -55.0, 4.0),
        "chattering": (0.02, 0.2, -50.0, 2.0),
        "fast_spiking": (0.1, 0.2, -65.0, 2.0),
        "low_threshold": (0.02, 0.25, -65.0, 2.0),
        "thalamo_cortical": (0.02, 0.25, -65.0, 0.05),
        "resonator": (0.1, 0.26, -65.0, 2.0),
    }
)

# Beyond the peak there is no trajectory: what a step shows there must reach neither V nor u.
_EQUATIONS = """
dV/dt = 0.04*V_seen**2 + 5*V_seen + 140 - u + I
du/dt = a*(b*V_seen - u)
V_seen = min(V, 30)
"""

# V takes two steps of dt/2, then u one of dt from the new V, as in the paper's program.
_PUBLISHED_STEP = """
V = V + 0.5*dt*(0.04*V**2 + 5*V + 140 - u + I)
V = V + 0.5*dt*(0.04*V**2 + 5*V + 140 - u + I)
u = u + dt*a*(b*V - u)
"""


@library_model()
def Izhikevich(
    regime: str = "regular_spiking",
    *,
    a: ValueLike | None = None,
    b: ValueLike | None = None,
    c: ValueLike | None = None,
    d: ValueLike | None = None,
    scheme: str = "published",
    initial: Initial = None,
    integrator: IntegratorLike = "auto",
) -> NeuronModel:
    """Izhikevich's neuron.

    ``dV/dt = 0.04 V**2 + 5 V + 140 - u + I``, ``du/dt = a (b V - u)``; when ``V >= 30``:
    ``V = c``, ``u += d``.

    Parameters
    ----------
    regime
        A name in ``IZHIKEVICH_REGIMES``: regular_spiking, intrinsically_bursting, chattering,
        fast_spiking, low_threshold, thalamo_cortical, resonator.
    a, b, c, d
        Replace the regime's values; numbers, arrays or distributions.
    scheme
        "published": the update of the paper's program (V in two half steps, then u), meant for
        ``dt = 1`` ms; its counts of spikes are those of the paper. "equations": the differential
        equations, for an integrator of one's choice and a small ``dt``; V beyond its peak of
        30 mV, which only the last step of an upstroke shows, counts as 30.
    initial
        Overrides V = -65 mV and u = b V (with the regime's b if b is not a number).
    integrator
        For the scheme "equations".

    Notes
    -----
    Izhikevich, IEEE Trans. Neural Netw. 14 (2003), equations 1-3 and the program of figure 3.
    Potentials in mV, time in ms, I in mV/ms. A spike carries the time at the end of the step that
    reached 30 mV; the paper's program notes it one step later.

    Range: "equations" agrees with a solver of high order for I up to 100 mV/ms, its intervals
    within 3 steps of ``dt``: choose it small against them (fast spiking fires every .75 ms at
    I = 100). "published" is a map at ``dt = 1``: it was made for I up to about 20, and beyond
    100 the overshoot of V drives u.

    Examples
    --------
    >>> chattering = pg.Izhikevich("chattering")
    >>> dict(chattering.parameters)["c"]
    -50.0
    """
    if not isinstance(regime, str) or regime not in IZHIKEVICH_REGIMES:
        raise ModelError(
            f"unknown regime '{regime}'",
            where=Location.of("Izhikevich"),
            hint="write one of " + ", ".join(IZHIKEVICH_REGIMES),
        )
    if not isinstance(scheme, str) or scheme not in ("published", "equations"):
        raise ModelError(
            f"unknown scheme '{scheme}'",
            where=Location.of("Izhikevich"),
            hint="write published or equations",
        )
    standard = IZHIKEVICH_REGIMES[regime]
    given = (a, b, c, d)
    values = [s if g is None else g for g, s in zip(given, standard, strict=True)]
    slope = float(b) if isinstance(b, (int, float)) else standard[1]
    discrete = scheme == "published"
    return NeuronModel(
        "" if discrete else _EQUATIONS,
        update=_PUBLISHED_STEP if discrete else "",
        threshold="V >= 30",
        reset="V = c; u += d",
        parameters=dict(zip("abcd", values, strict=True)),
        initial=merged_initial({"V": -65.0, "u": -65.0 * slope}, initial),
        integrator=integrator,
        name="Izhikevich",
        units=dict(V="mV"),
    )
