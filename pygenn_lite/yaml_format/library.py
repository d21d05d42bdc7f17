"""Models of a file: declared by equations, or taken from the library with ``use``."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from pygenn_lite import models
from pygenn_lite.declaration import NeuronModel, SynapseModel, SynapticTrace
from pygenn_lite.declaration.language.names import nearest_or_all
from pygenn_lite.errors import FileFormatError
from pygenn_lite.yaml_format.check import check_section
from pygenn_lite.yaml_format.context import Context
from pygenn_lite.yaml_format.integrator_forms import read_integrator
from pygenn_lite.yaml_format.marks import Place
from pygenn_lite.yaml_format.schema import NeuronSection, SynapseSection, TraceSection
from pygenn_lite.yaml_format.value_forms import read_value, read_values

_LIBRARY_HINT = "name a model that `pygenn-lite models` lists, or declare one by its equations"
SYNAPSES = {
    name: make
    for registry in models.LIBRARY.values()
    if registry is not models.NEURONS
    for name, make in registry.items()
}
_WITH_USE = frozenset({"use", "parameters", "initial", "receptor", "with_variables"})
# By section: what may stand beside `use`.
WITH_USE = {"NeuronSection": _WITH_USE | {"integrator"}, "SynapseSection": _WITH_USE}
_NO_PARAMETERS = frozenset({"initial", "receptor", "integrator"})  # arguments of the functions


Section = TypeVar("Section", NeuronSection, SynapseSection)


class ModelRegistry:
    """The models that a file declares, each made once and by need."""

    def __init__(
        self,
        context: Context,
        neurons: Mapping[str, NeuronSection],
        synapses: Mapping[str, SynapseSection],
    ) -> None:
        self.context = context
        self.neuron_sections, self.synapse_sections = neurons, synapses
        self.neurons: dict[str, NeuronModel] = {}
        self.synapses: dict[str, SynapseModel] = {}
        self.under_way: list[str] = []
        for name in neurons:
            self.neuron(name, ("models", name))
        for name in synapses:
            self.synapse(name, ("synapses", name))

    def neuron(self, given: Any, place: Place) -> NeuronModel:
        """Return the neuron model that a name or an inline mapping stands for."""
        if isinstance(given, str):
            if given in self.neurons:
                return self.neurons[given]
            if given in self.neuron_sections:
                section, place = self.neuron_sections[given], ("models", given)
                self.neurons[given] = self._make_neuron(section, place)
                return self.neurons[given]
            self._known("model", given, [*self.neuron_sections, *models.NEURONS], place)
        return self._make_neuron(self._section(given, place, NeuronSection), place)

    def neuron_place(self, given: Any, place: Place) -> Place:
        """Where a neuron model is declared: in its own section, or else where it is used."""
        own = isinstance(given, str) and given in self.neuron_sections
        return ("models", given) if own else place

    def synapse_place(self, given: Any, place: Place) -> Place:
        """The same of a synapse model."""
        own = isinstance(given, str) and given in self.synapse_sections
        return ("synapses", given) if own else place

    def synapse(self, given: Any, place: Place) -> SynapseModel:
        """Return the synapse model that a name or an inline mapping stands for."""
        if isinstance(given, str):
            if given in self.synapses:
                return self.synapses[given]
            if given in self.synapse_sections:
                return self._declared_synapse(given, place)
            self._known("synapse", given, [*self.synapse_sections, *SYNAPSES], place)
        return self._make_synapse(self._section(given, place, SynapseSection), place)

    def _declared_synapse(self, name: str, place: Place) -> SynapseModel:
        if name in self.under_way:
            raise self._error(place, f"'{name}' is its own receptor")
        self.under_way.append(name)
        made = self._make_synapse(self.synapse_sections[name], ("synapses", name))
        self.under_way.pop()
        self.synapses[name] = made
        return made

    def _known(self, what: str, name: str, known: list[str], place: Place) -> None:
        if name not in known:
            raise self._error(place, f"no {what} is called '{name}'{nearest_or_all(name, known)}")

    def _section(self, given: Any, place: Place, kind: type[Section]) -> Section:
        """What a name of the library, or a mapping, says of a model."""
        if isinstance(given, str):
            return kind(use=given)
        return check_section(self.context.document, place, self._inline(given, place), kind)

    def _inline(self, given: Any, place: Place) -> Any:
        """Read ``{ExponentialCurrent: {tau: 5}}`` as ``use`` and ``parameters``."""
        if not isinstance(given, dict) or len(given) != 1:
            return given
        name, options = next(iter(given.items()))
        if name in (*NeuronSection.model_fields, *SynapseSection.model_fields):
            return given
        known = [*models.NEURONS, *SYNAPSES]
        if name not in known:
            raise self._error(
                (*place, name), f"unknown model '{name}'{nearest_or_all(name, known)}"
            )
        if options is None:
            options = {}
        if not isinstance(options, dict):
            raise self._error((*place, name), f"'{name}' takes a mapping of parameters")
        special = {key: options[key] for key in ("receptor", "initial") if key in options}
        parameters = {key: item for key, item in options.items() if key not in special}
        spelled = self.context.document.spelled
        spelled[(*place, "use")] = spelled[(*place, "parameters")] = (*place, name)
        for key in special:
            spelled[(*place, key)] = (*place, name, key)
        return {"use": name, "parameters": parameters, **special}

    def _make_neuron(self, section: NeuronSection, place: Place) -> NeuronModel:
        made, added = self._plain_neuron(section, place), section.with_variables
        if added is None:
            return made
        inner = (*place, "with_variables")
        parameters = read_values(self.context, added.parameters, (*inner, "parameters"))
        initial = read_values(self.context, added.initial, (*inner, "initial"))
        with self.context.at(inner):
            return made.with_variables(added.derivatives, parameters=parameters, initial=initial)

    def _plain_neuron(self, section: NeuronSection, place: Place) -> NeuronModel:
        context = self.context
        if section.use is not None:
            made = self._use(section.use, models.NEURONS, section, place)
            assert isinstance(made, NeuronModel)
            return made
        with context.at(place):
            return NeuronModel(
                section.derivatives,
                update=section.update,
                threshold=section.threshold,
                reset=section.reset,
                refractory=section.refractory,
                parameters=read_values(context, section.parameters, (*place, "parameters")),
                initial=read_values(context, section.initial, (*place, "initial")),
                inputs=section.inputs,
                clamp=section.clamp,
                integrator=read_integrator(context, section.integrator, place),
                name=section.name or "",
                units=section.units,
            )

    def _make_synapse(self, section: SynapseSection, place: Place) -> SynapseModel:
        context = self.context
        if section.use is not None:
            made = self._use(section.use, SYNAPSES, section, place)
            assert isinstance(made, SynapseModel)
            return made
        if section.receptor is not None:
            raise self._error((*place, "receptor"), "'receptor' goes with 'use' only")
        arguments: dict[str, Any] = {}
        if section.on_pre is not None:
            arguments["on_pre"] = section.on_pre
        for side in ("pre_trace", "post_trace"):
            trace: TraceSection | None = getattr(section, side)
            if trace is not None:
                arguments[side] = self._trace(trace, (*place, side))
        with context.at(place):
            return SynapseModel(
                section.derivatives,
                inputs=section.inputs,
                continuous=section.continuous,
                on_post=section.on_post,
                synapse_derivatives=section.synapse_derivatives,
                event_driven=section.event_driven,
                integrator=read_integrator(context, section.integrator, place),
                parameters=read_values(context, section.parameters, (*place, "parameters")),
                initial=read_values(context, section.initial, (*place, "initial")),
                variables=read_values(context, section.variables, (*place, "variables")),
                name=section.name or "",
                **arguments,
            )

    def _trace(self, section: TraceSection, place: Place) -> SynapticTrace:
        with self.context.at(place):
            initial = read_values(self.context, section.initial, (*place, "initial"))
            return SynapticTrace(section.derivatives, section.on_spike, initial)

    def _use(
        self,
        name: str,
        registry: Mapping[str, Callable[..., Any]],
        section: NeuronSection | SynapseSection,
        place: Place,
    ) -> NeuronModel | SynapseModel:
        """Call a function of the library with what the file gives for its arguments."""
        context = self.context
        if name not in registry:
            hint = nearest_or_all(name, registry)
            raise self._error(
                (*place, "use"), f"the library has no '{name}' here{hint}", _LIBRARY_HINT
            )
        for key in sorted(section.model_fields_set - WITH_USE[type(section).__name__]):
            raise self._error(
                (*place, key), f"'{key}' does not go with 'use'", "declare the model by equations"
            )
        known = inspect.signature(registry[name]).parameters
        arguments: dict[str, Any] = {}
        for key, value in section.parameters.items():
            inner = (*place, "parameters", key)
            if key not in known or key in ("initial", "receptor"):
                parameters = [other for other in known if other not in _NO_PARAMETERS]
                hint = nearest_or_all(key, parameters)
                raise self._error(inner, f"'{name}' has no parameter '{key}'{hint}")
            arguments[key] = self._argument(known[key], value, inner)
        if section.initial:
            self._needs(known, "initial", name, place)
            inner = (*place, "initial")
            if "dict" in str(known["initial"].annotation) or "Initial" in str(
                known["initial"].annotation
            ):
                arguments["initial"] = read_values(context, section.initial, inner)
            else:
                # A synapse of the library has a single variable that may start elsewhere than at 0.
                if len(section.initial) != 1:
                    raise self._error(inner, "give the start value of one variable")
                (variable, value), *_ = section.initial.items()
                arguments["initial"] = read_value(context, value, (*inner, variable))
        if isinstance(section, NeuronSection) and section.integrator != "auto":
            arguments["integrator"] = read_integrator(context, section.integrator, place)
        if isinstance(section, SynapseSection) and section.receptor is not None:
            self._needs(known, "receptor", name, place)
            arguments["receptor"] = self.synapse(section.receptor, (*place, "receptor"))
        with context.at(place):
            return registry[name](**arguments)  # type: ignore[no-any-return]

    def _argument(self, known: inspect.Parameter, value: Any, place: Place) -> Any:
        annotation = str(known.annotation)
        if annotation == "str":
            if not isinstance(value, str):
                raise self._error(place, f"'{known.name}' should be text")
            return value
        if annotation in ("float", "int"):
            return self.context.number(value, place)
        return read_value(self.context, value, place)

    def _needs(self, known: Mapping[str, Any], key: str, name: str, place: Place) -> None:
        if key not in known:
            raise self._error((*place, key), f"'{name}' takes no '{key}'")

    def _error(self, place: Place, message: str, hint: str = "") -> FileFormatError:
        return self.context.document.error(place, message, hint)
