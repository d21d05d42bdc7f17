"""A small network file that the tests change."""

SMALL = """\
network: {name: small, dt: 0.1, seed: 3}
constants: {J: 0.5, g: 4, J_inh: -g*J}
models:
  lif:
    derivatives: dV/dt = (E_L - V + I) / tau
    threshold: V > V_th
    reset: V = V_r
    refractory: t_ref
    parameters: {tau: 20, E_L: -49, V_th: -50, V_r: -60, t_ref: 5}
populations:
  exc: {size: 8, model: lif, initial: {V: {uniform: [-60, -50]}}}
  inh: {size: 2, model: lif}
connections:
  - source: exc
    target: [exc, inh]
    synapse: {ExponentialCurrent: {tau: 5}}
    connectivity: {fixed_probability: 0.5}
    weight: J
    delay: 0.1
  - {name: inhibition, source: inh, target: exc, synapse: Delta, connectivity: all_to_all, weight: J_inh}
inputs:
  - poisson: {name: drive, target: all, rate: 10, weight: 1, variable: V}
run: {duration: 50, record: [exc.spikes, "exc.V[:4]"]}
"""  # noqa: E501


def small(old: str = "", new: str = "") -> str:
    """Return the small file with one piece of text replaced."""
    assert old in SMALL
    return SMALL.replace(old, new, 1) if old else SMALL
