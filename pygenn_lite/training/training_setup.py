"""What a trainer was made with, and the session that follows from it."""

from __future__ import annotations

from typing import Any

from pygenn_lite.declaration.language.names import check_choice, nearest
from pygenn_lite.declaration.network import Network
from pygenn_lite.declaration.numeric import plain_number, whole_number
from pygenn_lite.declaration.population import SpikeSource
from pygenn_lite.errors import ArgumentError, Location, ShapeError
from pygenn_lite.records import dataclass
from pygenn_lite.training.data.step_spikes import steps_in_trial
from pygenn_lite.training.other_sources import other_sources

WHERE = Location("Trainer")
GRADIENTS = ("exact", "surrogate")
LARGEST_BATCH = 1_000_000


@dataclass(frozen=True, eq=False)
class TrainingSetup:
    """What a trainer was made with.

    Attributes
    ----------
    network : Network
    loss : Loss
    optimiser : Optimiser
    input : str
        The spike source that replays the data.
    batch : int
        Samples per update.
    gradient : str or EProp
    seed : int
        Of the order of samples, and of what augmentations draw.
    duration : float or None
        Of a trial, ms; None: that of the data.
    options : mapping
        What only the session reads: surrogate, trainable, backend, driver, threads, precision.
    """

    network: Network
    loss: Any
    optimiser: Any
    input: str
    batch: int
    gradient: Any
    seed: int
    duration: float | None
    options: dict[str, Any]

    @property
    def spiking(self) -> tuple[str, ...]:
        """Populations that have a threshold."""
        models = {name: one.model for name, one in self.network.populations.items()}
        return tuple(
            name for name, model in models.items()
            if not isinstance(model, SpikeSource) and model.threshold is not None
        )  # fmt: skip

    def classifies(self, data: Any) -> bool:
        """Whether there is an accuracy: data with labels, and a loss that predicts one."""
        return data.labels is not None and self.loss.predicts

    def steps(self, duration: float) -> int:
        """Of a trial: enough to hold the duration."""
        return steps_in_trial(duration, self.network.dt)

    def session(self, duration: float) -> Any:
        """Derive, compile and load the program."""
        from pygenn_lite.runtime.training.session import TrainingSession

        return TrainingSession(
            self.network, loss=self.loss, steps=self.steps(duration), batch=self.batch,
            gradient=self.gradient, optimiser=self.optimiser, seed=self.seed, input=self.input,
            **self.options,
        )  # fmt: skip

    def staged(self, session: Any, data: Any, duration: float) -> Any:
        """Data where the session reads them."""
        others = other_sources(self.network, self.input, len(data), duration)
        return session.stage({self.input: data, **others} if others else data)

    def check_data(self, data: Any, duration: float) -> None:
        """Refuse data that do not fit the network.

        Raises
        ------
        ShapeError
            Another number of channels than the spike source has neurons.
        ArgumentError
            Samples of another duration.
        """
        size = self.network.populations[self.input].size
        if data.channels != size:
            raise ShapeError(
                f"data of {data.channels:,} channels, for {self.input!r}, which has {size:,} "
                f"neuron{'s' if size > 1 else ''}",
                where=WHERE,
                hint=f"give the spike source {self.input!r} {data.channels:,} neurons",
            )
        if data.duration > duration * (1 + 1e-6):
            raise ArgumentError(
                f"samples of {data.duration:g} ms, for trials of {duration:g} ms",
                where=WHERE,
                hint=f"pg.Trainer(..., duration={data.duration:g}), or data.cropped({duration:g})",
            )


def find_input(network: Network, given: str | None) -> str:
    """The spike source that replays the data.

    Raises
    ------
    ArgumentError
        There is none, or there are several and none was named.
    """
    sources = [n for n, p in network.populations.items() if isinstance(p.model, SpikeSource)]
    if given is not None:
        if given not in sources:
            raise ArgumentError(
                f"input = {given!r} is not a spike source{nearest(str(given), sources)}",
                where=WHERE,
                hint=f"there {'are' if sources else 'is'} {', '.join(sources) or 'none'}",
            )
        return given
    if len(sources) != 1:
        raise ArgumentError(
            f"the network has {len(sources) or 'no'} spike sources: {', '.join(sources)}"
            if sources
            else "the network has no spike source that could replay the data",
            where=WHERE,
            hint='say which one replays the data: input="..."'
            if sources
            else 'declare one: net.spike_source("in", channels, [], [])',
        )
    return sources[0]


def checked_batch(batch: object) -> int:
    """A number of samples."""
    number = whole_number(batch)
    if number is None or not 1 <= number <= LARGEST_BATCH:
        raise ArgumentError(
            f"batch = {batch!r}", where=WHERE, hint="give a number of samples per update, from 1"
        )
    return number


def checked_gradient(gradient: object, surrogate: object, detach_reset: object = False) -> Any:
    """The kind of gradient; "surrogate" where only a surrogate is given is not guessed."""
    if isinstance(gradient, str):
        check_choice(gradient, GRADIENTS, "gradient", WHERE, ArgumentError)
        if gradient == "exact" and detach_reset:
            raise ArgumentError(
                "detach_reset=True, but the gradient is exact",
                where=WHERE,
                hint='add gradient="surrogate", or leave it out',
            )
        if gradient == "exact" and surrogate is not None:
            raise ArgumentError(
                f"surrogate = {surrogate!r}, but the gradient is exact",
                where=WHERE,
                hint='add gradient="surrogate", or leave out the surrogate',
            )
    return gradient


def checked_duration(duration: object, dt: float) -> float | None:
    """A duration in ms of at least a step."""
    if duration is None:
        return None
    number = plain_number(duration)
    if number is None or not dt / 2 < number < 1e9:
        raise ArgumentError(
            f"duration = {duration!r}", where=WHERE, hint=f"give ms, at least a step of {dt:g} ms"
        )
    return float(number)
