"""How fast the emulated card is: a switch between threads, a launch, and a step of a kernel that
stays on the card for a whole run, with three barriers, votes, shuffles, atomics and messages.

    python benchmarks/emulated_card.py

Shortest of several, in processor time of this process.
"""

from __future__ import annotations

import struct
import time
from collections.abc import Callable

import numpy as np

from pygenn_lite.runtime.cuda.drivers.emulator import EmulatorDriver

SOURCE = """
#include "common/device.hpp"
struct Run { const int32_t* rows; float* V; pgl::Message* boxes; int64_t steps; };
PGL_LOOP(nothing, Run, 128) {}
PGL_KERNEL(fibres, Run, 128) {}
PGL_KERNEL(votes, Run, 128) {
  for (int64_t i = 0; i < args.steps; ++i) pgl::ballot(true);
}
PGL_KERNEL(barriers, Run, 128) {
  for (int64_t i = 0; i < args.steps; ++i) pgl::barrier();
}
PGL_KERNEL(resident, Run, 128) {
  PGL_SHARED(int32_t, ring, 64 * 128);
  PGL_SHARED(int32_t, fired, 1);
  const int t = pgl::thread(), blocks = pgl::blocks();
  float v = args.V[pgl::first()];
  for (int i = t; i < 64 * 128; i += pgl::threads()) ring[i] = 0;
  pgl::barrier();
  for (int step = 1; step <= args.steps; ++step) {
    if (t == 0) fired[0] = 0;
    pgl::barrier();
    const float in = int(ring[(step & 63) * 128 + t]) * 0.03125f;
    ring[(step & 63) * 128 + t] = 0;
    v += 0.1f * (0.8f + 0.01f * t + in - v);
    const uint32_t spikes = pgl::ballot(v > 1.0f);
    if (v > 1.0f) v = 0.0f;
    if (pgl::lane() == 0 && spikes) pgl::atomic_add(&fired[0], pgl::popcount(spikes));
    float sum = in;
    for (int mask = 16; mask; mask /= 2) sum += pgl::shuffle_xor(sum, mask);
    pgl::barrier();
    pgl::Message* const boxes = args.boxes + (step & 1) * blocks;
    if (t == 0) {
      const uint32_t count = uint32_t(int(fired[0])), others = sum > 1.0f ? spikes : 0u;
      pgl::store_message(boxes + pgl::block(), pgl::Message{uint32_t(step), {count, others, 0}});
    }
    if (pgl::warp() < blocks) {
      const pgl::Message seen = pgl::wait_message(boxes + pgl::warp(), uint32_t(step));
      const int target = args.rows[t] & 127, delay = int(seen.words[0] & 7) + 1;
      if (seen.words[0]) pgl::atomic_add(&ring[((step + delay) & 63) * 128 + target], 1);
    }
    pgl::barrier();
  }
  args.V[pgl::first()] = v;
}
"""
STEPS = 1000


def best_of(n: int, what: Callable[[], object]) -> float:
    """Shortest processor time, seconds."""
    times = []
    for _ in range(n):
        began = time.process_time()
        what()
        times.append(time.process_time() - began)
    return min(times)


def main() -> None:
    driver = EmulatorDriver()
    image = driver.compile({"bench.cu": SOURCE}, "bench.cu", cache=False)
    module = driver.load(image)
    rows, V, boxes = (driver.allocate(n) for n in (4 * 128, 4 * 4 * 128, 16 * 8))
    driver.upload(rows.address, (np.arange(128, dtype=np.int32) * 7919) & 127)
    args = struct.pack("PPPq", rows.address, V.address, boxes.address, STEPS)

    def launch(name: str, blocks: int, threads: int) -> None:
        driver.fill(boxes.address, boxes.bytes)
        driver.launch(module.kernel(name), (blocks, 1), threads, args)
        driver.synchronise()

    def many(name: str, blocks: int, threads: int) -> Callable[[], None]:
        kernel = module.kernel(name)

        def do() -> None:
            for _ in range(1000):
                driver.launch(kernel, (blocks, 1), threads, args)

        return do

    print(f"compiling                       {image.seconds:8.2f} s")
    for name, blocks, threads in (
        ("nothing", 1, 32),
        ("nothing", 4, 128),
        ("fibres", 1, 32),
        ("fibres", 4, 128),
    ):
        seconds = best_of(5, many(name, blocks, threads)) / 1000
        print(f"a launch of {name:8} {blocks} x {threads:3}    {seconds * 1e6:8.2f} us")
    for name in ("votes", "barriers"):
        seconds = best_of(5, lambda: launch(name, 4, 128)) / (STEPS * 4 * 128)  # noqa: B023
        print(f"a switch, {name:8}              {seconds * 1e9:8.1f} ns")
    seconds = best_of(5, lambda: launch("resident", 4, 128)) / STEPS
    print(f"a step of 4 blocks x 128 threads{seconds * 1e6:8.1f} us")


if __name__ == "__main__":
    main()
