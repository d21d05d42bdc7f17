"""What a device of the CUDA backend does: runs, and what comes between them."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.errors import DeviceError, SimulationError
from pygenn_lite.runtime.cuda.network_memory import CardNetwork
from pygenn_lite.runtime.cuda.plans import CardPlan
from pygenn_lite.runtime.cuda.restarting import Restarting
from pygenn_lite.runtime.cuda.stepping import Stepping

Array = npt.NDArray[Any]
PIECE_SECONDS = 0.1  # wall time that the card runs before records are looked at
SETTLE_EVERY = 2**31  # steps: synapses tell times of their events modulo twice that


class Machine:
    """A network on a card, with the clock that its instances share.

    Parameters
    ----------
    network : CardNetwork
    stepping : Stepping
    plan : CardPlan
    """

    def __init__(
        self,
        network: CardNetwork,
        stepping: Stepping,
        plan: CardPlan,
    ) -> None:
        self.network, self.stepping, self.plan = network, stepping, plan
        self.restarting = Restarting(network, stepping)
        self._step, self._piece, self._stop_wanted = 0, 1, False
        self._halted = np.zeros(network.instances, bool)
        self._lost: DeviceError | None = None
        self._totals = np.zeros((network.instances, len(network.populations)), np.int64)
        self.initialise(network.seeds)

    @property
    def step(self) -> int:
        """The present step."""
        return self._step

    # ------------------------------------------------------------------ between runs

    def initialise(self, seeds: Sequence[int]) -> None:
        """Initial values, drawn with these seeds; coefficients; plastic groups as they were built;
        step 0."""
        for k, seed in enumerate(seeds):
            self.restarting.initialise(k, seed)
        self.prepare(self.network.populations)
        self.set_step(0, seeds)

    def set_step(self, step: int, seeds: Sequence[int]) -> None:
        """Go to a step, without spikes in flight or recorded."""
        self._check_lost()
        if list(seeds) != self.network.seeds:
            self.network.seeds[:] = seeds
            self.network.are_records_new = True
        self._step, self._stop_wanted = step, False
        self._halted[:] = False
        self.restarting.go_to(step)

    def prepare(self, populations: Iterable[str], instance: int | None = None) -> None:
        """Compute the coefficients of some populations, in all instances or in one.

        Raises
        ------
        ArgumentError
            A refractory period that cannot be counted.
        """
        self._check_lost()
        populations = list(populations)
        named = [name for name in populations if self.stepping.launches(f"prepare {name}")]
        if named:
            with self._all_awake():
                for name in named:
                    self.stepping.do(f"prepare {name}", instance)
        every = range(self.network.instances) if instance is None else [instance]
        for name in populations:
            for k in every:
                self.network.populations[name].check_refractory(k)

    def settle(self, group: str, instance: int | None = None) -> None:
        """Bring the event-driven variables of a group up to date, in all instances or in one."""
        part = f"settle {group}"
        if self.stepping.launches(part):
            with self._all_awake():
                self.stepping.do(part, instance)

    def settled(self, group: str, instance: int, name: str) -> Array:
        """A variable of a group as of now. What is kept does not change: reading must not change
        how later steps round."""
        own = self.network.groups[group]
        with own.put_aside(instance):
            self.settle(group, instance)
            return own.read(instance, name)

    @contextlib.contextmanager
    def _all_awake(self) -> Iterator[None]:
        """Let kernels work on instances that have failed, too."""
        network = self.network
        network.send()
        network.status.set_halted(np.zeros(network.instances))
        network.status.set_step(self._step)
        yield
        network.status.set_halted(self._halted)

    # ------------------------------------------------------------------ runs

    def run(self, steps: int) -> int:
        """Advance by up to so many steps; returns how many were done."""
        self._check_lost()
        if len(self._halted) == 1 and self._halted[0]:
            raise SimulationError("the last run failed: reset the simulation before running on")
        start, self._stop_wanted = self._step, False
        try:
            self._run(start + steps)
        except DeviceError as error:
            self._lost = error
            self.network.recorders.cut(start)
            raise
        return self._step - start

    def _run(self, end: int) -> None:
        network = self.network
        self.restarting.before_run(self._step)
        network.send()
        network.status.set_step(self._step)
        self.plan.start()
        while self._step < end and not self._halted.all() and not self._stop_wanted:
            if network.recorders.most_steps(self._step) <= 0:
                self._fetch()
            until_settling = SETTLE_EVERY - self._step % SETTLE_EVERY
            most = min(network.recorders.most_steps(self._step), until_settling)
            self._advance(min(end - self._step, self._piece, most))
            if self._step % SETTLE_EVERY == 0:
                self._settle_all()
        self.plan.finish()
        self._fetch()
        self._totals = self._read_totals()

    def _advance(self, steps: int) -> None:
        """One piece of a run."""
        network, started = self.network, time.perf_counter()
        self.plan.run(steps)
        network.driver.synchronise()
        before = self._step
        self._step, paused, halted = network.status.read()
        self._halted = halted
        seconds = time.perf_counter() - started
        if paused:
            self._fetch()
            network.status.resume()
            if self._step == before and not halted.all():
                raise SimulationError("the card has no room for the spikes of a single step")
        elif seconds < PIECE_SECONDS / 2 and steps == self._piece:
            self._piece *= 2
        elif seconds > 2 * PIECE_SECONDS and self._piece > 1:
            self._piece //= 2

    def _fetch(self) -> None:
        """Take out what was recorded."""
        ends = np.full(len(self._halted), self._step)
        if self._halted.any():
            ends[self._halted] = self.network.status.faults()[1][self._halted] + 1
        self.network.recorders.fetch(self._step, ends.tolist())

    def _settle_all(self) -> None:
        self.plan.finish()
        for group in self.network.groups:
            self.settle(group)
        self.network.status.set_halted(self._halted)
        self.plan.start()

    def stop(self) -> None:
        """End ``run`` early, with the piece that it is at."""
        self._stop_wanted = True

    def _check_lost(self) -> None:
        if self._lost is not None:
            raise DeviceError(
                f"the card was lost in an earlier run: {self._lost.message}",
                hint="compile the network again",
            )

    # ------------------------------------------------------------------ what came of a run

    def spike_totals(self) -> npt.NDArray[np.int64]:
        """Spikes since the start (or the last reset), [instance, population]."""
        if self._lost is None:
            self._totals = self._read_totals()
        return self._totals.copy()

    def _read_totals(self) -> npt.NDArray[np.int64]:
        columns = [p.total.host()[:, 0].astype(np.int64) for p in self.network.populations.values()]
        return np.stack(columns, axis=1)

    def failed(self) -> list[int]:
        """Instances of which a variable stopped being finite."""
        failed: list[int] = np.flatnonzero(self._halted).tolist()
        return failed
