// What a block does together, where a block has many threads: on a card, and on fibres. The bits are those of
// on_thread.hpp: every sum has the same order.
#ifndef PGL_TRAINING_ON_BLOCK_HPP
#define PGL_TRAINING_ON_BLOCK_HPP

#include "common/device.hpp"
#include "common/math.hpp"
#include "training/matrix.hpp"

namespace pgl::training {

inline constexpr uint32_t kFlag = 0xffffffffu;
inline constexpr uint32_t kTerms = 32;
inline constexpr uint32_t kMostWarps = 32;
inline constexpr uint32_t kMostTogether = 1;

PGL_DEVICE uint32_t warps() { return (uint32_t(threads()) + 31u) / 32u; }

// f(i) for i < n, in no order: what one does must not matter to another. A number is always with the same thread.
template <class F>
PGL_DEVICE void each(uint32_t n, F&& f) {
  for (uint32_t i = uint32_t(thread()); i < n; i += uint32_t(threads())) f(i);
}
template <class F>
PGL_DEVICE void each_alone(uint32_t n, F&& f) {
  each(n, f);
}
// Numbers that loops over lanes read, where they are.
template <class Real, uint32_t>
struct Constants {
  const Real* values;
  PGL_DEVICE explicit Constants(const Real* from) : values(from) {}
};
// Synapses of a row, of which every one adds to something. `once`: none of them to what another adds to.
template <class F>
PGL_DEVICE void each_of_row(uint32_t n, bool once, F&& f) {
  barrier();
  if (once) {
    each(n, f);
  } else if (thread() == 0) {
    for (uint32_t k = 0; k < n; ++k) f(k);
  }
  barrier();
}
// f(k) for begin <= k < end by warps, always the same for a k.
template <class F>
PGL_DEVICE void each_by_warp(uint32_t begin, uint32_t end, F&& f) {
  const uint32_t n = warps(), first = begin + (uint32_t(warp()) + n - begin % n) % n;
  for (uint32_t k = first; k < end; k += n) f(k);
}
inline constexpr bool kStepsTogether = false;  // what arrives lies with the targets of a step together: threads side by side
// Columns of a row that a thread takes at once where each has a delay of its own.
inline constexpr uint32_t kColumns = 1;
template <class F>
PGL_DEVICE void each_column(F&& f) {
  f(0u);
}
template <class T>
PGL_DEVICE T* in_register(T* at) {
  return at;
}
PGL_DEVICE void prefetch(const void*) {}
template <class Real>
struct Pair {
  Real values[2];
  PGL_DEVICE Real operator[](uint32_t k) const { return values[k]; }
  PGL_DEVICE void operator+=(const Pair& other) { values[0] += other.values[0], values[1] += other.values[1]; }
};
// Of a warp: the one that writes what all of it have found.
PGL_DEVICE bool is_first_lane() { return lane() == 0; }

// Counts become running sums, each with its own.
PGL_DEVICE void running_ends(uint32_t* counts, uint32_t n) {
  if (warp() != 0) return;
  uint32_t before = 0;
  for (uint32_t begin = 0; begin < n; begin += 32) {
    const uint32_t i = begin + uint32_t(lane());
    uint32_t sum = i < n ? counts[i] : 0;
    for (int distance = 1; distance < 32; distance *= 2) {
      const uint32_t other = shuffle_up(sum, distance);
      if (lane() >= distance) sum += other;
    }
    if (i < n) counts[i] = before + sum;
    before += shuffle(sum, 31);
  }
}

// The numbers of the flags that are set, ascending, behind `list`; how many. No more than `room` are written.
PGL_CALLED uint32_t list_flagged(const uint32_t* flags, uint32_t n, uint32_t* list, uint32_t room) {
  PGL_SHARED(uint32_t, counts, kMostWarps);
  uint32_t found = 0;
  for (uint32_t begin = 0; begin < n; begin += uint32_t(threads())) {
    const uint32_t i = begin + uint32_t(thread());
    const bool flagged = i < n && flags[i] != 0;
    const uint32_t bits = ballot(flagged);
    if (lane() == 0) counts[warp()] = uint32_t(popcount(bits));
    barrier();
    uint32_t before = 0, all = 0;
    for (uint32_t w = 0; w < warps(); ++w) {
      const uint32_t count = counts[w];
      if (w < uint32_t(warp())) before += count;
      all += count;
    }
    const uint32_t at = found + before + uint32_t(popcount(bits & ((1u << lane()) - 1u)));
    if (flagged && at < room) list[at] = i;
    found += all;
    barrier();
  }
  return found;
}

// ---------------------------------------------------------------- sums in the order of a warp
template <class Real>
PGL_DEVICE Real warp_folded(Real term) {
  for (int half = int(kTerms) / 2; half != 0; half /= 2) term += shuffle_xor(term, half);
  return term;
}
template <class Real, class F>
PGL_DEVICE Real warp_sum(uint32_t n, F&& f) {
  Real term = Real(0);
  for (uint32_t i = uint32_t(lane()); i < n; i += kTerms) term += f(i);
  return warp_folded(term);
}
// The same for all threads of the block.
template <class Real, class F>
PGL_DEVICE Real sum(uint32_t n, F&& f) {
  PGL_SHARED(Real, found, 1);
  barrier();
  if (warp() == 0) {
    const Real all = warp_sum<Real>(n, f);
    if (lane() == 0) found[0] = all;
  }
  barrier();
  return found[0];
}
template <class Real, class F>
PGL_DEVICE Real maximum(uint32_t n, F&& f) {
  PGL_SHARED(Real, found, 1);
  barrier();
  if (warp() == 0) {
    Real most = -infinity<Real>();
    for (uint32_t i = uint32_t(lane()); i < n; i += kTerms) most = max(most, Real(f(i)));
    for (int half = int(kTerms) / 2; half != 0; half /= 2) most = max(most, Real(shuffle_xor(most, half)));
    if (lane() == 0) found[0] = most;
  }
  barrier();
  return found[0];
}
// Of a warp.
template <class Real>
PGL_DEVICE Real product(const Real* a, const Real* b, uint32_t columns) {
  return warp_sum<Real>(columns, [&](uint32_t i) { return a[i] * b[i]; });
}

// f(k, the product of `row` and row number_of(k) of the matrix) for begin <= k < end, each by a warp; f by its first lane.
template <class Real, class Number, class F>
PGL_DEVICE void each_product(const Real* rows, uint32_t stride, const Real* row, uint32_t begin, uint32_t end, Number&& number_of, F&& f) {
  each_by_warp(begin, end, [&](uint32_t k) {
    const Real found = product(rows + size_t(number_of(k)) * stride, row, stride);
    if (is_first_lane()) f(k, found);
  });
}

// out[k][i] += scale * (the product of row i of the matrix and rows[k], its terms fused) for i < n and k < samples.
template <class Real>
PGL_DEVICE void add_products(const Matrix<Real>& matrix, const Real* const* rows, Real scale, Real* const* out, uint32_t samples) {
  for (uint32_t k = 0; k < samples; ++k) {
    each_by_warp(0, matrix.n, [&](uint32_t i) {
      const Real* row = matrix.rows + size_t(i) * matrix.stride;
      Real term = Real(0);
      for (uint32_t j = uint32_t(lane()); j < matrix.columns; j += kTerms) term = pgl::fma(row[j], rows[k][j], term);
      const Real found = warp_folded(term);
      if (is_first_lane()) out[k][i] += scale * found;
    });
  }
}

// ---------------------------------------------------------------- rows of weights
template <class Real>
PGL_DEVICE void add_rows(Real* out, const Real* rows, uint32_t stride, const uint32_t* index, uint32_t n, uint32_t columns) {
  each(columns, [&](uint32_t j) {
    Real all = out[j];
    for (uint32_t r = 0; r < n; ++r) all += rows[size_t(index[r]) * stride + j];
    out[j] = all;
  });
}
template <class Real, class Lists>
PGL_DEVICE void gather_rows(Real* out, uint32_t first, uint32_t end, uint32_t stride, Real scale, Lists&& lists) {
  each(end - first, [&](uint32_t k) {
    const uint32_t j = first + k;
    Real all = out[j];
    lists([&](const Real* from, const uint32_t* carried, uint32_t n) {
      for (uint32_t e = 0; e < n; ++e) all += from[size_t(carried[e]) * stride + j] * scale;
    });
    out[j] = all;
  });
}

}  // namespace pgl::training

#endif
