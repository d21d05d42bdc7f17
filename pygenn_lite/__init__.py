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
_MODULES = ("analysis", "declaration", "exchange", "models", "plotting", "scaling")
# Modules of `training`.
_TRAINING = ("constraints", "data", "losses", "optimisers", "schedules", "surrogates", "tasks")
_LAZY = {
    "Simulation": "pygenn_lite.runtime.simulation",
    "compile_network": "pygenn_lite.runtime.compilation",
    "compile_networks": "pygenn_lite.runtime.compilation",
    "systems": "pygenn_lite.codegen.systems.declared_systems",
    "devices": "pygenn_lite.runtime.devices",
    "DeepRewiring": "pygenn_lite.runtime.training.deep_rewiring",
    "EProp": "pygenn_lite.codegen.trial.eprop",
    "GradientReport": "pygenn_lite.training.gradient_report",
    "TrialLoss": "pygenn_lite.training.trial_loss",
    "TensorBoard": "pygenn_lite.training.tensorboard",
    "SpikingClassifier": "pygenn_lite.training.estimator",
    "EarlyStopping": "pygenn_lite.training.early_stopping",
    "Evaluation": "pygenn_lite.training.trainer_evaluation",
    "History": "pygenn_lite.training.history",
    "Trainer": "pygenn_lite.training.trainer",
    "TrainingTask": "pygenn_lite.training.training_task",
    "train": "pygenn_lite.training.train",
    "as_jax": "pygenn_lite.training.bridges.frameworks",
    "as_torch": "pygenn_lite.training.bridges.frameworks",
    "check_gradient": "pygenn_lite.training.check_gradient",
    "quantise": "pygenn_lite.training.quantisation",
    "spike_time": "pygenn_lite.training.trial_loss",
    "state_variable": "pygenn_lite.training.trial_loss",
    "register_backend": "pygenn_lite.runtime.backends",
    "Result": "pygenn_lite.runtime.results.result",
    "InstanceResults": "pygenn_lite.runtime.results.instance_results",
    "Sink": "pygenn_lite.runtime.results.run_sink",
    "Batch": "pygenn_lite.batch.batch",
    "load_batch": "pygenn_lite.batch.batch",
    "load_instances": "pygenn_lite.runtime.results.instance_files",
    "load_result": "pygenn_lite.runtime.results.result_reader",
    "join_results": "pygenn_lite.runtime.results.joining",
    "RunSettings": "pygenn_lite.yaml_format",
    "Search": "pygenn_lite.batch.search.search",
    "Sweep": "pygenn_lite.batch.sweep",
    "load_network": "pygenn_lite.yaml_format",
    "dump_network": "pygenn_lite.yaml_format",
    "save_network": "pygenn_lite.yaml_format.array_files",
    "fit_weights": "pygenn_lite.scaling",
    "scale_network": "pygenn_lite.scaling",
    "scale_weights": "pygenn_lite.scaling",
}

__all__: list[str] = [
    "Batch",
    "DeepRewiring",
    "EProp",
    "EarlyStopping",
    "Evaluation",
    "GradientReport",
    "History",
    "InstanceResults",
    "PygennLiteError",
    "Result",
    "RunSettings",
    "Search",
    "Simulation",
    "Sink",
    "SpikingClassifier",
    "Sweep",
    "TensorBoard",
    "Trainer",
    "TrainingTask",
    "TrialLoss",
    "analysis",
    "as_jax",
    "as_torch",
    "check_gradient",
    "compile_network",
    "compile_networks",
    "constraints",
    "data",
    "devices",
    "dump_network",
    "errors",
    "exchange",
    "fit_weights",
    "join_results",
    "load_batch",
    "load_instances",
    "load_network",
    "load_result",
    "losses",
    "models",
    "optimisers",
    "plotting",
    "quantise",
    "register_backend",
    "save_network",
    "scale_network",
    "scale_weights",
    "scaling",
    "schedules",
    "spike_time",
    "state_variable",
    "surrogates",
    "systems",
    "tasks",
    "train",
]

if TYPE_CHECKING:  # what `__getattr__` imports when it is first used
    from pygenn_lite import analysis, declaration, exchange, models, plotting, scaling
    from pygenn_lite.batch.batch import Batch, load_batch
    from pygenn_lite.batch.search.search import Search
    from pygenn_lite.batch.sweep import Sweep
    from pygenn_lite.codegen.systems.declared_systems import systems
    from pygenn_lite.codegen.trial.eprop import EProp
    from pygenn_lite.declaration import *  # noqa: F403
    from pygenn_lite.models import *  # noqa: F403
    from pygenn_lite.runtime.backends import register_backend
    from pygenn_lite.runtime.compilation import compile_network, compile_networks
    from pygenn_lite.runtime.devices import devices
    from pygenn_lite.runtime.results.instance_files import load_instances
    from pygenn_lite.runtime.results.instance_results import InstanceResults
    from pygenn_lite.runtime.results.joining import join_results
    from pygenn_lite.runtime.results.result import Result
    from pygenn_lite.runtime.results.result_reader import load_result
    from pygenn_lite.runtime.results.run_sink import Sink
    from pygenn_lite.runtime.simulation import Simulation
    from pygenn_lite.runtime.training.deep_rewiring import DeepRewiring
    from pygenn_lite.scaling import fit_weights, scale_network, scale_weights
    from pygenn_lite.training import (
        constraints,
        data,
        losses,
        optimisers,
        schedules,
        surrogates,
        tasks,
    )
    from pygenn_lite.training.bridges.frameworks import as_jax, as_torch
    from pygenn_lite.training.check_gradient import check_gradient
    from pygenn_lite.training.early_stopping import EarlyStopping
    from pygenn_lite.training.estimator import SpikingClassifier
    from pygenn_lite.training.gradient_report import GradientReport
    from pygenn_lite.training.history import History
    from pygenn_lite.training.quantisation import quantise
    from pygenn_lite.training.tensorboard import TensorBoard
    from pygenn_lite.training.train import train
    from pygenn_lite.training.trainer import Trainer
    from pygenn_lite.training.trainer_evaluation import Evaluation
    from pygenn_lite.training.training_task import TrainingTask
    from pygenn_lite.training.trial_loss import TrialLoss, spike_time, state_variable
    from pygenn_lite.yaml_format import RunSettings, dump_network, load_network, save_network

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
        if name in _TRAINING:
            return import_module(f"pygenn_lite.training.{name}")
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
    scale_network="pygenn_lite.scaling:scale_network",
    show_result="pygenn_lite.plotting:show_result",
    report_result="pygenn_lite.reports:write_result_report",
    write_instances="pygenn_lite.runtime.results.instance_files:write_instances",
    write_result="pygenn_lite.runtime.results.saving:write_result",
    to_neo="pygenn_lite.exchange.neo_output:to_neo",
    to_nwb="pygenn_lite.exchange.nwb_output:to_nwb",
    to_pandas="pygenn_lite.exchange.pandas_output:to_pandas",
    to_xarray="pygenn_lite.exchange.xarray_output:to_xarray",
    join_results="pygenn_lite.runtime.results.joining:join_results",
)
