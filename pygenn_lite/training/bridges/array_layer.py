"""A network between arrays: what all bridges have in common."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.declaration.language.names import nearest
from pygenn_lite.declaration.network import Network
from pygenn_lite.declaration.population import SpikeSource
from pygenn_lite.declaration.summary import counted
from pygenn_lite.errors import ArgumentError, Location, ShapeError, UnsupportedFeatureError
from pygenn_lite.runtime.training.session import TrainingSession
from pygenn_lite.training.other_sources import other_sources

Array = npt.NDArray[Any]
WHERE = Location("layer")


class ArrayLayer:
    """A network that is gone through forwards and, later, backwards.

    Parameters
    ----------
    network : Network
    outputs : tuple of str
        Variables (``"out.V"``) and spikes (``"hidden.spikes"``).
    inputs : str, optional
        A spike source, or a variable (``"hidden.V"``) that real values are added to; by default the
        only spike source. Other spike sources replay what they were declared with.
    options : mapping of str to Any
        Of :class:`TrainingSession`.

    Raises
    ------
    ArgumentError
        There is no such input or output.
    UnsupportedFeatureError
        Spikes are to be given out and the gradient is exact; something of the network cannot be
        trained.
    """

    def __init__(
        self,
        network: Network,
        outputs: tuple[str, ...],
        inputs: str | None,
        options: Mapping[str, Any],
    ) -> None:
        self.network, self.outputs = network.copy(), outputs
        self.options = {"gradient": "surrogate", **options}
        if self.options["gradient"] == "surrogate":
            from pygenn_lite.training.surrogates import as_surrogate  # imports SymPy

            self.options["surrogate"] = as_surrogate(self.options.get("surrogate"))
        _check_outputs(outputs, self.options["gradient"])
        sources = _sources(network)
        self.input = _input(inputs, network, list(sources))
        self.takes_spikes = self.input in sources
        self._sessions: dict[int, TrainingSession] = {}
        self._lock, self._calls, self._pending = threading.Lock(), 0, (0, 0)
        session = self._session(1)
        self.parameters: dict[str, Array] = dict(session.parameters)
        self.sizes = {name: self._size(name.rpartition(".")[0]) for name in outputs}
        self.channels = self._size(self.input if self.takes_spikes else self.input.split(".")[0])

    def forward(self, values: Mapping[str, Array], x: Array) -> tuple[int, dict[str, Array]]:
        """Go through samples.

        Parameters
        ----------
        values : mapping of str to ndarray
            What is trained, by path.
        x : ndarray, [samples, steps, channels]

        Returns
        -------
        int
            The number of the call, for `backward`.
        dict of str to ndarray, [samples, steps, neurons]

        Raises
        ------
        ShapeError, ArgumentError
            The input does not fit; numbers that are not numbers of spikes.
        InsufficientMemoryError
            So many samples do not fit into memory; it says how many would.
        """
        with self._lock:
            self._calls += 1
            return self._calls, self._forward(self._calls, values, x)

    def backward(
        self, call: int, values: Mapping[str, Array], x: Array, derivatives: Mapping[str, Array]
    ) -> tuple[dict[str, Array], Array]:
        """Go back through the samples of a call: of an earlier one, after going through them again.

        Parameters
        ----------
        call : int
            What `forward` returned.
        values, x
            What it was given.
        derivatives : mapping of str to ndarray, [samples, steps, neurons]
            Of a loss by the outputs.

        Returns
        -------
        dict of str to ndarray
            By what is trained.
        ndarray, [samples, steps, channels]
            By `x`.
        """
        with self._lock:
            steps = np.shape(x)[1]
            if self._pending != (call, steps):
                self._forward(call, values, x)
            session = self._sessions[steps]
            self._pending = (0, 0)
            of_inputs = session.backward(derivatives)
            sums = session.gradient_sums
            return {path: sums[path] for path in self.parameters}, of_inputs[self.input]

    def network_with(self, values: Mapping[str, Array]) -> Network:
        """The network with other values of what is trained: what is simulated."""
        with self._lock:
            session = self._with_values(1, values)
            return session.trained_network()

    def _forward(self, call: int, values: Mapping[str, Array], x: Array) -> dict[str, Array]:
        if np.ndim(x) != 3 or np.shape(x)[2] != self.channels:
            raise ShapeError(
                f"an input of shape {np.shape(x)}",
                where=WHERE,
                hint=f"give (samples, steps, channels): (..., ..., {self.channels})",
            )
        session = self._with_values(np.shape(x)[1], values)
        duration = x.shape[1] * self.network.dt
        others = other_sources(self.network, self.input, len(x), duration)
        if self.takes_spikes:
            staged = session.stage({**others, self.input: _numbers_of_spikes(x)})
        else:
            staged = session.stage(others, values={self.input: x})
        outputs = session.forward(staged, epoch=call)
        self._pending = (call, x.shape[1])
        return outputs

    def _with_values(self, steps: int, values: Mapping[str, Array]) -> TrainingSession:
        session = self._session(steps)
        for path, known in session.parameters.items():
            if not np.array_equal(known, values[path]):
                session.set(path, values[path])
                self._pending = (0, 0)
        return session

    def _session(self, steps: int) -> TrainingSession:
        if steps not in self._sessions:
            given = {"loss": None, "outputs": self.outputs, "steps": steps, **self.options}
            self._sessions[steps] = TrainingSession(self.network, **given)
        return self._sessions[steps]

    def _size(self, population: str) -> int:
        return self.network.populations[population].size

    def __repr__(self) -> str:
        trained = counted(sum(v.size for v in self.parameters.values()), "trained value")
        return f"{self.input} -> {', '.join(self.outputs)}, {trained}"


def _sources(network: Network) -> dict[str, int]:
    populations = network.populations.values()
    return {p.name: p.size for p in populations if isinstance(p.model, SpikeSource)}


def _input(given: str | None, network: Network, sources: list[str]) -> str:
    where, hint = WHERE.entry("inputs"), 'write inputs="source", or a variable: inputs="hidden.V"'
    if given is None:
        if len(sources) != 1:
            number = counted(len(sources), "spike source")
            raise ArgumentError(f"the network has {number}", where=where, hint=hint)
        return sources[0]
    population, _, variable = str(given).partition(".")
    found = network.populations.get(population)
    if found is None:
        known = nearest(population, list(network.populations))
        raise ArgumentError(f"there is no population {population!r}{known}", where=where, hint=hint)
    if not variable and population not in sources:
        raise ArgumentError(f"{population!r} is not a spike source", where=where, hint=hint)
    if variable and (population in sources or variable not in found.model.state_names):
        raise ArgumentError(
            f"population {population!r} has no variable {variable!r}", where=where, hint=hint
        )
    return str(given)


def _check_outputs(outputs: tuple[str, ...], gradient: object) -> None:
    if not outputs:
        raise ArgumentError(
            "nothing is given out",
            where=WHERE.entry("outputs"),
            hint='write outputs="out.V", or outputs="hidden.spikes"',
        )
    for name in outputs:
        if gradient == "exact" and name.endswith(".spikes"):
            raise UnsupportedFeatureError(
                f"{name} are 0 or 1 in every step: they have no exact derivative",
                where=WHERE.entry("outputs"),
                hint='write gradient="surrogate", or give out a variable, such as "out.V"',
            )


def _numbers_of_spikes(x: Array) -> Array:
    whole = np.rint(x)
    if not np.array_equal(whole, x) or whole.min(initial=0) < 0:
        raise ArgumentError(
            "inputs of a spike source are numbers of spikes: 0, 1, ...",
            where=WHERE,
            hint='for real values name the variable that they are added to: inputs="hidden.V"',
        )
    return whole.astype(np.uint8 if whole.max(initial=0) < 256 else np.int64)
