"""Lays the synapses of all instances of a network down on a card: once for those that share them,
with weights of their own where they have such."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from pygenn_lite.codegen.plan.delivery import StorePlan
from pygenn_lite.codegen.plan.network_plan import NetworkPlan
from pygenn_lite.codegen.program.signature import Signatures
from pygenn_lite.runtime.cuda.building import CardBuilder
from pygenn_lite.runtime.cuda.card_synapses import CardSynapses
from pygenn_lite.runtime.cuda.connecting import CardConnecting, store_of
from pygenn_lite.runtime.cuda.drivers.base import Driver
from pygenn_lite.runtime.cuda.network_memory import Connected
from pygenn_lite.runtime.device import BuildRequest
from pygenn_lite.runtime.values.weights import check_kept_alike, check_range

Progress = Callable[[float], None]


class LayingDown:
    """The synapses of a network on their way to a card.

    Parameters
    ----------
    driver : Driver
    request : BuildRequest
    plan : NetworkPlan
        Of one instance.
    signatures : Signatures
        Of the network's kernels: what they ask of the synapses.
    """

    def __init__(
        self, driver: Driver, request: BuildRequest, plan: NetworkPlan, signatures: Signatures
    ) -> None:
        self._request, self._plan, self._signatures = request, plan, signatures
        self._driver, self._dtype = driver, plan.described.dtype
        self._seeds = list(request.connectivity_seeds or [n.seed for n in request.networks])
        self._builder: CardBuilder | None = None

    @property
    def builder(self) -> CardBuilder:
        """Compiled for networks that have synapses."""
        if self._builder is None:
            dt = self._request.network.dt
            self._builder = CardBuilder(self._driver, self._dtype, dt, cache=self._request.cache)
        return self._builder

    def connected(self, progress: Progress) -> Connected:
        """The synapses of all instances.

        Raises
        ------
        NetworkError
            A delay is too long, a weight too large; or an instance's own weights are kept in
            another way than those of the first.
        """
        request, count = self._request, len(self._request.networks)
        if not self._plan.groups:
            return Connected(self._plan, {}, self._seeds, request.shared)
        distinct = 1 if request.shared else count
        plans = [self._plan_of(k) for k in range(distinct)]
        connecting = CardConnecting(self.builder, plans, self._seeds[:distinct])
        stores = self._stores(connecting.plans[0])
        synapses = connecting.lay_down(stores, progress)
        if request.shared:
            for name, (only,) in synapses.items():
                synapses[name] = [only] * count
            for k in range(1, count) if request.own_weights else ():
                self._take_weights(k, synapses, stores)
        longest = max(plan.max_delay for plan in connecting.plans)
        shortest = min(plan.min_delay for plan in connecting.plans)
        plan = replace(connecting.plans[0], max_delay=longest, min_delay=shortest)
        return Connected(plan, synapses, self._seeds, request.shared)

    def _plan_of(self, instance: int) -> NetworkPlan:
        request = self._request
        return self._plan.of_instance(request.networks[instance], request.structures[instance])

    def _stores(self, plan: NetworkPlan) -> dict[str, StorePlan]:
        """What is kept of each group: what kernels ask for on a card, too."""
        kept = {}
        for name, binding in plan.described.structure.groups.items():
            store = store_of(plan, name)
            added = {k.name for k in self._signatures.added if k.target}
            extension = plan.described.extension
            summed = extension is not None and any(
                kernel in added and on == name for kernel, on in extension.calls
            )
            coupled = binding.kernel is not None and bool(
                self._signatures.synapses[binding.kernel].sinks
            )
            if (summed or coupled) and store.storage != "dense":
                store = replace(store, transposed=True, sources=True)
            kept[name] = store
        return kept

    # ------------------------------------------------------------------ weights of instances

    def _take_weights(
        self,
        instance: int,
        synapses: dict[str, list[CardSynapses]],
        stores: dict[str, StorePlan],
    ) -> None:
        """Weights of its own for an instance that shares its synapses with the first."""
        own, plan = self._request.own_weights, self._plan_of(instance)
        check_kept_alike(instance, plan.stores, self._plan.stores, own)
        weights = {name: plan.described.network.groups[name].weight for name in own}
        drawn: dict[str, list[CardSynapses]] = {}
        if not all(isinstance(weight, float) for weight in weights.values()):
            connecting = CardConnecting(self.builder, [plan], [self._seeds[instance]])
            drawn = connecting.lay_down(stores)
        for name, weight in weights.items():
            made = synapses[name][0].with_own_weights()
            if isinstance(weight, float):
                check_range(name, weight, self._dtype)
                made.write_weights(weight)
            else:
                made.take_weights(drawn[name][0])
            synapses[name][instance] = made
