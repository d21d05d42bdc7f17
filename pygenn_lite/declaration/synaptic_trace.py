"""SynapticTrace: what a neuron keeps of its own spikes, for plastic synapses to read."""

from __future__ import annotations

from pygenn_lite import hooks
from pygenn_lite.declaration.definitions import check_definitions
from pygenn_lite.declaration.language.equations import Equation, EquationsLike, parse_equations
from pygenn_lite.declaration.language.names import nearest
from pygenn_lite.declaration.summary import line, listed
from pygenn_lite.declaration.values import Value, ValuesLike, as_values
from pygenn_lite.errors import Location, ModelError
from pygenn_lite.records import dataclass

TRACE = Location.of("trace")


@dataclass(frozen=True, init=False)
class SynapticTrace:
    """Variables of a neuron that follow its own spikes, for plastic synapses to read.

    Parameters
    ----------
    derivatives : str or mapping
        Dynamics between spikes, e.g. ``"dx/dt = -x/tau_plus"``; parameters are the synapse model's.
    on_spike : str or mapping
        Ordered assignments at the neuron's spikes, e.g. ``"x += 1"``. A variable that only
        `on_spike` assigns keeps its value in between.
    initial : mapping
        Start values (default 0).
    """

    equations: tuple[Equation, ...]
    on_spike: tuple[Equation, ...]
    initial: tuple[tuple[str, Value], ...]

    def __init__(
        self,
        derivatives: EquationsLike = "",
        on_spike: EquationsLike = "",
        initial: ValuesLike = None,
    ) -> None:
        object.__setattr__(self, "equations", parse_equations(derivatives, TRACE))
        object.__setattr__(
            self, "on_spike", parse_equations(on_spike, TRACE.key("on_spike"), assignments=True)
        )
        object.__setattr__(self, "initial", as_values(initial, "initial", TRACE))
        check_definitions(self.equations, self.on_spike, TRACE)
        for name, _ in self.initial:
            if name not in self.state_names:
                raise ModelError(
                    f"initial value for {name!r}, which is not a variable of the trace"
                    f"{nearest(name, self.state_names)}",
                    where=TRACE,
                    hint=f"its variables are {list(self.state_names)}",
                )

    @property
    def state_names(self) -> tuple[str, ...]:
        """Variables with a derivative, then those assigned at spikes only."""
        names = [e.name for e in self.equations if e.kind == "derivative"]
        return tuple(dict.fromkeys([*names, *(e.name for e in self.on_spike)]))

    def __repr__(self) -> str:
        return line("SynapticTrace", "", listed(self.state_names))

    def _repr_html_(self) -> str:
        return str(hooks.call("trace_html", self))
