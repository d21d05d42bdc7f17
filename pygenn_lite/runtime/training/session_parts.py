"""Makes what a training session consists of: its network laid down in memory, the program, what is
trained, the optimiser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from pygenn_lite import codegen
from pygenn_lite.codegen.plan.memory import MemoryRow, MemoryRows
from pygenn_lite.codegen.structure.structures import NetworkStructure
from pygenn_lite.declaration.network import Network
from pygenn_lite.records import dataclass
from pygenn_lite.runtime.cpp.arrays import aligned_zeros
from pygenn_lite.runtime.training.feedback import FeedbackWeights, feedback_of
from pygenn_lite.runtime.training.network_data import NetworkData, network_data
from pygenn_lite.runtime.training.optimiser_memory import OptimiserMemory
from pygenn_lite.runtime.training.optimiser_setup import optimiser_of
from pygenn_lite.runtime.training.parameters_in_memory import ParametersInMemory
from pygenn_lite.runtime.training.processor_program import ProcessorProgram
from pygenn_lite.runtime.training.program_memory import ProgramMemory, Trial
from pygenn_lite.runtime.training.rewired_groups import RewiredGroups
from pygenn_lite.runtime.training.session_options import SessionOptions
from pygenn_lite.runtime.training.session_programs import LoadedProgram, load_program
from pygenn_lite.runtime.training.trained_parameters import TrainedParameter

if TYPE_CHECKING:
    from pygenn_lite.runtime.training.card_program import CardProgram

Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class SessionParts:
    """What a session consists of.

    Attributes
    ----------
    structure : NetworkStructure
    data : NetworkData
    loaded : LoadedProgram
    memory : ProgramMemory
    program : ProcessorProgram or CardProgram
    parameters : mapping of str to TrainedParameter
        What is trained, by path.
    feedback : FeedbackWeights or None
        Of e-prop.
    optimiser : OptimiserMemory or None
    rewired : RewiredGroups or None
    constants : ndarray
        Numbers of the loss.
    """

    structure: NetworkStructure
    data: NetworkData
    loaded: LoadedProgram
    memory: ProgramMemory
    program: ProcessorProgram | CardProgram
    parameters: dict[str, TrainedParameter]
    feedback: FeedbackWeights | None
    optimiser: OptimiserMemory | None
    rewired: RewiredGroups | None
    constants: Array

    def memory_rows(self) -> MemoryRows:
        """What takes how many bytes."""
        rows: list[MemoryRow] = list(self.memory.memory_rows())
        if self.optimiser is not None:
            rows += self.optimiser.memory_rows()
        return MemoryRows([row for row in rows if row.bytes])

    def attach(self) -> None:
        """Tell the program of all memory that its records point to."""
        if self.optimiser is not None:
            self.program.set_optimiser(self.optimiser.record, self.optimiser.arrays)
        values = [(p.value, p.gradient, *p.used) for p in self.parameters.values()]
        values += [() if self.feedback is None else tuple(self.feedback.arrays.values())]
        optimiser = {} if self.optimiser is None else vars(self.optimiser)
        self.program.attach(values, self.constants, optimiser)


def make_parts(network: Network, options: SessionOptions) -> SessionParts:
    """Compile the program of a session, and lay its memory down; there are no slots yet.

    Raises
    ------
    UnsupportedFeatureError
        Something of the network cannot be trained, by name.
    ArgumentError
        There is no such value to train; a constraint does not suit its path.
    """
    structure = codegen.network_structure(network, options.precision, False)
    loaded = load_program(network, structure, options.wishes, options)
    data = network_data(network, structure, options.dtype, options.cache)
    longest = options.longest_steps(network.dt)
    trial = Trial(options.steps, network.dt, options.dtype, longest)
    memory = ProgramMemory(data, loaded.signature, trial)
    memory.leave_out(options.dropout)
    trained = ParametersInMemory(
        network, structure, memory, options.trainable, options.bounds or {}
    )
    program = loaded.program(memory)
    feedback = feedback_of(options.eprop, memory)
    optimiser = optimiser_of(options, memory, trained, feedback)
    rewired = None
    if options.rewiring is not None and optimiser is not None:
        rewired = RewiredGroups(options.rewiring, memory, optimiser)
    constants = _constants(options, memory)
    made = SessionParts(
        structure,
        data,
        loaded,
        memory,
        program,
        trained.parameters,
        feedback,
        optimiser,
        rewired,
        constants,
    )
    made.attach()
    return made


def _constants(options: SessionOptions, memory: ProgramMemory) -> Array:
    given = () if options.loss is None else tuple(options.loss.constants)
    made: Array = aligned_zeros(len(given), options.dtype)
    made[: len(given)] = given
    memory.record.constants = made.ctypes.data
    return made
