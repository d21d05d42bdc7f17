"""The measures of the runs that are simulated together: during the run where they can be, of each
result otherwise. One that raises says so for its run, and stops no other."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.analysis.curve import Curve
from pygenn_lite.analysis.registry import Measure, find_measure
from pygenn_lite.batch.sweep_spec import MeasureRequest
from pygenn_lite.errors import ArgumentError, PygennLiteError
from pygenn_lite.runtime.results.result import Result
from pygenn_lite.runtime.results.run_sink import RunInfo, Sink


def needs_spikes(requests: Sequence[MeasureRequest]) -> bool:
    """Whether spikes must be recorded for these measures."""
    return any(r.script is not None or find_measure(r.name).needs == "spikes" for r in requests)


def needs_samples(requests: Sequence[MeasureRequest]) -> bool:
    """Whether variables must be recorded for these measures."""
    return any(r.script is not None or find_measure(r.name).needs == "samples" for r in requests)


def label_of(request: MeasureRequest) -> str:
    """What a measure is called in the table."""
    return request.name if request.script is None else request.script.function


class Measuring:
    """The measures of one simulation of several instances.

    Parameters
    ----------
    requests : sequence of MeasureRequest
    warmup : float
        ms that they leave out.
    """

    def __init__(self, requests: Sequence[MeasureRequest], warmup: float) -> None:
        self.warmup = warmup
        self.during: list[tuple[MeasureRequest, GuardedSink]] = []
        self.after: list[tuple[MeasureRequest, Callable[[Result], Any]]] = []
        for request in requests:
            measure = None if request.script is not None else find_measure(request.name)
            if measure is None or measure.sink is None:
                self.after.append((request, self._of_result(request, measure)))
            else:
                sink = measure.make_sink(warmup, **dict(request.options))
                self.during.append((request, GuardedSink(sink)))

    @property
    def sinks(self) -> list[Sink]:
        """Those that see the run."""
        return [sink for _, sink in self.during]

    @property
    def needs_results(self) -> bool:
        """Whether spikes must be kept until the run is over."""
        return bool(self.after)

    def values(self, instance: int, result: Result) -> tuple[dict[str, Any], dict[str, str]]:
        """The measures of one instance.

        Returns
        -------
        values : dict of str to float or list
            By column: ``rates.exc``.
        errors : dict of str to str
            By measure, what those that failed say.
        """
        values, errors = self.so_far(instance)
        for request, compute in self.after:
            label = label_of(request)
            try:
                values |= columns_of(label, compute(result))
            except (Exception, SystemExit) as error:  # noqa: BLE001 (a script may call sys.exit)
                errors[label] = said(error)
        return values, errors

    def so_far(self, instance: int) -> tuple[dict[str, Any], dict[str, str]]:
        """The measures of one instance that are computed during the run, up to where it has got;
        and what is wrong with others, as of `values`."""
        values: dict[str, Any] = {}
        errors: dict[str, str] = {}
        for request, sink in self.during:
            label = label_of(request)
            found = sink.failed.get(instance) or sink.failed.get(-1)
            if found is None:
                try:
                    values |= columns_of(label, sink.measure.values(instance))
                    continue
                except Exception as error:  # noqa: BLE001 (of whatever kind: it is the run's)
                    found = error
            errors[label] = said(found)
        return values, errors

    def _of_result(
        self, request: MeasureRequest, measure: Measure | None
    ) -> Callable[[Result], Any]:
        options = dict(request.options)
        if measure is not None:
            return lambda result: measure(result, self.warmup, **options)
        script = request.script
        assert script is not None
        warmup = self.warmup

        def compute(result: Result) -> Any:
            function = script.load()
            if "warmup" in inspect.signature(function).parameters:
                return function(result, warmup=warmup, **options)
            return function(result, **options)

        return compute


class GuardedSink(Sink):
    """A sink that no longer takes what one instance records once that has failed.

    Attributes
    ----------
    measure : Sink
        The sink itself.
    failed : dict of int to Exception
        By instance; -1: as a whole.
    """

    def __init__(self, measure: Any) -> None:
        self.measure = measure
        self.failed: dict[int, Exception] = {}

    def begin(self, run: RunInfo) -> None:
        """The run begins."""
        self._try(-1, self.measure.begin, run)

    def add_spikes(
        self,
        instance: int,
        population: str,
        steps: npt.NDArray[np.int64],
        indices: npt.NDArray[np.uint32],
    ) -> None:
        """Spikes of one population of one instance."""
        self._try(instance, self.measure.add_spikes, instance, population, steps, indices)

    def add_samples(
        self,
        instance: int,
        owner: str,
        variable: str,
        steps: npt.NDArray[np.int64],
        values: npt.NDArray[Any],
    ) -> None:
        """Samples of one variable of one instance."""
        self._try(instance, self.measure.add_samples, instance, owner, variable, steps, values)

    def add_counts(self, instance: int, step: int, totals: Mapping[str, int]) -> None:
        """Spikes of all populations of one instance since the start of the run."""
        self._try(instance, self.measure.add_counts, instance, step, totals)

    def reached(self, step: int) -> None:
        """All instances have been advanced to this step."""
        self._try(-1, self.measure.reached, step)

    def end(self, step: int, interrupted: bool) -> None:
        """The run is over."""
        self._try(-1, self.measure.end, step, interrupted)

    def _try(self, instance: int, call: Callable[..., object], *arguments: Any) -> None:
        if self.failed and (instance in self.failed or -1 in self.failed):
            return
        try:
            call(*arguments)
        except Exception as error:  # noqa: BLE001 (of whatever kind: it is the run's)
            self.failed[instance] = error


def columns_of(label: str, found: Any) -> dict[str, Any]:
    """What a measure gives, by columns of the table: ``rates.exc``; of a curve two, with ``.x`` and
    ``.y``. An array is a list, row by row.

    Raises
    ------
    ArgumentError
        It is neither numbers nor a mapping of names to these.
    """
    if isinstance(found, Curve):
        found = found._asdict()
    if isinstance(found, Mapping):
        return {
            name: value
            for key, inner in found.items()
            for name, value in columns_of(f"{label}.{key}", inner).items()
        }
    if found is None:
        raise ArgumentError(f"{label} returns nothing", hint="end the function with: return number")
    try:
        array = np.asarray(found, np.float64)
    except (TypeError, ValueError):
        raise ArgumentError(
            f"{label} returns {found!r:.60}, which is neither a number nor an array of them",
            hint="return a number, an array of numbers, or a mapping of names to these",
        ) from None
    return {label: float(array) if array.ndim == 0 else array.ravel().tolist()}


def said(error: BaseException) -> str:
    """An error as the table keeps it."""
    if isinstance(error, PygennLiteError):
        return str(error)
    return f"{type(error).__name__}: {error}"
