// Kernels that use every primitive, for a card and for the emulator (test_primitives.py).
#include "common/device.hpp"

#define EXPECT_MOST 128

// ---------------------------------------------------------------- where threads are
struct Places {
  int32_t* seen;  // [threads of all blocks, 8]
};
PGL_KERNEL(places, Places, EXPECT_MOST) {
  const int64_t index = (int64_t(pgl::block_y()) * pgl::blocks() + pgl::block()) * pgl::threads() + pgl::thread();
  int32_t* const at = args.seen + 8 * index;
  at[0] = pgl::thread();
  at[1] = pgl::block();
  at[2] = pgl::block_y();
  at[3] = pgl::lane();
  at[4] = pgl::warp();
  at[5] = int32_t(pgl::first());
  at[6] = int32_t(pgl::stride());
  at[7] = pgl::blocks_y();
}

// ---------------------------------------------------------------- sums and scans
struct Sums {
  const int32_t* values;
  int64_t* total;     // [1]
  int32_t* prefixes;  // [n], of each block by itself
  int64_t n;
};

template <class Array>
PGL_DEVICE int32_t scan_of_block(int32_t value, Array& totals) {
  int32_t sum = value;
  for (int distance = 1; distance < 32; distance *= 2) {
    const int32_t other = pgl::shuffle_up(sum, distance);
    if (pgl::lane() >= distance) sum += other;
  }
  if (pgl::lane() == 31) totals[pgl::warp()] = sum;
  pgl::barrier();
  int32_t before = 0;
  for (int w = 0; w < pgl::warp(); ++w) before += totals[w];
  pgl::barrier();
  return before + sum;
}

PGL_KERNEL_OF(sums, Sums, EXPECT_MOST, 2) {
  PGL_SHARED(int32_t, totals, EXPECT_MOST / 32);
  for (int64_t begin = int64_t(pgl::block()) * pgl::threads(); begin < args.n; begin += pgl::stride()) {
    const int64_t i = begin + pgl::thread();
    const int32_t value = i < args.n ? pgl::load_once(args.values + i) : 0;
    const int32_t prefix = scan_of_block(value, totals);
    if (i < args.n) args.prefixes[i] = prefix;
    int32_t sum = value;
    for (int mask = 16; mask; mask /= 2) sum += pgl::shuffle_xor(sum, mask);
    if (pgl::lane() == 0) pgl::atomic_add(args.total, sum);
  }
}

// ---------------------------------------------------------------- a histogram in shared memory
struct Histogram {
  const uint32_t* values;
  int32_t* counts;   // [bins]
  uint32_t* extremes;  // smallest, largest, all bits
  int64_t n;
  int32_t bins;
};
PGL_KERNEL(histogram, Histogram, EXPECT_MOST) {
  PGL_DYNAMIC_SHARED(int32_t, counts);
  PGL_SHARED(uint32_t, extremes, 3);
  for (int i = pgl::thread(); i < args.bins; i += pgl::threads()) counts[i] = 0;
  if (pgl::thread() < 3) extremes[pgl::thread()] = pgl::thread() == 0 ? 0xffffffffu : 0u;
  pgl::barrier();
  for (int64_t i = pgl::first(); i < args.n; i += pgl::stride()) {
    const uint32_t value = pgl::load_constant(args.values + i);
    pgl::atomic_add(&counts[value % uint32_t(args.bins)], 1);
    pgl::atomic_min(&extremes[0], value);
    pgl::atomic_max(&extremes[1], value);
    pgl::atomic_or(&extremes[2], value);
  }
  pgl::barrier();
  for (int i = pgl::thread(); i < args.bins; i += pgl::threads()) pgl::atomic_add(args.counts + i, counts[i]);
  if (pgl::thread() == 0) {
    pgl::atomic_min(args.extremes, extremes[0]);
    pgl::atomic_max(args.extremes + 1, extremes[1]);
    pgl::atomic_or(args.extremes + 2, extremes[2]);
  }
}

// ---------------------------------------------------------------- messages between blocks in a ring
struct Ring {
  pgl::Message* boxes;  // [steps, blocks]: a block may be steps ahead of the one before it
  uint32_t* received;   // [blocks, steps]
  int32_t steps;
};
PGL_KERNEL(ring, Ring, EXPECT_MOST) {
  PGL_SHARED(uint32_t, heard, 1);
  const int before = (pgl::block() + pgl::blocks() - 1) % pgl::blocks();
  uint32_t said = uint32_t(pgl::block());
  for (int step = 1; step <= args.steps; ++step) {
    pgl::Message* const boxes = args.boxes + (step - 1) * pgl::blocks();
    if (pgl::thread() == 0) pgl::store_message(boxes + pgl::block(), pgl::Message{uint32_t(step), {said, 0, ~said}});
    if (pgl::thread() == 32) {
      const pgl::Message message = pgl::wait_message(boxes + before, uint32_t(step));
      heard[0] = message.words[0] + (message.words[2] == ~message.words[0] ? 1u : 1000u);
    }
    pgl::barrier();
    said = heard[0];
    pgl::barrier();
    if (pgl::thread() == 0) args.received[pgl::block() * args.steps + step - 1] = said;
  }
}

