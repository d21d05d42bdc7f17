"""The training session: a network between its declaration and a compiled program that trains it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Unpack

import numpy as np
import numpy.typing as npt

from pygenn_lite.codegen.plan.memory import MemoryRows
from pygenn_lite.codegen.trial.eprop import EProp
from pygenn_lite.declaration.network import Network
from pygenn_lite.declaration.numeric import whole_number
from pygenn_lite.declaration.origins import located_in
from pygenn_lite.declaration.summary import counted
from pygenn_lite.errors import ArgumentError
from pygenn_lite.runtime.exclusive import Exclusive
from pygenn_lite.runtime.interrupts import InterruptWatch
from pygenn_lite.runtime.live import Live
from pygenn_lite.runtime.training import training_records as records
from pygenn_lite.runtime.training.declared_values import declared_values
from pygenn_lite.runtime.training.forward_backward import ForwardBackward
from pygenn_lite.runtime.training.program_runner import ProgramRunner
from pygenn_lite.runtime.training.run_order import Order, check_staged, rates_of, samples_of
from pygenn_lite.runtime.training.session_checks import checked
from pygenn_lite.runtime.training.session_options import DEFAULTS, WHERE, Options
from pygenn_lite.runtime.training.session_parts import make_parts
from pygenn_lite.runtime.training.session_state import SessionState
from pygenn_lite.runtime.training.staged_data import Inputs, StagedData
from pygenn_lite.runtime.training.staging import stage
from pygenn_lite.runtime.training.trained_parameters import ArraysByPath, find_parameter
from pygenn_lite.runtime.training.training_outcome import Outcome
from pygenn_lite.runtime.training.update_runs import UpdateRuns
from pygenn_lite.runtime.training.value_inputs import ValueInputs

Array = npt.NDArray[Any]


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
        Between which the values of paths stay.
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
        self.network, self.options = network.copy(), checked(given, network)
        self._exclusively = Exclusive("the session", "let the run end first")
        with located_in(network.origins):
            self._build()

    def _build(self) -> None:
        parts = make_parts(self.network, self.options)
        self._parts, self._program, self._memory = parts, parts.program, parts.memory
        self._runner = ProgramRunner(parts.program, parts.memory, self.options)
        self._updates = UpdateRuns(self._runner, parts.rewired)
        self._both_ways = ForwardBackward(self._runner)
        self._state = SessionState(parts, self._runner)
        self._staged_values = ValueInputs(parts.structure, parts.memory)
        parts.program.prepare()

    # ------------------------------------------------------------------ what is trained

    @property
    def updates(self) -> int:
        """So many have been made."""
        return self._runner.updates

    @property
    def parameters(self) -> Mapping[str, Array]:
        """Copies of what is trained, by path."""
        return ArraysByPath(self._parts.parameters, self._program.fetch)

    @property
    def gradients(self) -> Mapping[str, Array]:
        """The gradient of the last batch that was gone back through: the mean over its samples."""
        count = self._runner.last_batch
        scale = 1.0 / count if count else 0.0
        return ArraysByPath(self._parts.parameters, self._program.fetch, scale)

    def set(self, path: str, values: npt.ArrayLike) -> None:
        """Set trained values.

        Raises
        ------
        ArgumentError, ShapeError
            Nothing of that path is trained; values that it cannot take.
        """
        found = find_parameter(self._parts.parameters, path)
        checked_values = found.checked(values)
        with self._exclusively("changed"):
            self._program.fetch()
            found.write(checked_values)
            self._program.prepare()
            self._both_ways.forget()

    # ------------------------------------------------------------------ running

    @property
    def inputs(self) -> Inputs:
        """What data is wanted for."""
        steps, unnamed, replayed = (
            getattr(self.options, n) for n in ("steps", "input", "replayed")
        )
        given = self._memory.signature.given
        sizes = {name: self._memory.sizes[name] for name in (*given, *replayed)}
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
            From 0 on; for random numbers: those of dropout.

        Returns
        -------
        Outcome
            With ``interrupted`` set when Ctrl-C came; it then ended between batches.

        Raises
        ------
        NumericalError
            Something is not finite; what is trained is then as it was before that batch.
        """
        train = bool(train)
        update = train and self._parts.optimiser is not None
        asked = self._order(data, order, epoch)
        mode = records.FORWARD | records.BACKWARD * train | records.UPDATE * update
        asked = replace(asked, mode=mode, batch=self.options.batch)
        with self._exclusively("run again"), InterruptWatch(patient=True) as watch:
            if not update:
                return self._runner.run(data, asked, watch)
            given = rates_of(rates, asked.batches, self.updates, self.options.optimiser)
            return self._updates.run(data, replace(asked, rates=given), watch)

    def _order(self, data: StagedData, order: npt.ArrayLike | None, epoch: int) -> Order:
        """Samples forwards, all of them in one batch."""
        check_staged(data, self.inputs)
        samples, number = samples_of(data, order), whole_number(epoch)
        if number is None or number < 0:
            raise ArgumentError(f"epoch = {epoch!r}", where=WHERE, hint="epochs count from 0")
        return Order(samples, max(len(samples), 1), seed=self.options.seed, epoch=number)

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
        if not self.options.outputs:
            raise ArgumentError(
                "the session gives out nothing but a loss",
                where=WHERE,
                hint='make it with loss=None and outputs=["out.V", "hidden.spikes"]',
            )
        asked = self._order(data, order, epoch)
        with self._exclusively("run again"), InterruptWatch(patient=True) as watch:
            return self._both_ways.forward(data, asked, watch)

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
        with self._exclusively("run again"), InterruptWatch(patient=True) as watch:
            return self._both_ways.backward(derivatives, watch)

    @property
    def gradient_sums(self) -> Mapping[str, Array]:
        """As `gradients`, summed over samples."""
        scale = float(self._runner.last_batch > 0)
        return ArraysByPath(self._parts.parameters, self._program.fetch, scale)

    # ------------------------------------------------------------------ keeping

    def state(self) -> dict[str, Array]:
        """All that decides how training continues, by name: values, slots, counters. Copies."""
        with self._exclusively("saved"):
            return self._state.read()

    def restore(self, state: Mapping[str, npt.ArrayLike]) -> None:
        """Continue from a state, bit for bit.

        Raises
        ------
        CheckpointError
            It is that of another network or optimiser; then nothing is changed.
        """
        with self._exclusively("restored"):
            self._state.write(state)
            self._both_ways.forget()

    def values(self) -> dict[str, Any]:
        """What is trained as ``network.with_values`` takes it, by path."""
        found: dict[str, Array] = {}
        self._program.fetch()
        for one in self._parts.parameters.values():
            found |= dict.fromkeys(one.paths, one.read_used())
        rewired = self._parts.rewired
        listed = () if rewired is None else rewired.names
        return declared_values(self.network, self._parts.data, found, listed)

    def trained_network(self) -> Network:
        """The network with the values that it has now: what is simulated by ``compile()``."""
        return self.network.with_values(self.values())

    # ------------------------------------------------------------------ looking

    def memory(self) -> MemoryRows:
        """What takes how many bytes."""
        return self._parts.memory_rows()

    @property
    def source(self) -> str:
        """The generated program."""
        return self._parts.loaded.source

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
