"""What a trial of a network computes, step by step forwards and then backwards, as plain data.

A step goes from t to t + dt. Forwards: arrivals at t are added to the states that groups point
to; `before` is kept; `forward` brings the states to the end of the step, with threshold and reset;
where it says that a neuron spikes, `record` keeps what the way back needs of that spike. Backwards:
the loss adds to the adjoints; at a neuron that spiked, `at_spike` takes them from after the
reset to before it (exact); `backward` takes them to the beginning of the step, just after the
arrivals. There the adjoint of the state that a group points to is the gradient of its weights, and
`sent` what goes back to the spikes that arrived.

Bodies are straight-line statements of `codegen.program.kernel`: temporaries are assigned once
(`Assign`); what an element keeps is written by one `Update` (states, recorded values,
adjoints), and `Add` adds to a gradient. No statement branches: conditions are `Piecewise`.
Symbols that may be read, besides temporaries: those of `shared` and `own`; ``t`` (ms, of the
beginning of the step) and ``dt``; `timed`; and, in

- `forward`: states, as they are after the arrivals.
- `record`, `crossing`: states, which stand for what `before` has kept of them.
- `at_spike`: adjoints, recorded values, ``back__`` (what the spike's arrivals, and the loss, say of
  moving it).
- `backward`: adjoints, states (what `before` has kept), and where smooth ``back__`` (the derivative
  of the loss by the spike, 0 or 1).
- `sent`: adjoints (as `backward` has left them), states (what `before` has kept).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

import sympy

from pygenn_lite.codegen.program.kernel import Body, LinearFlow, Statement
from pygenn_lite.records import dataclass

SUM = "__sum"  # behind the state to which the step adds what has arrived
BACK = "back__"  # what a spike's arrivals and the loss say of it
SPIKE = "spike__"  # the temporary of `forward` that says whether the neuron spikes
LOSS = "loss__"  # before a state: what a loss that reads it adds to the price of arrivals in a step
TANGENTIAL = "tangential__"  # the temporary of `record` that says whether a speed was held up


@dataclass(frozen=True)
class FlowGradient:
    """Gradients of a flow's matrix from those of its outputs, ``grad__P`` for each output P.

    Attributes
    ----------
    flow : LinearFlow
        With the outputs that have a gradient.
    h : sympy.Expr
        ms.
    entries : tuple of (int, int, str)
        Row, column, and the temporary that gets the gradient of that entry.
    """

    flow: LinearFlow
    h: sympy.Expr
    entries: tuple[tuple[int, int, str], ...]

    def __str__(self) -> str:
        names = ", ".join(name for _, _, name in self.entries)
        return f"{names} = gradients of the entries of A, from those of exp({self.h}*A)"


Chain = tuple[Statement | FlowGradient, ...]


@dataclass(frozen=True)
class TrialPopulation:
    """What is computed for one neuron of a population.

    Attributes
    ----------
    name : str
    states : tuple of str
        Symbols of what a neuron keeps from step to step, sums of arrivals among them; those
        without a derivative (``refractory``, steps left) last. All are reals.
    shared, own : tuple of str
        Parameters, then coefficients: those with one value, those with one per neuron. In the
        order of the signature of the simulator's kernels.
    timed : tuple of (str, int, bool)
        Known currents: symbol, number among the population's, whether all neurons get the same.
    forward : Body
        Ends with an `Update` of states. ``spike__`` says whether the neuron spikes.
    spikes : bool
        Whether there is a threshold.
    smooth : bool
        Whether every step has a derivative by its spike, in place of a jump at spikes (surrogate).
    before : tuple of str
        States whose values after the arrivals are kept; or temporaries of `forward`, assigned once,
        whose values are.
    kept : int
        How many of these, the first ones, `backward` or `sent` read, so that every step keeps
        them; the others are read by `record` alone, in their own step.
    record : Body
        Ends with an `Update` of `recorded`; the temporary ``tangential__`` says whether the
        threshold was hardly crossed.
    recorded : tuple of str
        Values kept with a spike.
    crossing : sympy.Expr
        Where in its step, of 0 to 1, the threshold is crossed, over the temporaries of `record`.
    adjoints : tuple of str
        ``lam__X`` for each differentiable state X in the order of `states` (so that numbers agree),
        then what else is carried backwards: ``loss__X`` is what the loss adds in a step to the
        price of arrivals at X. All begin as 0. Empty: nothing before here is trained.
    at_spike, backward : Body
    sent : mapping of str to sympy.Expr
        By state that a group points to: per unit of weight, what goes back to an arriving spike:
        to its price (exact), to the derivative by it (smooth).
    gradients : tuple of str
        Symbols of `shared` and `own` that `at_spike` and `backward` add to.
    initial : tuple of str
        States whose initial value is trained: its gradient is their adjoint at the beginning.
    prepare_shared, prepare_own : Body
        Coefficients from parameters, in double precision: assignments to symbols of `shared` and
        `own`, and `Propagate`.
    chain_own, chain_shared : Chain
        The way back of these, with `FlowGradient` for `Propagate`: what gradients of coefficients,
        ``grad__X`` for each X of `shared` and `own`, add (`Add`) to those of parameters. First
        `chain_own` for each neuron, then `chain_shared`.
    trained : tuple of str
        Symbols of the parameters whose gradients are asked for.
    called : mapping of str to str
        What users call symbols, where that is not the same.
    """

    name: str
    states: tuple[str, ...]
    shared: tuple[str, ...] = ()
    own: tuple[str, ...] = ()
    timed: tuple[tuple[str, int, bool], ...] = ()
    forward: Body = ()
    spikes: bool = False
    smooth: bool = False
    before: tuple[str, ...] = ()
    kept: int = 0
    record: Body = ()
    recorded: tuple[str, ...] = ()
    crossing: sympy.Expr = sympy.S.One
    adjoints: tuple[str, ...] = ()
    at_spike: Body = ()
    backward: Body = ()
    sent: Mapping[str, sympy.Expr] = field(default_factory=dict)
    gradients: tuple[str, ...] = ()
    initial: tuple[str, ...] = ()
    prepare_shared: Body = ()
    prepare_own: Body = ()
    chain_own: Chain = ()
    chain_shared: Chain = ()
    trained: tuple[str, ...] = ()
    called: Mapping[str, str] = field(default_factory=dict)

    @property
    def history(self) -> bool:
        """Whether every step keeps something."""
        return self.kept > 0


@dataclass(frozen=True)
class TrialGroup:
    """A synapse group: arrivals add its weights to a state of the target.

    Attributes
    ----------
    name, source, target : str
    into : str
        The state of the target (a sum of the step, ``X__sum``, where the threshold of the step
        must see the jump).
    lead : int
        Steps by which arrivals are added earlier than at the beginning of their own step: 1 for
        such sums.
    weight, delay : bool
        Whether its weights, its delays are trained.
    """

    name: str
    source: str
    target: str
    into: str
    lead: int = 0
    weight: bool = False
    delay: bool = False


def is_sum(state: str) -> bool:
    """Whether it sums what arrives in a step."""
    return state.endswith(SUM)


def of_sum(total: str) -> str:
    """The state to which the step adds such a sum."""
    return total.removesuffix(SUM)
