// Kernels by which drivers are tested: arguments of every kind, shared memory, graphs, blocks that meet (test_launches.py).
#include "common/device.hpp"

struct Scaled {
  double* out;  // [n]
  const float* in;
  int64_t n;
  double factor;
  int32_t offset;
};
PGL_LOOP(scale, Scaled, 256) {
  for (int64_t i = pgl::first(); i < args.n; i += pgl::stride()) args.out[i] = args.in[i] * args.factor + args.offset;
}

struct Reversed {
  int32_t* values;  // [blocks, threads of a block]
};
PGL_KERNEL(reverse, Reversed, 128) {
  PGL_SHARED(int32_t, kept, 128);
  PGL_DYNAMIC_SHARED(int32_t, wide);  // every 64th is used
  int32_t* const mine = args.values + int64_t(pgl::block()) * pgl::threads();
  kept[pgl::thread()] = mine[pgl::thread()];
  pgl::barrier();
  wide[64 * pgl::thread()] = kept[pgl::threads() - 1 - pgl::thread()];
  pgl::barrier();
  mine[pgl::thread()] = wide[64 * pgl::thread()];
}

// The step lies in memory: a graph repeats the same arguments.
struct Stepped {
  int64_t* step;
  int64_t* seen;  // [steps]
};
PGL_LOOP(note, Stepped, 32) {
  if (pgl::first() == 0) args.seen[*args.step] = 10 * *args.step;
}
PGL_LOOP(advance, Stepped, 32) {
  if (pgl::first() == 0) ++*args.step;
}

// All blocks wait for each other, some times.
struct Meeting {
  uint32_t* arrived;
  int32_t* late;  // [blocks]: how many were missing behind the wait
  int32_t times;
};
PGL_KERNEL(meet, Meeting, 64) {
  for (int32_t k = 1; k <= args.times; ++k) {
    pgl::barrier();
    if (pgl::thread() == 0) {
      pgl::fence();
      pgl::atomic_add(args.arrived, uint32_t(1));
      pgl::wait_count(args.arrived, uint32_t(k * pgl::blocks()));
      if (pgl::load_fresh(args.arrived) < uint32_t(k * pgl::blocks())) ++args.late[pgl::block()];
    }
    pgl::barrier();
  }
}

struct Wild {
  int64_t* nowhere;
};
PGL_LOOP(stray, Wild, 32) {
  args.nowhere[pgl::first()] = 1;
}
