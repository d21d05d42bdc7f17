"""Trainer: trains a network of the simulator, evaluates it, and keeps what it has come to."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

import numpy as np
import numpy.typing as npt

from pygenn_lite.declaration.network import Network
from pygenn_lite.declaration.numeric import Whole, whole_number
from pygenn_lite.errors import ArgumentError, SimulationError
from pygenn_lite.runtime.progress import ProgressFunction
from pygenn_lite.training import training_setup as checks
from pygenn_lite.training.data_forms import as_dataset, split_validation, with_some_labels
from pygenn_lite.training.early_stopping import EarlyStopping
from pygenn_lite.training.epoch_sums import EpochSums
from pygenn_lite.training.fitting import FitPlan, Fitting
from pygenn_lite.training.history import History
from pygenn_lite.training.trainer_evaluation import Evaluation
from pygenn_lite.training.training_bar import TrainingBar
from pygenn_lite.training.training_setup import WHERE, TrainingSetup
from pygenn_lite.training.training_state import TrainingState

if TYPE_CHECKING:
    from pygenn_lite.codegen.plan.memory import MemoryRows
    from pygenn_lite.runtime.results.result import Result


class FitOptions(TypedDict, total=False):
    """What :meth:`Trainer.fit` takes by keyword, besides data and epochs."""

    validation: Any
    early_stopping: EarlyStopping | None
    augment: Any
    callbacks: Iterable[Callable[[Mapping[str, float]], object]]
    checkpoint: str | Path | None
    progress: ProgressFunction | bool | None


class SessionOptions(TypedDict, total=False):
    """What :class:`Trainer` hands on to the program."""

    surrogate: Any
    detach_reset: bool
    trainable: str | Iterable[str]
    bounds: Mapping[str, tuple[float, float]] | None
    longest_delay: float | None
    constraints: Any
    rewiring: Any
    backend: str
    driver: str
    device: int
    threads: int | None
    precision: str


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
    rewiring : DeepRewiring, optional
        Sparse groups exchange synapses between batches.
    duration : float, optional
        Of a trial, ms; by default that of the first data.
    input : str, optional
        The spike source that replays the data, where there are several.
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
        from pygenn_lite.training.losses import Loss
        from pygenn_lite.training.optimisers import Adam, Optimiser

        if not isinstance(network, Network):
            raise ArgumentError(f"{network!r} is not a network", hint="give a pg.Network")
        if not isinstance(loss, Loss):
            hint = 'give one of pg.losses, such as pg.losses.CrossEntropy("out.V")'
            raise ArgumentError(f"loss = {loss!r}", where=WHERE, hint=hint)
        if not isinstance(optimiser, Optimiser | None):
            hint = "give one of pg.optimisers, such as pg.optimisers.Adam(1e-3)"
            raise ArgumentError(f"optimiser = {optimiser!r}", where=WHERE, hint=hint)
        self._setup = TrainingSetup(
            network.copy(), loss, optimiser or Adam(1e-3), checks.find_input(network, input),
            checks.checked_batch(batch),
            checks.checked_gradient(gradient, options.get("surrogate")),
            _checked_seed(network.seed if seed is None else seed),
            checks.checked_duration(duration, network.dt),
            _session_options(gradient, options),
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
            labels.
        epochs : int or None
            How many further ones; None: what is left of a training that was interrupted, in this
            process or before a checkpoint.
        validation : SpikeDataset, or float, optional
            Evaluated after each epoch; a number is the share of the data that is set aside for it.
        early_stopping : EarlyStopping, optional
        augment : Augmentation or sequence of Augmentation, optional
            Change the data anew in each epoch: see :mod:`pygenn_lite.training.data`.
        callbacks : iterable of callable
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
        samples = as_dataset(data, self._setup)
        validation = options.get("validation")
        if isinstance(validation, float):
            samples, validation = split_validation(samples, validation, self._setup.seed)
        elif validation is not None:
            validation = as_dataset(validation, self._setup)
        state = self._ready(samples)
        if validation is not None:
            self._setup.check_data(validation, state.duration)
        state.planned = self._planned(state, epochs)
        plan = FitPlan(
            validation, options.get("early_stopping"), _several(options.get("augment")),
            tuple(options.get("callbacks", ())), self._keeper(options.get("checkpoint")),
        )  # fmt: skip
        with TrainingBar(options.get("progress")) as bar:
            self.interrupted = Fitting(self._setup, state, samples, plan).run(bar)
        if self.interrupted:
            warnings.warn(
                f"interrupted in epoch {len(state.history) + 1} of {state.planned}; "
                "fit(data, None) continues",
                RuntimeWarning,
                stacklevel=2,
            )
        return state.history

    def _planned(self, state: TrainingState, epochs: int | None) -> int:
        if epochs is None:
            return state.planned
        number = whole_number(epochs)
        if number is None or number < 1:
            raise ArgumentError(
                f"epochs = {epochs!r}", where=WHERE, hint="give a number of further epochs, from 1"
            )
        return len(state.history) + number

    def _keeper(self, checkpoint: str | Path | None) -> Callable[[], Path] | None:
        return None if checkpoint is None else lambda: self.save(checkpoint, overwrite=True)

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
        outcome = state.session.run(state.session.stage(samples), train=False)
        if outcome.interrupted:
            raise KeyboardInterrupt
        sums = EpochSums()
        sums.add(outcome, samples.labels, self._setup.spiking)
        return Evaluation(
            outcome.losses, outcome.outputs, outcome.predictions, samples.labels,
            tuple(samples.class_names), sums.rates(state.duration), sums.silent(), sums.tangential,
            {name: mean for name, mean in sums.means().items() if name != "loss"},
        )  # fmt: skip

    def predict(self, data: Any) -> npt.NDArray[np.int64]:
        """The class of each sample, shape (samples,); labels are not needed."""
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
        """Continue from a checkpoint of a trainer of the same network and optimiser.

        Raises
        ------
        CheckpointError
            Not a checkpoint, or one of another network: what differs, by name.
        """
        from pygenn_lite.training.training_checkpoint import load_training, trial_of

        if self._state is None:
            self._begin(trial_of(path))
        load_training(self._setup, self._known(), path)
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


def _session_options(gradient: Any, given: SessionOptions) -> dict[str, Any]:
    """What the session reads, with the surrogate as a record."""
    from pygenn_lite.training.surrogates import as_surrogate

    options = {name: value for name, value in given.items() if value is not None}
    if gradient != "exact":
        options["surrogate"] = as_surrogate(options.get("surrogate"))
    return options


def _several(given: Any) -> tuple[Any, ...]:
    """One augmentation, or several."""
    if given is None:
        return ()
    return (given,) if callable(given) else tuple(given)


def _checked_seed(seed: object) -> int:
    number = whole_number(seed)
    if number is None or not 0 <= number < 2**64:
        raise ArgumentError(f"seed = {seed!r}", where=WHERE, hint="give a whole number below 2^64")
    return number
