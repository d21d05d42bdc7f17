"""Values to try next, by Optuna: asked for some trials at a time, told what came of them."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from pygenn_lite.batch.dimension import Distributed
from pygenn_lite.batch.search.search_spec import SearchSpec
from pygenn_lite.optional import require
from pygenn_lite.records import dataclass

STATES = ("complete", "pruned", "failed", "undefined")


@dataclass(frozen=True)
class Told:
    """What came of a trial.

    Attributes
    ----------
    state : {"complete", "pruned", "failed", "undefined"}
        Undefined: a measure was not a number.
    values : tuple of float
        Of the objectives.
    course : tuple of float
        Of the objective at each look while it went on.
    """

    state: str
    values: tuple[float, ...] = ()
    course: tuple[float, ...] = ()


class Proposals:
    """The trials of a search. The same questions and answers give the same proposals.

    Parameters
    ----------
    search : SearchSpec

    Raises
    ------
    MissingPackageError
        Optuna, or what a sampler needs, is not installed.
    """

    def __init__(self, search: SearchSpec) -> None:
        self.search = search
        self._optuna = require("optuna", "batch", "searches")
        if search.sampler == "cmaes":
            require("cmaes", "batch", "the sampler cmaes")
        directions = ["maximize" if o.is_maximised else "minimize" for o in search.objectives]
        with self._quietly():
            self._study = self._optuna.create_study(
                directions=directions,
                sampler=self._sampler(),
                pruner=self._optuna.pruners.NopPruner(),
            )
        pairs = zip(search.names, search.distributions, strict=True)
        self._distributions = {name: self._distribution(given) for name, given in pairs}
        self._asked: list[Any] = []

    def ask(self, count: int) -> list[dict[str, Any]]:
        """The values of the next trials."""
        found = []
        with self._quietly():
            for _ in range(count):
                trial = self._study.ask(self._distributions)
                self._asked.append(trial)
                found.append(self._values(trial.params))
        return found

    def tell(self, number: int, told: Told) -> None:
        """What came of a trial.

        Parameters
        ----------
        number : int
            Counted from 0.
        told : Told
        """
        trial, state = self._asked[number], self._optuna.trial.TrialState
        with self._quietly():
            for step, value in enumerate(told.course):
                if math.isfinite(value):
                    trial.report(value, step)
            if told.state == "complete":
                self._study.tell(trial, list(told.values))
            else:
                ended = state.PRUNED if told.state == "pruned" else state.FAIL
                self._study.tell(trial, state=ended)

    def _values(self, parameters: dict[str, Any]) -> dict[str, Any]:
        pairs = zip(self.search.names, self.search.distributions, strict=True)
        return {
            name: given.choices[parameters[name]] if given.choices else parameters[name]
            for name, given in pairs
        }

    def _distribution(self, given: Distributed) -> Any:
        kinds = self._optuna.distributions
        if given.kind == "choice":  # by number: a choice may be a distribution, or a model
            return kinds.CategoricalDistribution(tuple(range(len(given.choices))))
        if given.kind == "integers":
            return kinds.IntDistribution(int(given.first), int(given.last))
        log = given.kind == "loguniform"
        return kinds.FloatDistribution(float(given.first), float(given.last), log=log)

    def _sampler(self) -> Any:
        samplers, search = self._optuna.samplers, self.search
        with self._quietly():
            if search.sampler == "random":
                return samplers.RandomSampler(seed=search.seed)
            if search.sampler == "cmaes":
                return samplers.CmaEsSampler(seed=search.seed, popsize=max(4, search.together))
            if search.sampler == "nsga2":
                return samplers.NSGAIISampler(population_size=search.together, seed=search.seed)
            # A trial that is under way counts as a bad one: the next is proposed elsewhere.
            return samplers.TPESampler(seed=search.seed, constant_liar=search.together > 1)

    @contextmanager
    def _quietly(self) -> Iterator[None]:
        """Without Optuna's own notices; we say what matters."""
        logging = self._optuna.logging
        before = logging.get_verbosity()
        logging.set_verbosity(logging.ERROR)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", self._optuna.exceptions.ExperimentalWarning)
                yield
        finally:
            logging.set_verbosity(before)


def optuna_version() -> str:
    """Of the installed package."""
    return str(require("optuna", "batch", "searches").__version__)


def limits_of(
    courses: Sequence[Sequence[float]], times: Sequence[float], percentile: float, startup: int,
    *, is_maximised: bool,
) -> tuple[tuple[float, float], ...]:  # fmt: skip
    """The objective that a trial has to have at each look, so that it is not ended.

    Parameters
    ----------
    courses : sequence of sequence of float
        Of the complete trials: the objective at each look.
    times : sequence of float
        Of these, ms.
    percentile : float
        Part of these trials, in percent, the best of which are better.
    startup : int
        Complete trials that there must be.
    is_maximised : bool

    Returns
    -------
    tuple of (float, float)
        Times and limits; NaN where there is none.

    Notes
    -----
    The rule is that of ``optuna.pruners.PercentilePruner``, except that no trial is ended whose
    objective is undefined.

    Examples
    --------
    >>> from pygenn_lite.batch.search.proposals import limits_of
    >>> limits_of([[4.0], [2.0], [3.0]], [100.0], 50.0, 3, is_maximised=False)
    ((100.0, 3.0),)
    """
    import numpy as np

    share = 100.0 - percentile if is_maximised else percentile
    found = []
    for k, time in enumerate(times):
        known = [c[k] for c in courses if k < len(c) and math.isfinite(c[k])]
        enough = len(courses) >= startup and known
        found.append((time, float(np.percentile(known, share)) if enough else math.nan))
    return tuple(found)
