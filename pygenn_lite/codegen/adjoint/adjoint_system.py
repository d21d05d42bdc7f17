"""The adjoint between events as a system like any other, so that integrators make steps of it: the
transposed propagator where it is linear.

Time runs backwards. ``drive__X`` stands for ``dl/dX``, held over a step. Forward states that a
nonlinear flow reads are inputs: their recorded or recomputed values.
"""

from __future__ import annotations

from pygenn_lite.codegen.adjoint.adjoint_parts import adjoint
from pygenn_lite.codegen.adjoint.adjoint_records import NeuronAdjoint
from pygenn_lite.codegen.systems.system import System, flow_system, symbol


def drive(state: str) -> str:
    """The symbol of ``dl/dX``."""
    return f"drive__{state}"


def adjoint_system(
    neurons: NeuronAdjoint, driven: tuple[str, ...] = (), *, clamped: bool = False
) -> System:
    """The adjoint of a population between events.

    Parameters
    ----------
    neurons : NeuronAdjoint
    driven : tuple of str
        States that a running loss reads.
    clamped : bool
        While refractory.

    Examples
    --------
    >>> from pygenn_lite import codegen
    >>> net = pg.Network()
    >>> cells = net.population("cells", 1, pg.LIF())
    >>> found = codegen.adjoint_of(codegen.network_structure(net)).populations["cells"]
    >>> adjoint_system(found, ("V",)).derivatives
    {'lam__V': drive__V - lam__V/tau}
    """
    flow = neurons.clamped_flow if clamped and neurons.clamped_flow else neurons.flow
    rates = {
        adjoint(x).name: rate + (symbol(drive(x)) if x in driven else 0)
        for x, rate in flow.rates.items()
    }
    read = {s.name for rate in rates.values() for s in rate.free_symbols}
    known = (*flow.f, *neurons.system.timed, *(name for name, _, _ in neurons.system.noise))
    return flow_system(
        rates,
        {p.symbol: p.shared for p in neurons.system.parameters},
        (*map(drive, driven), *(name for name in known if name in read)),
    )
