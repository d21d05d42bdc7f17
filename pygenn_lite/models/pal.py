"""The cortical microcircuit of phaseless alignment learning (PAL), as a network.

Max, Kriener, Pineda Garcia, Nowotny, Jaras, Senn and Petrovici, Nature Machine Intelligence (2024).
Pyramidal neurons look ahead of their membranes (prospective coding) and carry noise in their apical
dendrites; interneurons, one for each neuron of the layer above, learn to predict that layer, so
that apical dendrites hold errors alone; backprojections learn from the noise that comes back. Times
in ms, conductances in 1/ms.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from pygenn_lite.declaration import AllToAll, Network, NeuronModel, OneToOne, SynapseModel
from pygenn_lite.models.continuous import RateSynapse
from pygenn_lite.records import dataclass

__all__ = ["PALRates", "pal_microcircuit"]

LEAK, BASAL, APICAL = 0.03, 0.1, 0.06  # dendrites of interneurons as basal, nudging as apical
CONDUCTANCES = {"g_l": LEAK, "g_b": BASAL, "g_a": APICAL}
SHARE = BASAL / (LEAK + BASAL)  # of the dendrite in an interneuron's potential

# u is integrated with what arrived from the step before; u + tau du/dt looks ahead of the membrane.
MEMBRANE = """
    u_old = u
    u = u + dt*(drive - u*(g_l + g_b + g_a))
    ahead = {ahead}
    r_old = r
    r = 1/(1 + exp(-ahead))
    r_high = r_high + (r - r_old) - dt/tau_HP*r_high
