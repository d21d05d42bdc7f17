"""Makes the optimiser's memory of a session: constraints become limits of each path, quantised
weights are read elsewhere, and feedback that is learnt gets the updates of the weights."""

from __future__ import annotations

from collections.abc import Iterable

from pygenn_lite.codegen.trial.optimiser import WEIGHTS
from pygenn_lite.codegen.trial.value_places import path_fits
from pygenn_lite.declaration.language.names import nearest
from pygenn_lite.errors import ArgumentError, Location
from pygenn_lite.runtime.training.deep_rewiring import signs_kept
from pygenn_lite.runtime.training.feedback import FeedbackWeights
from pygenn_lite.runtime.training.group_arrays import GroupArrays
from pygenn_lite.runtime.training.limits import Limits, PathValues, limits_of
from pygenn_lite.runtime.training.optimiser_memory import OptimiserMemory, Twin
from pygenn_lite.runtime.training.padded_rows import Rows
from pygenn_lite.runtime.training.parameters_in_memory import ParametersInMemory
from pygenn_lite.runtime.training.program_memory import ProgramMemory
from pygenn_lite.runtime.training.session_options import SessionOptions
from pygenn_lite.runtime.training.trained_parameters import TrainedParameter


def optimiser_of(
    options: SessionOptions,
    memory: ProgramMemory,
    found: ParametersInMemory,
    feedback: FeedbackWeights | None,
) -> OptimiserMemory | None:
    """The optimiser's memory; None where there is no optimiser.

    Raises
    ------
    ArgumentError
        A constraint does not suit its path, or is for one that is not trained.
    """
    if options.optimiser is None:
        return None
    parameters = found.parameters
    penalties = () if options.loss is None else options.loss.penalties
    _check_patterns("constraints", options.constraints, found, generic=False)
    _check_patterns("rates", options.optimiser.rates, found)
    if options.optimiser.decays != WEIGHTS:
        _check_patterns("decays", options.optimiser.decays, found)
    _check_patterns("penalties", [penalty.pattern for penalty in penalties], found)
    limits = {path: _limits(options, memory, one) for path, one in parameters.items()}
    twins = [] if feedback is None else _twins(feedback, memory, parameters)
    return OptimiserMemory(options.optimiser, parameters, penalties, limits, twins)


def _check_patterns(
    what: str, patterns: Iterable[str], found: ParametersInMemory, generic: bool = True
) -> None:
    """Refuse paths that mean nothing here: with a misspelt one nothing would be done. A `generic`
    one, with ``*``, may mean values that the network has and that are not trained."""
    trained = tuple(found.parameters)
    for pattern in patterns:
        known = found.known if generic and "*" in pattern else trained
        if not any(path_fits(path, pattern) for path in known):
            raise ArgumentError(
                f"{what} of {pattern!r}, which is not trained{nearest(pattern, trained)}",
                where=Location(what),
                hint=f"trained are {', '.join(trained)}",
            )


def _limits(options: SessionOptions, memory: ProgramMemory, one: TrainedParameter) -> Limits:
    """The limits of a path, by which its values are changed at once."""
    section, name, *_ = one.path.split(".")
    group = memory.groups[name] if section == "groups" and one.kind in ("weight", "delay") else None
    seen = _seen(one, group)
    found = limits_of(options.constraints, seen, Limits(low=float(one.low), high=float(one.high)))
    rewiring = options.rewiring
    if rewiring is not None and one.kind == "weight" and path_fits(name, rewiring.groups):
        found = found & signs_kept(seen.values, rewiring)
    one.write(found.applied(one.read()))
    if found.levels:
        if one.kind != "weight" or group is None:
            raise ArgumentError(
                "only weights are quantised",
                where=Location.of("constraint").entry(one.path),
                hint='write constraints={"groups.*.weight": pg.constraints.Quantised(8)}',
            )
        count, size = one.value.values.shape
        rows = Rows(count, size, one.value.whole.dtype, one.value.stride)
        one.used.append(rows)
        _read_instead(memory, name, rows)
    return found


def _read_instead(memory: ProgramMemory, group: str, rows: Rows) -> None:
    """Trials read other weights of a group; what comes back goes through these, too, unless it is
    cut or comes through weights of its own."""
    own = memory.groups[group].weight.address
    memory.read_instead(group, rows.address)
    if memory.comes_back_through(group) == own:
        memory.come_back_through(group, rows.address)


def _seen(one: TrainedParameter, group: GroupArrays | None) -> PathValues:
    values = one.read()
    if group is None or group.weight_of is not None:
        return PathValues(one.path, values)
    synapses = group.data.synapses
    pre, post = (ends.reshape(values.shape) for ends in (synapses.pre, synapses.post))
    return PathValues(one.path, values, pre, post)


def _twins(
    feedback: FeedbackWeights, memory: ProgramMemory, parameters: dict[str, TrainedParameter]
) -> list[Twin]:
    """Feedback weights that are learnt with the weights of their groups."""
    by_address = {one.value.address: path for path, one in parameters.items()}
    found = []
    for name, rows in feedback.arrays.items():
        path = by_address.get(memory.groups[name].weight.address)
        if feedback.learnt and path is not None:
            found.append(Twin(path, f"feedback of {name}", rows))
    return found
