"""Stationary rate of a leaky integrate-and-fire neuron in white or in filtered noise."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pygenn_lite.errors import ArgumentError

ALPHA = 2.0652531522312172  # sqrt(2) |zeta(1/2)|
_NODES = 48
Floats = NDArray[np.float64]


def siegert_rate(
    mu: ArrayLike,
    sigma: ArrayLike,
    *,
    tau: ArrayLike,
    V_th: ArrayLike,
    V_r: ArrayLike,
    t_ref: ArrayLike = 0.0,
    tau_syn: ArrayLike = 0.0,
) -> Floats:
    """Rate of a leaky integrate-and-fire neuron whose input fluctuates.

    For ``tau dV/dt = -(V - mu) + sigma sqrt(tau) xi(t)`` with white noise xi, a threshold `V_th`, a
    reset to `V_r` and a refractory period it is

        1/rate = t_ref + tau sqrt(pi) integral of exp(u^2) (1 + erf(u)) du

    from ``(V_r - mu)/sigma`` to ``(V_th - mu)/sigma``. Without threshold V has the standard
    deviation ``sigma/sqrt(2)``. Arguments broadcast.

    Parameters
    ----------
    mu : array_like
        Mean of V without threshold, mV.
    sigma : array_like
        Strength of the fluctuations, mV, >= 0.
    tau, t_ref : array_like
        Membrane time constant and refractory period, ms.
    V_th, V_r : array_like
        Threshold and reset, mV.
    tau_syn : array_like
        Time constant of exponential synaptic currents, ms: threshold and reset are shifted by
        ``sigma sqrt(tau_syn/tau) alpha/2``, ``alpha = sqrt(2) |zeta(1/2)| = 2.065``, to first
        order in ``sqrt(tau_syn/tau)``.

    Returns
    -------
    ndarray
        Hz.

    Raises
    ------
    ArgumentError
        An argument is not finite or out of its range.

    Notes
    -----
    Siegert, Phys. Rev. 81 (1951); Brunel, J. Comput. Neurosci. 8 (2000), equation 21; the shift:
    Fourcaud and Brunel, Neural Comput. 14 (2002), equation 4.33. The integrand is
    ``erfcx(-u)``; for positive u its growing part is Dawson's integral, for negative u the
    integral is taken over ``asinh u``, so that no argument overflows: far below the threshold the
    rate goes to 0, without noise to ``1/(t_ref + tau log((mu - V_r)/(mu - V_th)))``.

    Examples
    --------
    >>> rate = pg.scaling.siegert_rate(20.0, 5.0, tau=20.0, V_th=20.0, V_r=10.0, t_ref=2.0)
    >>> round(float(rate), 2)
    27.34
    """
    names = ("mu", "sigma", "tau", "V_th", "V_r", "t_ref", "tau_syn")
    given = zip(names, (mu, sigma, tau, V_th, V_r, t_ref, tau_syn), strict=True)
    arrays = np.broadcast_arrays(*(np.asarray(value, float) for _, value in given))
    values = dict(zip(names, arrays, strict=True))
    _check(values)
    sigma_, tau_ = values["sigma"], values["tau"]
    shift = ALPHA / 2 * np.sqrt(values["tau_syn"] / tau_)
    noisy = sigma_ > 0
    safe = np.where(noisy, sigma_, 1.0)
    lower = (values["V_r"] - values["mu"]) / safe + shift
    upper = (values["V_th"] - values["mu"]) / safe + shift
    # Where the noise is that weak, it does not matter: quotients would overflow.
    noisy &= np.maximum(abs(lower), abs(upper)) < 1e12
    rates = np.empty(sigma_.shape)
    with np.errstate(divide="ignore"):
        rates[noisy] = _with_noise(lower[noisy], upper[noisy], tau_[noisy], values["t_ref"][noisy])
    still = {name: value[~noisy] for name, value in values.items()}
    rates[~noisy] = _without_noise(still)
    return 1e3 * rates


def _check(values: dict[str, Floats]) -> None:
    for name, value in values.items():
        least = {"sigma": 0.0, "t_ref": 0.0, "tau_syn": 0.0}.get(name, -math.inf)
        if not np.all(np.isfinite(value)) or np.any(value < least):
            raise ArgumentError(
                f"{name} = {_shown(value)}", hint=f"give finite numbers{_above(least)}"
            )
    if np.any(values["tau"] <= 0):
        raise ArgumentError(f"tau = {_shown(values['tau'])}", hint="give a time above 0, in ms")
    if np.any(values["V_r"] >= values["V_th"]):
        raise ArgumentError(
            f"V_r = {_shown(values['V_r'])} is not below V_th = {_shown(values['V_th'])}",
            hint="the reset lies below the threshold",
        )


def _above(least: float) -> str:
    return "" if math.isinf(least) else f" >= {least:g}"


def _shown(value: Floats) -> str:
    return f"{value.flat[0]:g}" if value.size == 1 else f"{value.tolist()!r:.60}"


def _without_noise(values: dict[str, Floats]) -> Floats:
    above = values["mu"] > values["V_th"]
    rates = np.zeros(values["mu"].shape)
    drive = values["mu"][above]
    way = np.log((drive - values["V_r"][above]) / (drive - values["V_th"][above]))
    period = values["t_ref"][above] + values["tau"][above] * way
    rates[above] = 1.0 / period
    return rates


def _with_noise(lower: Floats, upper: Floats, tau: Floats, t_ref: Floats) -> Floats:
    """1/(t_ref + tau sqrt(pi) integral), with both sides of the quotient times exp(-upper^2) where
    upper is positive."""
    from scipy.special import dawsn

    top = np.maximum(upper, 0.0)
    scale = np.exp(-(np.minimum(top, 40.0) ** 2))  # 0 beyond
    bottom = np.clip(lower, 0.0, None)
    # 2 exp(u^2) = 2 d/du (exp(u^2) D(u)), from max(lower, 0) to max(upper, 0)
    growing = 2.0 * (dawsn(top) - np.exp(bottom**2 - top**2) * dawsn(bottom))
    smooth = _erfcx_between(-np.minimum(upper, 0.0), -np.minimum(lower, 0.0))
    smooth = smooth - _erfcx_between(bottom, top)
    way = math.sqrt(math.pi) * tau * (growing + scale * smooth)
    return np.asarray(scale / (scale * t_ref + way))


def _erfcx_between(start: Floats, stop: Floats) -> Floats:
    """Integral of erfcx from start to stop, both >= 0: over asinh u, where it is smooth at any
    scale."""
    from scipy.special import erfcx

    nodes, weights = _quadrature()
    first, last = np.arcsinh(start), np.arcsinh(stop)
    half, middle = (last - first) / 2, (last + first) / 2
    at = middle[..., None] + half[..., None] * nodes
    values = erfcx(np.sinh(at)) * np.cosh(at)
    return np.asarray(half * (values @ weights))


@cache
def _quadrature() -> tuple[Any, Any]:
    return np.polynomial.legendre.leggauss(_NODES)
