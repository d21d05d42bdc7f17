"""The model library: neurons, synapses and plasticity by name, and networks as YAML files.

Nothing here has special powers: every model is a function that returns a declaration a user could
have written, every network a file that a user could have written. `NEURONS`, `SYNAPSES`,
`CONTINUOUS` and `PLASTICITY` map names to these functions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from pygenn_lite.declaration import NeuronModel, SynapseModel
from pygenn_lite.declaration.language.names import nearest
from pygenn_lite.errors import DeclarationError
from pygenn_lite.models.adex import AdEx
from pygenn_lite.models.continuous import GapJunction, Graded, RateSynapse
from pygenn_lite.models.hodgkin_huxley import HodgkinHuxleySquid, TraubMilesHH
from pygenn_lite.models.izhikevich import IZHIKEVICH_REGIMES, Izhikevich
from pygenn_lite.models.neuromodulation import DopamineSTDP, RewardSTDP
from pygenn_lite.models.neurons import (
    GIF,
    LIF,
    QIF,
    AdaptiveThresholdLIF,
    FitzHughNagumo,
    LIFConductance,
    PoissonNeuron,
)
from pygenn_lite.models.plasticity import PairSTDP, TripletSTDP, TsodyksMarkram, VogelsSTDP
from pygenn_lite.models.rates import RateNeuron, TwoCompartment
from pygenn_lite.models.synapses import (
    AlphaConductance,
    AlphaCurrent,
    Delta,
    ExponentialConductance,
    ExponentialCurrent,
)

__all__: list[str] = [
    "CONTINUOUS",
    "GIF",
    "IZHIKEVICH_REGIMES",
    "LIF",
    "NEURONS",
    "PLASTICITY",
    "QIF",
    "SYNAPSES",
    "AdEx",
    "AdaptiveThresholdLIF",
    "AlphaConductance",
    "AlphaCurrent",
    "Delta",
    "DopamineSTDP",
    "ExponentialConductance",
    "ExponentialCurrent",
    "FitzHughNagumo",
    "GapJunction",
    "Graded",
    "HodgkinHuxleySquid",
    "Izhikevich",
    "LIFConductance",
    "PairSTDP",
    "PoissonNeuron",
    "RateNeuron",
    "RateSynapse",
    "RewardSTDP",
    "TraubMilesHH",
    "TripletSTDP",
    "TsodyksMarkram",
    "TwoCompartment",
    "VogelsSTDP",
    "find_model",
    "network_file",
    "network_names",
]

NEURONS: Mapping[str, Callable[..., NeuronModel]] = MappingProxyType(
    {
        "LIF": LIF,
        "LIFConductance": LIFConductance,
        "AdEx": AdEx,
        "Izhikevich": Izhikevich,
        "TraubMilesHH": TraubMilesHH,
        "HodgkinHuxleySquid": HodgkinHuxleySquid,
        "GIF": GIF,
        "AdaptiveThresholdLIF": AdaptiveThresholdLIF,
        "FitzHughNagumo": FitzHughNagumo,
        "QIF": QIF,
        "PoissonNeuron": PoissonNeuron,
        "RateNeuron": RateNeuron,
        "TwoCompartment": TwoCompartment,
    }
)

SYNAPSES: Mapping[str, Callable[..., SynapseModel]] = MappingProxyType(
    {
        "ExponentialCurrent": ExponentialCurrent,
        "AlphaCurrent": AlphaCurrent,
        "ExponentialConductance": ExponentialConductance,
        "AlphaConductance": AlphaConductance,
        "Delta": Delta,
    }
)

CONTINUOUS: Mapping[str, Callable[..., SynapseModel]] = MappingProxyType(
    {
        "GapJunction": GapJunction,
        "Graded": Graded,
        "RateSynapse": RateSynapse,
    }
)

PLASTICITY: Mapping[str, Callable[..., SynapseModel]] = MappingProxyType(
    {
        "PairSTDP": PairSTDP,
        "TripletSTDP": TripletSTDP,
        "VogelsSTDP": VogelsSTDP,
        "TsodyksMarkram": TsodyksMarkram,
        "DopamineSTDP": DopamineSTDP,
        "RewardSTDP": RewardSTDP,
    }
)

_NETWORKS = Path(__file__).parent / "networks"


def find_model(name: str) -> Callable[..., NeuronModel] | Callable[..., SynapseModel]:
    """Return the function of the library that makes the model ``name``."""
    for registry in (NEURONS, SYNAPSES, CONTINUOUS, PLASTICITY):
        if name in registry:
            return registry[name]
    raise _unknown("model", name, [*NEURONS, *SYNAPSES, *CONTINUOUS, *PLASTICITY])


def network_names() -> tuple[str, ...]:
    """Return the names of the library's networks, sorted."""
    return tuple(sorted(path.stem for path in _NETWORKS.glob("*.yaml")))


def network_file(name: str) -> Path:
    """Return the YAML file of the library's network ``name``."""
    if name not in network_names():
        raise _unknown("network", name, list(network_names()))
    return _NETWORKS / f"{name}.yaml"


def _unknown(kind: str, name: str, known: list[str]) -> DeclarationError:
    hint = nearest(name, known)
    return DeclarationError(
        f"the library holds no {kind} '{name}'{hint}", hint=f"known: {', '.join(known)}"
    )
