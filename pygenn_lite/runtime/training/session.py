"""The training session: a network between its declaration and a compiled program that trains it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Unpack

import numpy as np
import numpy.typing as npt

from pygenn_lite import codegen
from pygenn_lite.codegen.plan.memory import MemoryRow, MemoryRows
from pygenn_lite.codegen.trial.eprop import EProp
from pygenn_lite.declaration.network import Network
from pygenn_lite.declaration.origins import located_in
from pygenn_lite.declaration.summary import counted
from pygenn_lite.errors import ArgumentError
from pygenn_lite.runtime.cpp.arrays import aligned_zeros
from pygenn_lite.runtime.live import Live
from pygenn_lite.runtime.training import training_records as records
from pygenn_lite.runtime.training.declared_values import declared_values
from pygenn_lite.runtime.training.feedback import feedback_of
from pygenn_lite.runtime.training.network_data import network_data
from pygenn_lite.runtime.training.optimiser_setup import optimiser_of
from pygenn_lite.runtime.training.processor_program import Order
from pygenn_lite.runtime.training.program_memory import ProgramMemory, Trial
from pygenn_lite.runtime.training.rewired_groups import RewiredGroups
from pygenn_lite.runtime.training.running import Running
from pygenn_lite.runtime.training.session_options import DEFAULTS, WHERE, Options, checked
from pygenn_lite.runtime.training.session_orders import check_staged, rates_of, samples_of
from pygenn_lite.runtime.training.session_programs import load_program
from pygenn_lite.runtime.training.session_state import SessionState
from pygenn_lite.runtime.training.staged_data import Inputs, StagedData, stage
from pygenn_lite.runtime.training.traces import Traces
from pygenn_lite.runtime.training.trained_parameters import ArraysByPath, find_parameter
from pygenn_lite.runtime.training.training_outcome import Outcome
from pygenn_lite.runtime.training.training_values import TrainingValues
from pygenn_lite.runtime.training.value_inputs import ValueInputs

Array = npt.NDArray[Any]
NO_RATES = np.zeros(0)


class TrainingSession(Live):
    """A network, laid down once, and the compiled program that goes through trials of it.

    Parameters
    ----------
    network : Network
        Its spike sources replay the data.
    loss : LossDescription or None
        One of :mod:`pygenn_lite.training.losses`. None: it is computed elsewhere, of `outputs`.
    steps : int
        Of a trial.
    batch : int
        Samples of an update.
    gradient : {"exact", "surrogate"} or EProp
    surrogate, detach_reset
        Of surrogate gradients, and of e-prop.
    trainable : str or iterable of str
        Paths of values, with ``*`` for any characters.
    optimiser : Optimiser, optional
        Without one the session gives gradients, and changes nothing.
    constraints : mapping of str to constraints, optional
        What values of paths keep to, one of :mod:`pygenn_lite.training.constraints` or several.
    dropout : mapping of str to float, optional
        By group (``*`` stands for any characters): how probably a source neuron is left out of a
        trial that is trained.
    rewiring : DeepRewiring, optional
        Sparse groups exchange synapses between batches.
    bounds : mapping of str to (float, float), optional
    precision : {"float32", "float64"}
    threads : int, optional
        By default all processors. Results do not depend on it.
    seed : int, optional
        Of random numbers in trials; by default the network's.
    input : str, optional
        The spike source that data without a name is for, where there are several.
    longest_delay : float, optional
        Which trained delays may reach, ms.
    in_flight : int, optional
        Samples whose memory is there at the same time.
    cache : bool
        Whether the compile cache may be used.
    outputs : iterable of str
        Without a loss: what `forward` gives out, variables (``"out.V"``) and spikes
        (``"hidden.spikes"``).
    replayed : iterable of str
        Populations with a model whose spikes the data give, by name, whatever thresholds do.
    backend : {"auto", "cuda", "cpp"}
        "auto": a card where there is one.
    driver, device
        Of cards; see :func:`pygenn_lite.compile_network`.

    Raises
    ------
    UnsupportedFeatureError
        Something of the network cannot be trained, by name.
    ArgumentError
        An option makes no sense; there is no such value to train.
    InsufficientMemoryError
        A sample in flight does not fit into memory.
    """

    def __init__(
        self,
        network: Network,
        *,
        loss: Any,
        steps: int,
        batch: int = 32,
        gradient: str | EProp = "exact",
        **options: Unpack[Options],
    ) -> None:
        given = {**DEFAULTS, **options}
        given |= {"loss": loss, "steps": steps, "batch": batch, "gradient": gradient}
        self.network, self.options, self.updates = network.copy(), checked(given, network), 0
        with located_in(network.origins):
            self._build()

    def _build(self) -> None:
        options = self.options
        structure = codegen.network_structure(self.network, options.precision, False)
        loaded = load_program(self.network, structure, options.wishes, options)
        self._loaded, self.signature = loaded, loaded.signature
        self._data = network_data(self.network, structure, options.dtype, options.cache)
        dt = self.network.dt
        trial = Trial(options.steps, dt, options.dtype, options.longest_steps(dt))
        self._memory = ProgramMemory(self._data, self.signature, trial)
        self._memory.leave_out(options.dropout)
        self._values = TrainingValues(
            self.network, structure, self._memory, options.trainable, options.bounds or {}
        )
        self._program = loaded.program(self._memory)
        self._feedback = feedback_of(options.eprop, self._memory)
        self._optimiser = optimiser_of(options, self._memory, self._values, self._feedback)
        self._rewired: RewiredGroups | None = None
        if options.rewiring is not None and self._optimiser is not None:
            self._rewired = RewiredGroups(options.rewiring, self._memory, self._optimiser)
        if self._optimiser is not None:
            self._program.set_optimiser(self._optimiser.record, self._optimiser.arrays)
        self._set_constants(() if options.loss is None else options.loss.constants)
        values = [(p.value, p.gradient, *p.used) for p in self._values.parameters.values()]
        values += [() if self._feedback is None else tuple(self._feedback.arrays.values())]
        optimiser = {} if self._optimiser is None else vars(self._optimiser)
        self._program.attach(values, self._constants, optimiser)
        self._running = Running(self._program, self._memory, self.signature, options)
        self._traces = Traces(self._running, self.signature)
        self._staged_values = ValueInputs(structure, self._memory)
        self._program.prepare()

    def _set_constants(self, constants: Iterable[float]) -> None:
        values = np.array(tuple(constants), self.options.dtype)
        self._constants = aligned_zeros(len(values), values.dtype)
        self._constants[: len(values)] = values
        self._memory.record.constants = self._constants.ctypes.data

    # ------------------------------------------------------------------ what is trained

    @property
    def parameters(self) -> Mapping[str, Array]:
        """Copies of what is trained, by path."""
        return ArraysByPath(self._values.parameters, self._program.fetch)

    @property
    def gradients(self) -> Mapping[str, Array]:
        """The gradient of the last batch that was gone back through: the mean over its samples."""
        scale = 1.0 / max(self._running.last_batch, 1)
        return ArraysByPath(self._values.parameters, self._program.fetch, scale)

    def set(self, path: str, values: npt.ArrayLike) -> None:
        """Set trained values.

        Raises
        ------
        ArgumentError, ShapeError
            Nothing of that path is trained; values that it cannot take.
        """
        found = find_parameter(self._values.parameters, path)
        checked_values = found.checked(values)
        self._program.fetch()
        found.write(checked_values)
        self._program.prepare()

    # ------------------------------------------------------------------ running

    @property
    def inputs(self) -> Inputs:
        """What data is wanted for."""
        steps, unnamed, replayed = (
            getattr(self.options, n) for n in ("steps", "input", "replayed")
        )
        sizes = {name: self._memory.sizes[name] for name in (*self.signature.given, *replayed)}
        return Inputs(sizes, steps, self.network.dt, unnamed, replayed)

    def stage(self, data: Any, values: Mapping[str, npt.ArrayLike] | None = None) -> StagedData:
        """Place data where the program reads it.

        Parameters
        ----------
        data : SpikeDataset, array of shape (samples, steps, channels), or mapping of str to these
            One for each spike source by its name (none: {}); without names for the only one.
        values : mapping of str to array, [samples, steps, neurons], optional
            What is added to variables (``"hidden.V"``) at the beginning of each step.

        Raises
        ------
        ArgumentError, ShapeError
            It does not fit; where time and samples have changed places, it says so.
        """
        samples = next((s[0] for s in map(np.shape, (values or {}).values()) if s), None)
        staged = stage(data, self.inputs, self.options.dtype, samples)
        return staged if values is None else self._staged_values.add_to(staged, values)

    def run(
        self,
        data: StagedData,
        order: npt.ArrayLike | None = None,
        *,
        train: bool = True,
        rates: npt.ArrayLike | None = None,
        epoch: int = 0,
    ) -> Outcome:
        """Go through samples, batch by batch.

        Parameters
        ----------
        data : StagedData
        order : array of int, optional
            Numbers of samples, in the order in which they come; by default all.
        train : bool
            Whether gradients are computed and, where there is an optimiser, updates are made.
        rates : array of float, optional
            Of each batch; by default the optimiser's.
        epoch : int
            For random numbers: those of dropout.

        Returns
        -------
        Outcome
            With ``interrupted`` set when Ctrl-C came; it then ended between batches.

        Raises
        ------
        NumericalError
            Something is not finite; what is trained is then as it was before that batch.
        """
        check_staged(data, self.inputs)
        mode = records.FORWARD
        if train:
            mode |= records.BACKWARD
            mode |= records.UPDATE if self._optimiser is not None else 0
        samples = samples_of(data, order)
        update = bool(mode & records.UPDATE)
        asked = Order(
            samples,
            self.options.batch,
            mode,
            self._rates(rates, len(samples)) if update else NO_RATES,
            self.updates,
            self.options.seed,
            epoch,
        )
        return self._in_pieces(data, asked) if update else self._running.run(data, asked)[0]

    def _in_pieces(self, data: StagedData, asked: Order) -> Outcome:
        """Updates, with a pause wherever synapses are exchanged."""
        outcomes: list[Outcome] = []
        done = 0
        while not outcomes or (done < asked.batches and not outcomes[-1].interrupted):
            left, rewired = asked.batches - done, self._rewired
            piece = left if rewired is None else min(left, rewired.batches_until(self.updates))
            outcome, batches = self._running.run(data, asked.part(done, piece, self.updates))
            self.updates += batches
            if rewired is not None and batches and rewired.is_due(self.updates):
                self._program.fetch()
                rewired.rewire(self.updates)
                self._program.prepare()
            outcomes.append(outcome)
            done += piece
        return Outcome.joined(outcomes)

    def forward(
        self, data: StagedData, order: npt.ArrayLike | None = None, epoch: int = 0
    ) -> dict[str, Array]:
        """Go through samples forwards, all in memory at the same time.

        Parameters
        ----------
        data : StagedData
        order : array of int, optional
            Numbers of samples.
        epoch : int
            For random numbers.

        Returns
        -------
        dict of str to ndarray, [samples, steps, neurons]
            The outputs that the session was made with: variables at the ends of steps, spikes as 0
            and 1.

        Raises
        ------
        ArgumentError
            The session was made without ``outputs``.
        InsufficientMemoryError
            So many samples do not fit into memory; it says how many would.
        """
        check_staged(data, self.inputs)
        if not self.options.outputs:
            raise ArgumentError(
                "the session gives out nothing but a loss",
                where=WHERE,
                hint='make it with loss=None and outputs=["out.V", "hidden.spikes"]',
            )
        samples, seed = samples_of(data, order), self.options.seed
        each = max(len(samples), 1)
        asked = Order(samples, each, records.FORWARD, NO_RATES, self.updates, seed, epoch)
        return self._traces.forward(data, asked)

    def backward(self, derivatives: Mapping[str, npt.ArrayLike]) -> dict[str, Array]:
        """Go back through the samples of the last `forward`.

        Parameters
        ----------
        derivatives : mapping of str to array, [samples, steps, neurons]
            Of a loss by the outputs: by variables at the ends of steps; by spikes, with surrogate
            gradients as by numbers, with exact ones by their times (per ms).

        Returns
        -------
        dict of str to ndarray
            Derivatives by the data: of spike sources, [samples, steps, channels], by numbers in
            the place of spikes; of real-valued inputs, [samples, steps, neurons]. Those of what is
            trained are then `gradients`, as means, and `gradient_sums`.

        Raises
        ------
        ArgumentError, ShapeError
            Nothing to go back through; derivatives that do not fit.
        """
        return self._traces.backward(derivatives)

    @property
    def gradient_sums(self) -> Mapping[str, Array]:
        """As `gradients`, summed over samples."""
        return ArraysByPath(self._values.parameters, self._program.fetch, 1.0)

    def _rates(self, rates: npt.ArrayLike | None, samples: int) -> npt.NDArray[np.float64]:
        batches = -(-samples // self.options.batch)
        return rates_of(rates, batches, self.updates, self.options.optimiser)

    # ------------------------------------------------------------------ keeping

    def state(self) -> dict[str, Array]:
        """All that decides how training continues, by name: values, slots, counters. Copies."""
        return self._state().read()

    def restore(self, state: Mapping[str, npt.ArrayLike]) -> None:
        """Continue from a state, bit for bit.

        Raises
        ------
        CheckpointError
            It is that of another network or optimiser; then nothing is changed.
        """
        self.updates = self._state().write(state)
        self._program.prepare()

    def _state(self) -> SessionState:
        self._program.fetch()
        return SessionState(
            self._values.parameters, self._optimiser, self._memory, self.updates,
            self._feedback, self._rewired,
        )  # fmt: skip

    def values(self) -> dict[str, Any]:
        """What is trained as ``network.with_values`` takes it, by path."""
        found: dict[str, Array] = {}
        self._program.fetch()
        for one in self._values.parameters.values():
            found |= dict.fromkeys(one.paths, one.read_used())
        listed = () if self._rewired is None else self._rewired.names
        return declared_values(self.network, self._data, found, listed)

    def trained_network(self) -> Network:
        """The network with the values that it has now: what is simulated by ``compile()``."""
        return self.network.with_values(self.values())

    # ------------------------------------------------------------------ looking

    def memory(self) -> MemoryRows:
        """What takes how many bytes."""
        rows: list[MemoryRow] = list(self._memory.memory_rows())
        if self._optimiser is not None:
            rows += self._optimiser.memory_rows()
        return MemoryRows([row for row in rows if row.bytes])

    @property
    def source(self) -> str:
        """The generated program."""
        return self._loaded.source

    @property
    def threads(self) -> int:
        """Threads of the program: of the processor, or of a card's block."""
        return self._program.threads

    def __repr__(self) -> str:
        trained = counted(sum(v.size for v in self.parameters.values()), "trained value")
        return (
            f"<TrainingSession of {self.network.name or 'a network'}: {trained}, "
            f"{counted(self.options.steps, 'step')}, {counted(self.updates, 'update')}>"
        )

    def _instead(self) -> str:
        return "send its state() and make a session of the same network there"
