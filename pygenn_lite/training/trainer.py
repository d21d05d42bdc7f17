"""Trainer: trains a network of the simulator, evaluates it, and keeps what it has come to."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np
import numpy.typing as npt

from pygenn_lite.declaration.network import Network
from pygenn_lite.declaration.numeric import Whole
from pygenn_lite.errors import ArgumentError, PygennLiteError, SimulationError
from pygenn_lite.old_names import level_of_user
from pygenn_lite.training import training_setup as checks
from pygenn_lite.training.data_forms import as_dataset, split_validation, with_some_labels
from pygenn_lite.training.epoch_sums import EpochSums
from pygenn_lite.training.fitting import FitPlan, Fitting
from pygenn_lite.training.history import History
from pygenn_lite.training.trainer_evaluation import Evaluation
from pygenn_lite.training.trainer_options import (
    OF_FIT,
    FitOptions,
    SessionOptions,
    check_made_of,
    check_names,
    check_schedule,
    check_stopping,
    checked_seed,
    planned_epochs,
    session_options,
    several,
)
from pygenn_lite.training.training_bar import TrainingBar
from pygenn_lite.training.training_setup import WHERE, TrainingSetup
from pygenn_lite.training.training_state import TrainingState

if TYPE_CHECKING:
    from pygenn_lite.codegen.plan.memory import MemoryRows
    from pygenn_lite.runtime.results.result import Result


class Trainer:
    """Trains a network: the one that the simulator runs.

    The program is derived from the network's equations and compiled when the trainer is made (or,
    without ``duration``, when it gets its first data).

    Parameters
    ----------
    network : Network
        With a spike source that replays the data.
    loss : Loss
        Of :mod:`pygenn_lite.training.losses`.
    optimiser : Optimiser, optional
        Of :mod:`pygenn_lite.training.optimisers`; by default ``Adam(1e-3)``.
    batch : int
        Samples per update.
    gradient : {"exact", "surrogate"} or EProp
        How gradients go through spikes.
    surrogate : str, sympy.Expr or Surrogate, optional
        With ``gradient="surrogate"``: the derivative that stands in for that of the threshold, of
        :mod:`pygenn_lite.training.surrogates`; by default superspike.
    trainable : str or iterable of str, optional
        Paths of the values that are trained, with ``*`` for any characters; by default all weights.
    detach_reset : bool
        With a surrogate: whether gradients pass by the reset.
    bounds : mapping of str to (float, float), optional
        Between which the values of paths stay.
    longest_delay : float, optional
        Which trained delays may reach, ms.
    constraints : mapping of str to constraints, optional
        What values of paths keep to, one of :mod:`pygenn_lite.training.constraints` or several.
    dropout : mapping of str to float, optional
        By synapse group (``*`` stands for any characters): the probability with which a source
        neuron's spikes are left out of it, drawn anew for each sample and epoch that is trained;
        the others count 1/(1 - probability) times. Evaluations leave nothing out.
    rewiring : DeepRewiring, optional
        Sparse groups exchange synapses between batches.
    duration : float, optional
        Of a trial, ms; by default that of the first data.
    input : str, optional
        The spike source that replays the data, where there are several. The others replay what
        they were declared with, in each sample.
    backend : {"auto", "cuda", "cpp"}
        "auto": a card where there is one, else the processor. Results are the same bits.
    driver : {"auto", "cupy", "pycuda", "emulator"}
    device : int
        Of ``backend="cuda"``: who talks to the card, and the card's number.
    threads : int, optional
        By default one for each core.
    precision : {"float32", "float64"}
    seed : int, optional
        Of the order of samples; by default the network's.

    Attributes
    ----------
    history : History
        A row for each epoch.
    interrupted : bool
        Whether Ctrl-C ended the last ``fit``.

    Raises
    ------
    UnsupportedFeatureError
        What cannot be trained, by name.
    ArgumentError
        A value given is none that it takes.

    Examples
    --------
    >>> net = pg.Network(dt=1.0, seed=1)
    >>> source = net.spike_source("in", 5, [], [])
    >>> out = net.population("out", 3, pg.LIF(tau=20.0))
    >>> group = net.connect(source, out, pg.ExponentialCurrent(5.0), pg.AllToAll(), weight=100.0)
    >>> trainer = pg.Trainer(net, loss=pg.losses.CrossEntropy("out.V"), batch=50)
    >>> history = trainer.fit(pg.data.yin_yang(100), epochs=1)
    >>> len(history)
    1
    """

    def __init__(
        self,
        network: Network,
        loss: Any,
        optimiser: Any = None,
        *,
        batch: Whole = 32,
        gradient: Any = "exact",
        duration: float | None = None,
        input: str | None = None,
        seed: Whole | None = None,
        **options: Unpack[SessionOptions],
    ) -> None:
        from pygenn_lite.training.optimisers import Adam

        check_made_of(network, loss, optimiser)
        self._setup = TrainingSetup(
            network.copy(), loss, optimiser or Adam(1e-3), checks.find_input(network, input),
            checks.checked_batch(batch),
            checks.checked_gradient(
                gradient, options.get("surrogate"), options.get("detach_reset")
            ),
            checked_seed(network.seed if seed is None else seed),
            checks.checked_duration(duration, network.dt),
            session_options(gradient, options),
        )  # fmt: skip
        self.interrupted = False
        self._state: TrainingState | None = None
        if self._setup.duration is not None:
            self._begin(self._setup.duration)

    # ------------------------------------------------------------------ training
    def fit(self, data: Any, epochs: int | None = 10, **options: Unpack[FitOptions]) -> History:
        """Train.

        Parameters
        ----------
        data : SpikeDataset, or (ndarray, ndarray)
            Samples with labels or targets; or spikes of shape (samples, steps, channels), and
            labels, shape (samples,), or targets, shape (samples, ...).
        epochs : int or None
            How many further ones; None: what is left of a training that was interrupted, in this
            process or before a checkpoint.
        validation : SpikeDataset, or float, optional
            Evaluated after each epoch; a number is the share of the data that is set aside for it.
        early_stopping : EarlyStopping, optional
        augment : Augmentation or sequence of Augmentation, optional
            Change the data anew in each epoch: see :mod:`pygenn_lite.training.data`.
        callbacks : callable or iterable of callable, optional
            Each is called after each epoch with its row of the history, and ends the training by
            returning True.
        checkpoint : str or Path, optional
            A file that is written after each epoch; it may exist.
        progress : callable, bool or None
            A function ``(what, done, total)``, True for a bar, None for a bar on a terminal or in a
            notebook.

        Returns
        -------
        History
            Of all epochs so far.

        Raises
        ------
        NumericalError
            A loss or a parameter is no longer finite. The network is as it was before this epoch.
        ShapeError, ArgumentError
            The data do not fit the network.

        Notes
        -----
        Ctrl-C ends it after the current batches, with a warning; ``fit(data, None)`` continues as
        if nothing had happened. The result does not depend on the number of threads.
        """
        check_names(options, OF_FIT)
        planned = planned_epochs(epochs, self.epochs, self._state.planned if self._state else 0)
        samples = as_dataset(data, self._setup)
        validation = options.get("validation")
        if isinstance(validation, float | np.floating):
            samples, validation = split_validation(samples, float(validation), self._setup.seed)
        elif validation is not None:
            validation = as_dataset(validation, self._setup)
        stopping = options.get("early_stopping")
        check_stopping(stopping, samples, validation, self._setup)
        check_schedule(self._setup.optimiser.schedule, validation)
        plan = FitPlan(
            validation, stopping, several("augment", options.get("augment")),
            several("callbacks", options.get("callbacks")), self._keeper(options.get("checkpoint")),
        )  # fmt: skip
        state = self._ready(samples)
        if validation is not None:
            self._setup.check_data(validation, state.duration)
        state.planned = planned
        with TrainingBar(options.get("progress")) as bar:
            self.interrupted = Fitting(self._setup, state, samples, plan).run(bar)
        if self.interrupted:
            warnings.warn(
                f"interrupted in epoch {len(state.history) + 1} of {state.planned}; "
                "fit(data, None) continues",
                RuntimeWarning,
                stacklevel=level_of_user(),
            )
        return state.history

    def _keeper(self, checkpoint: str | Path | None) -> Callable[[], Path] | None:
        """What writes a checkpoint; refused at once where none can be written."""
        from pygenn_lite.training.training_checkpoint import check_writable

        if checkpoint is None:
            return None
        check_writable(checkpoint, overwrite=True)
        return lambda: self.save(checkpoint, overwrite=True)

    # ------------------------------------------------------------------ what it has come to
    def evaluate(self, data: Any) -> Evaluation:
        """Loss, accuracy, outputs and predictions for data, which change nothing.

        Raises
        ------
        KeyboardInterrupt
            Ctrl-C came meanwhile.
        """
        samples = as_dataset(data, self._setup)
        state = self._ready(samples)
        staged = self._setup.staged(state.session, samples, state.duration)
        outcome = state.session.run(staged, train=False)
        if outcome.interrupted:
            raise KeyboardInterrupt
        sums = EpochSums()
        sums.add(outcome, samples.labels, self._setup.spiking)
        labels = samples.labels if self._setup.classifies(samples) else None
        return Evaluation(
            outcome.losses, outcome.outputs, outcome.predictions, labels,
            tuple(samples.class_names), sums.rates(state.duration), sums.silent(), sums.tangential,
            {name: mean for name, mean in sums.means().items() if name != "loss"},
        )  # fmt: skip

    def predict(self, data: Any) -> npt.NDArray[np.int64]:
        """The class of each sample, shape (samples,); labels are not needed.

        Raises
        ------
        ArgumentError
            The loss does not tell classes apart.
        """
        if not self._setup.loss.predicts:
            raise ArgumentError(
                f"{self._setup.loss!r:.60} predicts no class",
                where=WHERE,
                hint="evaluate(data).outputs has what is read; result(data, sample) simulates",
            )
        samples = as_dataset(data, self._setup)
        return np.asarray(self.evaluate(with_some_labels(samples)).predictions, np.int64)

    def result(self, data: Any, sample: int = 0, **options: Any) -> Result:
        """Simulate one sample: spikes of all populations, and what the network records.

        Parameters
        ----------
        data : SpikeDataset
        sample : int
            Which of its samples.
        **options
            Of :meth:`Network.compile`.
        """
        from pygenn_lite.training.sample_run import run_sample

        samples = as_dataset(data, self._setup)
        duration = self._ready(samples).duration
        return run_sample(self.network, self._setup.input, samples[[sample]], duration, options)

    @property
    def network(self) -> Network:
        """The network with the values that it has now."""
        if self._state is None:
            return self._setup.network.copy()
        trained: Network = self._state.session.trained_network()
        return trained

    @property
    def parameters(self) -> dict[str, npt.NDArray[np.floating]]:
        """What is trained, by path."""
        return {path: np.array(v) for path, v in self._known().session.parameters.items()}

    def memory(self) -> MemoryRows:
        """What takes how many bytes: a table of weights, slots of the optimiser, samples in flight.

        Raises
        ------
        SimulationError
            The program has not been made: there was neither ``duration`` nor data.
        """
        rows: MemoryRows = self._known().session.memory()
        return rows

    @property
    def history(self) -> History:
        """A row for each epoch."""
        return History() if self._state is None else self._state.history

    @property
    def epochs(self) -> int:
        """How many are done."""
        return len(self.history)

    # ------------------------------------------------------------------ checkpoints
    def save(self, path: str | Path, overwrite: bool = False) -> Path:
        """Write all that is needed to continue bit for bit: parameters, the optimiser's slots, the
        history, and how far the epoch is.

        Raises
        ------
        ArgumentError
            The file exists, and is not to be replaced or not a checkpoint.
        """
        from pygenn_lite.training.training_checkpoint import save_training

        return save_training(self._setup, self._known(), path, overwrite)

    def load(self, path: str | Path) -> Trainer:
        """Continue from a checkpoint of a trainer of the same network and settings.

        Threads, backend and card may be others, which changes no bit. So may the rate of the
        optimiser, its schedule, decay and clipping, which count from here on, and the data.

        Raises
        ------
        CheckpointError
            Not a checkpoint, or one of another network or training: what differs, by name.
        """
        from pygenn_lite.training.training_checkpoint import load_training, trial_of

        before = self._state
        try:
            load_training(self._setup, before or self._begin(trial_of(path)), path)
        except PygennLiteError:
            self._state = before
            raise
        return self

    # ------------------------------------------------------------------ below
    def _begin(self, duration: float) -> TrainingState:
        self._state = TrainingState(self._setup.session(duration), duration)
        return self._state

    def _ready(self, data: Any) -> TrainingState:
        """The state, for data that fit."""
        duration = self._setup.duration or data.duration
        if self._state is not None:
            duration = self._state.duration
        self._setup.check_data(data, duration)
        return self._state or self._begin(duration)

    def _known(self) -> TrainingState:
        if self._state is None:
            raise SimulationError(
                "the duration of a trial is not known yet",
                where=WHERE,
                hint="pg.Trainer(..., duration=...), or fit data first",
            )
        return self._state

    def __repr__(self) -> str:
        last = self.history.rows[-1] if self.epochs else {}
        loss = f", loss {last['loss']:.4g}" if last else ""
        accuracy = f", accuracy {last['accuracy']:.1%}" if "accuracy" in last else ""
        name = self._setup.network.name
        return f"<Trainer{f' of {name}' if name else ''}: {self.epochs} epochs{loss}{accuracy}>"
