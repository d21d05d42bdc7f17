// A row laid down by one thread, 64 synapses at a time.
#ifndef PGL_CUDA_BUILD_ROWS_HPP
#define PGL_CUDA_BUILD_ROWS_HPP

#include "common/weight_codes.hpp"
#include "cuda/builder/records.hpp"

namespace pgl {

// A set of numbers of one of the threads that work on a group.
struct DistinctSet {
  uint64_t* bits;
  uint32_t slots;
  PGL_DEVICE uint64_t& operator()(uint64_t word) const { return bits[word * slots]; }
};

// n distinct neurons below `universe`, drawn by one row (or target): the set of those, or of those left out.
PGL_DEVICE void draw_set(const pgl_build& build, const DistinctSet& set, uint64_t universe, uint64_t n, uint32_t row) {
  PGL_ROLLED
  for (uint64_t word = 0; word < (universe + 63) / 64; ++word) set(word) = 0;
  const uint64_t draws = distinct_draws(universe, n);
  uint32_t words[64];
  PGL_ROLLED
  for (uint64_t i = 0; i < draws; ++i) {
    if (i % 64 == 0) words_of_block(build.drawn, kPurposeTarget, row, uint32_t(i / 64), words);
    draw_distinct(universe, draws, i, words[i % 64], set);
  }
}

// The distinct neurons of a set, ascending: f(neuron).
class DistinctWalk {
 public:
  PGL_DEVICE DistinctWalk(const DistinctSet& set, uint64_t universe, uint64_t n)
      : set_(set), universe_(universe), flip_(distinct_draws(universe, n) == n ? 0 : ~uint64_t(0)) {}
  PGL_DEVICE uint32_t next() {
    while (rest_ == 0) {
      rest_ = distinct_word(universe_, word_, set_(word_), flip_);
      ++word_;
    }
    const uint64_t lowest = rest_ & (~rest_ + 1);
    rest_ ^= lowest;
    return uint32_t((word_ - 1) * 64) + uint32_t(popcount(lowest - 1));
  }

 private:
  DistinctSet set_;
  uint64_t universe_, flip_, word_ = 0, rest_ = 0;
};

// The sources that a target draws: f(source).
template <class F>
PGL_DEVICE void for_each_source(const pgl_build& build, uint32_t target, uint32_t slot, F&& f) {
  const pgl_drawn& drawn = build.drawn;
  if (build.repeats != 0) {
    uint32_t words[64];
    PGL_ROLLED
    for (uint32_t i = 0; i < build.number; ++i) {
      if (i % 64 == 0) words_of_block(drawn, kPurposeTarget, target, i / 64, words);
      f(drawn_target(drawn, target, value_of_word(words[i % 64], build.in_universe)));
    }
    return;
  }
  const DistinctSet set = {build.set + slot, build.slots};
  draw_set(build, set, build.in_universe, build.number, target);
  DistinctWalk walk(set, build.in_universe, build.number);
  PGL_ROLLED
  for (uint32_t i = 0; i < build.number; ++i) f(drawn_target(drawn, target, walk.next()));
}

// Ascending, in place.
PGL_DEVICE void sort_ascending(uint32_t* values, uint32_t n) {
  bool sorted = true;
  PGL_ROLLED
  for (uint32_t i = 1; i < n && sorted; ++i) sorted = values[i - 1] <= values[i];
  if (sorted) return;
  const auto sink = [&](uint32_t root, uint32_t end) {
    const uint32_t value = values[root];
    PGL_ROLLED
    for (uint32_t child = 2 * root + 1; child < end; child = 2 * root + 1) {
      if (child + 1 < end && values[child] < values[child + 1]) ++child;
      if (values[child] <= value) break;
      values[root] = values[child];
      root = child;
    }
    values[root] = value;
  };
  PGL_ROLLED
  for (uint32_t root = n / 2; root > 0; --root) sink(root - 1, n);
  PGL_ROLLED
  for (uint32_t end = n - 1; end > 0; --end) {
    swap(values[0], values[end]);
    sink(0, end);
  }
}

// The row of a position: the last that begins at or before it.
PGL_DEVICE uint32_t row_of(const uint32_t* row_begin, uint32_t rows, uint32_t position) {
  uint32_t low = 0, high = rows;
  while (high - low > 1) {
    const uint32_t middle = low + (high - low) / 2;
    (row_begin[middle] <= position ? low : high) = middle;
  }
  return low;
}

// Targets, delay words and weight words of a row, 64 at a time, in the order of drawing.
class RowWalk {
 public:
  PGL_DEVICE RowWalk(const pgl_build& build, uint32_t row, uint32_t slot)
      : build_(build), drawn_(build.drawn), row_(row), n_(row_size_of(build, row)),
        walk_({build.set + slot, build.slots}, build.drawn.universe, n_) {
    if (drawn_.kind == PGL_ROW_DISTINCT) draw_set(build, {build.set + slot, build.slots}, drawn_.universe, n_, row);
  }

