"""Generates and compiles kernels for a card, lays networks down there, and brings a device up."""

from __future__ import annotations

import contextlib
import gc
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from pygenn_lite.codegen.plan.card_rows import card_rows, slots_for
from pygenn_lite.codegen.plan.described import Described
from pygenn_lite.codegen.plan.network_plan import NetworkPlan, plan_network
from pygenn_lite.codegen.program.schedule import build_schedule
from pygenn_lite.errors import InsufficientMemoryError, UnsupportedFeatureError
from pygenn_lite.runtime.cuda.card_memory import CardMemory
from pygenn_lite.runtime.cuda.choosing_plan import possible_plans, sources_of
from pygenn_lite.runtime.cuda.code import CardSource, card_source, load_code
from pygenn_lite.runtime.cuda.device import CardDevice
from pygenn_lite.runtime.cuda.extension_memory import ExtensionMemory
from pygenn_lite.runtime.cuda.laying_down import LayingDown
from pygenn_lite.runtime.cuda.memory_check import check_card_memory
from pygenn_lite.runtime.cuda.network_memory import CardNetwork
from pygenn_lite.runtime.cuda.operations import Facts
from pygenn_lite.runtime.cuda.plans import Asked, CardPlan
from pygenn_lite.runtime.cuda.population_memory import Place
from pygenn_lite.runtime.cuda.programs import CardPrograms, no_schedules
from pygenn_lite.runtime.cuda.stepping import Stepping
from pygenn_lite.runtime.device import BuildRequest, Report
from pygenn_lite.runtime.layout import layout_of
from pygenn_lite.runtime.recording import recording_requests

if TYPE_CHECKING:
    from pygenn_lite.codegen.program.extension import Extension
    from pygenn_lite.runtime.cuda.drivers.base import Driver


def bring_up(request: BuildRequest, report: Report) -> CardDevice:
    """Generate, compile, connect and load."""
    from pygenn_lite.runtime.cuda.drivers import open_driver

    check_extension(request.extension)
    driver = open_driver(request.card.driver, request.card.device)
    report("compiling kernels", 0, 1)
    source = card_source(request.structure, request.extension, use_cache=request.cache)
    described = Described(
        request.network,
        request.structure,
        source.signatures,
        np.dtype(request.precision),
        request.extension,
        request.accumulator,
    )
    building = Building(request, driver, source, plan_network(described, threads=1), report)
    return building.device()


class Building:
    """One network on its way to a card.

    Parameters
    ----------
    request : BuildRequest
    driver : Driver
    source : CardSource
    plan : NetworkPlan
        Of one instance.
    report : Report
    """

    def __init__(
        self,
        request: BuildRequest,
        driver: Driver,
        source: CardSource,
        plan: NetworkPlan,
        report: Report,
    ) -> None:
        self.request, self.driver, self.source, self.plan = request, driver, source, plan
        self.report, self.requests = report, recording_requests(request.network)
        self.asked = Asked(
            plan,
            source,
            driver.card,
            len(request.networks),
            self.requests,
            request.shared,
            request.own_weights,
            request.extension is not None,
        )

    def device(self) -> CardDevice:
        """The network on the card, by the first plan that can run it."""
        plans = possible_plans(self.request.card.plan, self.asked)
        for plan in plans[:-1]:
            with contextlib.suppress(UnsupportedFeatureError, InsufficientMemoryError):
                return self._device(plan)
            gc.collect()  # what it had allocated is given back
        return self._device(plans[-1])

    def _check_memory(self, plan: type[CardPlan]) -> None:
        request, instances = self.request, len(self.request.networks)
        common = card_rows(self.plan, instances, shared=request.shared)
        rows = [*common, *plan.planned_rows(self.asked)]
        card, free = self.driver.card, self.driver.free_bytes()
        check_card_memory(rows, card, free, instances=instances)

    def _device(self, plan: type[CardPlan]) -> CardDevice:
        request = self.request
        code = load_code(
            self.driver,
            self.source,
            request.precision,
            sources_of(plan, self.asked),
            use_cache=request.cache,
            progress=lambda what: self.report(f"compiling {what}", 0, 1),
        )
        self.report("compiling kernels", 1, 1)
        started = time.perf_counter()
        self._check_memory(plan)
        memory = CardMemory(self.driver)
        laying_down = LayingDown(self.driver, request, self.plan, code.signatures)
        connected = laying_down.connected(
            lambda part: self.report("connecting", round(part * 1000) / 10, 100)
        )
        layout = layout_of(
            request.network, request.structure, code.signatures, self.plan.described.dtype
        )
        place = Place(
            memory,
            request.networks,
            request.structures,
            self.plan.described.dtype,
            slots_for(connected.plan.max_delay),
        )
        network = CardNetwork(
            place, code, connected, layout, self.requests, whole_sums=plan.whole_sums
        )
        extension = request.extension
        more = None if extension is None else ExtensionMemory(network, extension)
        network.extension = more
        schedule = build_schedule(request.structure, code.signatures)
        if extension is not None:
            schedule = extension.simulated(schedule)
        samples = bool(self.requests.variables)
        facts = Facts(request.structure, self.source, connected.plan, samples)
        stepping = Stepping(network, schedule, facts, more)
        seconds = time.perf_counter() - started
        made: Any = plan(network, stepping)
        device = CardDevice(network, stepping, made, self.requests, seconds)
        if more is not None:
            device.programs = CardPrograms(device, more, schedule.step)
        return device


def check_extension(extension: Extension | None) -> None:
    """Refuse schedules that a card does not know.

    Raises
    ------
    UnsupportedFeatureError
        There are some.
    """
    if extension is not None and extension.schedules:
        raise no_schedules(", ".join(map(repr, extension.schedules)))
