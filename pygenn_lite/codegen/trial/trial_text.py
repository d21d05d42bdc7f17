"""Training programs as text for people."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from pygenn_lite.codegen.program.kernel import Add
from pygenn_lite.codegen.program.spelling import spelled
from pygenn_lite.codegen.program.text import shown
from pygenn_lite.codegen.trial.trial_records import TrialGroup, TrialPopulation, of_sum

OF = {word: word for word in ("lam", "bar", "price", "crossed", "loss")} | {"grad": "dL/d"}
INNER = {"slope": "slope", "reset": "reset"}  # named by two states, or a state and a parameter


def population_text(population: TrialPopulation) -> str:
    """What is computed for a neuron, forwards and backwards."""
    say = Speech(population.called)
    lines = [f"population {population.name}"]
    lines += _section("forwards, from t to t + dt", population.forward, say)
    if not population.adjoints:
        return "\n".join([*lines, "  nothing is trained in it or before it"])
    kept = population.before[: population.kept]
    lines.append(f"  every step keeps: {', '.join(map(say.word, kept)) or 'nothing'}")
    lines += _section("a spike keeps", population.record, say)
    lines += _section("backwards, from after a spike to before it", population.at_spike, say)
    title = "backwards, from t + dt to t"
    if population.smooth:
        title += " (back: what comes back to the spike of this step)"
    lines += _section(title, population.backward, say)
    if population.sent:
        lines.append("  back to a spike that arrived, per unit of weight")
        lines += [
            f"    through {say.word(of_sum(x))}: {say(shown(v))}"
            for x, v in population.sent.items()
        ]
    lines += _section("from coefficients to parameters", population.chain_own, say)
    lines += _section("from coefficients to parameters", population.chain_shared, say)
    return "\n".join(lines)


def _section(title: str, body: Iterable[object], say: Speech) -> Iterator[str]:
    said = [line for s in body for line in _lines(s, say)]
    if said:
        yield f"  {title}"
        yield from (f"    {line}" for line in said)


def _lines(statement: object, say: Speech) -> Iterator[str]:
    if isinstance(statement, Add):  # to a gradient
        name = say.word(statement.target)
        of = name if name.isidentifier() else f"({name})"
        yield f"dL/d{of} += {say(shown(statement.value))}"
        return
    yield from map(say, str(statement).splitlines())


def group_text(group: TrialGroup, called: Mapping[str, str]) -> str:
    """What an arrival does, and what its weight and delay get; with what users call symbols of the
    target."""
    say = Speech(called)
    into = say.word(of_sum(group.into))
    lines = [f"synapse group {group.name} ({group.source} -> {group.target})"]
    lines.append(f"  an arrival adds its weight to {group.target}.{into}")
    if group.weight:
        lines.append(f"  dL/dweight += lam[{into}], where a spike arrived")
    if group.delay:
        lines.append(f"  dL/ddelay += weight*(what goes back through {into})")
    return "\n".join(lines)


class Speech:
    """Spells symbols as users do, and temporaries in a readable way."""

    def __init__(self, called: Mapping[str, str]) -> None:
        self.called = called

    def __call__(self, text: str) -> str:
        """A line of text."""
        return re.sub(r"[A-Za-z_]\w*", lambda found: self.word(found[0]), text)

    def word(self, word: str) -> str:
        """One name."""
        if word in self.called:
            return self.called[word]
        start, _, rest = word.partition("__")
        if start in OF and rest:
            return f"{OF[start]}[{self.word(rest)}]"
        if start in INNER and rest:
            return f"{INNER[start]}[{', '.join(map(self.word, rest.split('__')))}]"
        version = re.fullmatch(r"(.+)__v(\d+)", word)
        if version:
            return self.word(version[1]) + "'" * int(version[2])
        if word.endswith("__crossing"):
            return f"{self.word(word.removesuffix('__crossing'))}_crossing"
        if word.endswith("__sum"):
            return f"arrived[{self.word(word.removesuffix('__sum'))}]"
        return spelled(word, self.called).replace("__", "_")
