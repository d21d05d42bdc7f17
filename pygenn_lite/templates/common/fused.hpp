// The fused multiply-add: a b + c with one rounding, the same on every processor.
//
// Generated code and the functions of math.hpp fuse where they say so and nowhere else (-ffp-contract=off), so results
// depend neither on the compiler nor on the processor. x86 processors before 2013 have no such instruction; the
// compiler would call the C library for every one, out of the middle of vector loops. For these it is computed here, to
// the same bits: in float without branches, so that loops still become vector code; in double in some forty operations.
#ifndef PGL_FUSED_HPP
#define PGL_FUSED_HPP

#include "machine.hpp"

#if defined(__x86_64__) && !defined(__FMA__) && !PGL_ON_DEVICE
#define PGL_FUSED_IN_SOFTWARE 1
#endif

namespace pgl {

#if PGL_ON_DEVICE
PGL_INLINE float fma(float a, float b, float c) { return ::fmaf(a, b, c); }
PGL_INLINE double fma(double a, double b, double c) { return ::fma(a, b, c); }
#elif !defined(PGL_FUSED_IN_SOFTWARE)
PGL_INLINE float fma(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
PGL_INLINE double fma(double a, double b, double c) { return __builtin_fma(a, b, c); }
#else
namespace detail {

// a + b = sum + error exactly (Knuth).
PGL_INLINE double two_sum(double a, double b, double& error) {
  const double sum = a + b, part = sum - a;
  error = (a - (sum - part)) + (b - part);
  return sum;
}

// a + b rounded to odd: where it is not a double, that of its two neighbours whose last bit is set. Rounding that once
// more, to fewer bits, rounds as if there had been no first time (Boldo and Melquiond 2008).
PGL_INLINE double sum_to_odd(double a, double b) {
  double error;
  const uint64_t sum = bit_cast<uint64_t>(two_sum(a, b, error));
  const uint64_t inexact = ((error < 0.0) | (error > 0.0)) ? ~uint64_t{0} : uint64_t{0};  // not where it is NaN
  const uint64_t towards = uint64_t{1} - (((sum ^ bit_cast<uint64_t>(error)) >> 63) << 1);  // +1 or -1
  const uint64_t even = (sum & 1u) - uint64_t{1};                                               // all ones, or 0
  return bit_cast<double>(sum + (towards & inexact & even));
}

// a b = product + error exactly (Dekker, Veltkamp).
PGL_INLINE double two_product(double a, double b, double& error) {
  const double product = a * b, x = 134217729.0 * a, y = 134217729.0 * b;
  const double a1 = x - (x - a), a2 = a - a1, b1 = y - (y - b), b2 = b - b1;
  error = a2 * b2 - (((product - a1 * b1) - a2 * b1) - a1 * b2);
  return product;
}

// Where the parts of a product would not fit into doubles. Multiplying by one does to tiny numbers what the
// instruction would do: nothing, or flush them to 0 where this thread has chosen that.
[[gnu::noinline, gnu::cold]] inline double fma_at_the_edge(double a, double b, double c) {
  if (a == 0.0 || b == 0.0) return a * b + c;
  const volatile double one = 1.0;
  return __builtin_fma(a * one, b * one, c * one) * one;
}

}  // namespace detail

PGL_INLINE float fma(float a, float b, float c) {
  return static_cast<float>(detail::sum_to_odd(double(a) * double(b), double(c)));  // the product is exact
}
PGL_INLINE double fma(double a, double b, double c) {
  const auto within = [](double x, double highest) { return (abs(x) > 0x1p-900) & (abs(x) < highest); };
  if (!(within(a, 0x1p900) & within(b, 0x1p900) & within(a * b, 0x1p900) & (within(c, 0x1p900) | (c == 0.0)))) {
    return detail::fma_at_the_edge(a, b, c);
  }
  double low, rest, error;
  const double high = detail::two_product(a, b, low);
  const double tail = detail::two_sum(c, low, rest);
  const double sum = detail::two_sum(high, tail, error);
  return sum + detail::sum_to_odd(rest, error);
}
#endif

}  // namespace pgl

#endif
