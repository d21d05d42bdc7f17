"""Spiking neural networks declared as equations, derived with SymPy, compiled, and run fast.

>>> import pygenn_lite as pg
>>> net = pg.Network(dt=0.1, seed=1)
>>> exc = net.population("exc", 100, pg.LIF())
>>> net.record(exc.spikes)

`Network` declares, ``net.compile()`` derives and compiles, ``.run(1000.0)`` simulates.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from pygenn_lite import errors, hooks
from pygenn_lite.errors import PygennLiteError

__version__ = "0.1.0"

# Nothing is imported before it is used: `pygenn-lite --help` needs no NumPy.
_MODULES = ("declaration", "models", "plotting")
_LAZY = {
    "Simulation": "pygenn_lite.runtime.simulation",
    "compile_network": "pygenn_lite.runtime.compilation",
    "systems": "pygenn_lite.codegen.systems.declared_systems",
    "register_backend": "pygenn_lite.runtime.backends",
    "Result": "pygenn_lite.runtime.results.result",
    "InstanceResults": "pygenn_lite.runtime.results.instance_results",
    "Sink": "pygenn_lite.runtime.results.run_sink",
    "load_instances": "pygenn_lite.runtime.results.instance_files",
    "load_result": "pygenn_lite.runtime.results.result_reader",
    "join_results": "pygenn_lite.runtime.results.joining",
    "RunSettings": "pygenn_lite.yaml_format",
    "load_network": "pygenn_lite.yaml_format",
    "dump_network": "pygenn_lite.yaml_format",
    "scale_network": "pygenn_lite.yaml_format",
}

__all__: list[str] = [
    "InstanceResults",
    "PygennLiteError",
    "Result",
    "RunSettings",
    "Simulation",
    "Sink",
    "compile_network",
    "dump_network",
    "errors",
    "join_results",
    "load_instances",
    "load_network",
    "load_result",
    "models",
    "plotting",
    "register_backend",
    "scale_network",
    "systems",
]

if TYPE_CHECKING:  # what `__getattr__` imports when it is first used
    from pygenn_lite import declaration, models, plotting
    from pygenn_lite.codegen.systems.declared_systems import systems
    from pygenn_lite.declaration import *  # noqa: F403
    from pygenn_lite.models import *  # noqa: F403
    from pygenn_lite.runtime.backends import register_backend
    from pygenn_lite.runtime.compilation import compile_network
    from pygenn_lite.runtime.results.instance_files import load_instances
    from pygenn_lite.runtime.results.instance_results import InstanceResults
    from pygenn_lite.runtime.results.joining import join_results
    from pygenn_lite.runtime.results.result import Result
    from pygenn_lite.runtime.results.result_reader import load_result
    from pygenn_lite.runtime.results.run_sink import Sink
    from pygenn_lite.runtime.simulation import Simulation
    from pygenn_lite.yaml_format import RunSettings, dump_network, load_network, scale_network

    __all__ += declaration.__all__
else:
    _OWN = __all__
    del __all__  # `__getattr__` adds what the declaration lists

    def __getattr__(name: str) -> Any:
        """Import a public name when it is first used."""
        if name == "__all__":
            return [*_OWN, *import_module("pygenn_lite.declaration").__all__]
        if name in _MODULES:
            return import_module(f"pygenn_lite.{name}")
        if name in _LAZY:
            return getattr(import_module(_LAZY[name]), name)
        if name.startswith("_"):
            raise AttributeError(f"module 'pygenn_lite' has no attribute {name!r}")
        for home in ("pygenn_lite.declaration", "pygenn_lite.models"):
            module = import_module(home)
            if name in module.__all__:
                globals()[name] = getattr(module, name)  # not asked for again
                return globals()[name]
        from pygenn_lite.declaration.language.names import nearest
        from pygenn_lite.old_names import module_attribute

        return module_attribute(__name__, "pg", name, nearest(name, __dir__()))


def __dir__() -> list[str]:
    """All that is public, the model library included."""
    library = import_module("pygenn_lite.models").__all__
    return sorted({*import_module(__name__).__all__, *library, "__version__"})


hooks.supply(
    compile_network="pygenn_lite.runtime.compilation:compile_network",
    network_as_text="pygenn_lite.yaml_format:dump_network",
    network_html="pygenn_lite.declaration.html:network_html",
    neuron_model_html="pygenn_lite.declaration.html:neuron_model_html",
    synapse_model_html="pygenn_lite.declaration.html:synapse_model_html",
    trace_html="pygenn_lite.declaration.html:trace_html",
    result_html="pygenn_lite.runtime.notebook:result_html",
    show_result="pygenn_lite.plotting:show_result",
    write_instances="pygenn_lite.runtime.results.instance_files:write_instances",
    write_result="pygenn_lite.runtime.results.saving:write_result",
    join_results="pygenn_lite.runtime.results.joining:join_results",
)
