// Numbers become whole numbers, of which sums depend on no order.
#ifndef PGL_WHOLE_HPP
#define PGL_WHOLE_HPP

#include "language.hpp"

namespace pgl {

// To the nearest whole number, halves to the even one; on the CPU's own backend below 2^51.
#if PGL_ON_DEVICE
PGL_INLINE int64_t nearest_even(double x) { return ::llrint(x); }
PGL_INLINE int64_t nearest_even(float x) { return ::llrintf(x); }
#elif defined(PGL_EMULATED)
PGL_INLINE int64_t nearest_even(double x) { return __builtin_llrint(x); }
PGL_INLINE int64_t nearest_even(float x) { return __builtin_llrintf(x); }
#else
PGL_INLINE int64_t nearest_even(double x) {
  constexpr double kOnes = 6755399441055744.0;  // 1.5 x 2^52: what is added to it is rounded to ones
  return static_cast<int64_t>((x + kOnes) - kOnes);
}
PGL_INLINE int64_t nearest_even(float x) { return nearest_even(double(x)); }
#endif

}  // namespace pgl

#endif
