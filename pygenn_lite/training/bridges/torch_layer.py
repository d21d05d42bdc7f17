"""A network as a module of PyTorch (imports torch)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch.autograd.function import once_differentiable

from pygenn_lite.declaration.network import Network
from pygenn_lite.training.bridges.array_layer import ArrayLayer


class TorchLayer(torch.nn.Module):
    """A network as a layer: see :func:`pygenn_lite.as_torch`.

    Parameters
    ----------
    layer : ArrayLayer
    single : bool
        Whether it returns a tensor, not a dict of them.

    Attributes
    ----------
    paths : dict of str to Parameter
        What is trained, by path; modules have parameters without dots in their names.
    """

    def __init__(self, layer: ArrayLayer, single: bool) -> None:
        super().__init__()
        self.layer, self.single = layer, single
        for path, value in layer.parameters.items():
            self.register_parameter(_name(path), torch.nn.Parameter(torch.tensor(value)))

    @property
    def paths(self) -> dict[str, torch.nn.Parameter]:
        """What is trained, by path."""
        return {path: getattr(self, _name(path)) for path in self.layer.parameters}

    def forward(self, x: torch.Tensor) -> torch.Tensor | dict[str, torch.Tensor]:
        """Outputs, (samples, steps, neurons), of inputs, (samples, steps, channels)."""
        outputs = _Trials.apply(self.layer, x, *self.paths.values())
        named = dict(zip(self.layer.outputs, outputs, strict=True))
        return outputs[0] if self.single else named

    def network(self) -> Network:
        """The network with its present values: what is simulated."""
        return self.layer.network_with(_arrays(self.paths))

    def extra_repr(self) -> str:
        """What torch prints between its parentheses."""
        return repr(self.layer)


class _Trials(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, layer: ArrayLayer, x: torch.Tensor, *parameters: torch.Tensor
    ) -> tuple[torch.Tensor, ...]:
        values = _arrays(dict(zip(layer.parameters, parameters, strict=True)))
        ctx.call, outputs = layer.forward(values, _array(x))
        ctx.layer = layer
        ctx.save_for_backward(x, *parameters)
        return tuple(torch.tensor(v, dtype=x.dtype, device=x.device) for v in outputs.values())

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *derivatives: torch.Tensor) -> tuple[Any, ...]:
        x, *parameters = ctx.saved_tensors
        layer: ArrayLayer = ctx.layer
        values = _arrays(dict(zip(layer.parameters, parameters, strict=True)))
        given = dict(zip(layer.outputs, map(_array, derivatives), strict=True))
        by_parameters, by_x = layer.backward(ctx.call, values, _array(x), given)
        pairs = zip(by_parameters.values(), parameters, strict=True)
        return (None, _like(by_x, x), *(_like(found, p) for found, p in pairs))


def _like(values: Any, other: torch.Tensor) -> torch.Tensor:
    return torch.tensor(values, dtype=other.dtype, device=other.device)


def _array(tensor: torch.Tensor) -> Any:
    return tensor.detach().cpu().numpy()


def _arrays(tensors: Mapping[str, torch.Tensor]) -> dict[str, Any]:
    return {path: _array(tensor) for path, tensor in tensors.items()}


def _name(path: str) -> str:
    return path.replace(".", "__")
