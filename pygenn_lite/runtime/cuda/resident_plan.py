"""The plan "resident": one launch computes many steps. Each multiprocessor has its part of the
network for the whole of it: state in registers, sums of what arrives in shared memory."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pygenn_lite.codegen.plan import resident_layout as layouts
from pygenn_lite.codegen.plan.memory import MemoryRows
from pygenn_lite.codegen.plan.network_plan import NetworkPlan
from pygenn_lite.codegen.plan.resident_layout import (
    CannotHold,
    CardLimits,
    ResidentLayout,
    plan_resident,
)
from pygenn_lite.declaration.network import Network
from pygenn_lite.errors import UnsupportedFeatureError
from pygenn_lite.runtime.cuda import resident_records as records
from pygenn_lite.runtime.cuda.code import REAL_BYTES, CardSource, compile_source
from pygenn_lite.runtime.cuda.drivers.base import Card, Kernel
from pygenn_lite.runtime.cuda.network_memory import CardNetwork
from pygenn_lite.runtime.cuda.plans import Asked, CardPlan
from pygenn_lite.runtime.cuda.resident_memory import LEAST_STEPS, ResidentMemory
from pygenn_lite.runtime.cuda.resident_rows import ResidentRows
from pygenn_lite.runtime.cuda.stepping import Stepping
from pygenn_lite.runtime.values.poisson import ONE_RATE_KIND, RATES_KIND, TABLE_KIND, poisson_table

RUN, MODULE, SUPPORT = "pgl_resident_run", "resident", "resident_support"
THREADS = 128  # of a block, where spikes are unpacked
MOST_STEPS = 1 << 20  # of a launch
EVERY_KIND = 1 << TABLE_KIND | 1 << ONE_RATE_KIND | 1 << RATES_KIND  # of Poisson inputs


class ResidentPlan(CardPlan):
    """Blocks of threads that stay.

    Parameters
    ----------
    network : CardNetwork
    stepping : Stepping
    """

    name = "resident"
    whole_sums = True  # sums of 32 bits, whatever the accumulator

    @classmethod
    def refusal(cls, asked: Asked) -> str:
        """Why it cannot run this, in words; "" where it can."""
        if asked.instances != 1:
            return "it runs one instance"
        if asked.extended:
            return "steps do more than deliver, update and record"
        populations = asked.plan.described.structure.populations
        if any(r.population not in populations for r in asked.requests.variables):
            return "variables of synapses are recorded"
        return layouts.refusal(asked.plan, limits_of(asked.card))

    @classmethod
    def sources(cls, asked: Asked) -> Mapping[str, str]:
        """Its kernel for the network, and those that no model changes."""
        layout = plan_resident(asked.plan, limits_of(asked.card))
        kinds = declared_kinds(asked.plan.described.network)
        return {
            MODULE: run_source(asked.source, asked.plan, layout, layouts.WIDE, kinds),
            SUPPORT: support_source(asked.plan),
        }

    @classmethod
    def planned_rows(cls, asked: Asked) -> MemoryRows:
        """Rows cut into slices, with synapses of 8 bytes, and messages."""
        return layouts.memory_rows(asked.plan, plan_resident(asked.plan, limits_of(asked.card)))

    def __init__(self, network: CardNetwork, stepping: Stepping) -> None:
        self._network, self._driver = network, network.driver
        try:
            self.layout = plan_resident(network.plan, limits_of(self._driver.card))
        except CannotHold as reason:  # delays that only drawing could tell
            raise UnsupportedFeatureError(
                f"plan='resident' cannot run this network: {reason}", hint="leave plan='auto'"
            ) from None
        network.fit_sums([0])
        network.send()
        self._support = network.code.modules[SUPPORT]
        self._rows = ResidentRows(network, self.layout, self._support)
        self._rows.build()
        self._are_rows_old = False
        self._memory = ResidentMemory(network, self.layout)
        self._kinds = present_kinds(network)
        self._kernel = self._compiled()
        self._tag = 1

    def _compiled(self) -> Kernel:
        """The kernel for what has been drawn; as a rule the one that was compiled before."""
        network = self._network
        text = run_source(
            network.code.source, network.plan, self.layout, self._rows.synapse_bytes, self._kinds
        )
        image = compile_source(self._driver, f"{MODULE}.cu", text, use_cache=True)
        kernel = self._driver.load(image).kernel(RUN)
        layout = self.layout
        if self._driver.active_blocks(kernel, layout.threads, layout.shared_bytes) < 1:
            raise UnsupportedFeatureError(
                f"plan='resident' needs blocks of {layout.threads} threads with "
                f"{layout.shared_bytes:,} bytes of shared memory, which a multiprocessor does "
                "not take",
                hint="leave plan='auto'",
            )
        return kernel

    def rows(self) -> MemoryRows:
        """What it has allocated."""
        return MemoryRows([*self._rows.rows(), *self._memory.rows()])

    def synapses_changed(self, group: str) -> None:
        """Rows are cut again before the next run."""
        self._are_rows_old = True

    def start(self) -> None:
        """Take over what has changed since the last run."""
        kinds, size = self._kinds | present_kinds(self._network), self._rows.synapse_bytes
        if self._are_rows_old:
            self._rows.build()
            self._are_rows_old = False
        if (kinds, size) != (self._kinds, self._rows.synapse_bytes):
            self._kinds = kinds
            self._kernel = self._compiled()

    def run(self, steps: int) -> None:
        """Up to so many steps, in one launch; in a second one up to the step in which a variable
        stopped being finite, since some blocks have gone on by then."""
        status = self._network.status
        first = status.read()[0]
        steps, room = self._memory.steps_and_room(min(steps, MOST_STEPS))
        if steps == 0 or room < LEAST_STEPS * self.layout.places:
            self._driver.fill(status.paused_address, 4, 1)
            return
        args, ends = self._launched(first, steps, room)
        faults = [(end.fault_step, end.fault) for end in ends if end.fault_step >= 0]
        if faults and ends[0].heard:
            args, ends = self._launched(first, min(faults)[0] + 1 - first, room)
        if faults:
            self._set_fault(*min(faults))
        done = first + ends[0].done
        unpacking = bytes(records.Unpacking(args, done, self.layout.blocks))
        for name in ("pgl_resident_clear", "pgl_resident_unpack"):
            kernel = self._support.kernel(name)
            self._driver.launch(kernel, (self.layout.blocks, 1), THREADS, unpacking)
        status.set_step(done)

    def _launched(self, first: int, steps: int, room: int) -> tuple[records.Run, list[records.End]]:
        layout, args = self.layout, self._memory.arguments(self._rows)
        args.first, args.steps, args.log_room, args.tag = first, steps, room, self._tag
        self._tag = (self._tag + steps + layout.buffers) & 0xFFFFFFFF
        self._driver.launch(
            self._kernel,
            (layout.blocks, 1),
            layout.threads,
            bytes(args),
            shared_bytes=layout.shared_bytes,
            cooperative=self._driver.card.cooperative,
        )
        return args, self._memory.read_ends()

    def _set_fault(self, step: int, code: int) -> None:
        fields = self._network.status.fields(0)
        self._driver.upload(fields["fault"], np.array([code], np.uint64))
        self._driver.upload(fields["fault_step"], np.array([step], np.int64))
        self._driver.upload(fields["halted"], np.array([1], np.int32))

    def finish(self) -> None:
        """Each launch leaves all in the common arrays."""

    def describe(self) -> str:
        """The layout, and what the kernel takes."""
        report, size = self._kernel.report, self._rows.synapse_bytes
        return (
            f"{layouts.described(self.layout, size)}\n"
            f"  {report.registers} registers a thread, "
            f"{self.layout.shared_bytes + report.shared_bytes:,} bytes of shared memory a block"
        )


def limits_of(card: Card) -> CardLimits:
    """What a card has, as far as it decides the layout."""
    return CardLimits(card.multiprocessors, card.shared_per_block, card.memory_bytes)


def run_source(
    source: CardSource, plan: NetworkPlan, layout: ResidentLayout, synapse_bytes: int, kinds: int
) -> str:
    """Source of the kernel of a network, whose Poisson inputs have some of the kinds."""
    from pygenn_lite.codegen.render.resident import render_resident

    text = render_resident(source.text, plan, layout, synapse_bytes)
    return f"#define PGL_POISSON_KINDS {kinds}\n{text}"


def support_source(plan: NetworkPlan) -> str:
    """Source of the kernels that no model changes."""
    real = REAL_BYTES[plan.described.dtype.name]
    return f'#define PGL_REAL_BYTES {real}\n#include "cuda/resident/support.cu"\n'


def declared_kinds(network: Network) -> int:
    """Bits of the kinds of Poisson inputs that a network declares: what cannot occur need not be
    compiled, and takes no registers."""
    kinds = 1 << TABLE_KIND
    for one in network.inputs:
        rate, sources = getattr(one, "rate", 0.0), getattr(one, "sources", 0)
        if not isinstance(rate, (int, float)) or not isinstance(sources, (int, float)):
            return EVERY_KIND
        if poisson_table(rate * sources * network.dt / 1000.0) is None:
            kinds |= 1 << ONE_RATE_KIND
    return kinds


def present_kinds(network: CardNetwork) -> int:
    """The same, of inputs as they are now."""
    kinds = 1 << TABLE_KIND
    for population in network.populations.values():
        for table in population.poisson.values():
            kinds |= 1 << table.kind(0)
    return kinds
