// Numbers in half precision (IEEE 754 binary16).
#ifndef PGL_HALF_HPP
#define PGL_HALF_HPP

#include "language.hpp"

namespace pgl {

// The bits of the number as a float, moved, the exponent raised by 112. Below the least normal number the mantissa counts
// steps of 2^-24. No subnormal float comes up: workers take these for zero.
PGL_INLINE float half_value(uint16_t code) {
  const uint32_t magnitude = code & 0x7fffu;
  const float normal = bit_cast<float>((magnitude << 13) + (112u << 23));
  const float small = float(int32_t(magnitude)) * 5.9604644775390625e-8f;
  const uint32_t size = bit_cast<uint32_t>(magnitude < 0x400u ? small : normal);
  return bit_cast<float>(size | uint32_t(code & 0x8000u) << 16);
}

}  // namespace pgl

#endif
