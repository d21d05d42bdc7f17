"""Networks as YAML files: read, written and changed by path.

A network file has these sections (all but ``populations`` may be missing)::

    network: {name: cuba, dt: 0.1, seed: 1, description: "..."}
    constants: {g: 5, J: 0.1, J_inh: "-g * J"}          # usable wherever a number is
    models:
      lif: {derivatives: "dV/dt = (E_L - V + I)/tau", threshold: V > V_th, reset: V = V_r,
            refractory: t_ref, parameters: {...}, initial: {...}}
      adex: {use: AdEx, parameters: {C: 281}}           # from the library
    synapses:
      ampa: {use: ExponentialCurrent, parameters: {tau: 5}}
      stdp: {use: PairSTDP, receptor: ampa, parameters: {w_max: 2}}
    populations:
      exc: {size: 3200, model: lif, initial: {V: {uniform: [-60, -50]}}, parameters: {tau: 10}}
      stim: {size: 2, spike_source: {times: [1, 2.5], indices: [0, 1]}}     # or {file: spikes.npz}
    connections:
      - {source: exc, target: [exc, inh], synapse: ampa, connectivity: {fixed_probability: 0.02},
         weight: 1.62, delay: 0.1}
    inputs:
      - poisson: {target: all, rate: 8, sources: {by_target: [1600, 1500]}, weight: 87.8,
                  synapse: ampa}
      - current: {target: exc, value: 100}
      - step_current: {target: exc, times: [0, 10], values: [0, 5]}
      - noise_current: {target: exc, mean: 0, std: 1}
    run: {duration: 1000, warmup: 500, record: [exc.spikes, "exc.V[:10]"], interval: 0.1}
    reference_rates: {exc: 5.6}                         # rates in Hz, shown beside measured ones
    full_scale_rates: {exc: 5.6}                        # for scale_network

Values are numbers, formulas of constants (and of ``i``, ``x``, ``distance``, ... where values may
depend on the neuron), lists (one per neuron or synapse), arrays of a file beside it (``{file:
values.npz, array: NAME}``), or distributions: ``{uniform: [low,
high]}``, ``{normal: [mean, std]}``, ``{truncated_normal: {mean: m, std: s, low: 0}}``,
``{lognormal: [mu, sigma]}``, ``{exponential: mean}``, ``{gamma: [shape, scale]}``,
``{binomial: [n, p]}``. Where ``source`` or ``target`` is a list or ``all``, any value, or any part
of one, may be a matrix (rows are targets, columns sources), ``{by_source: [...]}`` or
``{by_target: [...]}``; a probability of 0 means no connection. Rules are ``all_to_all``,
``one_to_one``, ``{fixed_probability: p}``, ``{fixed_total_number: n}`` (or ``{probability: p}``),
``{fixed_in_degree: n}``, ``{fixed_out_degree: n}``, ``{pair_list: {pre: [...], post: [...]}}``,
``{csr: {...}}``, ``{distance_dependent: "exp(-distance/100)"}``. The duration counts after
the warm-up: the whole run takes ``warmup + duration``.
"""

from typing import Any

from pygenn_lite import hooks
from pygenn_lite.declaration import Network
from pygenn_lite.yaml_format.array_files import save_network
from pygenn_lite.yaml_format.dump import dump_network
from pygenn_lite.yaml_format.load import find_network_file, load_network
from pygenn_lite.yaml_format.settings import RunSettings

__all__ = [
    "RunSettings",
    "dump_network",
    "find_network_file",
    "load_network",
    "save_network",
    "scale_network",
]


def scale_network(*arguments: Any, **options: Any) -> Network:
    """`pg.scale_network`, which lived here."""
    scaled: Network = hooks.call("scale_network", *arguments, **options)
    return scaled
