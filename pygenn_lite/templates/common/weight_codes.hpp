// Weights that take 16 bits each: half precision, or fixed point with one scale.
#ifndef PGL_COMMON_WEIGHT_CODES_HPP
#define PGL_COMMON_WEIGHT_CODES_HPP

#include "half.hpp"
#include "math.hpp"

namespace pgl {

inline constexpr double kLargestHalf = 65504.0, kLargestFixed = 32767.0;

// Half precision, to the nearest, ties to even. The number is finite and at most kLargestHalf.
PGL_FUNCTION uint16_t half_code(double value) {
  const double size = value < 0.0 ? -value : value;
  int exponent = -14;  // of the least normal number: below it, steps of 2^-24
  double step = 5.9604644775390625e-8;
  while (exponent < 15 && size >= step * 2048.0) {
    step *= 2.0;
    ++exponent;
  }
  const double steps = size / step, whole = floor(steps);
  const double rest = steps - whole;
  uint32_t mantissa = uint32_t(whole);
  if (rest > 0.5 || (rest == 0.5 && (mantissa & 1u) != 0)) ++mantissa;
  // The hidden bit adds one to the exponent of normal numbers; a mantissa rounded up to 2048 adds another.
  const uint32_t magnitude = (uint32_t(exponent + 14) << 10) + mantissa;
  return uint16_t(magnitude | (value < 0.0 ? 0x8000u : 0u));
}

PGL_INLINE double nearest_whole(double x) { return x < 0.0 ? -floor(0.5 - x) : floor(x + 0.5); }

PGL_INLINE uint16_t fixed_code(double value, double scale) { return uint16_t(int16_t(nearest_whole(value / scale))); }
PGL_INLINE double fixed_value(uint16_t code, double scale) { return scale * int16_t(code); }

// The scale with which the largest weight is the largest whole number of 16 bits.
PGL_INLINE double fixed_scale(double largest) { return largest > 0.0 ? largest / kLargestFixed : 1.0; }

}  // namespace pgl

#endif
