// The counter-based generator Philox 4x32-10 (Salmon et al. 2011): a function of (key, counter), no state.
//
//   key     = (seed low, seed high)
//   counter = (element, step low, step high 16 bits | purpose << 16, stream)
//
// philox4x32() and philox() are one call. philox_words64() makes 16 calls with consecutive elements, the unit of work for a
// block of 64 neurons: word k of call c stands at [16 k + c].
#ifndef PGL_PHILOX_HPP
#define PGL_PHILOX_HPP

#include "language.hpp"

namespace pgl {

struct Words4 {
  uint32_t word[4];
};

inline constexpr uint32_t kPhiloxM0 = 0xD2511F53u, kPhiloxM1 = 0xCD9E8D57u;
inline constexpr uint32_t kPhiloxW0 = 0x9E3779B9u, kPhiloxW1 = 0xBB67AE85u;

PGL_FUNCTION uint32_t philox_step_high(uint32_t purpose, int64_t step) {
  return (uint32_t(uint64_t(step) >> 32) & 0xffffu) | purpose << 16;
}

PGL_FUNCTION Words4 philox4x32(uint64_t seed, uint32_t c0, uint32_t c1, uint32_t c2, uint32_t c3) {
  uint32_t k0 = uint32_t(seed), k1 = uint32_t(seed >> 32);
  for (int round = 0; round < 10; ++round) {
    const uint64_t p0 = uint64_t(kPhiloxM0) * c0, p1 = uint64_t(kPhiloxM1) * c2;
    c0 = uint32_t(p1 >> 32) ^ c1 ^ k0;
    c1 = uint32_t(p1);
    c2 = uint32_t(p0 >> 32) ^ c3 ^ k1;
    c3 = uint32_t(p0);
    k0 += kPhiloxW0;
    k1 += kPhiloxW1;
  }
  return {{c0, c1, c2, c3}};
}

PGL_FUNCTION Words4 philox(uint64_t seed, uint32_t stream, uint32_t purpose, int64_t step, uint32_t element) {
  return philox4x32(seed, element, uint32_t(step), philox_step_high(purpose, step), stream);
}

// Vectors of 64-bit lanes, each holding one 32-bit word in its low half: the widening multiplication ignores
// the high halves, so they may hold anything until the end.
#if PGL_ON_DEVICE
#elif defined(__AVX512F__)
#define PGL_PHILOX_LANES 8
#elif defined(__AVX2__)
#define PGL_PHILOX_LANES 4
#elif defined(__SSE2__)
#define PGL_PHILOX_LANES 2
#endif

#ifdef PGL_PHILOX_LANES
namespace detail {

typedef uint64_t PhiloxLanes __attribute__((vector_size(8 * PGL_PHILOX_LANES)));
typedef int32_t PhiloxHalves __attribute__((vector_size(8 * PGL_PHILOX_LANES)));
typedef long long PhiloxSigned __attribute__((vector_size(8 * PGL_PHILOX_LANES)));

// Low halves multiplied to 64 bits (vpmuludq): the compilers do not find it from the portable expression, and
// <immintrin.h> would cost more to compile than a small network's kernels.
PGL_INLINE PhiloxLanes widening(PhiloxLanes a, PhiloxLanes b) {
#if defined(__clang__)
  return (a & 0xffffffffu) * (b & 0xffffffffu);  // clang does find it
#elif PGL_PHILOX_LANES == 8
  return PhiloxLanes(__builtin_ia32_pmuludq512_mask(PhiloxHalves(a), PhiloxHalves(b), PhiloxSigned{}, 0xff));
#elif PGL_PHILOX_LANES == 4
  return PhiloxLanes(__builtin_ia32_pmuludq256(PhiloxHalves(a), PhiloxHalves(b)));
#else
  return PhiloxLanes(__builtin_ia32_pmuludq128(PhiloxHalves(a), PhiloxHalves(b)));
#endif
}

}  // namespace detail
#endif

// Elements first, first + 1, ..., first + 15.
PGL_NOINLINE void philox_words64(uint64_t seed, uint32_t stream, uint32_t purpose, int64_t step, uint32_t first,
                                             uint32_t* out) {
  const uint32_t low = uint32_t(step), high = philox_step_high(purpose, step);
#ifdef PGL_PHILOX_LANES
  using detail::PhiloxLanes;
  constexpr int kLanes = PGL_PHILOX_LANES;
  const PhiloxLanes zero = {};
  const PhiloxLanes m0 = zero + kPhiloxM0, m1 = zero + kPhiloxM1, mask = zero + 0xffffffffu;
  PhiloxLanes even = zero;
  for (int lane = 0; lane < kLanes; ++lane) even[lane] = uint64_t(2 * lane);
  // Two vectors at a time, of even and of odd calls: enough for the multiplier to be always busy, and their eight
  // registers of state leave room for all else (with four vectors AVX2's sixteen registers do not suffice).
  for (int begin = 0; begin < 16; begin += 2 * kLanes) {
    PhiloxLanes a0 = even + (uint64_t(first) + uint64_t(begin)), a1 = a0 + 1;
    PhiloxLanes b0 = zero + low, c0 = zero + high, d0 = zero + stream, b1 = b0, c1 = c0, d1 = d0;
    uint32_t k0 = uint32_t(seed), k1 = uint32_t(seed >> 32);
    for (int round = 0; round < 10; ++round) {
      const PhiloxLanes p0 = detail::widening(a0, m0), q0 = detail::widening(c0, m1);
      const PhiloxLanes p1 = detail::widening(a1, m0), q1 = detail::widening(c1, m1);
      a0 = (q0 >> 32) ^ b0 ^ k0;
      b0 = q0;
      c0 = (p0 >> 32) ^ d0 ^ k1;
      d0 = p0;
      a1 = (q1 >> 32) ^ b1 ^ k0;
      b1 = q1;
      c1 = (p1 >> 32) ^ d1 ^ k1;
      d1 = p1;
      k0 += kPhiloxW0;
      k1 += kPhiloxW1;
    }
    const PhiloxLanes words[4] = {(a0 & mask) | a1 << 32, (b0 & mask) | b1 << 32, (c0 & mask) | c1 << 32,
                                  (d0 & mask) | d1 << 32};
    for (int k = 0; k < 4; ++k) __builtin_memcpy(out + 16 * k + begin, &words[k], sizeof words[k]);
  }
#else
  uint32_t a[16], b[16], c[16], d[16];
  for (uint32_t i = 0; i < 16; ++i) {
    a[i] = first + i;
    b[i] = low;
    c[i] = high;
    d[i] = stream;
  }
  uint32_t k0 = uint32_t(seed), k1 = uint32_t(seed >> 32);
  for (int round = 0; round < 10; ++round) {
    for (int i = 0; i < 16; ++i) {
      const uint64_t p0 = uint64_t(kPhiloxM0) * a[i], p1 = uint64_t(kPhiloxM1) * c[i];
      a[i] = uint32_t(p1 >> 32) ^ b[i] ^ k0;
      b[i] = uint32_t(p1);
      c[i] = uint32_t(p0 >> 32) ^ d[i] ^ k1;
      d[i] = uint32_t(p0);
    }
    k0 += kPhiloxW0;
    k1 += kPhiloxW1;
  }
  for (int i = 0; i < 16; ++i) {
    out[i] = a[i];
    out[16 + i] = b[i];
    out[32 + i] = c[i];
    out[48 + i] = d[i];
  }
#endif
}

}  // namespace pgl

#endif
