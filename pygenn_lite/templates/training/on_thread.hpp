// What a block does together, where a block is one thread of the processor: loops over lanes are loops of vectors, and
// nobody waits. on_block.hpp says the same for blocks of many threads, whose sums have the same order.
#ifndef PGL_TRAINING_ON_THREAD_HPP
#define PGL_TRAINING_ON_THREAD_HPP

#include "common/math.hpp"

#define PGL_DEVICE [[gnu::always_inline]] inline
#define PGL_CALLED [[gnu::noinline]] inline
#define PGL_SHARED(T, name, n) alignas(64) T name[n]

namespace pgl {
namespace detail {

// Which block of a kernel this thread is just now.
inline thread_local int the_block = 0, the_blocks = 1;

}  // namespace detail

PGL_DEVICE int thread() { return 0; }
PGL_DEVICE int threads() { return 1; }
PGL_DEVICE int block() { return detail::the_block; }
PGL_DEVICE int blocks() { return detail::the_blocks; }
PGL_DEVICE void barrier() {}
template <class T>
PGL_DEVICE T atomic_add(T* at, typename WithoutReference<T>::Type value) {
  const T before = *at;
  *at = T(before + value);
  return before;
}

namespace training {

#if defined(__AVX512F__)
inline constexpr uint32_t kVectorBytes = 64;
#elif defined(__AVX__)
inline constexpr uint32_t kVectorBytes = 32;
#else
inline constexpr uint32_t kVectorBytes = 16;
#endif
inline constexpr uint32_t kMostVectors = kVectorBytes == 64 ? 16 : 8;  // sums that are in registers at the same time
inline constexpr uint32_t kRowBytes = 64;  // rows are so long, or a multiple
inline constexpr uint32_t kMostTogether = 4;  // trials that one block goes through step by step, all at once

template <class Real, uint32_t kBytes>
struct VectorOf {
  typedef Real Type __attribute__((vector_size(kBytes), may_alias));
};
template <class Real>
using Vector = typename VectorOf<Real, kVectorBytes>::Type;
template <class Real>
using Pair = typename VectorOf<Real, 2 * sizeof(Real)>::Type;  // two that are added at once
template <class Real>
inline constexpr uint32_t kLanes = kVectorBytes / sizeof(Real);
template <class Real>
inline constexpr uint32_t kSixteenBytes = 16 / sizeof(Real);

// f(i) for i < n, in no order: what one does must not matter to another.
template <class F>
PGL_DEVICE void each(uint32_t n, F&& f) {
#pragma GCC ivdep
  for (int i = 0; i < int(n); ++i) f(uint32_t(i));
}
// The same for few, or for what differs too much from one to the next to be vectors.
template <class F>
PGL_DEVICE void each_alone(uint32_t n, F&& f) {
  for (uint32_t i = 0; i < n; ++i) f(i);
}

// Numbers that loops over lanes read: a copy to which nothing else points, so that loops have them in registers.
template <class Real, uint32_t kCount>
struct Constants {
  Real values[kCount + 1];
  PGL_DEVICE explicit Constants(const Real* from) {
    for (uint32_t k = 0; k < kCount; ++k) values[k] = from[k];
  }
};

// Synapses of a row, of which every one adds to something. `once`: none of them to what another adds to.
template <class F>
PGL_DEVICE void each_of_row(uint32_t n, bool, F&& f) {
  for (uint32_t k = 0; k < n; ++k) f(k);
}
// f(k) for begin <= k < end; on a card by warps, always the same for a k.
template <class F>
PGL_DEVICE void each_by_warp(uint32_t begin, uint32_t end, F&& f) {
  for (uint32_t k = begin; k < end; ++k) f(k);
}
inline constexpr bool kStepsTogether = true;  // what arrives lies with the steps of a target together
// Columns of a row that a thread takes at once where each has a delay of its own: so many addresses are in registers.
inline constexpr uint32_t kColumns = 8;
template <class F>
PGL_DEVICE void each_column(F&& f) {
#pragma GCC unroll 8
  for (uint32_t j = 0; j < kColumns; ++j) f(j);
}
template <class T>  // an address, as it is, in a register
PGL_DEVICE T* in_register(T* at) {
  asm("" : "+r"(at));
  return at;
}
PGL_DEVICE void prefetch(const void* at) { __builtin_prefetch(at); }
// Of a warp: the one that writes what all of it have found.
PGL_DEVICE bool is_first_lane() { return true; }

// Counts become running sums, each with its own.
PGL_DEVICE void running_ends(uint32_t* counts, uint32_t n) {
  uint32_t total = 0;
  for (uint32_t i = 0; i < n; ++i) counts[i] = total += counts[i];
}

// A flag: all bits, or none.
inline constexpr uint32_t kFlag = 0xffffffffu;

namespace detail {

// Of 32 flags, one bit each.
PGL_DEVICE uint32_t packed(const uint32_t* flags) {
  uint32_t bits = 0;
#if defined(__AVX__) && !defined(__clang__)
  typedef float Eight __attribute__((vector_size(32), may_alias));
  typedef uint32_t Words __attribute__((vector_size(32), may_alias));
  const auto* eights = reinterpret_cast<const Eight*>(flags);
  const Words any = reinterpret_cast<const Words*>(flags)[0] | reinterpret_cast<const Words*>(flags)[1] |
                    reinterpret_cast<const Words*>(flags)[2] | reinterpret_cast<const Words*>(flags)[3];
  if (__builtin_ia32_movmskps256(Eight(any)) == 0) return 0;
  for (uint32_t k = 0; k < 4; ++k) bits |= uint32_t(__builtin_ia32_movmskps256(eights[k])) << (8 * k);
#else
  for (uint32_t k = 0; k < 32; ++k) bits |= (flags[k] & 1u) << k;
#endif
  return bits;
}

}  // namespace detail

// The numbers of the flags that are set, ascending, behind `list`; how many. No more than `room` are written. Behind the
// last flag are zeros, up to a multiple of 32.
PGL_CALLED uint32_t list_flagged(const uint32_t* flags, uint32_t n, uint32_t* list, uint32_t room) {
  uint32_t found = 0, begin = 0;
#if defined(__AVX512F__) && !defined(__clang__)
  // Sixteen at a time, as long as there is room for all of them: what is behind those that are set is written again.
  typedef int32_t Sixteen __attribute__((vector_size(64), may_alias));
  typedef int32_t Anywhere __attribute__((vector_size(64), may_alias, aligned(4)));
  Sixteen numbers = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  for (; begin < n && found + 32 <= room; begin += 32) {
#pragma GCC unroll 2
    for (uint32_t half = 0; half < 32; half += 16) {
      const Sixteen set = *reinterpret_cast<const Sixteen*>(flags + begin + half);
      const uint16_t mask = uint16_t(__builtin_ia32_ptestmd512(set, set, uint16_t(0xffff)));
      *reinterpret_cast<Anywhere*>(list + found) = __builtin_ia32_compresssi512_mask(numbers, numbers, mask);
      found += uint32_t(__builtin_popcount(mask));
      numbers += 16;
    }
  }
#endif
  for (; begin < n; begin += 32) {
    for (uint32_t bits = detail::packed(flags + begin); bits != 0; bits &= bits - 1) {
      if (found < room) list[found] = begin + uint32_t(__builtin_ctz(bits));
      ++found;
    }
  }
  return found;
}

// ---------------------------------------------------------------- sums in the order of a warp
// Every 32nd term in one sum, then halves: the same bits as 32 lanes that shuffle.
inline constexpr uint32_t kTerms = 32;

template <class Real>
PGL_DEVICE Real folded(Real (&terms)[kTerms]) {
#pragma GCC unroll 8
  for (uint32_t half = kTerms / 2; half != 0; half /= 2) {
    for (uint32_t i = 0; i < half; ++i) terms[i] += terms[i + half];
  }
  return terms[0];
}
template <class Real, class F>
PGL_DEVICE Real sum(uint32_t n, F&& f) {
  Real terms[kTerms] = {};
  int begin = 0;
  for (; begin + int(kTerms) <= int(n); begin += int(kTerms)) {
#pragma GCC ivdep
    for (int i = 0; i < int(kTerms); ++i) terms[i] += f(uint32_t(begin + i));
  }
  for (int i = begin; i < int(n); ++i) terms[i - begin] += f(uint32_t(i));
  return folded(terms);
}
template <class Real, class F>
PGL_DEVICE Real warp_sum(uint32_t n, F&& f) {
  return sum<Real>(n, f);
}
template <class Real, class F>
PGL_DEVICE Real maximum(uint32_t n, F&& f) {
  Real most = -infinity<Real>();
  for (uint32_t i = 0; i < n; ++i) most = max(most, Real(f(i)));
  return most;
}

namespace detail {

template <uint32_t... I>
struct Numbers {};
template <uint32_t N, uint32_t... I>
struct NumbersTo : NumbersTo<N - 1, N - 1, I...> {};
template <uint32_t... I>
struct NumbersTo<0, I...> {
  using Type = Numbers<I...>;
};

// Two vectors of kLanes lanes, of which parts have 2 kHalf lanes each, become one whose parts have half as many: of which
// lane the first half of a sum in lane i comes, those of the second vector behind those of the first. Parts that lie within
// 16 bytes stay in their 16 bytes, since lanes are moved across those only with an effort.
template <uint32_t kLanes, uint32_t kHalf, uint32_t kSixteen>
constexpr uint32_t lane_of_half(uint32_t i) {
  if (kHalf >= kSixteen) return i / kHalf * 2 * kHalf + i % kHalf;
  const uint32_t j = i % kSixteen, within = j % (kSixteen / 2);
  return i - j + within / kHalf * 2 * kHalf + within % kHalf + (j < kSixteen / 2 ? 0 : kLanes);
}
// Of the parts that were vectors: which one is in lane i in the end.
template <uint32_t kLanes, uint32_t kHalf, uint32_t kSixteen>
constexpr uint32_t part_in_lane(uint32_t i, uint32_t vector = 0) {
  if constexpr (2 * kHalf >= kLanes) {
    return 2 * vector + (lane_of_half<kLanes, kHalf, kSixteen>(i) >= kLanes ? 1 : 0);
  } else {
    const uint32_t from = lane_of_half<kLanes, kHalf, kSixteen>(i);
    return part_in_lane<kLanes, 2 * kHalf, kSixteen>(from % kLanes, 2 * vector + from / kLanes);
  }
}
template <uint32_t kHalf, uint32_t kSixteen, class V, uint32_t... I>
PGL_DEVICE V halved(V a, V b, Numbers<I...>) {
  constexpr uint32_t n = sizeof...(I);
  return __builtin_shufflevector(a, b, lane_of_half<n, kHalf, kSixteen>(I)...) + __builtin_shufflevector(a, b, (lane_of_half<n, kHalf, kSixteen>(I) + kHalf)...);
}
// Vectors of one part each become one vector of sums.
template <class Real, uint32_t kHalf>
PGL_DEVICE void fold_together(Vector<Real> (&parts)[kLanes<Real>]) {
  if constexpr (kHalf != 0) {
    constexpr uint32_t n = 2 * kHalf;  // vectors that are left
#pragma GCC unroll 8
    for (uint32_t k = 0; k < n / 2; ++k) parts[k] = halved<kHalf, kSixteenBytes<Real>>(parts[2 * k], parts[2 * k + 1], typename NumbersTo<kLanes<Real>>::Type{});
    fold_together<Real, kHalf / 2>(parts);
  }
}
// One alone, which becomes shorter and shorter.
template <class Real, class V, uint32_t... I>
PGL_DEVICE Real fold_alone(V part, Numbers<I...>) {
  constexpr uint32_t kHalf = sizeof...(I);
  if constexpr (kHalf == 1) {
    return part[0] + part[1];
  } else {
    return fold_alone<Real>(__builtin_shufflevector(part, part, I...) + __builtin_shufflevector(part, part, (I + kHalf)...),
                            typename NumbersTo<kHalf / 2>::Type{});
  }
}

// Every 32nd product of two rows in one sum, those of one vector's lanes left.
template <class Real>
PGL_DEVICE Vector<Real> product_parts(const Real* a, const Real* b, uint32_t columns) {
  constexpr uint32_t kEach = kLanes<Real>, kVectors = kTerms / kEach;
  const uint32_t n = (columns + kEach - 1) / kEach;
  const auto* x = reinterpret_cast<const Vector<Real>*>(a);
  const auto* y = reinterpret_cast<const Vector<Real>*>(b);
  Vector<Real> terms[kVectors] = {};
  uint32_t i = 0;
  for (; i + kVectors <= n; i += kVectors) {
#pragma GCC unroll 16
    for (uint32_t k = 0; k < kVectors; ++k) terms[k] += x[i + k] * y[i + k];
  }
#pragma GCC unroll 16
  for (uint32_t k = 0; k < kVectors; ++k) {
    if (i + k < n) terms[k] += x[i + k] * y[i + k];
  }
#pragma GCC unroll 8
  for (uint32_t half = kVectors / 2; half != 0; half /= 2) {
    for (uint32_t k = 0; k < half; ++k) terms[k] += terms[k + half];
  }
  return terms[0];
}

}  // namespace detail

// The product of two rows of `columns` reals, which lie at multiples of 64 bytes and end with zeros.
template <class Real>
PGL_CALLED Real product(const Real* a, const Real* b, uint32_t columns) {
  return detail::fold_alone<Real>(detail::product_parts(a, b, columns), typename detail::NumbersTo<kLanes<Real> / 2>::Type{});
}

namespace detail {

// Rows of `columns` reals each; with a number that is known to the compiler there are no loops within a row.
template <class Real, class Number, class F>
PGL_DEVICE void each_product_of(const Real* rows, uint32_t columns, const Real* row, uint32_t begin, uint32_t end, Number&& number_of, F&& f) {
  constexpr uint32_t kEach = kLanes<Real>;
  uint32_t k = begin;
  for (; k + kEach <= end; k += kEach) {
    Vector<Real> parts[kEach];
#pragma GCC unroll 16
    for (uint32_t r = 0; r < kEach; ++r) parts[r] = product_parts(rows + size_t(number_of(k + r)) * columns, row, columns);
    fold_together<Real, kEach / 2>(parts);
#pragma GCC unroll 16
    for (uint32_t r = 0; r < kEach; ++r) f(k + part_in_lane<kEach, 1, kSixteenBytes<Real>>(r), parts[0][r]);
  }
  for (; k < end; ++k) f(k, product(rows + size_t(number_of(k)) * columns, row, columns));
}

}  // namespace detail

// f(k, the product of `row` and row number_of(k) of the matrix) for begin <= k < end; as many at once as a vector has lanes.
template <class Real, class Number, class F>
PGL_DEVICE void each_product(const Real* rows, uint32_t stride, const Real* row, uint32_t begin, uint32_t end, Number&& number_of, F&& f) {
  if (stride == kTerms) {  // read-outs are narrow
    detail::each_product_of(rows, kTerms, row, begin, end, number_of, f);
  } else if (stride == kTerms / 2) {
    detail::each_product_of(rows, kTerms / 2, row, begin, end, number_of, f);
  } else {
    detail::each_product_of(rows, stride, row, begin, end, number_of, f);
  }
}

// ---------------------------------------------------------------- rows of weights
namespace detail {

template <class Real, class Add>
PGL_DEVICE uint32_t tiles(uint32_t columns, Add&& add) {
  // Sums of a tile stay in registers over all rows.
  constexpr uint32_t kEach = kLanes<Real>;
  uint32_t c = 0;
  if constexpr (kMostVectors != 8)
    for (; c + kMostVectors * kEach <= columns; c += kMostVectors * kEach) add.template operator()<kMostVectors>(c);
  for (; c + 8 * kEach <= columns; c += 8 * kEach) add.template operator()<8>(c);
  if (c + 4 * kEach <= columns) add.template operator()<4>(c), c += 4 * kEach;
  if (c + 2 * kEach <= columns) add.template operator()<2>(c), c += 2 * kEach;
  for (; c < columns; c += kEach) add.template operator()<1>(c);
  return c;
}

}  // namespace detail

// out += the rows of these numbers, in their order: of each column one sum after another.
template <class Real>
PGL_CALLED void add_rows(Real* out, const Real* rows, uint32_t stride, const uint32_t* index, uint32_t n, uint32_t columns) {
  detail::tiles<Real>(columns, [&]<uint32_t kVectors>(uint32_t c) __attribute__((always_inline)) {
    auto* to = reinterpret_cast<Vector<Real>*>(out + c);
    const Real* from = rows + c;
    Vector<Real> sums[kVectors];
#pragma GCC unroll 16
    for (uint32_t k = 0; k < kVectors; ++k) sums[k] = to[k];
    for (uint32_t r = 0; r < n; ++r) {
      const auto* row = reinterpret_cast<const Vector<Real>*>(from + size_t(index[r]) * stride);
#pragma GCC unroll 16
      for (uint32_t k = 0; k < kVectors; ++k) sums[k] += row[k];
    }
#pragma GCC unroll 16
    for (uint32_t k = 0; k < kVectors; ++k) to[k] = sums[k];
  });
}
inline constexpr uint32_t kAhead = 4;  // rows that are fetched before they are added
namespace detail {

template <bool kScaled, class Real, class Lists>
PGL_DEVICE void gather_tiles(Real* out, uint32_t first, uint32_t end, uint32_t stride, Real scale, Lists&& lists) {
  tiles<Real>(end - first, [&]<uint32_t kVectors>(uint32_t c) __attribute__((always_inline)) {
    auto* to = reinterpret_cast<Vector<Real>*>(out + first + c);
    Vector<Real> sums[kVectors];
#pragma GCC unroll 16
    for (uint32_t k = 0; k < kVectors; ++k) sums[k] = to[k];
    lists([&](const Real* from, const uint32_t* carried, uint32_t n) __attribute__((always_inline)) {
      for (uint32_t e = 0; e < n; ++e) {
        const auto* row = reinterpret_cast<const Vector<Real>*>(from + first + c + size_t(carried[e]) * stride);
        if (e + kAhead < n) {  // rows lie anywhere: the processor does not foresee them
          const auto* next = reinterpret_cast<const char*>(from + first + c + size_t(carried[e + kAhead]) * stride);
#pragma GCC unroll 16
          for (uint32_t b = 0; b < kVectors * sizeof(Vector<Real>); b += 64) __builtin_prefetch(next + b);
        }
#pragma GCC unroll 16
        for (uint32_t k = 0; k < kVectors; ++k) sums[k] += kScaled ? row[k] * scale : row[k];
      }
    });
#pragma GCC unroll 16
    for (uint32_t k = 0; k < kVectors; ++k) to[k] = sums[k];
  });
}

}  // namespace detail

// out[first..end) += scale * (rows of `from` with the numbers that are carried): lists(add) calls add(from, carried, n) for
// one list after another.
template <class Real, class Lists>
PGL_DEVICE void gather_rows(Real* out, uint32_t first, uint32_t end, uint32_t stride, Real scale, Lists&& lists) {
  if (scale == Real(1)) {
    detail::gather_tiles<false>(out, first, end, stride, scale, lists);
  } else {
    detail::gather_tiles<true>(out, first, end, stride, scale, lists);
  }
}

}  // namespace training
}  // namespace pgl

#endif
