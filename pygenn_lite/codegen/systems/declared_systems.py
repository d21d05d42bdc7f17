"""``pg.systems``: the continuous systems of a network as users ask for them."""

from __future__ import annotations

from collections.abc import Iterable

from pygenn_lite.codegen.structure.resolution import network_structure
from pygenn_lite.codegen.systems.network_systems import systems_of
from pygenn_lite.codegen.systems.system_records import NetworkSystems
from pygenn_lite.declaration.network import Network
from pygenn_lite.declaration.origins import located_in
from pygenn_lite.errors import ArgumentError


def systems(network: Network, *, trainable: str | Iterable[str] = ()) -> NetworkSystems:
    """The equations of a network as SymPy, before anything is discretised.

    Parameters
    ----------
    network : Network
    trainable : str or iterable of str
        Paths of parameters to be marked as trainable: ``"exc.tau"``, ``"exc_inh.weight"``.

    Returns
    -------
    NetworkSystems
        ``populations[name]``, a `NeuronSystem`: derivatives f, signed threshold g, reset R.
        ``groups[name]``, a `SynapseSystem`: jumps J of static and plastic synapses. ``parameters``
        by path: who has them, one value or one for each, trainable or not. All print themselves.

    Raises
    ------
    EquationError
        An equation has no meaning, or SymPy cannot work with it.
    ArgumentError
        There is no such parameter, or this is not a network.

    Examples
    --------
    >>> net = pg.Network()
    >>> cells = net.population("cells", 10, pg.LIF())
    >>> group = net.connect(cells, cells, pg.Delta(), pg.OneToOne(), weight=0.5)
    >>> systems = pg.systems(net)
    >>> lif = systems.populations["cells"]
    >>> lif.f["V"], lif.g, lif.reset
    ((E_L - V)/tau, V - V_th, (('V', V_r),))
    >>> [(jump.variable, jump.value) for jump in systems.groups["cells_cells"].on_arrival]
    [('V', V + weight)]
    >>> systems.parameters["cells.tau"].shared
    True
    """
    if not isinstance(network, Network):
        raise ArgumentError(f"{network!r} is not a network", hint="give a pg.Network")
    with located_in(network.origins):
        found = systems_of(network_structure(network))
    return found.with_trainable(trainable) if trainable else found
