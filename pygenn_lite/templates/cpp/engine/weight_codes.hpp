// Weights that take 16 bits each: half precision, fixed point with one scale, or the place of an entry in a table that
// all synapses share (the kernel of a convolution).
#ifndef PGL_WEIGHT_CODES_HPP
#define PGL_WEIGHT_CODES_HPP

#include <stdint.h>
#include <string.h>

#include "abi.h"
#include "common/language.hpp"
#include "common/math.hpp"
#include "error.hpp"
#include "store.hpp"

namespace pgl {

inline constexpr double kLargestHalf = 65504.0, kLargestFixed = 32767.0;

// Half precision (IEEE 754 binary16): the bits of the number as a float, moved, the exponent raised by 112. Below the
// least normal number the mantissa counts steps of 2^-24. No subnormal float comes up: workers take these for zero.
PGL_INLINE float half_value(uint16_t code) {
  const uint32_t magnitude = code & 0x7fffu;
  const uint32_t moved = (magnitude << 13) + (112u << 23);
  float normal;
  memcpy(&normal, &moved, sizeof moved);
  const float small = float(int32_t(magnitude)) * 5.9604644775390625e-8f;
  const float size = magnitude < 0x400u ? small : normal;
  uint32_t bits;
  memcpy(&bits, &size, sizeof bits);
  bits |= uint32_t(code & 0x8000u) << 16;
  float value;
  memcpy(&value, &bits, sizeof bits);
  return value;
}

// To the nearest, ties to even. The number is finite and at most kLargestHalf.
inline uint16_t half_code(double value) {
  const double size = value < 0.0 ? -value : value;
  int exponent = -14;  // of the least normal number: below it, steps of 2^-24
  double step = 5.9604644775390625e-8;
  while (exponent < 15 && size >= step * 2048.0) {
    step *= 2.0;
    ++exponent;
  }
  const double steps = size / step, whole = pgl::floor(steps);
  const double rest = steps - whole;
  uint32_t mantissa = uint32_t(whole);
  if (rest > 0.5 || (rest == 0.5 && (mantissa & 1u) != 0)) ++mantissa;
  // The hidden bit adds one to the exponent of normal numbers; a mantissa rounded up to 2048 adds another.
  const uint32_t magnitude = (uint32_t(exponent + 14) << 10) + mantissa;
  return uint16_t(magnitude | (value < 0.0 ? 0x8000u : 0u));
}

PGL_INLINE double nearest_whole(double x) { return x < 0.0 ? -pgl::floor(0.5 - x) : pgl::floor(x + 0.5); }

// What weights of a store are coded with.
struct WeightCodes {
  uint32_t kind = 0;  // PGL_STORE_HALF, PGL_STORE_FIXED, PGL_STORE_TABLE, or 0: they are not
  double scale = 1.0;
  const double* table = nullptr;
  uint64_t table_size = 0;

  explicit WeightCodes(const pgl_store& store)
      : kind(store.flags & kCodedWeights), scale(store.weight_scale), table(store.weight_table.data()),
        table_size(store.weight_table.size()) {}

  // Called, not inlined: little beside the rest of laying a synapse down, and a tenth of the builder's compile time.
  [[gnu::noinline]] double value(uint16_t code) const {
    if (kind == PGL_STORE_HALF) return half_value(code);
    if (kind == PGL_STORE_FIXED) return scale * int16_t(code);
    return table[code];
  }
  // Of a table, the code itself is what is written.
  [[gnu::noinline]] uint16_t code(double weight) const {
    if (kind == PGL_STORE_HALF) return half_code(weight);
    if (kind == PGL_STORE_FIXED) return uint16_t(int16_t(nearest_whole(weight / scale)));
    return uint16_t(weight);
  }
  void check(double largest) const {
    if (kind == PGL_STORE_HALF && largest > kLargestHalf)
      throw Error("a weight of %g is too large for half precision: the largest is 65504", largest);
    if (kind == PGL_STORE_TABLE && largest >= double(table_size))
      throw Error("a synapse asks for entry %g of a table of %llu", largest, (unsigned long long)table_size);
  }
};

// The scale with which the largest weight is the largest whole number of 16 bits.
inline double fixed_scale(double largest) { return largest > 0.0 ? largest / kLargestFixed : 1.0; }

}  // namespace pgl

#endif
