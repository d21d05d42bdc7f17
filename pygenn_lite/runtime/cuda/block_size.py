"""Chooses how many threads a block of a kernel has, and says why.

Three things count: how many warps run on a multiprocessor (`occupancy`), how evenly the blocks fall
on the multiprocessors, and what the kernel waits for. Who can time a kernel gives a function that
does it: the best few sizes are timed once then, and the fastest is kept in the compile cache. Steps
of networks are not timed yet.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import replace

from pygenn_lite.errors import ArgumentError
from pygenn_lite.records import dataclass
from pygenn_lite.runtime import compile_cache
from pygenn_lite.runtime.cuda.occupancy import (
    MOST_THREADS,
    WARP,
    Occupancy,
    architecture,
    occupancy,
)

SIZES = tuple(range(64, MOST_THREADS + 1, 32))
TIMED = 4  # of the best sizes
CHOICE = "choice.json"

# What a kernel waits for -> warps of a multiprocessor beyond which more of them gain nothing (None:
# all it can hold). An instruction's result takes about 4 cycles, and each of the 4 partitions
# issues one instruction a cycle: 16 warps keep it busy (V. Volkov, "Better performance at lower
# occupancy", GTC 2010). Loads from memory take hundreds of cycles, so every warp helps.
ENOUGH_WARPS = {"memory": None, "arithmetic": 16, "barriers": 16}


@dataclass(frozen=True)
class KernelNeeds:
    """What a kernel asks of a card, as far as the size of its blocks depends on it.

    Attributes
    ----------
    elements : int
        The work of a launch, one thread each.
    registers : int
        Of a thread.
    shared_bytes : int
        Of a block, whatever its size.
    shared_per_thread : int
        Bytes that come on top of it for each thread.
    waits_for : {"memory", "arithmetic", "barriers"}
        What it spends most of its time on: loads; computing; waiting for the other warps of its
        block, so that another block on the same multiprocessor is of use.
    """

    elements: int
    registers: int
    shared_bytes: int = 0
    shared_per_thread: int = 0
    waits_for: str = "memory"

    def __post_init__(self) -> None:
        if self.waits_for not in ENOUGH_WARPS:
            raise ArgumentError(
                f"waits_for={self.waits_for!r}", hint=f"choose one of {', '.join(ENOUGH_WARPS)}"
            )
        if self.elements < 1:
            raise ArgumentError(f"elements={self.elements!r}: a kernel has at least one to do")


@dataclass(frozen=True)
class BlockSize:
    """A number of threads and how good it is.

    Attributes
    ----------
    threads : int
        Of a block.
    blocks : int
        Of the launch.
    occupancy : Occupancy
    evenness : float
        Elements of a multiprocessor on average, over those of the one that has most.
    speed : float
        What a multiprocessor does of what it could, given the warps that run on it.
    seconds : float or None
        As timed.
    reason : str
        In words.
    """

    threads: int
    blocks: int
    occupancy: Occupancy
    evenness: float
    speed: float
    seconds: float | None = None
    reason: str = ""

    @property
    def score(self) -> float:
        """Expected speed, of the best conceivable: `evenness` times `speed`."""
        return self.evenness * self.speed


def rank_block_sizes(
    compute_capability: int,
    multiprocessors: int,
    needs: KernelNeeds,
    sizes: Sequence[int] = SIZES,
) -> list[BlockSize]:
    """All sizes that can be launched, the best first.

    Parameters
    ----------
    compute_capability : int
        90 for 9.0.
    multiprocessors : int
    needs : KernelNeeds
    sizes : sequence of int
        Threads of a block to choose from.

    Raises
    ------
    ArgumentError
        None of them can be launched.

    Examples
    --------
    >>> best = rank_block_sizes(90, 132, KernelNeeds(elements=77_169, registers=32))[0]
    >>> best.threads, best.blocks
    (64, 1206)
    """
    found = [_rated(compute_capability, multiprocessors, needs, threads) for threads in sizes]
    able = [each for each in found if each.occupancy.blocks]
    if not able:
        least = found[0].occupancy if found else None
        what = f" (a block of {sizes[0]} threads: by {least.limited_by})" if least else ""
        name = architecture(compute_capability).name
        raise ArgumentError(
            f"no block of the kernel fits a multiprocessor of {name}{what}: "
            f"{needs.registers} registers a thread, {needs.shared_bytes} + "
            f"{needs.shared_per_thread} x threads bytes of shared memory",
            hint="use smaller blocks, or less shared memory",
        )
    return sorted(able, key=lambda each: (-round(each.score, 3), each.threads))


def choose_block_size(
    compute_capability: int,
    multiprocessors: int,
    needs: KernelNeeds,
    *,
    sizes: Sequence[int] = SIZES,
    time_it: Callable[[int], float] | None = None,
    identity: str = "",
) -> BlockSize:
    """The size of a kernel's blocks, with the reason.

    Parameters
    ----------
    compute_capability, multiprocessors, needs, sizes
        See `rank_block_sizes`.
    time_it : callable, optional
        Seconds that the kernel takes with so many threads a block; called for the best few sizes,
        once on this machine where ``identity`` is given.
    identity : str
        What the measurement depends on besides: the card's name and the kernel's digest. Without it
        nothing is kept in the compile cache.

    Raises
    ------
    ArgumentError
        No size can be launched.
    """
    ranked = rank_block_sizes(compute_capability, multiprocessors, needs, sizes)
    best = replace(ranked[0], reason=_reason(ranked[0], needs, multiprocessors))
    if time_it is None or len(ranked) == 1:
        return best
    tried = ranked[:TIMED]
    seconds = _timed(tried, time_it, _key(compute_capability, multiprocessors, needs, identity))
    fastest = min(tried, key=lambda each: seconds[each.threads])
    others = ", ".join(
        f"{each.threads}: {seconds[each.threads] * 1e6:.3g} us" for each in tried if each != fastest
    )
    said = _reason(fastest, needs, multiprocessors)
    taken = seconds[fastest.threads]
    words = f"{said}; timed: {taken * 1e6:.3g} us, the fastest of {len(tried)} ({others})"
    return replace(fastest, seconds=taken, reason=words)


def _rated(
    compute_capability: int, multiprocessors: int, needs: KernelNeeds, threads: int
) -> BlockSize:
    shared = needs.shared_bytes + needs.shared_per_thread * threads
    fit = occupancy(compute_capability, threads, needs.registers, shared)
    blocks = -(-needs.elements // threads)
    most = -(-blocks // multiprocessors)  # of one multiprocessor, one after the other or not
    evenness = needs.elements / (multiprocessors * most * threads)
    together = min(fit.blocks, most)
    warps = together * -(-threads // WARP)
    enough = ENOUGH_WARPS[needs.waits_for] or fit.most_warps
    speed = min(1.0, warps / enough)
    if needs.waits_for == "barriers" and together:
        speed *= together / (together + 1)  # a block that waits leaves the others running
    return BlockSize(threads, blocks, fit, evenness, speed)


def _reason(size: BlockSize, needs: KernelNeeds, multiprocessors: int) -> str:
    per_card = size.blocks / multiprocessors
    waits = {
        "memory": "it waits for memory, so that more warps are of use",
        "arithmetic": f"it computes, and {ENOUGH_WARPS['arithmetic']} warps suffice",
        "barriers": "it waits at barriers, so that several blocks are of use",
    }[needs.waits_for]
    return (
        f"{size.threads} threads: {size.occupancy}; {needs.elements:,} elements are "
        f"{size.blocks:,} {'block' if size.blocks == 1 else 'blocks'} for {multiprocessors} "
        f"multiprocessors, {per_card:.3g} each, which is {size.evenness:.0%} even; {waits}"
    )


def _key(
    compute_capability: int, multiprocessors: int, needs: KernelNeeds, identity: str
) -> str | None:
    if not identity:
        return None
    text = f"{compute_capability}\0{multiprocessors}\0{needs}\0{identity}"
    return f"blocksize-{hashlib.sha256(text.encode()).hexdigest()[:32]}"


def _timed(
    sizes: Sequence[BlockSize], time_it: Callable[[int], float], key: str | None
) -> dict[int, float]:
    """Seconds by threads: from the compile cache where all are there, else measured and kept."""
    wanted = {each.threads for each in sizes}
    if key is not None:
        found = compile_cache.find_entry(key)
        if found is not None:
            with contextlib.suppress(OSError, ValueError, AttributeError):
                text = json.loads((found / CHOICE).read_text(encoding="utf-8"))
                kept = {int(threads): float(seconds) for threads, seconds in text.items()}
                if wanted <= set(kept):
                    return kept
    seconds = {threads: float(time_it(threads)) for threads in sorted(wanted)}
    if key is not None:
        with compile_cache.entry_lock(key):
            compile_cache.drop_entry(key)
            with compile_cache.new_entry(key) as folder:
                (folder / CHOICE).write_text(json.dumps(seconds), encoding="utf-8")
    return seconds
