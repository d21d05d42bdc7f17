"""The model library: neurons, synapses and plasticity by name, and networks as YAML files.

Nothing here has privileges: every model is a function that returns a declaration a user could
have written, every network a file that a user could have written. `NEURONS`, `SYNAPSES`,
`CONTINUOUS` and `PLASTICITY` map names to these functions.

A model belongs to the library when it stands in the ``__all__`` of its module; a module, when it
stands in the lists below. Files, the command line, completion, the pages and the tests read
`LIBRARY`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import TYPE_CHECKING, Any

from pygenn_lite.declaration import NeuronModel, SynapseModel
from pygenn_lite.declaration.language.names import nearest
from pygenn_lite.errors import DeclarationError
from pygenn_lite.models import (
    adex,
    continuous,
    discrete,
    hodgkin_huxley,
    izhikevich,
    neuromodulation,
    neurons,
    plasticity,
    rates,
    synapses,
)
from pygenn_lite.models.adex import *  # noqa: F403
from pygenn_lite.models.continuous import *  # noqa: F403
from pygenn_lite.models.discrete import *  # noqa: F403
from pygenn_lite.models.hodgkin_huxley import *  # noqa: F403
from pygenn_lite.models.izhikevich import *  # noqa: F403
from pygenn_lite.models.neuromodulation import *  # noqa: F403
from pygenn_lite.models.neurons import *  # noqa: F403
from pygenn_lite.models.plasticity import *  # noqa: F403
from pygenn_lite.models.rates import *  # noqa: F403
from pygenn_lite.models.synapses import *  # noqa: F403


def _models_of(*modules: ModuleType) -> Mapping[str, Callable[..., Any]]:
    """The models that modules list, in the order in which they are defined."""
    defined = [(name, made, module) for module in modules for name, made in vars(module).items()]
    return MappingProxyType(
        {name: made for name, made, module in defined if name in module.__all__ and callable(made)}
    )


_NEURONS = neurons, adex, izhikevich, hodgkin_huxley, rates, discrete
_PLASTICITY = plasticity, neuromodulation
_MODULES = *_NEURONS, synapses, continuous, *_PLASTICITY

NEURONS: Mapping[str, Callable[..., NeuronModel]] = _models_of(*_NEURONS)
SYNAPSES: Mapping[str, Callable[..., SynapseModel]] = _models_of(synapses)
CONTINUOUS: Mapping[str, Callable[..., SynapseModel]] = _models_of(continuous)
PLASTICITY: Mapping[str, Callable[..., SynapseModel]] = _models_of(*_PLASTICITY)

LIBRARY: Mapping[str, Mapping[str, Callable[..., NeuronModel | SynapseModel]]] = MappingProxyType(
    {
        "Neurons": NEURONS,
        "Synapses": SYNAPSES,
        "Continuous transmission": CONTINUOUS,
        "Plasticity": PLASTICITY,
    }
)
"""All models, by what they are."""

if not TYPE_CHECKING:  # a type checker takes what the modules list
    __all__ = [
        "CONTINUOUS",
        "NEURONS",
        "PLASTICITY",
        "SYNAPSES",
        "find_model",
        "network_file",
        "network_names",
        *(name for module in _MODULES for name in module.__all__),
    ]

_NETWORKS = Path(__file__).parent / "networks"


def find_model(name: str) -> Callable[..., NeuronModel | SynapseModel]:
    """Return the function of the library that makes the model ``name``."""
    found = {name: make for models in LIBRARY.values() for name, make in models.items()}
    if name not in found:
        raise _unknown("model", name, list(found))
    return found[name]


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
