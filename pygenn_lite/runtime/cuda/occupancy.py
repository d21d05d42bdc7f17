"""How many blocks of a kernel run on a multiprocessor at the same time, and what limits them.

The rules and limits are those of NVIDIA's ``cuda_occupancy.h`` (CUDA 13.5, functions
``cudaOccMaxActiveBlocksPerMultiprocessor`` and what it calls) and ``cuda/__device/arch_traits.h``
(CCCL 13.3), so no card and no driver is needed.
"""

from __future__ import annotations

from pygenn_lite.errors import ArgumentError
from pygenn_lite.records import dataclass

WARP = 32
REGISTERS = 65_536  # of a multiprocessor, and of a block at most
REGISTER_UNIT = 256  # a warp gets multiples of it
PARTITIONS = 4  # of a multiprocessor, each with a quarter of the registers
MOST_REGISTERS = 255  # of a thread
MOST_THREADS = 1024  # of a block
PLAIN_SHARED = 48 << 10  # bytes; a kernel that wants more of it must say so

BY_WARPS, BY_REGISTERS = "warps", "registers"
BY_SHARED, BY_BLOCKS = "shared memory", "blocks"

_CARVEOUTS = (0, 8, 16, 32, 64, 100, 132, 164, 196, 228)  # KiB, from compute capability 8.0 on


@dataclass(frozen=True)
class Architecture:
    """What a multiprocessor of a compute capability has.

    Attributes
    ----------
    compute_capability : int
        90 for 9.0.
    threads : int
        That run at the same time.
    blocks : int
        That run at the same time.
    shared_bytes : int
        Shared memory.
    shared_unit : int
        A block gets multiples of it, bytes.
    reserved_bytes : int
        Shared memory that the system takes of each block's.
    """

    compute_capability: int
    threads: int
    blocks: int
    shared_bytes: int
    shared_unit: int = 128
    reserved_bytes: int = 1024

    @property
    def name(self) -> str:
        """As compilers call it: ``"sm_90"``."""
        return f"sm_{self.compute_capability}"

    @property
    def warps(self) -> int:
        """Warps that run at the same time."""
        return self.threads // WARP

    @property
    def shared_per_block(self) -> int:
        """Shared memory that a kernel may have at most, bytes."""
        return self.shared_bytes - self.reserved_bytes

    @property
    def carveouts(self) -> tuple[int, ...]:
        """Bytes of shared memory that the multiprocessor can be set to; the rest is cache."""
        if self.compute_capability < 80:
            return (32 << 10, 64 << 10)
        return tuple(kib << 10 for kib in _CARVEOUTS if kib << 10 <= self.shared_bytes)


ARCHITECTURES = {
    each.compute_capability: each
    for each in (
        Architecture(75, 1024, 16, 64 << 10, 256, 0),
        Architecture(80, 2048, 32, 164 << 10),
        Architecture(86, 1536, 16, 100 << 10),
        Architecture(87, 1536, 16, 164 << 10),
        Architecture(88, 1536, 16, 100 << 10),
        Architecture(89, 1536, 24, 100 << 10),
        Architecture(90, 2048, 32, 228 << 10),
        Architecture(100, 2048, 32, 228 << 10),
        Architecture(103, 2048, 32, 228 << 10),
        Architecture(107, 1024, 16, 228 << 10),
        Architecture(110, 1536, 24, 228 << 10),
        Architecture(120, 1536, 24, 100 << 10),
        Architecture(121, 1536, 24, 100 << 10),
    )
}


@dataclass(frozen=True)
class Occupancy:
    """How a kernel fills a multiprocessor.

    Attributes
    ----------
    blocks : int
        That run at the same time; 0: the kernel cannot be launched.
    warps : int
        Of these blocks.
    most_warps : int
        That the multiprocessor can hold.
    limits : dict of str to int
        Blocks that each resource allows: "warps", "blocks", "registers", "shared memory".
    """

    blocks: int
    warps: int
    most_warps: int
    limits: dict[str, int]

    @property
    def fraction(self) -> float:
        """Warps that run, of those that could."""
        return self.warps / self.most_warps

    @property
    def limited_by(self) -> str:
        """The resource that allows no more blocks; the first one where there are several."""
        return min(self.limits, key=lambda resource: self.limits[resource])

    def __str__(self) -> str:
        return (
            f"{self.blocks} {'block' if self.blocks == 1 else 'blocks'} a multiprocessor, "
            f"{self.fraction:.0%} of its warps, limited by {self.limited_by}"
        )


