"""Settings of a training as text: what a checkpoint says of them, and what is different now.

Only what decides how a training continues is among them. Threads, backend and card do not change a
bit. The rate of the optimiser, its schedule, decay and clipping may be others: they count from
where the training is continued.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from hashlib import blake2b
from itertools import takewhile
from typing import Any

import numpy as np

from pygenn_lite.declaration.digest import value_digest
from pygenn_lite.declaration.network import Network
from pygenn_lite.declaration.numeric import plain_number
from pygenn_lite.training.losses.loss import WeightedSum
from pygenn_lite.training.training_setup import TrainingSetup

OPTIONS = (
    "surrogate", "detach_reset", "bounds", "longest_delay", "constraints", "dropout", "rewiring",
)  # fmt: skip
MOST_SHOWN = 100  # characters; of longer ones those around the first that differs


def settings_of(setup: TrainingSetup) -> dict[str, str]:
    """By name, as a user gives them; one that is not given, or is empty, is ''."""
    options = setup.options
    found = {
        "loss": _loss(setup.loss), "optimiser": _optimiser(setup.optimiser),
        "batch": described(setup.batch), "gradient": described(setup.gradient),
        "seed": described(setup.seed), "input": described(setup.input),
        "precision": described(options.get("precision", "float32")),
    }  # fmt: skip
    return found | {name: described(options[name]) if options.get(name) else "" for name in OPTIONS}


def parts_of(network: Network) -> dict[str, str]:
    """What a network is made of: dt and seed, and digests by the name of each part."""
    found = {"dt": described(network.dt), "seed": described(network.seed)}
    found |= {f"population {name!r}": value_digest(p) for name, p in network.populations.items()}
    found |= {f"synapse group {name!r}": value_digest(g) for name, g in network.groups.items()}
    return found | {f"input {one.name!r}": value_digest(one) for one in network.inputs}


def other_parts(there: Mapping[str, str], here: Mapping[str, str]) -> list[str]:
    """What differs between the parts of two networks, a few words for each."""
    shown = differences(there, {name: here[name] for name in ("dt", "seed")})
    for name in {**here, **there}:
        if name not in there:
            shown.append(f"{name} is only here")
        elif name not in here:
            shown.append(f"{name} is only there")
        elif name not in ("dt", "seed") and there[name] != here[name]:
            shown.append(f"{name} is another")
    return shown


def differences(there: Mapping[str, str], here: Mapping[str, str]) -> list[str]:
    """What differs, a sentence for each; settings that a checkpoint does not know are left out."""
    return [
        f"{name} is {_shown(there[name], here[name])} there, and {_shown(here[name], there[name])} "
        "here"
        for name in here
        if there.get(name, here[name]) != here[name]
    ]


def described(value: Any) -> str:
    """A value as text: equal ones give equal text, in every process.

    Examples
    --------
    >>> described({"groups.w.weight": [pg.constraints.Norm(2.0)]})
    "{'groups.w.weight': [Norm(most=2, of='target')]}"
    """
    number = plain_number(value)
    if number is not None:
        return repr(int(number) if float(number).is_integer() else float(number))
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{k!r}: {described(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(described, value)) + "]"
    if isinstance(value, np.ndarray):
        digest = blake2b(np.ascontiguousarray(value).tobytes(), digest_size=4).hexdigest()
        return f"array of shape {value.shape} ({digest})"
    if is_dataclass(value) and not isinstance(value, type):
        return _named(value, {f.name: getattr(value, f.name) for f in fields(value)})
    if callable(value) and hasattr(value, "__qualname__"):
        return f"{value.__module__}.{value.__qualname__}"
    shows: Any = type(value).__repr__
    if shows is object.__repr__:  # an address
        return _named(value, getattr(value, "__dict__", {}))
    return repr(value)


def _named(value: object, entries: Mapping[str, Any]) -> str:
    inside = ", ".join(f"{name}={described(entry)}" for name, entry in entries.items())
    return f"{type(value).__name__}({inside})"


def _loss(loss: Any) -> str:
    parts = loss.parts if isinstance(loss, WeightedSum) else ((1.0, loss),)
    return " + ".join(f"{'' if f == 1 else f'{f!r}*'}{described(part)}" for f, part in parts)


def _optimiser(optimiser: Any) -> str:
    """Its equations, and their settings: what its slots mean."""
    rule = optimiser.rule
    equations = "; ".join(map(str, rule.equations))
    return f"{rule.name} ({described(dict(optimiser.settings))}: {equations})"


def _shown(text: str, other: str) -> str:
    if not text:
        return "not given"
    if max(len(text), len(other)) <= MOST_SHOWN:
        return text
    alike = takewhile(lambda pair: pair[0] == pair[1], zip(text, other, strict=False))
    first = sum(1 for _ in alike)
    begin = max(0, first - MOST_SHOWN // 2)
    piece = text[begin : begin + MOST_SHOWN]
    return f"{'...' * (begin > 0)}{piece}{'...' * (begin + MOST_SHOWN < len(text))}"
