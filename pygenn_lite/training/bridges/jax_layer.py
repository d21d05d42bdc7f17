"""A network as a function of JAX (imports jax)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import numpy as np

from pygenn_lite.declaration.network import Network
from pygenn_lite.training.bridges.array_layer import ArrayLayer

Arrays = Mapping[str, Any]


class JaxLayer:
    """A network as a function of what is trained and of inputs: see :func:`pygenn_lite.as_jax`.

    Parameters
    ----------
    layer : ArrayLayer
    single : bool
        Whether it returns an array, not a dict of them.

    Attributes
    ----------
    parameters : dict of str to jax.Array
        What is trained, by path, with the values of the network: what gradients are taken by.
    """

    def __init__(self, layer: ArrayLayer, single: bool) -> None:
        self.layer, self.single = layer, single
        self.parameters = {path: jax.numpy.asarray(v) for path, v in layer.parameters.items()}
        self._trials = jax.custom_vjp(self._outputs)
        self._trials.defvjp(self._forward, self._backward)

    def __call__(self, parameters: Arrays, x: Any) -> Any:
        """Outputs, (samples, steps, neurons), of inputs, (samples, steps, channels)."""
        outputs = self._trials(dict(parameters), x)
        return next(iter(outputs.values())) if self.single else outputs

    def network(self, parameters: Arrays) -> Network:
        """The network with these values: what is simulated."""
        return self.layer.network_with(_arrays(parameters))

    def __repr__(self) -> str:
        return f"JaxLayer({self.layer!r})"

    def _outputs(self, parameters: Arrays, x: Any) -> Any:
        return self._forward(parameters, x)[0]

    def _forward(self, parameters: Arrays, x: Any) -> Any:
        shapes = {
            name: jax.ShapeDtypeStruct((*x.shape[:2], n), x.dtype)
            for name, n in self.layer.sizes.items()
        }
        call, outputs = jax.pure_callback(
            self._go, (jax.ShapeDtypeStruct((), np.int32), shapes), parameters, x,
            vmap_method="sequential",
        )  # fmt: skip
        return outputs, (call, parameters, x)

    def _backward(self, kept: Any, derivatives: Any) -> Any:
        shapes = jax.tree.map(lambda a: jax.ShapeDtypeStruct(a.shape, a.dtype), kept[1:])
        return jax.pure_callback(
            self._go_back, shapes, *kept, derivatives, vmap_method="sequential"
        )

    def _go(self, parameters: Arrays, x: Any) -> Any:
        call, outputs = self.layer.forward(_arrays(parameters), np.asarray(x))
        return np.int32(call), {name: v.astype(x.dtype) for name, v in outputs.items()}

    def _go_back(self, call: Any, parameters: Arrays, x: Any, derivatives: Arrays) -> Any:
        found, by_x = self.layer.backward(
            int(call), _arrays(parameters), np.asarray(x), _arrays(derivatives)
        )
        return {p: v.astype(parameters[p].dtype) for p, v in found.items()}, by_x.astype(x.dtype)


def _arrays(arrays: Arrays) -> dict[str, Any]:
    return {name: np.asarray(array) for name, array in arrays.items()}