  PGL_DEVICE uint32_t size() const { return n_; }
  PGL_DEVICE uint32_t begin() const { return build_.row_begin[row_]; }
  PGL_DEVICE uint32_t here(uint32_t block) const { return n_ - block * 64 < 64 ? n_ - block * 64 : 64; }

  // Blocks ascending, each once.
  PGL_DEVICE void targets(uint32_t block, uint32_t* out) {
    const uint32_t n = here(block);
    if (drawn_.kind == PGL_ROW_GAPS) {
      next_gaps(drawn_, row_, block, position_, out);
    } else if (drawn_.kind == PGL_ROW_REPEATED) {
      words_of_block(drawn_, kPurposeTarget, row_, block, out);
      PGL_ROLLED
      for (uint32_t i = 0; i < n; ++i) out[i] = drawn_target(drawn_, row_, value_of_word(out[i], drawn_.universe));
    } else if (drawn_.kind == PGL_ROW_DISTINCT) {
      PGL_ROLLED
      for (uint32_t i = 0; i < n; ++i) out[i] = drawn_target(drawn_, row_, walk_.next());
    } else if (drawn_.kind == PGL_ROW_GIVEN) {
      PGL_ROLLED
      for (uint32_t i = 0; i < n; ++i) out[i] = drawn_.targets[begin() + block * 64 + i];
    } else {
      PGL_ROLLED
      for (uint32_t i = 0; i < n; ++i) out[i] = drawn_.kind == PGL_ROW_ONE ? row_ : drawn_target(drawn_, row_, block * 64 + i);
    }
  }
  // In steps, less the least that may be drawn.
  PGL_DEVICE void delays(uint32_t block, uint32_t* out) const {
    if (drawn_.delay_kind == PGL_DRAWN_VALUES) words_of_block(drawn_, kPurposeDelay, row_, block, out);
    PGL_ROLLED
    for (uint32_t i = 0; i < here(block); ++i) out[i] = delay_at(drawn_, row_, block * 64 + i, out[i]) - build_.least_delay;
  }
  PGL_DEVICE void weights(uint32_t block, const WeightLaw<real>& law, uint32_t* words, real* out) const {
    if (drawn_.weight_kind == PGL_DRAWN_VALUES) words_of_block(drawn_, kPurposeWeight, row_, block, words);
    PGL_ROLLED
    for (uint32_t i = 0; i < here(block); ++i) out[i] = weight_at(drawn_, law, row_, block * 64 + i, words[i]);
  }

