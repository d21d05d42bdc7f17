"""From the structure of a network, a loss and a rule of update to the source of a training
program."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pygenn_lite.codegen.structure.structures import NetworkStructure
from pygenn_lite.codegen.trial.trial_signature import (
    LossSignature,
    TrialSignature,
    signature_of_trial,
)
from pygenn_lite.codegen.trial.update_rule import UpdateRule
from pygenn_lite.codegen.trial.value_places import chosen, value_places
from pygenn_lite.records import dataclass

if TYPE_CHECKING:
    from pygenn_lite.codegen.trial.loss_records import LossDescription
    from pygenn_lite.codegen.trial.surrogate import Surrogate
    from pygenn_lite.codegen.trial.trial_program import TrialProgram


@dataclass(frozen=True)
class TrainingWishes:
    """What a training program is to do with a network.

    Attributes
    ----------
    loss : LossDescription or None
        None: derivatives of `outputs` come from outside.
    trainable : tuple of str
        Paths, with ``*`` for any characters.
    gradient : str
        "exact" or "surrogate".
    surrogate : Surrogate or None
    detach_reset : bool
        With surrogates: nothing flows back through the reset to the threshold.
    rule : UpdateRule or None
        Of the optimiser; None: gradients only.
    outputs : tuple of str
        Without a loss: what is given out of every step ("out.V", "hidden.spikes").
    replayed : bool
        Whether spikes of populations with a model may be given.
    """

    loss: LossDescription | None
    trainable: tuple[str, ...]
    gradient: str = "exact"
    surrogate: Surrogate | None = None
    detach_reset: bool = False
    rule: UpdateRule | None = None
    outputs: tuple[str, ...] = ()
    replayed: bool = False

    def decides(self, structure: NetworkStructure) -> tuple[str, ...]:
        """All that decides the source, as text: what two networks with equal texts have in common.

        Raises
        ------
        ArgumentError
            There is no such value to train.
        """
        populations = [(name, p.kernel) for name, p in structure.populations.items()]
        groups = [
            (name, g.kernel, g.source, g.target, g.target_variable, g.lead)
            for name, g in structure.groups.items()
        ]
        return (
            structure.key,
            repr(populations),
            repr(groups),
            repr(chosen(value_places(structure), self.trainable)),
            self.gradient,
            repr(self.surrogate),
            repr(self.detach_reset),
            repr(self.outputs) if self.loss is None else self.loss.key,
            "" if self.rule is None else self.rule.key,
            repr(self.replayed),
        )


def generate_training(
    structure: NetworkStructure, wishes: TrainingWishes, threads: int = 0
) -> tuple[str, TrialSignature]:
    """Source, and what the runtime needs to know of it (imports SymPy).

    Parameters
    ----------
    structure : NetworkStructure
    wishes : TrainingWishes
    threads : int
        Of a block of a card; 0: for the processor.

    Raises
    ------
    UnsupportedFeatureError
        Something of the network cannot be trained, by name.
    """
    from pygenn_lite.codegen.render.trial_optimiser import render_optimiser
    from pygenn_lite.codegen.render.trial_population import render_trial_population
    from pygenn_lite.codegen.render.trial_source import (
        SOURCE,
        TrialSource,
        render_trial,
        render_trial_kernels,
    )

    program = _program(structure, wishes)
    names = [f"Population{k}" for k in range(len(program.populations))]
    models = zip(program.populations.values(), names, strict=True)
    replayed = wishes.replayed
    parts = [render_trial_population(one, name, replayed=replayed) for one, name in models]
    text, loss = _loss(structure, wishes, program)
    parts.append(text)
    if wishes.rule is not None:
        parts.append(render_optimiser([wishes.rule]))
    structures = (*names, *[SOURCE] * len(program.given))
    made = TrialSource(program.real, structures, tuple(parts), wishes.rule is not None, replayed)
    source = render_trial_kernels(made, threads) if threads else render_trial(made)
    return source, signature_of_trial(program, loss)


def _program(structure: NetworkStructure, wishes: TrainingWishes) -> TrialProgram:
    """What a trial computes."""
    from pygenn_lite.codegen.systems.network_systems import systems_of
    from pygenn_lite.codegen.trial.derivation import trial_program
    from pygenn_lite.codegen.trial.loss_derivation import states_read
    from pygenn_lite.codegen.trial.refusals import refuse_timed

    refuse_timed(structure)
    read = () if wishes.loss is None else states_read(wishes.loss, systems_of(structure))
    return trial_program(
        structure, wishes.trainable, wishes.gradient, wishes.surrogate, wishes.detach_reset, read
    )


def _loss(
    structure: NetworkStructure, wishes: TrainingWishes, program: TrialProgram
) -> tuple[str, LossSignature]:
    """What computes the loss, or what stands in its place."""
    from pygenn_lite.codegen.trial.reached import check_reached, reached_by_loss, reached_by_outputs

    places = value_places(structure)
    trained = {path: places[path] for path in chosen(places, wishes.trainable)}
    if wishes.loss is None:
        from pygenn_lite.codegen.render.trial_traces import render_traces
        from pygenn_lite.codegen.trial.trace_outputs import trace_outputs

        outputs = trace_outputs(program, wishes.outputs)
        check_reached(trained, reached_by_outputs(outputs, program), program)
        traces = tuple((o.name, o.population) for o in outputs)
        return render_traces(outputs), LossSignature(traces=traces)
    from pygenn_lite.codegen.render.trial_losses import render_loss
    from pygenn_lite.codegen.systems.network_systems import systems_of
    from pygenn_lite.codegen.trial.loss_derivation import loss_code

    code = loss_code(wishes.loss, systems_of(structure), program)
    check_reached(trained, reached_by_loss(code, program), program)
    signature = LossSignature(code.output, code.target_kind, code.metrics, compared=code.compared)
    return render_loss(code, program), signature
