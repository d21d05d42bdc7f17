"""Gradients of NumPy formulas, by a tape: what a reverse pass must agree with, written from the
definition. A spike is 0 or 1, and its derivative is a surrogate's."""

import numpy as np


class Taped:
    """An array that remembers what it was made of."""

    __array_priority__ = 1000  # NumPy's arrays leave operators to it

    def __init__(self, value, parents=(), surrogate=None):
        self.value, self.parents = np.asarray(value, dtype=float), parents
        self.surrogate = surrogate or next((p.surrogate for p, _ in parents if p.surrogate), None)
        self.gradient = np.zeros_like(self.value)

    def __add__(self, other):
        other = taped(other)
        return Taped(self.value + other.value, ((self, lambda g: g), (other, lambda g: g)))

    def __mul__(self, other):
        other = taped(other)
        a, b = self.value, other.value
        return Taped(a * b, ((self, lambda g: g * b), (other, lambda g: g * a)))

    def __matmul__(self, other):
        other = taped(other)
        a, b = self.value, other.value
        return Taped(a @ b, ((self, lambda g: g @ b.T), (other, lambda g: a.T @ g)))

    def __neg__(self):
        return self * -1.0

    def __sub__(self, other):
        return self + -taped(other)

    def __rsub__(self, other):
        return taped(other) - self

    __radd__, __rmul__ = __add__, __mul__

    def __rmatmul__(self, other):
        return taped(other) @ self

    def clip(self, low, high, out=None):
        """What np.clip calls: no gradient beyond the ends."""
        inside = (self.value > low) & (self.value < high)
        return Taped(np.clip(self.value, low, high), ((self, lambda g: g * inside),))

    def spike(self):
        """1 above 0."""
        slope = self.surrogate(self.value)
        return Taped((self.value > 0).astype(float), ((self, lambda g: g * slope),))

    def backward(self, gradient):
        """Gradients of all that it was made of."""
        order, seen = [], set()
        stack = [(self, False)]
        while stack:
            node, done = stack.pop()
            if done:
                order.append(node)
            elif id(node) not in seen:
                seen.add(id(node))
                stack += [(node, True), *((parent, False) for parent, _ in node.parents)]
        self.gradient = np.broadcast_to(gradient, self.value.shape).astype(float)
        for node in reversed(order):
            for parent, back in node.parents:
                parent.gradient = parent.gradient + _as(back(node.gradient), parent.value.shape)


def taped(value):
    """A constant, unless it is taped already."""
    return value if isinstance(value, Taped) else Taped(value)


def _as(gradient, shape):
    """Summed over what was broadcast."""
    extra = gradient.ndim - len(shape)
    gradient = gradient.sum(axis=tuple(range(extra))) if extra else gradient
    axes = tuple(k for k, n in enumerate(shape) if n == 1 and gradient.shape[k] != 1)
    return gradient.sum(axis=axes, keepdims=True) if axes else gradient
