"""Says which variable stopped being finite, of which neuron, and when."""

from __future__ import annotations

from pygenn_lite.declaration.steps import times_of
from pygenn_lite.errors import Location, NumericalError
from pygenn_lite.runtime.device import Device, Fault


def fault_error(device: Device, index: int, fault: Fault, axis: bool) -> NumericalError:
    """The error of an instance; `axis`: whether its number is named."""
    network = device.instances[index].network
    variable = device.layout.populations[fault.population].variables[fault.variable]
    moment = float(times_of(fault.step + 1, network.dt))
    which = f"instance {index}, " if axis else ""
    where = Location(f"{which}population {fault.population!r}, neuron {fault.neuron}")
    if fault.overflow:
        return NumericalError(
            f"what arrives at {variable.called!r} in the step to {moment:g} ms does not fit "
            "into a sum of 32 bits",
            where=where,
            hint="look for weights onto this neuron that are far larger than they should be, "
            "or for far too many spikes at once; else compile with accumulator='float'",
        )
    model = network.populations[fault.population].model
    grows = any("exp(" in equation.text for equation in getattr(model, "equations", ()))
    bound = "bound an exponential that grows, as in exp(min(x, 10)), " if grows else ""
    return NumericalError(
        f"{variable.called!r} became {fault.value} at {moment:g} ms",
        where=where,
        hint="look for a division by zero (a parameter of 0), at the weights onto this neuron, "
        f"{bound}use a smaller dt, or switch the check off (check_finite=False)",
    )
