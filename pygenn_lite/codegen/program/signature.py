"""Signatures: what the runtime needs of compiled kernels, in ABI order.

Plain data, kept as JSON beside the compiled code, so that a cached network needs neither SymPy nor
Jinja.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pygenn_lite.codegen.program.kept_record import KeptRecord, with_tuples
from pygenn_lite.codegen.structure.parts import OWN, Part
from pygenn_lite.records import dataclass


@dataclass(frozen=True)
class Variable:
    """One variable of a kernel.

    Attributes
    ----------
    symbol : str
        Its unique spelling, in kernels and checkpoints; not to be taken apart.
    name : str
        What its part (and so the user) calls it.
    part : Part
        Which part of a population it belongs to; of synapses always their own.
    role : str
        "state", "parameter", "coefficient" (computed before the run), "accumulator" (sums what
        arrives in a step), "coupled" (sum of what is transmitted continuously, held over the step),
        "refractory" (steps left), "stamp" (step of the last event), "crossing" (where in a step
        a spike was).
    dtype : str
        "real", or the NumPy name of an integer type.
    shared : bool
        One value for all elements, else one for each.
    addressed : bool
        Whether deliveries of static synapses add to it.
    side : str
        "own" (of the element), or at synapses: "source" or "target" (of the neuron there).
    """

    symbol: str
    name: str
    part: Part = OWN
    role: str = "state"
    dtype: str = "real"
    shared: bool = False
    addressed: bool = False
    side: str = "own"

    @property
    def is_public(self) -> bool:
        """Whether a user can get and set it."""
        return self.role in ("state", "parameter")


@dataclass(frozen=True)
class TimedSignature:
    """A current that changes in time: its symbol, and whether all neurons get the same."""

    symbol: str
    shared: bool


@dataclass(frozen=True)
class NeuronSignature:
    """The kernels of a population.

    Attributes
    ----------
    name : str
    integrate, update, after, prepare : str or None
        Functions of the step (None where there is none): the flow alone, where something comes
        between it and the threshold; flow, jumps, threshold and reset; what follows a spike one
        step later; coefficients.
    variables : tuple of Variable
        Those with a value per neuron, in the order of ``pgl_population_args.arrays``.
    scalars : tuple of Variable
        Shared ones, in the order of ``pgl_population_args.scalars``.
    poisson : tuple of str
        Symbols that Poisson inputs add to.
    timed : tuple of TimedSignature
    draws : int
        Random numbers per neuron and step.
    operations : int
        About how many additions' time a neuron takes in a step.
    exposed : tuple of str
        Symbols whose past values synapses read.
    checked : tuple of str
        Symbols that must stay finite, in the order in which faults number them.
    integrators : dict of str to str
        By symbol.
    """

    name: str
    integrate: str | None = None
    update: str | None = None
    after: str | None = None
    prepare: str | None = None
    variables: tuple[Variable, ...] = ()
    scalars: tuple[Variable, ...] = ()
    poisson: tuple[str, ...] = ()
    timed: tuple[TimedSignature, ...] = ()
    draws: int = 0
    operations: int = 0
    exposed: tuple[str, ...] = ()
    checked: tuple[str, ...] = ()
    integrators: dict[str, str] | None = None

    @property
    def all_variables(self) -> tuple[Variable, ...]:
        """Those of each neuron, then shared ones."""
        return self.variables + self.scalars

    def variable(self, symbol: str) -> Variable:
        """The record of a symbol."""
        return next(v for v in self.all_variables if v.symbol == symbol)


@dataclass(frozen=True)
class SynapseSignature:
    """The kernels of a group whose synapses do more than add a constant weight.

    Attributes
    ----------
    name : str
    on_pre, on_post, step, settle : str or None
        Functions: at arrivals, at spikes of the target, in every step, and what brings variables
        that are integrated between events up to date.
    lead : int
        Steps by which arrivals are handled earlier than at the beginning of their own step.
    variables : tuple of Variable
        Per synapse, in the order of ``pgl_synapse_args.synapse``; the first is the weight.
    scalars : tuple of Variable
        In the order of ``pgl_synapse_args.scalars``.
    pre, post : tuple of str
        What is read of source neurons (through rings) and what is read of or added to target
        neurons, in the order of ``pgl_synapse_args.pre`` and ``.post``.
    sinks : tuple of str
        Of `post`, the sums that continuous transmission adds to.
    source_scratch, target_scratch : int
        Numbers per source and per target neuron that the step keeps aside.
    only_transmits : bool
        Whether nothing but continuous transmission happens.
    integrators : dict of str to str
    """

    name: str
    on_pre: str | None = None
    on_post: str | None = None
    step: str | None = None
    settle: str | None = None
    lead: int = 0
    variables: tuple[Variable, ...] = ()
    scalars: tuple[Variable, ...] = ()
    pre: tuple[str, ...] = ()
    post: tuple[str, ...] = ()
    sinks: tuple[str, ...] = ()
    source_scratch: int = 0
    target_scratch: int = 0
    only_transmits: bool = False
    integrators: dict[str, str] | None = None

    @property
    def scalar_names(self) -> list[str]:
        """Names of the shared parameters, in ABI order."""
        return [v.symbol for v in self.scalars]


@dataclass(frozen=True)
class KernelSignature:
    """A kernel that an extension brings along.

    Attributes
    ----------
    name : str
        Of the function.
    kind, visit : str
        Its domain.
    own, shared, target : tuple of str
        Symbols of variables: of the elements and shared ones (by address), in the order of
        ``arrays`` or ``synapse``; of target neurons in that of ``post``.
    written : tuple of str
        Those of the elements that it gives values to.
    """

    name: str
    kind: str
    visit: str
    own: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()
    target: tuple[str, ...] = ()
    written: tuple[str, ...] = ()


NOTHING = NeuronSignature("nothing")  # of a spike source that computes nothing


@dataclass(frozen=True)
class Signatures(KeptRecord):
    """All kernels of a network, numbered as in its NetworkStructure."""

    real: str = "float"
    neurons: tuple[NeuronSignature, ...] = ()
    synapses: tuple[SynapseSignature, ...] = ()
    added: tuple[KernelSignature, ...] = ()  # of an extension

    def of_population(self, kernel: int | None) -> NeuronSignature:
        """The signature of a population, by the number of its kernel (None: it has none)."""
        return NOTHING if kernel is None else self.neurons[kernel]

    @classmethod
    def recalled(cls, data: Mapping[str, Any]) -> dict[str, Any]:
        """Fields, of what `to_json` gave."""
        return {
            "real": data["real"],
            "neurons": tuple(_neuron(d) for d in data["neurons"]),
            "synapses": tuple(_synapse(d) for d in data["synapses"]),
            "added": tuple(KernelSignature(**with_tuples(d, _TABLES)) for d in data["added"]),
        }


_TABLES = ("own", "shared", "target", "written")


def _neuron(data: dict[str, Any]) -> NeuronSignature:
    timed = tuple(TimedSignature(**d) for d in data["timed"])
    return NeuronSignature(**{**_common(data, ("poisson", "exposed", "checked")), "timed": timed})


def _synapse(data: dict[str, Any]) -> SynapseSignature:
    return SynapseSignature(**_common(data, ("pre", "post", "sinks")))


def _common(data: dict[str, Any], listed: tuple[str, ...]) -> dict[str, Any]:
    return {
        **with_tuples(data, listed),
        "variables": tuple(_variable(d) for d in data["variables"]),
        "scalars": tuple(_variable(d) for d in data["scalars"]),
    }


def _variable(data: dict[str, Any]) -> Variable:
    return Variable(**{**data, "part": Part(**data["part"])})