// ---------------------------------------------------------------- all others
struct Others {
  int32_t* signed32;    // [8]
  uint64_t* unsigned64; // [8]
  int64_t* signed64;    // [8]
  uint32_t* counter;    // [2]: blocks that have come; flag
  double* doubles;      // [threads]
  float* floats;        // [threads]
};
PGL_KERNEL(others, Others, EXPECT_MOST) {
  PGL_DYNAMIC_SHARED_PART(double, table, 0, 32);
  PGL_DYNAMIC_SHARED_PART(uint32_t, flags, 256, 8);
  pgl::at_step(7);
  const int t = pgl::thread();
  pgl::prefetch(args.doubles + t);
  if (pgl::warp() == 0) table[t] = 0.5 * t;
  pgl::warp_barrier();
  const double other = pgl::warp() == 0 ? double(table[31 - t]) : 0.0;
  if (pgl::block() == 0) args.doubles[t] = pgl::shuffle(other, 3) + other;
  const float doubled = pgl::shuffle(float(2 * t), (pgl::lane() + 1) % 32);
  if (pgl::block() == 0) args.floats[t] = doubled;
  const uint32_t odd = pgl::ballot(t % 2 == 1);
  if (t == 0) flags[0] = odd;
  if (t == 0) flags[1] = uint32_t(pgl::popcount(odd)) + 100u * uint32_t(pgl::lowest_bit(odd));
  const bool some = pgl::any(pgl::lane() == 5), every = pgl::all(pgl::lane() < 32), none = pgl::any(t < 0);
  if (t == 0) flags[2] = uint32_t(some) + 2u * uint32_t(every) + 4u * uint32_t(none);
  pgl::barrier();
  if (pgl::block() == 0 && t < 3) args.signed32[t] = int32_t(flags[t]);
  if (pgl::block() == 0 && t == 0) {
    args.signed32[3] = pgl::popcount(uint64_t{1} << 40 | 6u) * 100 + pgl::lowest_bit(uint64_t{1} << 40);
    args.signed32[4] = pgl::lowest_bit(0u) * 10 + pgl::lowest_bit(uint64_t{0});
  }
  pgl::atomic_add(args.signed32 + 5, -1);
  pgl::atomic_min(args.signed32 + 6, -t);
  pgl::atomic_max(args.signed32 + 7, -t - 1);
  pgl::atomic_add(args.unsigned64, uint64_t{1} << 33);
  pgl::atomic_max(args.unsigned64 + 1, ~uint64_t(t));
  pgl::atomic_or(args.unsigned64 + 2, uint64_t{1} << (t % 64));
  pgl::atomic_add(args.signed64, -(int64_t{1} << 33));
  pgl::atomic_min(args.signed64 + 1, -int64_t(t));
  pgl::atomic_max(args.signed64 + 2, -int64_t(t) - 5);
  if (pgl::atomic_cas(args.signed64 + 3, 0, int64_t(pgl::first()) + 1) == 0) pgl::atomic_exchange(args.signed64 + 4, 77);
  pgl::fence_block();
  pgl::barrier();
  if (t == 0) {
    pgl::fence();
    pgl::atomic_add(args.counter, 1u);
    pgl::wait_count(args.counter, uint32_t(pgl::blocks()));
    if (pgl::load_fresh(args.counter) != uint32_t(pgl::blocks())) pgl::atomic_add(args.counter + 1, 1u);
  }
}

// ---------------------------------------------------------------- the warp that comes last tells
struct Lists {
  int32_t* sums;  // [blocks]
};
PGL_KERNEL(lists, Lists, EXPECT_MOST) {
  PGL_SHARED(int32_t, list, EXPECT_MOST / 32);
  PGL_SHARED(uint32_t, come, 1);
  if (pgl::thread() == 0) come[0] = 0;
  pgl::barrier();
  int32_t sum = pgl::thread();
  for (int mask = 16; mask; mask /= 2) sum += pgl::shuffle_xor(sum, mask);
  uint32_t before = 0;
  if (pgl::lane() == 0) {
    pgl::store_fresh(&list[pgl::warp()], sum);
    pgl::fence_block();
    before = pgl::atomic_add(&come[0], 1);
  }
  if (pgl::shuffle(before, 0) + 1 == uint32_t(pgl::threads() / 32) && pgl::lane() == 0) {
    pgl::fence_block();
    int32_t total = 0;
    for (int w = 0; w < pgl::threads() / 32; ++w) total += pgl::load_fresh(&list[w]);
    pgl::store_fresh(args.sums + pgl::block(), total);
  }
}

// ---------------------------------------------------------------- without others
struct Scaled {
  const float* x;
  float* y;
  float factor;
  int32_t reserved;
  int64_t n;
};
PGL_LOOP(scaled, Scaled, 256) {
  for (int64_t i = pgl::first(); i < args.n; i += pgl::stride()) args.y[i] = args.factor * args.x[i];
}
