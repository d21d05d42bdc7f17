"""The memory of a training program: what all trials have in common, and slots for samples in
flight; the records that kernels are given of it."""

from __future__ import annotations

import ctypes as c
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from pygenn_lite.codegen.plan.memory import MemoryRow, MemoryRows
from pygenn_lite.codegen.trial.trial_signature import PopulationSignature, TrialSignature
from pygenn_lite.records import dataclass
from pygenn_lite.runtime.cpp.arrays import aligned_zeros
from pygenn_lite.runtime.training import training_records as records
from pygenn_lite.runtime.training.group_arrays import GroupArrays, GroupUse
from pygenn_lite.runtime.training.network_data import NetworkData
from pygenn_lite.runtime.training.padded_rows import Rows, panels_of, stride_of
from pygenn_lite.runtime.training.population_arrays import PopulationArrays
from pygenn_lite.runtime.training.slot_layout import GIVEN, Shape, lay_out_slots

Array = npt.NDArray[Any]
FIRST_ROOM = 4  # spikes of a neuron in a trial that tapes have room for at first


@dataclass(frozen=True)
class Trial:
    """What all samples have in common.

    Attributes
    ----------
    steps : int
    dt : float
        ms.
    dtype : dtype
        Of reals.
    longest_delay : int
        Steps that trained delays may reach.
    """

    steps: int
    dt: float
    dtype: np.dtype[Any]
    longest_delay: int = 0


