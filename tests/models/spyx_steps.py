"""One step of each neuron of Spyx 1.0 (spyx/nn.py, spyx/phasor.py), written again in NumPy.

Each is a function ``(x, state) -> (output, state)``; a state is a tuple of arrays.
"""

import numpy as np


def heaviside(u):
    """1 above 0; what a gradient is taken of (taped.py) says itself what its spikes are."""
    return u.spike() if hasattr(u, "spike") else (u > 0).astype(float)


def IF(theta=1.0):
    def step(x, state):
        (V,) = state
        s = heaviside(V - theta)
        return s, (V + x - s * theta,)

    return step


def LIF(beta, theta=1.0):
    beta = np.clip(beta, 0, 1)

    def step(x, state):
        (V,) = state
        s = heaviside(V - theta)
        return s, (beta * V + x - s * theta,)

    return step


def LI(beta):
    beta = np.clip(beta, 0, 1)

    def step(x, state):
        V = beta * state[0] + x
        return V, (V,)

    return step


def ALIF(beta, gamma, theta=1.0):
    beta, gamma = np.clip(beta, 0, 1), np.clip(gamma, 0, 1)

    def step(x, state):
        V, T = state
        s = heaviside(V - (theta + T))
        return s, (beta * V + x - s * (theta + T), gamma * T + (1 - gamma) * s)

    return step


def CuBaLIF(alpha, beta, theta=1.0):
    alpha, beta = np.clip(alpha, 0, 1), np.clip(beta, 0, 1)

    def step(x, state):
        V, current = state
        s = heaviside(V - theta)
        current = alpha * current + x
        return s, (beta * (V - s * theta) + current, current)

    return step


def PSU_LIF(beta, theta=1.0):
    beta = np.clip(beta, 0, 1)

    def step(x, state):
        V = beta * state[0] + x
        return heaviside(V - theta), (V,)

    return step


def ResonateFire(decay, omega, theta=1.0, dt=1.0):
    pole = np.exp(dt * (-decay + 1j * omega))

    def step(x, state):
        z = pole * state[0] + x
        return heaviside(z.real - theta), (z,)

    return step


def recurrent(step, weights):
    """The spikes of a step are fed back in the same step, as RIF, RLIF and RCuBaLIF do."""

    def with_feedback(x, state):
        spikes, _ = step(np.zeros_like(x), state)  # these neurons spike before they see an input
        return step(x + spikes @ weights, state)

    return with_feedback


def run(step, inputs, states=1):
    """All outputs and states of a layer over the steps of ``inputs`` (T, n)."""
    state = tuple(np.zeros(inputs.shape[1]) for _ in range(states))
    outputs, history = [], []
    for x in inputs:
        out, state = step(x, state)
        outputs.append(out)
        history.append(state)
    return np.array(outputs), [np.array(values) for values in zip(*history, strict=True)]