"""
PROSPECTIVE, LAGGING = "u_old + (u - u_old)/(dt*(g_l + g_b + g_a))", "u"


@dataclass(frozen=True)
class PALRates:
    """Learning rates and noise; the defaults are those of the Yin-Yang task.

    Attributes
    ----------
    up : tuple of float
        eta_fw of each layer, 1/ms (0: weights are constant).
    down, interneurons, apical : float
        eta_bw of backprojections, eta_IP and eta_PI of the interneurons.
    noise : float
        sigma of the apical noise.
    decay : float
        alpha of the backprojections.
    low_pass : float
        tau_LO of changes of the bottom-up weights, ms.
    """

    up: tuple[float, ...] = (50.0, 0.01)
    down: float = 0.5
    interneurons: float = 0.05
    apical: float = 0.02
    noise: float = 0.01
    decay: float = 1e-6
    low_pass: float = 100.0


def pal_microcircuit(
    sizes: Sequence[int],
    rates: PALRates | None = None,
    *,
    up: tuple[float, float] = (-0.1, 0.1),
    down: tuple[float, float] = (-1.0, 1.0),
    prospective: bool = True,
    seed: int = 1,
) -> Network:
    """A network of layers ``x``, ``h1``, ..., ``y`` with interneurons ``i1``, ....

    Groups are called ``up1``, ... (bottom-up), ``down1``, ... (backprojections onto ``h1``, ...),
    ``ip1``, ``pi1`` and ``tell1``, ... (onto and from interneurons, and what nudges them). Drive
    the input ``pattern`` of ``x``; of ``y``, ``target`` with ``nudging`` 1, or ``nudging`` 0.

    Parameters
    ----------
    sizes : sequence of int
        Neurons of each layer, at least three.
    rates : PALRates
    up, down : tuple of float
        Bounds between which the weights begin; those of interneurons begin self-predicting.
    prospective : bool
        Whether neurons look ahead.
    seed : int

    Examples
    --------
    >>> from pygenn_lite.models.pal import pal_microcircuit
    >>> net = pal_microcircuit((4, 30, 3))
    >>> net.populations["h1"].size, list(net.groups)
    (30, ['up1', 'up2', 'tell1', 'ip1', 'pi1', 'down1'])
    """
    chosen = rates or PALRates()
    net, rng = Network(dt=0.01, seed=seed, name="PAL"), np.random.default_rng(seed)
    inputs = NeuronModel(
        update="r = pattern", inputs=("pattern",), initial={"r": 0.0}, name="input"
    )
    layers = [net.population("x", sizes[0], inputs)]
    for k, size in enumerate(sizes[1:-1], 1):
        layers.append(net.population(f"h{k}", size, _pyramidal(chosen.noise, prospective)))
    layers.append(net.population("y", sizes[-1], _output(prospective)))
    forward = []
    for k, (below, above) in enumerate(pairwise(layers)):
        forward.append(rng.uniform(*up, (below.size, above.size)))
        total = LEAK + BASAL + (APICAL if above is not layers[-1] else 0.0)
        model = _basal(chosen.up[k], BASAL / total, chosen.low_pass)
        net.connect(below, above, model, AllToAll(), weight=forward[k], name=f"up{k + 1}")
    for k in range(1, len(layers) - 1):
        here, above = layers[k], layers[k + 1]
        inter = net.population(f"i{k}", above.size, _interneuron(prospective))
        tell = RateSynapse(variable="ahead", input="above")
        net.connect(above, inter, tell, OneToOne(), name=f"tell{k}")
        total = LEAK + BASAL + (APICAL if above is not layers[-1] else 0.0)
        predicting, back = (
            forward[k] * (LEAK + BASAL) / total,
            rng.uniform(*down, forward[k].T.shape),
        )
        lateral = _learning(
            "dendritic", "eta*(r_post - 1/(1 + exp(-share*v_den_post)))*r_pre",
            eta=chosen.interneurons, share=SHARE,
        )  # fmt: skip
        net.connect(here, inter, lateral, AllToAll(), weight=predicting, name=f"ip{k}")
        cancelling = _learning("apical", "-eta*v_api_post*r_pre", eta=chosen.apical)
        net.connect(inter, here, cancelling, AllToAll(), weight=-back, name=f"pi{k}")
        returning = _learning(
            "apical", "eta*(eps_post*r_high_pre - alpha*weight)",
            eta=chosen.down, alpha=chosen.decay,
        )  # fmt: skip
        net.connect(above, here, returning, AllToAll(), weight=back, name=f"down{k}")
    return net


def _learning(target: str, rule: str, low_pass: float = 0.0, **parameters: float) -> SynapseModel:
    """Synapses between rates that learn in every step; with eta 0 they are plain."""
    if not parameters["eta"]:
        return RateSynapse(input=target)
    dynamics = f"dweight/dt = {rule}"
    if low_pass:
        dynamics = f"dweight/dt = change; dchange/dt = ({rule} - change)/tau_LO"
        parameters |= {"tau_LO": low_pass}
    return SynapseModel(
        continuous=f"{target}_post += weight*r_pre",
        synapse_derivatives=dynamics,
        integrator="euler",
        parameters=parameters,
        variables={"change": 0.0} if low_pass else None,
        name=f"learning_{target}",
    )


def _basal(eta: float, share: float, low_pass: float) -> SynapseModel:
    """Bottom-up weights: the soma teaches the basal dendrite."""
    rule = "eta*(r_post - 1/(1 + exp(-share*v_bas_post)))*r_pre"
    return _learning("basal", rule, low_pass, eta=eta, share=share)


def _units(
    inputs: tuple[str, ...],
    before: str,
    own: Sequence[str],
    prospective: bool,
    **parameters: float,
) -> NeuronModel:
    membrane = MEMBRANE.format(ahead=PROSPECTIVE if prospective else LAGGING)
    zero = dict.fromkeys(("u", "u_old", "ahead", "drive", "r_high", *own), 0.0)
    return NeuronModel(
        update=before + membrane,
        inputs=inputs,
        initial={**zero, "r": 0.5, "r_old": 0.5},
        parameters={**CONDUCTANCES, "tau_HP": 0.1, **parameters},
    )


def _pyramidal(noise: float, prospective: bool) -> NeuronModel:
    return _units(
        ("basal", "apical"),
        """
        v_bas = basal
        v_api = apical
        eps = eps + (sqrt(dt*tau_xi)*sigma*randn() - dt*eps)/tau_xi
        drive = g_b*v_bas + g_a*(v_api + eps)
        """,
        ("v_bas", "v_api", "eps"),
        prospective,
        sigma=noise,
        tau_xi=0.1,
    )


def _interneuron(prospective: bool) -> NeuronModel:
    before = "v_den = dendritic; drive = g_b*v_den + g_a*above"
    return _units(("dendritic", "above"), before, ("v_den",), prospective)


def _output(prospective: bool) -> NeuronModel:
    return _units(
        ("basal", "target", "nudging"),
        """
        v_bas = basal
        free = g_b/(g_l + g_b)*v_bas
        drive = nudging*(g_b*v_bas + g_a*target) + (1 - nudging)*(g_l + g_b + g_a)*free
        """,
        ("v_bas", "free"),
        prospective,
    )