class ProgramMemory:
    """Arrays and records.

    Parameters
    ----------
    data : NetworkData
    signature : TrialSignature
    trial : Trial

    Attributes
    ----------
    populations : dict of str to PopulationArrays
        Those with a model.
    groups : dict of str to GroupArrays
    record : Program
        For kernels.
    """

    def __init__(self, data: NetworkData, signature: TrialSignature, trial: Trial) -> None:
        self.signature, self.trial = signature, trial
        self.numbers = signature.numbers
        self.sizes = {name: data.populations[name].size for name in self.numbers}
        models = {p.name: p for p in signature.populations}
        self.populations = {
            name: PopulationArrays(data.populations[name], one, trial.dtype)
            for name, one in models.items()
        }
        self.groups = {
            one.name: GroupArrays(
                data.groups[one.name],
                one,
                trial.dtype,
                GroupUse(
                    self.numbers,
                    trial.dt,
                    one.source in models and bool(models[one.source].adjoints)
                    and bool(models[one.target].adjoints),
                    trial.longest_delay,
                ),
            )
            for one in signature.groups
        }  # fmt: skip
        self._shapes = [_shape(p) for p in signature.populations] + [GIVEN] * len(signature.given)
        self._populations = (records.Population * len(self.numbers))(*self._population_records())
        self._groups = (records.Group * len(self.groups))(
            *(g.record() for g in self.groups.values())
        )
        self.record = self._program()
        self._keep()
        self._dropout: dict[int, float] = {}
        self.scratch = 0
        self.panels: dict[str, Rows] = {}
        self.slots: Array = np.zeros(0, np.uint8)

    # ------------------------------------------------------------------ records

    def _population_records(self) -> list[records.Population]:
        made = [one.record() for one in self.populations.values()]
        for one in made:
            one.room = FIRST_ROOM * one.n
        for k, name in enumerate(self.signature.given):
            size = self.sizes[name]
            made.append(
                records.Population(n=size, stride=stride_of(size, self.trial.dtype), input=k)
            )
        return made

    def _program(self) -> records.Program:
        return records.Program(
            version=records.ABI_VERSION,
            real_bytes=self.trial.dtype.itemsize,
            n_populations=len(self._populations),
            n_groups=len(self._groups),
            steps=self.trial.steps,
            dt=self.trial.dt,
            populations=c.addressof(self._populations),
            groups=c.addressof(self._groups),
        )

    def _keep(self) -> None:
        """Which adjoints have a row for every step: what gradients of weights, and of what comes
        back to spikes, are made of."""
        smooth = self.signature.adjoint == "surrogate"
        for group in self._groups:
            source, target, bit = (
                self._populations[group.source],
                self._populations[group.target],
                1 << group.into,
            )
            each_delayed = group.ring and group.layout == records.DENSE
            summed_ahead = each_delayed and source.input != records.NONE
            if (group.wanted and group.layout != records.SHARED) or summed_ahead:
                source.sorted = 1
            # Dense groups with a delay for every synapse read the pairs of their targets instead.
            paired = group.wanted and each_delayed and not smooth
            of_weights = group.wanted & records.WEIGHTS and not paired
            if of_weights or (smooth and group.back_weight):
                target.kept |= bit
            if paired or group.wanted & records.DELAYS or (group.back_weight and not smooth):
                target.sent |= bit
                target.sent_kept |= bit if group.ring else 0

    def make_panels(self) -> None:
        """Copies of weights through which gradients come back to all neurons of a source, as the
        processor reads them."""
        smooth = {p.name for p in self.signature.populations if p.smooth}
        for record, (name, group) in zip(self._groups, self.groups.items(), strict=True):
            dense = record.layout == records.DENSE and not record.ring
            if dense and record.back_weight and group.data.source in smooth:
                self.panels[name] = panels_of(*group.data.sizes, self.trial.dtype)
                record.panels = self.panels[name].address

    def read_instead(self, group: str, address: int) -> None:
        """Let trials read the weights of a group elsewhere."""
        self._groups[list(self.groups).index(group)].weight = address

    def come_back_through(self, group: str, address: int | None) -> None:
        """Let gradients come back through other weights than a group's own; through none."""
        self._groups[list(self.groups).index(group)].back_weight = address

    def comes_back_through(self, group: str) -> int | None:
        """The weights that gradients come back through."""
        address = self._groups[list(self.groups).index(group)].back_weight
        return None if address is None else int(address)

    def leave_out(self, dropout: Mapping[str, float]) -> None:
        """Dropout: by group, how probably a trial does without a neuron of its source."""
        numbers = list(self.groups)
        self._dropout = {numbers.index(name): p for name, p in dropout.items() if p}

    def switch_dropout(self, on: bool) -> bool:
        """Let trials leave neurons out, or none; whether records have changed."""
        changed = False
        for number, share in self._dropout.items():
            group, wanted = self._groups[number], share if on else 0.0
            changed |= group.dropout != wanted
            group.dropout = wanted
        return changed

    def set_links(self, links: Sequence[records.Link]) -> None:
        """Trained parameters, and delays that are trained."""
        delays = [d for d in (g.delays_record() for g in self.groups.values()) if d is not None]
        self._links = (records.Link * len(links))(*links)
        self._delays = (records.Delays * len(delays))(*delays)
        self.record.links, self.record.n_links = c.addressof(self._links), len(links)
        self.record.delays, self.record.n_delays = c.addressof(self._delays), len(delays)

    # ------------------------------------------------------------------ slots

    @property
    def capacities(self) -> dict[str, int]:
        """Spikes of a sample that there is room for, by population."""
        return {name: int(self._populations[k].room) for name, k in self.numbers.items()}

    def make_room(self, capacities: Mapping[str, int]) -> bool:
        """Room for so many spikes of a sample; whether any has grown (slots are then laid out
        anew, and what was in them is lost)."""
        grown = False
        for name, room in capacities.items():
            of = self._populations[self.numbers[name]]
            if room > of.room:
                of.room, grown = room, True
        return grown

    def lay_out(self) -> int:
        """Bytes of a slot, with the capacities there are; with room for dropout, on or off."""
        was_off = self.switch_dropout(True)
        size = lay_out_slots(
            self.record, list(self._populations), list(self._groups), self._shapes, self.scratch
        )
        if was_off:
            self.switch_dropout(False)
        return int(size)

    def allocate(self, count: int) -> None:
        """Memory for so many samples in flight."""
        self.slots = np.zeros(0, np.uint8)  # given back first
        self.slots = aligned_zeros(count * int(self.record.slot_bytes), np.uint8)
        self.record.slots, self.record.n_slots = self.slots.ctypes.data, count

    @property
    def population_records(self) -> c.Array[records.Population]:
        """In the order of the program."""
        return self._populations

    @property
    def group_records(self) -> c.Array[records.Group]:
        """In the order of the program."""
        return self._groups

    def record_arrays(self) -> dict[str, Any]:
        """Arrays of records, by the fields of `record` that point to them."""
        return {
            "populations": self._populations,
            "groups": self._groups,
            "links": self._links,
            "delays": self._delays,
        }

    def sums(self, backward: bool) -> Iterator[tuple[int, int]]:
        """Addresses and bytes of what is summed over a batch: counts of spikes, and gradients where
        it is gone `backward`."""
        arrays = [of.count_sums for of in self.populations.values()]
        if backward:
            for of in self.populations.values():
                arrays += [of.gradient.whole, of.initial_gradient.whole]
            for group in self.groups.values():
                arrays += [r.whole for r in (group.gradient, group.delay_gradient) if r is not None]
        return ((int(a.ctypes.data), a.nbytes) for a in arrays if a.nbytes)

    @property
    def spike_counts(self) -> list[Array]:
        """Spikes of neurons since they were cleared, of all populations with a model."""
        return [of.count_totals for of in self.populations.values()]

    def memory_rows(self) -> MemoryRows:
        """What takes how many bytes."""
        rows = [row for one in self.populations.values() for row in one.memory_rows()]
        rows += [row for group in self.groups.values() for row in group.memory_rows()]
        for name, panels in self.panels.items():
            what = "weights, as gradients come back"
            rows.append(MemoryRow(name, what, panels.whole.size, panels.nbytes))
        count = int(self.record.n_slots)
        what = f"slots of {int(self.record.slot_bytes):,} bytes"
        size = count * int(self.record.slot_bytes)
        rows.append(MemoryRow("samples in flight", what, count, size))
        return MemoryRows([row for row in rows if row.bytes])


def _shape(population: PopulationSignature) -> Shape:
    return Shape(
        len(population.states),
        population.before,
        len(population.adjoints),
        len(population.gradients),
        population.recorded,
        population.kept,
        population.spikes,
        population.smooth,
    )
