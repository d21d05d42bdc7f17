"""Where in its step a spike is: statements that find the crossing of the signed threshold.

Linear interpolation needs its value at both ends of the step. Newton's method goes back from the
end of the step on the exact flow of the states, over whatever time that takes.
"""

from __future__ import annotations

from dataclasses import replace

import sympy

from pygenn_lite.codegen.program.kernel import Assign, LinearFlow, Statement, names_in
from pygenn_lite.codegen.program.neuron_variables import BEFORE, OFFSET, SPEED
from pygenn_lite.codegen.structure.structures import PopulationStructure
from pygenn_lite.codegen.systems.integrators import Step
from pygenn_lite.codegen.systems.linear import CONSTANT
from pygenn_lite.codegen.systems.signed_threshold import signed_threshold
from pygenn_lite.codegen.systems.system import DT, System, T, symbol
from pygenn_lite.errors import EquationError, Location
from pygenn_lite.records import dataclass

ITERATIONS = 4  # of Newton's method, from the interpolated crossing on


@dataclass(frozen=True)
class Crossing:
    """What the crossing of one population is found from.

    Raises
    ------
    EquationError
        The threshold has no sign; or (newton) what it depends on is not a linear flow within the
        step.
    """

    structure: PopulationStructure
    system: System
    step: Step

    def as_step_begins(self) -> list[Statement]:
        """The signed threshold is noted."""
        return [Assign(BEFORE, self._signed())] if self.structure.crossing else []

    def at_spike(self) -> list[Statement]:
        """Offset and speed, from the states at the end of the step, before the reset.

        At a jump that comes at the end of the step the speed is that of the whole step.
        """
        if not self.structure.crossing:
            return []
        before, rise = symbol(BEFORE), symbol(f"{BEFORE}__rise")
        offset = sympy.Piecewise((-before / rise, before < 0), (sympy.S.Zero, True))
        found: list[Statement] = [
            Assign(rise.name, self._signed().xreplace({T: T + DT}) - before),
            Assign(OFFSET, offset),
            Assign(SPEED, rise / DT),
        ]
        return found if self.structure.crossing == "linear" else [*found, *self._refined()]

    def _refined(self) -> list[Statement]:
        """Newton's method for the time that is left of the step."""
        g, flow = self._signed(), self._flow()
        left = symbol(f"{OFFSET}__left0")
        body: list[Statement] = [Assign(left.name, DT * (1 - symbol(OFFSET)))]
        f = {symbol(n): self.system.derivatives[n] for n in flow.variables}
        for k in range(ITERATIONS + 1):
            outputs = tuple((i, j, f"{name}__back{k}") for i, j, name in flow.outputs)
            back = replace(flow, outputs=outputs, per_neuron=())
            body.append(back.over(-left))
            columns = [*(symbol(n) for n in flow.variables), *(sympy.S.One for _ in flow.inputs)]
            there = {}
            for i, name in enumerate(flow.variables):
                there[symbol(name)] = symbol(f"{name}__there{k}")
                value = sympy.Add(*(symbol(n) * columns[j] for row, j, n in outputs if row == i))
                body.append(Assign(f"{name}__there{k}", value))
            at = {**there, T: T + DT - left}
            slope = g.diff(T) + sympy.Add(*(g.diff(x) * value for x, value in f.items()))
            speed = symbol(f"{SPEED}__{k}")
            body.append(Assign(speed.name, slope.xreplace(at)))
            if k == ITERATIONS:
                break
            new = symbol(f"{OFFSET}__left{k + 1}")
            body.append(
                Assign(new.name, sympy.Max(0, sympy.Min(DT, left + g.xreplace(at) / speed)))
            )
            left = new
        return [*body, Assign(OFFSET, 1 - left / DT), Assign(SPEED, speed)]

    def _signed(self) -> sympy.Expr:
        """The threshold as a number."""
        g, why = signed_threshold(self.system.threshold, self.system.draws)
        if g is None:
            raise EquationError(
                f"spikes cannot be located within a step: {why or 'there is no threshold'}",
                where=self._where(),
                hint="write the threshold as a comparison, such as 'V > theta'",
            )
        return g

    def _flow(self) -> LinearFlow:
        """The flow that the threshold's states follow, alone, until the end of the step."""
        seen = names_in(self._signed()) & set(self.system.states)
        jumped = {*self.structure.accumulated, *(target for target, _ in self.structure.poisson)}
        for flow in self.step.flows:
            held = {
                flow.inputs[j - len(flow.variables)]
                for _, j, _ in flow.outputs
                if j >= len(flow.variables)
            }
            moves = set(flow.variables)
            if seen <= moves and not moves & jumped and held <= {CONSTANT}:
                return flow
        raise EquationError(
            "the crossing of the threshold cannot be found by Newton's method: "
            f"{', '.join(sorted(seen))} must follow a linear flow without jumps at the end of a "
            "step, and without inputs that change from step to step",
            where=self._where(),
            hint="let it be interpolated ('linear')",
        )

    def _where(self) -> Location:
        return Location.of("population", self.structure.name).key("threshold")
