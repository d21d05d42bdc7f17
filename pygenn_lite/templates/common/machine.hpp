// What a processor does in an instruction or two, as the compilers of hosts and of devices call it.
#ifndef PGL_MACHINE_HPP
#define PGL_MACHINE_HPP

#include "language.hpp"

namespace pgl {

template <class T>
PGL_INLINE constexpr T infinity() {
  return T(bit_cast<double>(uint64_t{0x7ff0000000000000u}));
}
template <class T>
PGL_INLINE constexpr T not_a_number() {
  return T(bit_cast<double>(uint64_t{0x7ff8000000000000u}));
}

#if PGL_ON_DEVICE
PGL_INLINE float abs(float x) { return ::fabsf(x); }
PGL_INLINE double abs(double x) { return ::fabs(x); }
PGL_INLINE float sqrt(float x) { return ::sqrtf(x); }
PGL_INLINE double sqrt(double x) { return ::sqrt(x); }
PGL_INLINE float floor(float x) { return ::floorf(x); }
PGL_INLINE double floor(double x) { return ::floor(x); }
PGL_INLINE float ceil(float x) { return ::ceilf(x); }
PGL_INLINE double ceil(double x) { return ::ceil(x); }
PGL_INLINE float copysign(float x, float sign) { return ::copysignf(x, sign); }
PGL_INLINE double copysign(double x, double sign) { return ::copysign(x, sign); }
PGL_INLINE double ldexp(double x, int exponent) { return ::ldexp(x, exponent); }
#else
PGL_INLINE float abs(float x) { return __builtin_fabsf(x); }
PGL_INLINE double abs(double x) { return __builtin_fabs(x); }
PGL_INLINE float sqrt(float x) { return __builtin_sqrtf(x); }
PGL_INLINE double sqrt(double x) { return __builtin_sqrt(x); }
PGL_INLINE float floor(float x) { return __builtin_floorf(x); }
PGL_INLINE double floor(double x) { return __builtin_floor(x); }
PGL_INLINE float ceil(float x) { return __builtin_ceilf(x); }
PGL_INLINE double ceil(double x) { return __builtin_ceil(x); }
PGL_INLINE float copysign(float x, float sign) { return __builtin_copysignf(x, sign); }
PGL_INLINE double copysign(double x, double sign) { return __builtin_copysign(x, sign); }
PGL_INLINE double ldexp(double x, int exponent) { return __builtin_ldexp(x, exponent); }
#endif

}  // namespace pgl

#endif
