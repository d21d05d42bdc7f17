// One value of many neurons: sums, maxima, who fires first, winners, to the bits of cpp/engine/reduction.hpp: in double, by
// blocks of 64 neurons of the population (four interleaved sums each), then blocks ascending.
#ifndef PGL_CUDA_REDUCE_HPP
#define PGL_CUDA_REDUCE_HPP

#include "cuda/engine/arrivals.hpp"

namespace pgl {

// pgl_reduction_kind of cpp/engine/abi.h.
enum class Reduced { kSum, kMean, kMax, kFirst, kSpikes, kWinners };

inline constexpr uint32_t kBlock = 64;  // neurons whose sum is made first

PGL_DEVICE double value_of(const pgl_card_reduction& what, uint32_t neuron) {
  return static_cast<const real*>(what.values)[neuron];
}

PGL_DEVICE double sum_of_block(const pgl_card_reduction& what, uint32_t begin, uint32_t end) {
  double sums[4] = {};
  uint32_t i = begin;
  PGL_ROLLED for (; i < end && i % 4 != 0; ++i) sums[i % 4] += value_of(what, i);
  PGL_ROLLED for (; i + 4 <= end; i += 4) {
    for (uint32_t k = 0; k < 4; ++k) sums[k] += value_of(what, i + k);
  }
  PGL_ROLLED for (uint32_t k = 0; i < end; ++i, ++k) sums[k] += value_of(what, i);
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

// Of equal ones the first.
PGL_DEVICE uint32_t place_of_largest(const pgl_card_reduction& what, uint32_t begin, uint32_t end) {
  uint32_t best = begin;
  PGL_ROLLED for (uint32_t i = begin + 1; i < end; ++i) {
    if (value_of(what, i) > value_of(what, best)) best = i;
  }
  return best;
}

// The blocks' values as they are now. Nothing is made known before it is finished.
PGL_DEVICE void reduce(const pgl_card_reduction& what, Range range) {
  if (what.how > int32_t(Reduced::kMax)) return;
  const uint32_t first = what.begin / kBlock, blocks = (what.end - 1) / kBlock + 1 - first;
  PGL_ROLLED for (uint32_t b = range.first; b < blocks; b += range.stride) {
    const uint32_t begin = b == 0 ? what.begin : (first + b) * kBlock;
    const uint32_t end = b + 1 == blocks ? what.end : (first + b + 1) * kBlock;
    if (what.how == int32_t(Reduced::kMax)) {
      const uint32_t best = place_of_largest(what, begin, end);
      what.scratch[b] = value_of(what, best);
      what.scratch[blocks + b] = best;
    } else {
      what.scratch[b] = sum_of_block(what, begin, end);
    }
  }
}

struct Result {
  double value, index;
};

PGL_DEVICE Result finished_blocks(const pgl_card_reduction& what) {
  const uint32_t blocks = (what.end - 1) / kBlock + 1 - what.begin / kBlock;
  Result result{0.0, -1.0};
  if (what.how != int32_t(Reduced::kMax)) {
    PGL_ROLLED for (uint32_t b = 0; b < blocks; ++b) result.value += what.scratch[b];
    if (what.how == int32_t(Reduced::kMean)) result.value /= what.end - what.begin;
    return result;
  }
  result = {what.scratch[0], what.scratch[blocks]};
  PGL_ROLLED for (uint32_t b = 1; b < blocks; ++b) {
    if (what.scratch[b] > result.value) result = {what.scratch[b], what.scratch[blocks + b]};
  }
  return result;
}

// How many neurons spiked at t_step, and the first of them.
PGL_DEVICE Result spiking_neurons(const pgl_card_reduction& what, const pgl_population& population, int64_t step) {
  const Spikes spikes = spikes_at(population, step);
  const uint32_t count = *spikes.count;
  Result result{0.0, -1.0};
  PGL_ROLLED for (uint32_t k = 0; k < count; ++k) {
    const uint32_t neuron = spikes.neurons[k];
    if (neuron < what.begin || neuron >= what.end || count_alike(population, spikes.neurons, k, count) == 0) continue;
    result.value += 1.0;
    if (result.index < 0.0 || neuron < result.index) result.index = neuron;
  }
  return result;
}

inline constexpr uint32_t kNobody = 0xffffffffu;
enum class Standing : uint8_t { kFree, kInhibited, kWinner };

// The best of those that nobody inhibits: of this thread's part, then of all, which all threads find alike.
template <class Values, class Places>
PGL_DEVICE uint32_t best_of(const pgl_card_reduction& what, const Standing* standing, uint32_t thread, uint32_t threads,
                            Values& values, Places& places) {
  const uint32_t n = what.end - what.begin;
  uint32_t best = kNobody;
  double most = 0.0;
  PGL_ROLLED for (uint32_t k = thread; k < n; k += threads) {
    const double value = value_of(what, what.begin + k);
    if (standing[k] != Standing::kFree || !(value > what.least) || (best != kNobody && !(value > most))) continue;
    best = k;
    most = value;
  }
  values[thread] = most;
  places[thread] = best;
  barrier();
  best = kNobody;
  PGL_ROLLED for (uint32_t t = 0; t < threads; ++t) {
    const uint32_t place = places[t];
    if (place == kNobody) continue;
    const double value = values[t];
    if (best != kNobody && !(value > most || (value == most && place < best))) continue;
    best = place;
    most = value;
  }
  barrier();
  return best;
}

// A winner inhibits its whole channel, and all channels around its place.
PGL_DEVICE void inhibit(const pgl_card_reduction& what, Standing* standing, uint32_t winner, uint32_t thread,
                        uint32_t threads) {
  const auto place = [&](uint32_t k, int32_t& channel, int32_t& row, int32_t& column) {
    const uint32_t area = what.height * what.width, rest = k % area;
    channel = int32_t(k / area);
    row = int32_t(rest / what.width);
    column = int32_t(rest % what.width);
  };
  int32_t channel, row, column;
  place(winner, channel, row, column);
  PGL_ROLLED for (uint32_t k = thread; k < what.end - what.begin; k += threads) {
    int32_t its_channel, its_row, its_column;
    place(k, its_channel, its_row, its_column);
    const int32_t down = its_row - row, across = its_column - column, radius = what.radius;
    const bool near = radius >= 0 && down <= radius && -down <= radius && across <= radius && -across <= radius;
    if ((its_channel == channel || near) && standing[k] == Standing::kFree) standing[k] = Standing::kInhibited;
    if (k == winner) standing[k] = Standing::kWinner;
  }
}

// Again and again the largest value above the least one that counts. Returns how many there are.
template <class Values, class Places>
PGL_DEVICE double choose_winners(const pgl_card_reduction& what, uint32_t thread, uint32_t threads, Values& values,
                                 Places& places) {
  auto* standing = reinterpret_cast<Standing*>(what.scratch);
  const uint32_t n = what.end - what.begin;
  PGL_ROLLED for (uint32_t k = thread; k < n; k += threads) standing[k] = Standing::kFree;  // each thread reads only its own
  uint32_t found = 0;
  PGL_ROLLED for (; found < what.winners; ++found) {
    const uint32_t best = best_of(what, standing, thread, threads, values, places);
    if (best == kNobody) break;
    inhibit(what, standing, best, thread, threads);
  }
  real* mask = static_cast<real*>(what.mask) + what.begin;
  PGL_ROLLED for (uint32_t k = thread; k < n; k += threads) mask[k] = standing[k] == Standing::kWinner ? real(1) : real(0);
  return found;
}

// Makes the result known, by one block; `values` and `places` are shared arrays of `threads`.
template <class Values, class Places>
PGL_DEVICE void finish(const pgl_card_reduction& what, const pgl_population& population, int64_t step, uint32_t thread,
                       uint32_t threads, Values& values, Places& places) {
  Result result{0.0, -1.0};
  if (what.how == int32_t(Reduced::kWinners)) result.value = choose_winners(what, thread, threads, values, places);
  if (thread != 0) return;
  if (what.how <= int32_t(Reduced::kMax)) result = finished_blocks(what);
  const bool first = what.how == int32_t(Reduced::kFirst);
  if (first || what.how == int32_t(Reduced::kSpikes)) result = spiking_neurons(what, population, step);
  if (what.value != nullptr) *what.value = what.add != 0 ? *what.value + result.value : result.value;
  // Who was first stays first until the host, or a kernel, writes -1.
  if (what.index != nullptr && !(first && *what.index >= 0.0)) *what.index = result.index;
}

}  // namespace pgl

#endif
