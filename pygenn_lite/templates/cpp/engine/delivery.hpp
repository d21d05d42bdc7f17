// Delivery of static synapses: what a simulation spends most of its time on. The builder gives every store the loop that
// fits it (choose_delivery); the engine calls it.
//
// Each segment in the calendar stands somewhere else in memory, so a plain loop would wait for memory at each. A second
// walk through the same list runs ahead and asks for the lines that will be needed. It asks for them into the second
// level cache: a core can have about twice as many such requests under way as into the first level, and random reads
// became twice as fast (4.6 instead of 9.3 ns per line, measured on the reference machine).
#ifndef PGL_DELIVERY_HPP
#define PGL_DELIVERY_HPP

#include <stdint.h>

#include "error.hpp"
#include "static_shard.hpp"
#include "store.hpp"

namespace pgl {

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

template <class Real>
const Real* weights_of(const StaticShard& part) {
  if (part.weights != nullptr) return static_cast<const Real*>(part.weights);
  const pgl_shard_store& synapses = *part.synapses;
  if constexpr (kSame<Real, float>) {
    return synapses.weight32.data();
  } else {
    return synapses.weight64.data();
  }
}

// Where the weights of a store come from: one for all or one each (16 bits each that stand for one: coded_delivery.cpp).
// from(k) begins at synapse k; fetch asks for the memory of some of them.
template <class Real>
struct CommonWeight {
  Real weight;
  static CommonWeight of(const StaticShard& part) { return {static_cast<Real>(part.common_weight())}; }
  PGL_INLINE Real operator[](size_t) const { return weight; }
  CommonWeight from(size_t) const { return *this; }
  void fetch(uint32_t, uint32_t) const {}
};
template <class Real>
struct StoredWeights {
  const Real* weight;
  static StoredWeights of(const StaticShard& part) { return {weights_of<Real>(part)}; }
  PGL_INLINE Real operator[](size_t k) const { return weight[k]; }
  StoredWeights from(size_t k) const { return {weight + k}; }
  void fetch(uint32_t begin, uint32_t n) const { fetch_lines(weight + begin, n); }
};
// By itself, so that its few variables stay in registers.
template <class Real, class Target, class Weights>
[[gnu::noinline]] void add_weights(Real* arena, const Target* target, Weights weight, size_t n) {
  size_t j = 0;
  for (; j + 4 <= n; j += 4) {
    arena[target[j]] += weight[j];
    arena[target[j + 1]] += weight[j + 1];
    arena[target[j + 2]] += weight[j + 2];
    arena[target[j + 3]] += weight[j + 3];
  }
  for (; j < n; ++j) arena[target[j]] += weight[j];
}

// arena[target] += weight over all segments, in their order: sums do not depend on how the network is cut.
template <class Real, class Target, class Weights>
void deliver_segments(Real* arena, const Target* target, Weights weights, const Segment* segments, uint32_t n) {
  uint32_t ahead = 0, ahead_offset = 0;
  int64_t lead = 0;
  const auto run_ahead = [&] {
    while (lead < kSynapsesAhead && ahead < n) {
      const uint32_t begin = segments[ahead].begin + ahead_offset;
      const uint32_t rest = segments[ahead].length - ahead_offset, length = rest < kChunk ? rest : kChunk;
      fetch_lines(target + begin, length);
      weights.fetch(begin, length);
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
    const Weights w = weights.from(segments[i].begin);
    const uint32_t length = segments[i].length;
    for (uint32_t done = 0; done < length;) {
      run_ahead();
      const uint32_t end = length - done < kChunk ? length : done + kChunk;
      lead -= end - done + kChunkCost;
      add_weights<Real, Target>(arena, t + done, w.from(done), end - done);
      done = end;
    }
  }
}

template <class Real, class Target, class Weights>
void deliver_sparse(StaticShard& part, const Segment* segments, uint32_t n) {
  const Target* target;
  if constexpr (kSame<Target, uint16_t>) {
    target = part.synapses->target16.data();
  } else {
    target = part.synapses->target32.data();
  }
  deliver_segments(static_cast<Real*>(part.arena), target, Weights::of(part), segments, n);
}

template <class Real, class Target>
Delivery choose_sparse(bool weights) {
  return weights ? deliver_sparse<Real, Target, StoredWeights<Real>> : deliver_sparse<Real, Target, CommonWeight<Real>>;
}

// Dense: an entry is a row of the matrix. Several rows are added per pass over the targets (each target still in the
// order of the rows), so that the arena is read and written once for all of them.
template <class Real, int kRows>
void add_rows(Real* __restrict out, const Real* const* rows, uint32_t columns) {
  for (uint32_t j = 0; j < columns; ++j) {
    Real sum = out[j];
    for (int r = 0; r < kRows; ++r) sum += rows[r][j];
    out[j] = sum;
  }
}

template <class Real>
void deliver_dense(StaticShard& part, const Segment* entries, uint32_t n) {
  const size_t columns = part.synapses->dense_columns;
  const Real* weights = weights_of<Real>(part);
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
void deliver_dense_common(StaticShard& part, const Segment* entries, uint32_t n) {
  const uint32_t columns = part.synapses->dense_columns;
  const Real weight = static_cast<Real>(part.common_weight());
  Real* out = static_cast<Real*>(part.arena) + part.synapses->dense_offset;
  const pgl_group& group = part.store->groups.front();
  const bool skip_itself = group.rule.same_population && !group.rule.autapses;
  const uint32_t first = group.shard_begin[part.shard];
  for (uint32_t i = 0; i < n; ++i) {
    const uint32_t itself = entries[i].begin - first;  // wraps, and is too large, where the shard lies behind
    const uint32_t stop = skip_itself && itself < columns ? itself : columns;
    for (uint32_t j = 0; j < stop; ++j) out[j] += weight;
    for (uint32_t j = stop + 1; j < columns; ++j) out[j] += weight;
  }
}

template <class Real>
Delivery choose_delivery(const pgl_store& store, const pgl_shard_store& synapses) {
  const bool weights = (store.flags & PGL_STORE_WEIGHTS) != 0;
  if ((store.flags & PGL_STORE_DENSE) != 0) return weights ? deliver_dense<Real> : deliver_dense_common<Real>;
  return synapses.target32.empty() ? choose_sparse<Real, uint16_t>(weights) : choose_sparse<Real, uint32_t>(weights);
}

}  // namespace detail

// The loop for one shard of a store.
inline Delivery choose_delivery(const pgl_store& store, const pgl_shard_store& synapses) {
  return store.real_bytes == 8 ? detail::choose_delivery<double>(store, synapses)
                               : detail::choose_delivery<float>(store, synapses);
}

}  // namespace pgl

#endif
