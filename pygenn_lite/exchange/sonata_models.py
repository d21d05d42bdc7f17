"""Model templates of SONATA files as models of the library, with the units of each simulator.

NEST has ms, mV, pA, pF, nS, as we do; a weight is in pA, nS or mV, negative where it inhibits. PyNN
has nF, nA and uS. Defaults are those of NEST 3 and PyNN 0.13.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from pygenn_lite import models
from pygenn_lite.declaration import NeuronModel, SynapseModel
from pygenn_lite.declaration.language.names import nearest
from pygenn_lite.errors import Location, UnsupportedFeatureError
from pygenn_lite.records import dataclass

Number: TypeAlias = float | npt.NDArray[np.float64]

SOLVER = "rk4"  # NEST solves conductances to high order, which holding them in a step is not

# What simulators keep beside a model's own parameters, and nothing here needs.
IGNORED = {
    "tau_minus", "tau_minus_triplet", "tau_Ca", "beta_Ca", "Ca", "gsl_error_tol", "node_id",
    "type", "name", "id", "t_spike", "t_ref_remaining", "rho", "delta", "x", "y", "z", "ei",
}  # fmt: skip


class Given:
    """Parameters that a file gives, by name; it remembers which were asked for."""

    def __init__(self, values: Mapping[str, Number]) -> None:
        self.values, self.asked = values, set[str]()

    def __call__(self, name: str, default: float) -> Number:
        self.asked.add(name)
        value = self.values.get(name, default)
        if isinstance(value, float):
            return value
        return np.where(np.isnan(value), default, value)  # what some nodes give, and others not

    def one(self, name: str, default: float) -> float:
        """A parameter that all neurons of a population share: of its synapses."""
        return float(np.asarray(self(name, default)).flat[0])


@dataclass(frozen=True)
class Cell:
    """A template with its parameters in place.

    Attributes
    ----------
    model : NeuronModel
    parameters, initial : dict
        One number, or one per neuron.
    excitatory, inhibitory : SynapseModel
        What positive and negative weights act through.
    current : number or array
        Constant, pA.
    current_unit, weight_unit : float
        What currents and weights of the file are multiplied with.
    """

    model: NeuronModel
    parameters: dict[str, Number]
    initial: dict[str, Number]
    excitatory: SynapseModel
    inhibitory: SynapseModel
    current: Number
    current_unit: float = 1.0
    weight_unit: float = 1.0

    @property
    def by_conductance(self) -> bool:
        """Whether weights are conductances, which have no sign."""
        return "Conductance" in self.excitatory.name


Template: TypeAlias = Callable[[Given], Cell]
Receptors: TypeAlias = tuple[SynapseModel, SynapseModel]

SYNAPTIC = ("tau_syn_ex", "tau_syn_in", "E_ex", "E_in",
            "tau_syn_E", "tau_syn_I", "e_rev_E", "e_rev_I")  # fmt: skip
"""Parameters of neurons that become those of synapses: all neurons of a population share them."""


def _nest_receptors(kind: str, tau: float, tau_in: float) -> Callable[[Given], Receptors]:
    """The two synapses of a NEST neuron."""

    def receptors(p: Given) -> Receptors:
        if kind == "delta":
            return models.Delta(), models.Delta()
        taus = p.one("tau_syn_ex", tau), p.one("tau_syn_in", tau_in)
        if kind in ("exp", "alpha"):
            make = models.ExponentialCurrent if kind == "exp" else models.AlphaCurrent
            return make(taus[0]), make(taus[1])
        by = models.ExponentialConductance if kind == "cond_exp" else models.AlphaConductance
        reversal = p.one("E_ex", 0.0), p.one("E_in", -85.0)
        return by(taus[0], reversal[0]), by(taus[1], reversal[1])

    return receptors


def _nest_lif(kind: str) -> Template:
    """iaf_psc_exp, iaf_psc_alpha, iaf_psc_delta."""
    receptors = _nest_receptors(kind, 2.0, 2.0)

    def cell(p: Given) -> Cell:
        parameters = {
            "tau": p("tau_m", 10.0), "C": p("C_m", 250.0), "E_L": p("E_L", -70.0),
            "V_th": p("V_th", -55.0), "V_r": p("V_reset", -70.0), "t_ref": p("t_ref", 2.0),
        }  # fmt: skip
        start = {"V": p("V_m", -70.0)}
        return Cell(models.LIF(), parameters, start, *receptors(p), p("I_e", 0.0))

    return cell


def _nest_conductance(kind: str) -> Template:
    """iaf_cond_exp, iaf_cond_alpha."""
    receptors = _nest_receptors(kind, 0.2, 2.0)

    def cell(p: Given) -> Cell:
        parameters = {
            "C": p("C_m", 250.0), "g_L": p("g_L", 16.6667), "E_L": p("E_L", -70.0),
            "V_th": p("V_th", -55.0), "V_r": p("V_reset", -60.0), "t_ref": p("t_ref", 2.0),
        }  # fmt: skip
        start = {"V": p("V_m", -70.0)}
        model = models.LIFConductance(integrator=SOLVER)
        return Cell(model, parameters, start, *receptors(p), p("I_e", 0.0))

    return cell


def _nest_adex(kind: str) -> Template:
    """aeif_cond_exp, aeif_cond_alpha, aeif_psc_exp, aeif_psc_alpha, aeif_psc_delta."""
    receptors = _nest_receptors(kind, 0.2, 2.0)

    def cell(p: Given) -> Cell:
        parameters = {
            "C": p("C_m", 281.0), "g_L": p("g_L", 30.0), "E_L": p("E_L", -70.6),
            "V_T": p("V_th", -50.4), "D_T": p("Delta_T", 2.0), "tau_w": p("tau_w", 144.0),
            "a": p("a", 4.0), "b": p("b", 80.5), "V_r": p("V_reset", -60.0),
            "V_cut": p("V_peak", 0.0), "t_ref": p("t_ref", 0.0),
        }  # fmt: skip
        start = {"V": p("V_m", -70.6), "w": p("w", 0.0)}
        model = models.AdEx(V_cut=0.0, integrator=SOLVER)
        return Cell(model, parameters, start, *receptors(p), p("I_e", 0.0))

    return cell


def _pynn_receptors(kind: str, p: Given, tau: tuple[float, float]) -> Receptors:
    taus = p.one("tau_syn_E", tau[0]), p.one("tau_syn_I", tau[1])
    if kind.startswith("curr"):
        make = models.ExponentialCurrent if kind == "curr_exp" else models.AlphaCurrent
        return make(taus[0]), make(taus[1])
    by = models.ExponentialConductance if kind == "cond_exp" else models.AlphaConductance
    reversal = (0.0, -80.0) if "EIF" in kind else (0.0, -70.0)
    return by(taus[0], p.one("e_rev_E", reversal[0])), by(taus[1], p.one("e_rev_I", reversal[1]))


def _pynn(kind: str, tau_ex: float, tau_in: float) -> Template:
    """IF_curr_exp, IF_curr_alpha, IF_cond_exp, IF_cond_alpha: nF, nA, uS."""

    def cell(p: Given) -> Cell:
        capacitance = 1000.0 * np.asarray(p("cm", 1.0))
        tau = np.asarray(p("tau_m", 20.0))
        rest = p("v_rest", -65.0)
        parameters: dict[str, Number] = {
            "C": _plain(capacitance), "E_L": rest, "V_th": p("v_thresh", -50.0),
            "V_r": p("v_reset", -65.0), "t_ref": p("tau_refrac", 0.1),
        }  # fmt: skip
        if kind.startswith("curr"):
            model, parameters["tau"] = models.LIF(), _plain(tau)
        else:
            model = models.LIFConductance(integrator=SOLVER)
            parameters["g_L"] = _plain(capacitance / tau)
        current = _plain(1000.0 * np.asarray(p("i_offset", 0.0)))
        receptors = _pynn_receptors(kind, p, (tau_ex, tau_in))
        start = {"V": p("v", float(np.asarray(rest).flat[0]))}
        return Cell(model, parameters, start, *receptors, current, 1000.0, 1000.0)

    return cell


def _plain(value: npt.NDArray[np.float64]) -> Number:
    return float(value) if value.ndim == 0 else value


TEMPLATES: dict[str, Template] = {
    **{f"nest:iaf_psc_{kind}": _nest_lif(kind) for kind in ("exp", "alpha", "delta")},
    **{f"nest:iaf_cond_{kind}": _nest_conductance(f"cond_{kind}") for kind in ("exp", "alpha")},
    **{f"nest:aeif_cond_{kind}": _nest_adex(f"cond_{kind}") for kind in ("exp", "alpha")},
    **{f"nest:aeif_psc_{kind}": _nest_adex(kind) for kind in ("exp", "alpha", "delta")},
    "pynn:if_curr_exp": _pynn("curr_exp", 5.0, 5.0),
    "pynn:if_curr_alpha": _pynn("curr_alpha", 0.5, 0.5),
    "pynn:if_cond_exp": _pynn("cond_exp", 5.0, 5.0),
    "pynn:if_cond_alpha": _pynn("cond_alpha", 0.3, 0.5),
}
"""By the name in files; PyNN's are compared without regard to case."""

