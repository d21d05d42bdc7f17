// Delivery of static synapses: what a simulation spends most of its time on.
//
// Each segment in the calendar stands somewhere else in memory, so a plain loop would wait for memory at each. A second
// walk through the same list runs ahead and asks for the lines that will be needed. It asks for them into the second
// level cache: a core can have about twice as many such requests under way as into the first level, and random reads
// became twice as fast (4.6 instead of 9.3 ns per line, measured on the reference machine).
#ifndef PGL_DELIVERY_HPP
#define PGL_DELIVERY_HPP

#include <stdint.h>

#include "calendar.hpp"
#include "error.hpp"
#include "list.hpp"
#include "store.hpp"

namespace pgl {

// One store on one slice: where its jumps go, and when.
struct StaticSlice {
  const pgl_store* store = nullptr;
  const pgl_slice_store* synapses = nullptr;
  void* arena = nullptr;
  uint32_t slice = 0;
  void (*deliver)(StaticSlice&, const Segment*, uint32_t) = nullptr;
  Calendar<Segment> calendar;
  // Procedural stores: rows are drawn when their spikes are looked up, and their jumps wait in a calendar of their own.
  bool drawn = false;
  Calendar<Jump> jumps;
  RegeneratedRow row;

  StaticSlice(uint32_t longest_delay, bool procedural)
      : calendar(procedural ? 0 : longest_delay), drawn(procedural), jumps(procedural ? longest_delay : 0) {}
  void clear() {
    calendar.clear();
    jumps.clear();
  }
};

namespace detail {

inline constexpr uint32_t kChunk = 64;           // synapses delivered between two looks at the walk ahead
inline constexpr int64_t kSynapsesAhead = 2048;  // how far it runs ahead: 12 KiB or some 200 lines
inline constexpr int64_t kChunkCost = 16;        // lines of short segments are partly used: count some more

template <class Value>
inline void fetch_lines(const Value* values, uint32_t n) {
  const char* first = reinterpret_cast<const char*>(values);
  const char* last = reinterpret_cast<const char*>(values + n) - 1;
  for (; first < last; first += 64) fetch_line(first);
  fetch_line(last);
}

// By itself, so that its few variables stay in registers.
template <class Real, class Target, bool kWeights>
PGL_HOT [[gnu::noinline]] void add_weights(Real* arena, const Target* target, const Real* weight, Real common, size_t n) {
  size_t j = 0;
  for (; j + 4 <= n; j += 4) {
    arena[target[j]] += kWeights ? weight[j] : common;
    arena[target[j + 1]] += kWeights ? weight[j + 1] : common;
    arena[target[j + 2]] += kWeights ? weight[j + 2] : common;
    arena[target[j + 3]] += kWeights ? weight[j + 3] : common;
  }
  for (; j < n; ++j) arena[target[j]] += kWeights ? weight[j] : common;
}

// arena[target] += weight over all segments, in their order: sums do not depend on how the network is cut.
template <class Real, class Target, bool kWeights>
void deliver_segments(Real* arena, const Target* target, const Real* weight, Real common, const Segment* segments,
                      uint32_t n) {
  uint32_t ahead = 0, ahead_offset = 0;
  int64_t lead = 0;
  const auto run_ahead = [&] {
    while (lead < kSynapsesAhead && ahead < n) {
      const uint32_t begin = segments[ahead].begin + ahead_offset;
      const uint32_t rest = segments[ahead].length - ahead_offset, length = rest < kChunk ? rest : kChunk;
      fetch_lines(target + begin, length);
      if constexpr (kWeights) fetch_lines(weight + begin, length);
      lead += length + kChunkCost;
      ahead_offset += length;
      if (ahead_offset == segments[ahead].length) {
        ++ahead;
        ahead_offset = 0;
      }
    }
  };
  for (uint32_t i = 0; i < n; ++i) {
    const Target* t = target + segments[i].begin;
    const Real* w = kWeights ? weight + segments[i].begin : nullptr;
    const uint32_t length = segments[i].length;
    for (uint32_t done = 0; done < length;) {
      run_ahead();
      const uint32_t end = length - done < kChunk ? length : done + kChunk;
      lead -= end - done + kChunkCost;
      add_weights<Real, Target, kWeights>(arena, t + done, kWeights ? w + done : nullptr, common, end - done);
      done = end;
    }
  }
}

template <class Real>
const Real* weights_of(const pgl_slice_store& synapses) {
  if constexpr (kSame<Real, float>) {
    return synapses.weight32.data();
  } else {
    return synapses.weight64.data();
  }
}

template <class Real, class Target, bool kWeights>
void deliver_sparse(StaticSlice& part, const Segment* segments, uint32_t n) {
  const Target* target;
  if constexpr (kSame<Target, uint16_t>) {
    target = part.synapses->target16.data();
  } else {
    target = part.synapses->target32.data();
  }
  deliver_segments<Real, Target, kWeights>(static_cast<Real*>(part.arena), target, weights_of<Real>(*part.synapses),
                                           static_cast<Real>(part.store->common_weight), segments, n);
}

// Dense: an entry is a row of the matrix. Several rows are added per pass over the targets (each target still in the
// order of the rows), so that the arena is read and written once for all of them.
template <class Real, int kRows>
PGL_HOT void add_rows(Real* __restrict out, const Real* const* rows, uint32_t columns) {
  for (uint32_t j = 0; j < columns; ++j) {
    Real sum = out[j];
    for (int r = 0; r < kRows; ++r) sum += rows[r][j];
    out[j] = sum;
  }
}

template <class Real>
void deliver_dense(StaticSlice& part, const Segment* entries, uint32_t n) {
  const size_t columns = part.synapses->dense_columns;
  const Real* weights = weights_of<Real>(*part.synapses);
  Real* out = static_cast<Real*>(part.arena) + part.synapses->dense_offset;
  uint32_t i = 0;
  for (; i + 4 <= n; i += 4) {
    const Real* rows[4];
    for (uint32_t r = 0; r < 4; ++r) rows[r] = weights + entries[i + r].begin * columns;
    add_rows<Real, 4>(out, rows, static_cast<uint32_t>(columns));
  }
  for (; i < n; ++i) {
    const Real* row = weights + entries[i].begin * columns;
    add_rows<Real, 1>(out, &row, static_cast<uint32_t>(columns));
  }
}

// All to all with one weight: no matrix, only a neuron's synapse with itself may be missing.
template <class Real>
PGL_HOT void deliver_dense_common(StaticSlice& part, const Segment* entries, uint32_t n) {
  const uint32_t columns = part.synapses->dense_columns;
  const Real weight = static_cast<Real>(part.store->common_weight);
  Real* out = static_cast<Real*>(part.arena) + part.synapses->dense_offset;
  const pgl_group& group = part.store->groups.front();
  const bool skip_itself = group.rule.same_population && !group.rule.autapses;
  const uint32_t first = group.slice_begin[part.slice];
  for (uint32_t i = 0; i < n; ++i) {
    const uint32_t itself = entries[i].begin - first;  // wraps, and is too large, where the slice lies behind
    const uint32_t stop = skip_itself && itself < columns ? itself : columns;
    for (uint32_t j = 0; j < stop; ++j) out[j] += weight;
    for (uint32_t j = stop + 1; j < columns; ++j) out[j] += weight;
  }
}

template <class Real>
auto choose_delivery(const pgl_store& store, const pgl_slice_store& synapses) -> void (*)(StaticSlice&, const Segment*, uint32_t) {
  const bool weights = (store.flags & PGL_STORE_WEIGHTS) != 0;
  if ((store.flags & PGL_STORE_DENSE) != 0) return weights ? deliver_dense<Real> : deliver_dense_common<Real>;
  if (!synapses.target32.empty()) {
    return weights ? deliver_sparse<Real, uint32_t, true> : deliver_sparse<Real, uint32_t, false>;
  }
  return weights ? deliver_sparse<Real, uint16_t, true> : deliver_sparse<Real, uint16_t, false>;
}

}  // namespace detail

// Procedural stores: notes the jumps of the spikes that carry time t_step, except those before `first_arrival`. A row
// is drawn once, whatever delays it has; at each step its jumps stand in the order of a stored row.
inline void post_drawn(StaticSlice& part, const uint32_t* spikes, uint32_t n, int64_t step,
                                int64_t first_arrival) {
  const pgl_store& store = *part.store;
  const RegeneratedRow& row = part.row;
  for (uint32_t i = 0; i < n; ++i) {
    store.regenerate(store, part.slice, spikes[i], part.row);
    for (size_t k = 0; k < row.target.size(); ++k) {
      const int64_t arrival = step + (row.delay.empty() ? store.delays.front() : row.delay[k]);
      if (arrival < first_arrival) continue;
      part.jumps.at(arrival).push(Jump{row.target[k], row.weight.empty() ? 0.0 : row.weight[k]});
    }
  }
}

inline void deliver_drawn(StaticSlice& part, int64_t step) {
  List<Jump>& jumps = part.jumps.at(step);
  const bool weights = (part.store->flags & PGL_STORE_WEIGHTS) != 0;
  const double common = part.store->common_weight;
  for (const Jump& jump : jumps) {
    const double weight = weights ? jump.weight : common;
    if (part.store->real_bytes == 8) {
      static_cast<double*>(part.arena)[jump.target] += weight;
    } else {
      static_cast<float*>(part.arena)[jump.target] += static_cast<float>(weight);
    }
  }
  jumps.clear();
}

inline StaticSlice make_static_slice(const pgl_store& store, uint32_t slice, void* arena) {
  if (slice >= store.slices.size()) throw Error("the store has fewer slices than the engine");
  if (store.delays.empty()) throw Error("the store names no delay");
  StaticSlice part(store.delays.back(), (store.flags & PGL_STORE_PROCEDURAL) != 0);
  part.store = &store;
  part.synapses = &store.slices[slice];
  part.arena = arena;
  part.slice = slice;
  part.deliver = store.real_bytes == 8 ? detail::choose_delivery<double>(store, *part.synapses)
                                       : detail::choose_delivery<float>(store, *part.synapses);
  return part;
}

}  // namespace pgl

#endif
