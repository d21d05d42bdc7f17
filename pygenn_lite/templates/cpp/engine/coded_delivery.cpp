// Delivery of weights of 16 bits, and sums of arrivals in whole numbers. A shared object of its own, compiled only for
// networks that have either: together these loops take as long as all that the builder has beside them.
#include <stdint.h>

#include "delivery.hpp"
#include "error.hpp"
#include "weight_codes.hpp"
#include "whole_sums.hpp"

namespace pgl {

namespace detail {

template <class Real>
const Real* table_of(const pgl_store& store) {
  if constexpr (kSame<Real, float>) {
    return store.weight_table32.data();
  } else {
    return store.weight_table.data();
  }
}

template <class Real>
struct HalfWeights {
  const uint16_t* code;
  static HalfWeights of(const StaticShard& part) { return {part.synapses->code16.data()}; }
  PGL_INLINE Real operator[](size_t k) const { return Real(half_value(code[k])); }
  HalfWeights from(size_t k) const { return {code + k}; }
  void fetch(uint32_t begin, uint32_t n) const { fetch_lines(code + begin, n); }
};
template <class Real>
struct FixedWeights {
  const uint16_t* code;
  Real scale;
  static FixedWeights of(const StaticShard& part) {
    return {part.synapses->code16.data(), static_cast<Real>(part.store->weight_scale)};
  }
  PGL_INLINE Real operator[](size_t k) const { return scale * Real(int16_t(code[k])); }
  FixedWeights from(size_t k) const { return {code + k, scale}; }
  void fetch(uint32_t begin, uint32_t n) const { fetch_lines(code + begin, n); }
};
template <class Real>
struct TableWeights {
  const uint16_t* code;
  const Real* table;
  static TableWeights of(const StaticShard& part) { return {part.synapses->code16.data(), table_of<Real>(*part.store)}; }
  PGL_INLINE Real operator[](size_t k) const { return table[code[k]]; }
  TableWeights from(size_t k) const { return {code + k, table}; }
  void fetch(uint32_t begin, uint32_t n) const { fetch_lines(code + begin, n); }
};

template <class Real, class Target>
Delivery choose_coded(uint32_t flags) {
  if ((flags & PGL_STORE_HALF) != 0) return deliver_sparse<Real, Target, HalfWeights<Real>>;
  if ((flags & PGL_STORE_FIXED) != 0) return deliver_sparse<Real, Target, FixedWeights<Real>>;
  return deliver_sparse<Real, Target, TableWeights<Real>>;
}

// Sums in whole numbers, for comparisons between backends: one plain loop for all kinds of weights.
template <class Real>
void deliver_whole(StaticShard& part, const Segment* segments, uint32_t n) {
  const pgl_store& store = *part.store;
  const pgl_shard_store& synapses = *part.synapses;
  const uint32_t flags = store.flags;
  const auto weight = [&](size_t at) -> double {
    if ((flags & PGL_STORE_WEIGHTS) == 0) return Real(part.common_weight());
    if ((flags & PGL_STORE_HALF) != 0) return HalfWeights<Real>::of(part)[at];
    if ((flags & PGL_STORE_FIXED) != 0) return FixedWeights<Real>::of(part)[at];
    if ((flags & PGL_STORE_TABLE) != 0) return TableWeights<Real>::of(part)[at];
    return weights_of<Real>(part)[at];
  };
  if ((flags & PGL_STORE_DENSE) == 0) {
    const bool narrow = synapses.target32.empty();
    for (uint32_t i = 0; i < n; ++i) {
      for (size_t k = segments[i].begin; k < size_t(segments[i].begin) + segments[i].length; ++k) {
        add_whole(*part.sums, narrow ? synapses.target16[k] : synapses.target32[k], weight(k));
      }
    }
    return;
  }
  const uint32_t columns = synapses.dense_columns;
  const pgl_group& group = store.groups.front();
  const bool one = (flags & PGL_STORE_WEIGHTS) == 0, skip_itself = group.rule.same_population && !group.rule.autapses;
  for (uint32_t i = 0; i < n; ++i) {
    const size_t row = segments[i].begin;
    for (uint32_t j = 0; j < columns; ++j) {
      if (one && skip_itself && row == size_t(group.shard_begin[part.shard]) + j) continue;
      add_whole(*part.sums, synapses.dense_offset + j, weight(row * columns + j));
    }
  }
}

template <class Real>
Delivery choose_coded(const pgl_store& store, const pgl_shard_store& synapses, bool whole) {
  if (whole) return deliver_whole<Real>;
  return synapses.target32.empty() ? choose_coded<Real, uint16_t>(store.flags) : choose_coded<Real, uint32_t>(store.flags);
}

}  // namespace detail

// The loop for one shard of a store with weights of 16 bits, or whose sums are whole numbers.
inline Delivery choose_coded(const pgl_store& store, const pgl_shard_store& synapses, bool whole) {
  return store.real_bytes == 8 ? detail::choose_coded<double>(store, synapses, whole)
                               : detail::choose_coded<float>(store, synapses, whole);
}

}  // namespace pgl

extern "C" {

int32_t pgl_abi_version(void) { return PGL_ABI_VERSION; }
const char* pgl_last_error(void) { return pgl::last_error().text; }

void pgl_store_deliver_coded(pgl_store* store) { store->choose_coded = pgl::choose_coded; }

}  // extern "C"