 private:
  PGL_DEVICE static uint32_t row_size_of(const pgl_build& build, uint32_t row) {
    return build.row_begin[row + 1] - build.row_begin[row];
  }
  const pgl_build& build_;
  const pgl_drawn& drawn_;
  uint32_t row_, n_;
  int64_t position_ = -1;
  DistinctWalk walk_;
};

PGL_DEVICE uint16_t weight_code(const pgl_build& build, double weight) {
  if (build.code_kind == 1) return half_code(weight);
  return build.code_kind == 2 ? fixed_code(weight, build.code_scale) : uint16_t(weight);
}
PGL_DEVICE double coded_weight(const pgl_build& build, uint16_t code) {
  return build.code_kind == 1 ? double(half_value(code)) : fixed_value(code, build.code_scale);
}

// The shortest and the longest delay of a row, from the least on.
PGL_DEVICE void tell_delays(const pgl_build& build, uint32_t low, uint32_t high) {
  if (low > high) return;
  low += build.least_delay;
  high += build.least_delay;
  if (low < load_fresh(&build.found->low_delay)) atomic_min(&build.found->low_delay, low);
  if (high > load_fresh(&build.found->high_delay)) atomic_max(&build.found->high_delay, high);
}

// Where the synapses of a row begin by delay; how many different delays there are does not matter if there is one.
PGL_DEVICE void place_delays(const pgl_build& build, const RowWalk& walk, uint32_t* places) {
  const uint32_t slots = build.slots;
  PGL_ROLLED
  for (uint32_t delay = 0; delay < build.n_delays; ++delay) places[uint64_t(delay) * slots] = 0;
  uint32_t delays[64] = {};
  PGL_ROLLED
  for (uint32_t block = 0; block * 64 < walk.size(); ++block) {
    walk.delays(block, delays);
    PGL_ROLLED
    for (uint32_t i = 0; i < walk.here(block); ++i) ++places[uint64_t(delays[i]) * slots];
  }
  uint32_t before = 0, low = build.n_delays, high = 0;
  PGL_ROLLED
  for (uint32_t delay = 0; delay < build.n_delays; ++delay) {
    const uint32_t n = places[uint64_t(delay) * slots];
    places[uint64_t(delay) * slots] = before;
    before += n;
    if (n == 0) continue;
    low = low < delay ? low : delay;
    high = delay;
  }
  tell_delays(build, low, high);
}

PGL_DEVICE bool stores_something(const pgl_build& build) {
  return build.targets != nullptr || build.weights != nullptr || build.present != nullptr;
}

// One synapse in its place.
struct Placing {
  const pgl_build& build;
  uint32_t row;
  double size = 0.0, change = 0.0;  // of codes

  PGL_DEVICE void put(uint64_t position, uint32_t target, uint32_t delay, real weight) {
    if (build.targets != nullptr) build.targets[position] = target;
    if (build.delays != nullptr) build.delays[position] = uint16_t(delay + build.least_delay);
    if (build.sources != nullptr) build.sources[position] = row;
    if (build.weights != nullptr) build.weights[position] = weight;
    if (build.present != nullptr) build.present[position] = 1;
    if (build.codes == nullptr) return;
    const uint16_t code = weight_code(build, weight);
    build.codes[position] = code;
    if (build.loss == nullptr) return;
    size += abs(double(weight));
    change += abs(coded_weight(build, code) - double(weight));
  }
};

PGL_DEVICE void fill_row(const pgl_build& build, uint32_t row, uint32_t slot) {
  if (!stores_something(build)) return;
  RowWalk walk(build, row, slot);
  uint32_t* const places = build.places + slot;
  const bool by_delay = build.places != nullptr;
  if (by_delay) place_delays(build, walk, places);
  const bool weighted = build.weights != nullptr || build.codes != nullptr;
  const WeightLaw<real> law = weight_law<real>(build.drawn.weight);
  uint32_t targets[64], delays[64] = {}, words[64] = {};
  real weights[64] = {};
  Placing placing = {build, row};
  const uint32_t begin = walk.begin();
  PGL_ROLLED
  for (uint32_t block = 0; block * 64 < walk.size(); ++block) {
    walk.targets(block, targets);
    if (by_delay) walk.delays(block, delays);
    if (weighted) walk.weights(block, law, words, weights);
    PGL_ROLLED
    for (uint32_t i = 0; i < walk.here(block); ++i) {
      uint64_t position = uint64_t(begin) + block * 64 + i;
      if (by_delay) position = uint64_t(begin) + places[uint64_t(delays[i]) * build.slots]++;
      if (build.columns != 0) position = uint64_t(row) * build.columns + targets[i];
      placing.put(position, targets[i], delays[i], weights[i]);
    }
  }
  if (build.loss == nullptr) return;
  build.loss[2 * row] = placing.size;
  build.loss[2 * row + 1] = placing.change;
}

// Rows (or targets) that this thread has to do with: f(row, slot). Threads beyond the group's room do nothing.
template <class F>
PGL_DEVICE void for_each_row(const pgl_build& build, uint32_t n, F&& f) {
  const uint64_t step = uint64_t(stride()) < build.slots ? uint64_t(stride()) : build.slots;
  const uint64_t slot = uint64_t(first());
  if (slot >= step) return;
  PGL_ROLLED
  for (uint64_t row = slot; row < n; row += step) f(uint32_t(row), uint32_t(slot));
}

}  // namespace pgl

#endif
