"""What users call: `pg.as_torch` and `pg.as_jax`. Frameworks are imported when they are asked
for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from pygenn_lite.declaration.network import Network
from pygenn_lite.errors import ArgumentError
from pygenn_lite.optional import require
from pygenn_lite.training.bridges.array_layer import WHERE, ArrayLayer
from pygenn_lite.training.trainer_options import check_names

if TYPE_CHECKING:
    from pygenn_lite.training.bridges.jax_layer import JaxLayer
    from pygenn_lite.training.bridges.torch_layer import TorchLayer


class LayerOptions(TypedDict, total=False):
    """Options of a layer."""

    gradient: str
    surrogate: Any
    detach_reset: bool
    trainable: str | Iterable[str]
    bounds: Mapping[str, tuple[float, float]] | None
    precision: str
    threads: int | None
    seed: int | None


def as_torch(
    network: Network,
    outputs: str | Iterable[str],
    *,
    inputs: str | None = None,
    **options: Unpack[LayerOptions],
) -> TorchLayer:
    """A network as a module of PyTorch: a spiking layer inside another model.

    Its input is a tensor (samples, steps, channels), its output one (samples, steps, neurons).
    Gradients go through it to what is trained, which are its parameters, and to its input.

    Parameters
    ----------
    network : Network
    outputs : str or iterable of str
        What it gives out: a variable at the ends of steps (``"out.V"``), or spikes
        (``"hidden.spikes"``), 0 or 1. Several come as a dict.
    inputs : str, optional
        Where the input goes: a spike source, whose channels get numbers of spikes, or a variable
        (``"hidden.V"``), to which real values are added at the beginning of every step. By default
        the only spike source. Other spike sources replay what they were declared with.
    gradient : {"surrogate", "exact"}
        Exact ones for variables only.
    surrogate, detach_reset
        With surrogate gradients: the derivative of a spike (``pg.surrogates``), by default
        superspike(25); whether nothing flows back through resets.
    trainable : str or iterable of str
        Paths of what is trained; by default all weights.
    bounds : mapping of str to (float, float), optional
        Which values paths may have.
    precision : {"float32", "float64"}
        In which it is computed.
    threads, seed : int, optional

    Returns
    -------
    torch.nn.Module
        With ``paths``, the parameters by path, and ``network()``, the trained network.

    Raises
    ------
    MissingPackageError
        PyTorch is not installed.
    ArgumentError
        There is no such input, output or option.
    UnsupportedFeatureError
        Something of the network cannot be trained, by name.
    """
    require("torch", "", "pg.as_torch")
    from pygenn_lite.training.bridges.torch_layer import TorchLayer

    return TorchLayer(*_layer(network, outputs, inputs, options))


def as_jax(
    network: Network,
    outputs: str | Iterable[str],
    *,
    inputs: str | None = None,
    **options: Unpack[LayerOptions],
) -> JaxLayer:
    """A network as a function of JAX: ``layer(parameters, x)``, with gradients by both.

    It may be jitted, differentiated and mapped; the network itself runs on the processor.

    Parameters
    ----------
    network, outputs, inputs, **options
        As :func:`as_torch`.

    Returns
    -------
    JaxLayer
        With ``parameters``, a dict of what is trained, by path, and ``network(parameters)``.

    Raises
    ------
    MissingPackageError
        JAX is not installed.
    ArgumentError, UnsupportedFeatureError
        As :func:`as_torch`.
    """
    require("jax", "", "pg.as_jax")
    from pygenn_lite.training.bridges.jax_layer import JaxLayer

    return JaxLayer(*_layer(network, outputs, inputs, options))


def _layer(
    network: Network,
    outputs: str | Iterable[str],
    inputs: str | None,
    options: Mapping[str, Any],
) -> tuple[ArrayLayer, bool]:
    """The network between arrays, and whether one of them comes out of it."""
    check_names(options, LayerOptions.__annotations__, WHERE)
    return ArrayLayer(network, _names(outputs), inputs, options), isinstance(outputs, str)


def _names(outputs: Any) -> tuple[str, ...]:
    names = (outputs,) if isinstance(outputs, str) else tuple(outputs)
    if not all(isinstance(name, str) for name in names):
        raise ArgumentError(
            f"outputs = {outputs!r}",
            where=WHERE,
            hint='write outputs="out.V", or outputs=["out.V", "hidden.spikes"]',
        )
    return names