STATIC = ("", "static_synapse", "static_synapse_hom_w", "staticsynapse")
"""Synapses that only add a weight, without the simulator's name."""


def cell_of(
    template: str, values: Mapping[str, Number], own: Mapping[str, Template], where: Location
) -> Cell:
    """The models of a template.

    Parameters
    ----------
    template : str
        As ``nest:iaf_psc_exp``.
    values : mapping of str to number or array
        Parameters that the file gives.
    own : mapping
        Templates that the user gives, by name: a function of `Given`.

    Raises
    ------
    UnsupportedFeatureError
        No such template, or a parameter that it does not have.
    """
    simulator, _, name = template.partition(":")
    known = {**TEMPLATES, **own}
    key = template if template in own else f"{simulator.lower()}:{name}"
    key = key.lower() if key.startswith("pynn:") and key not in own else key
    if key not in known:
        raise UnsupportedFeatureError(
            f"no model for the template {template!r}{nearest(template, known)}",
            where=where,
            hint="pass templates={...} with a function that makes a Cell for it; known are "
            + ", ".join(sorted(known)),
        )
    given = Given(values)
    cell = known[key](given)
    for parameter in sorted(set(values) - given.asked - IGNORED):
        raise UnsupportedFeatureError(
            f"{template} has no parameter {parameter!r}{nearest(parameter, given.asked)} here",
            where=where,
            hint=f"remove it from the file; its parameters are {', '.join(sorted(given.asked))}",
        )
    return cell
