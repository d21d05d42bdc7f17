"""What each run of a sweep records: what its measures need and what is kept of it, nothing else;
and which part of that is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from pygenn_lite.batch.kept_recordings import recordings
from pygenn_lite.batch.measuring import needs_samples, needs_spikes
from pygenn_lite.batch.sweep_spec import Group, Run, SweepSpec
from pygenn_lite.declaration.network import Network
from pygenn_lite.declaration.population import SpikeSource
from pygenn_lite.declaration.recorded import Recording, SpikesOf
from pygenn_lite.errors import InputError, Location, SweepError
from pygenn_lite.runtime.results.recorded_data import RecordedByName, SpikeTrain
from pygenn_lite.runtime.results.result import Result

TRIED = 8  # groups


def prepare_recordings(network: Network, spec: SweepSpec, run: Run) -> list[Recording]:
    """Let a network record what is wanted of one run, in place of what it records by itself.

    Parameters
    ----------
    network : Network
        Changed.
    spec : SweepSpec
    run : Run

    Returns
    -------
    list of Recording
        What of it is kept.
    """
    own = recordings(network, spec.record) if spec.record else list(network.recordings)
    spikes = [recording for recording in own if isinstance(recording.what, SpikesOf)]
    samples = [recording for recording in own if not isinstance(recording.what, SpikesOf)]
    kept: list[Recording] = []
    if spec.keep_spikes.chosen(run):
        kept += spikes or all_spikes(network)
    if spec.keep_traces.chosen(run):
        kept += samples
    wanted = list(kept)
    if needs_spikes(spec.measures):
        wanted = [r for r in kept if not isinstance(r.what, SpikesOf)] + all_spikes(network)
    if needs_samples(spec.measures) and not spec.keep_traces.chosen(run):
        wanted += samples
    network.recordings[:] = wanted
    return kept


def check_recordings(spec: SweepSpec, groups: Sequence[Group]) -> None:
    """Refuse texts of ``record`` that fit the first run of none of the groups that are tried: each
    run would fail.

    Raises
    ------
    SweepError
        With the text.
    """
    found: InputError | None = None
    for group in groups[:TRIED] if spec.record else ():
        try:
            recordings(spec.source.make(group.runs[0].values), spec.record)
        except InputError as error:
            found = found or error
        else:
            return
    if isinstance(found, SweepError):
        where = found.where.inside(Location(spec.origin))
        raise SweepError(found.message, where=where, hint=found.hint)


def all_spikes(network: Network) -> list[Recording]:
    """The spikes of all neurons, but for given spike trains."""
    return [
        Recording(population.spikes)
        for population in network.populations.values()
        if not isinstance(population.model, SpikeSource)
    ]


def kept_part(result: Result, kept: Sequence[Recording]) -> Result:
    """What is kept of a result: neither what only measures needed, nor neurons nobody asked for.

    Parameters
    ----------
    result : Result
    kept : sequence of Recording
    """
    neurons: dict[str, set[int]] = {}
    for recording in kept:
        what = recording.what
        if isinstance(what, SpikesOf):
            neurons.setdefault(what.population, set()).update(map(int, what.neurons))
    spikes: dict[str, SpikeTrain] = {}
    whole = set()
    for name, train in result.spikes.items():
        if len(neurons.get(name, ())) == result.sizes[name]:
            spikes[name] = train
            whole.add(name)
        elif name in neurons:
            some = np.array(sorted(neurons[name]), np.uint32)
            mine = np.isin(train.indices, some)
            spikes[name] = SpikeTrain(train.steps[mine], train.indices[mine], train.dt, some)
    traced = any(not isinstance(recording.what, SpikesOf) for recording in kept)
    return replace(
        result,
        spikes=RecordedByName(spikes, "spikes"),
        traces=result.traces if traced else RecordedByName({}, "traces"),
        fully_recorded=result.fully_recorded & whole,
    )
