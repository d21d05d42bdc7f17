// Uniform and normal numbers for a block of 64 neurons, from the counter-based generator.
// Block b of a population uses elements 16 b ... 16 b + 15; word k of call c belongs to lane 16 k + c.
// Of a block that is not full, only so many lanes are written (16, 32, 48 or 64): the same numbers, fewer of them.
#ifndef PGL_RANDOM_HPP
#define PGL_RANDOM_HPP

#include "math.hpp"
#include "philox.hpp"

namespace pgl {

template <class Real>
PGL_INLINE Real unit(uint32_t word) = delete;
// 24 bits and a half. Rounding would take the largest word to 1: kept below it, inside the open interval.
template <>
PGL_INLINE float unit<float>(uint32_t word) {
  const float u = (float(int32_t(word >> 8)) + 0.5f) * 5.9604644775390625e-8f;
  return u < 1.0f ? u : 0.99999994039535522f;
}
// (word + 1/2) / 2^32; through a signed conversion, which every vector unit has.
template <>
PGL_INLINE double unit<double>(uint32_t word) {
  return (double(int32_t(word ^ 0x80000000u)) + 2147483648.5) * 2.3283064365386963e-10;
}

template <class Real>
PGL_FUNCTION void uniforms64(uint64_t seed, uint32_t stream, uint32_t purpose, int64_t step, uint32_t block, Real* __restrict out, int lanes = 64) {
  alignas(64) uint32_t words[64];
  philox_words64(seed, stream, purpose, step, block * 16, words);
  for (int first = 0; first < lanes; first += 16) {
    for (int i = first; i < first + 16; ++i) out[i] = unit<Real>(words[i]);
  }
}

// Box and Muller: words 0 and 1 of a call make the lanes 0 + c and 16 + c, words 2 and 3 the lanes 32 + c and 48 + c.
template <class Real>
PGL_FUNCTION void normals64(uint64_t seed, uint32_t stream, uint32_t purpose, int64_t step, uint32_t block, Real* __restrict out, int lanes = 64) {
  alignas(64) uint32_t words[64];
  philox_words64(seed, stream, purpose, step, block * 16, words);
  for (int pair = 0; pair < lanes; pair += 32) {
    for (int c = pair; c < pair + 16; ++c) {
      const Real radius = sqrt(Real(-2) * log(unit<Real>(words[c])));
      Real sine, cosine;
      sincos_turn(unit<Real>(words[c + 16]), sine, cosine);
      out[c] = radius * cosine;
      out[c + 16] = radius * sine;
    }
  }
}

}  // namespace pgl

#endif
