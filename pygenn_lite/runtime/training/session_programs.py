"""Compiles and loads a session's program: for the processor, or for a card."""

from __future__ import annotations

import ctypes as c
from typing import TYPE_CHECKING, Any, Protocol

from pygenn_lite.codegen.structure.structures import NetworkStructure
from pygenn_lite.codegen.trial.generation import TrainingWishes, generate_training
from pygenn_lite.codegen.trial.trial_signature import TrialSignature
from pygenn_lite.declaration.network import Network
from pygenn_lite.records import dataclass
from pygenn_lite.runtime.processors import available_cpus
from pygenn_lite.runtime.training.building import compile_training, training_source
from pygenn_lite.runtime.training.processor_program import ProcessorProgram
from pygenn_lite.runtime.training.program_memory import ProgramMemory
from pygenn_lite.runtime.training.session_options import SessionOptions

if TYPE_CHECKING:
    from pygenn_lite.runtime.training.card_program import CardProgram

WARP = 32
LEAST_THREADS, MOST_THREADS = 64, 512  # of a block


class LoadedProgram(Protocol):
    """A compiled program that has no memory yet."""

    @property
    def signature(self) -> TrialSignature: ...
    @property
    def source(self) -> str: ...

    def program(self, memory: ProgramMemory) -> ProcessorProgram | CardProgram:
        """The program with its memory."""
        ...


@dataclass(frozen=True)
class ForProcessor:
    """See `LoadedProgram`."""

    signature: TrialSignature
    source: str
    library: c.CDLL
    threads: int
    kept: Any

    def program(self, memory: ProgramMemory) -> ProcessorProgram:
        """The program with its memory."""
        return ProcessorProgram(self.library, memory, self.threads)


@dataclass(frozen=True)
class ForCard:
    """See `LoadedProgram`."""

    signature: TrialSignature
    source: str
    driver: Any
    module: Any
    threads: int

    def program(self, memory: ProgramMemory) -> CardProgram:
        """The program with its memory."""
        from pygenn_lite.runtime.training.card_program import CardProgram

        return CardProgram(self.driver, self.module, memory, self.threads)


def load_program(
    network: Network, structure: NetworkStructure, wishes: TrainingWishes, options: SessionOptions
) -> LoadedProgram:
    """Compile a program, or take it from the cache.

    Raises
    ------
    UnsupportedFeatureError
        Something of the network cannot be trained, by name.
    ToolchainError, CompileError, DeviceError, MissingPackageError
        There is no compiler, or no card.
    """
    decides = wishes.decides(structure)
    if options.backend == "cuda":
        return _for_card(network, decides, structure, wishes, options)
    code = compile_training(decides, lambda: generate_training(structure, wishes), options.cache)
    threads = options.threads or available_cpus()
    return ForProcessor(code.signature, code.source, code.library, threads, code)


def _for_card(
    network: Network,
    decides: tuple[str, ...],
    structure: NetworkStructure,
    wishes: TrainingWishes,
    options: SessionOptions,
) -> ForCard:
    from pygenn_lite.runtime.cuda.code import compile_source
    from pygenn_lite.runtime.cuda.drivers import open_driver

    driver = open_driver(options.driver, options.device)
    threads = threads_of_block(network, driver.name)
    source, signature = training_source(
        (*decides, f"{threads} threads"),
        lambda: generate_training(structure, wishes, threads),
        options.cache,
    )
    image = compile_source(driver, "training.cu", source, use_cache=options.cache)
    return ForCard(signature, source, driver, driver.load(image), threads)


def threads_of_block(network: Network, driver: str) -> int:
    """Threads of the block of a sample: one for each neuron of the largest population, within
    limits; few on the emulated card, where they take turns.

    Examples
    --------
    >>> net = pg.Network()
    >>> cells = net.population("cells", 200, pg.LIF())
    >>> threads_of_block(net, "cupy"), threads_of_block(net, "emulator")
    (224, 64)
    """
    if driver == "emulator":
        return LEAST_THREADS
    largest = max(population.size for population in network.populations.values())
    return min(max(-(-largest // WARP) * WARP, LEAST_THREADS), MOST_THREADS)
