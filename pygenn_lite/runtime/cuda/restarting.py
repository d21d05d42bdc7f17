"""What happens between runs: initial values, time set back, spikes put back on their way."""

from __future__ import annotations

from pygenn_lite.runtime.cuda.network_memory import CardNetwork
from pygenn_lite.runtime.cuda.stepping import Stepping


class Restarting:
    """Brings the instances of a network to where a run may begin.

    Sums of what is on its way follow from the spikes of the last steps and from the weights; they
    are computed anew where either was set.

    Parameters
    ----------
    network : CardNetwork
    stepping : Stepping
    """

    def __init__(self, network: CardNetwork, stepping: Stepping) -> None:
        self._network, self._stepping = network, stepping
        self._is_unborn = True  # a train's spikes at the present step are still to come
        self._are_sums_old = False
        self._to_fit = set(range(network.instances))  # instances whose weights were set
        self._is_new = set(range(network.instances))

    def initialise(self, instance: int, seed: int) -> None:
        """Initial values of an instance, drawn with a seed; plastic groups as they were built;
        declared trains."""
        for population in self._network.populations.values():
            if population.trains is not None and population.trains.replayed[instance] is not None:
                population.trains.replay(instance, None)
                self._network.are_records_new = True
            population.initialise(instance, seed)
        for group in self._network.groups.values():
            if not group.is_static and instance not in self._is_new:
                group.initialise(instance)
        self._is_new.discard(instance)

    def go_to(self, step: int) -> None:
        """All instances go to a step, without spikes in flight or recorded."""
        network = self._network
        for population in network.populations.values():
            population.forget_spikes()
            population.inboxes.forget()
        network.status.forget_faults()
        network.recorders.forget(step)
        self._is_unborn, self._are_sums_old = True, False
        self.fit_sums()

    def spikes_set(self, step: int) -> None:
        """Spikes were put on their way at a step."""
        if step > 0:  # before the first step has begun, a train's spikes at 0 are still to come
            self._is_unborn = False
        self._are_sums_old = True

    def weights_set(self, instance: int) -> None:
        """Weights of an instance were set: spikes in flight arrive through these."""
        self._to_fit.add(instance)
        self._are_sums_old = True

    def fit_sums(self) -> None:
        """Units of sums follow from the weights."""
        self._network.fit_sums(sorted(self._to_fit))
        self._to_fit.clear()

    def before_run(self, step: int) -> None:
        """All that must have happened when a step begins."""
        self.fit_sums()
        if self._is_unborn:
            self._bring_up(step)
        if self._are_sums_old:
            self._sum_again(step)

    def _bring_up(self, step: int) -> None:
        """The spikes of trains at the very step from which a run starts: no step could bring them
        up."""
        self._is_unborn = False
        if self._stepping.launches("birth"):
            self._network.send()
            self._network.status.set_step(step - 1)
            self._stepping.do("birth")

    def _sum_again(self, step: int) -> None:
        """What static synapses have on its way, from the spikes of the last steps."""
        network = self._network
        self._are_sums_old = False
        if not self._stepping.launches("deliver"):
            return
        for population in network.populations.values():
            for inbox in population.inboxes.all:
                inbox.sums.fill_zero()
        network.send()
        network.status.set_step(step)
        for sent in range(step - network.plan.max_delay, step):
            self._stepping.restore(sent, step)