def active_blocks(
    compute_capability: int,
    threads: int,
    registers: int,
    shared_bytes: int,
    carveout_percent: int = -1,
) -> int:
    """Blocks of a kernel that run on one multiprocessor at the same time.

    Parameters
    ----------
    compute_capability : int
        90 for 9.0.
    threads : int
        Of a block, 1 to 1024.
    registers : int
        Of a thread, 0 to 255.
    shared_bytes : int
        Shared memory of a block, constant and dynamic together.
    carveout_percent : int
        Of the multiprocessor's memory that is used as shared memory, as the kernel wishes it; -1:
        it has no wish. The next larger size that there is is taken, and a larger one where a block
        would not fit.

    Returns
    -------
    int
        0 where not even one block fits.

    Raises
    ------
    ArgumentError
        The compute capability is unknown, or no kernel can have these numbers.

    Examples
    --------
    >>> active_blocks(90, threads=256, registers=40, shared_bytes=0)
    6
    """
    return occupancy(compute_capability, threads, registers, shared_bytes, carveout_percent).blocks


def occupancy(
    compute_capability: int,
    threads: int,
    registers: int,
    shared_bytes: int,
    carveout_percent: int = -1,
) -> Occupancy:
    """How a kernel fills a multiprocessor, with the limit that each resource sets.

    Parameters, errors: see `active_blocks`.

    Examples
    --------
    >>> print(occupancy(90, threads=256, registers=40, shared_bytes=0))
    6 blocks a multiprocessor, 75% of its warps, limited by registers
    """
    card = architecture(compute_capability)
    _check(threads, registers, shared_bytes, carveout_percent)
    warps = -(-threads // WARP)
    limits = {
        BY_WARPS: card.warps // warps,
        BY_BLOCKS: card.blocks,
        BY_REGISTERS: _by_registers(warps, registers),
        BY_SHARED: _by_shared(card, shared_bytes, carveout_percent),
    }
    blocks = min(limits.values())
    return Occupancy(blocks, blocks * warps, card.warps, limits)


def architecture(compute_capability: int) -> Architecture:
    """The limits of a compute capability.

    Raises
    ------
    ArgumentError
        It is unknown.
    """
    found = ARCHITECTURES.get(compute_capability)
    if found is None:
        known = ", ".join(f"{each / 10:.1f}" for each in ARCHITECTURES)
        raise ArgumentError(
            f"compute capability {compute_capability!r} is unknown",
            hint=f"known are {known}, each written as ten times that: 90 for 9.0",
        )
    return found


def architecture_table() -> str:
    """All known architectures with their limits, as text."""
    lines = ["architecture  warps  blocks  shared memory  of a block at most  reserved"]
    for each in ARCHITECTURES.values():
        lines.append(
            f"{each.name:<12}  {each.warps:>5}  {each.blocks:>6}  "
            f"{each.shared_bytes >> 10:>9} KiB  {each.shared_per_block >> 10:>14} KiB  "
            f"{each.reserved_bytes:>6} B"
        )
    return "\n".join(lines)


def _check(threads: int, registers: int, shared_bytes: int, carveout_percent: int) -> None:
    wrong = ""
    if not 1 <= threads <= MOST_THREADS:
        wrong = f"threads={threads!r}: a block has 1 to {MOST_THREADS} of them"
    elif not 0 <= registers <= MOST_REGISTERS:
        wrong = f"registers={registers!r}: a thread has at most {MOST_REGISTERS} of them"
    elif shared_bytes < 0:
        wrong = f"shared_bytes={shared_bytes!r} is negative"
    elif not -1 <= carveout_percent <= 100:
        wrong = f"carveout_percent={carveout_percent!r} is neither -1 nor between 0 and 100"
    if wrong:
        raise ArgumentError(wrong)


def _by_registers(warps: int, registers: int) -> int:
    """``cudaOccMaxBlocksPerSMRegsLimit``. The card checks a block as if its warps filled all
    partitions evenly, hence the first condition."""
    of_a_warp = _padded(registers * WARP, REGISTER_UNIT)
    if of_a_warp == 0:
        return REGISTERS
    if of_a_warp * _padded(warps, PARTITIONS) > REGISTERS:
        return 0
    return REGISTERS // PARTITIONS // of_a_warp * PARTITIONS // warps


def _by_shared(card: Architecture, shared_bytes: int, carveout_percent: int) -> int:
    """``cudaOccMaxBlocksPerSMSmemLimit``, for a kernel that has asked for what it needs."""
    of_a_block = _padded(shared_bytes + card.reserved_bytes, card.shared_unit)
    if of_a_block > card.shared_bytes:
        return 0
    if of_a_block == 0:
        return REGISTERS
    share = 100 if carveout_percent == -1 else carveout_percent
    wished = card.shared_bytes * share // 100
    return _in_force(card, max(_in_force(card, wished), of_a_block)) // of_a_block


def _in_force(card: Architecture, size: int) -> int:
    return next(each for each in card.carveouts if each >= size)


def _padded(count: int, unit: int) -> int:
    return -(-count // unit) * unit
