// Elementary functions for generated kernels and the builder: float and double overloads without branches,
// tables or calls, so that a plain loop over them becomes vector code with every compiler.
//
// Accuracy is one to two units in the last place (tests/engine/test_math.py). Overflow gives infinity, results
// below the smallest normal number give 0, NaN in gives NaN out. Products that are summed are written as
// explicit fused operations: the results do not depend on the compiler's contraction setting.
// Needs -fno-math-errno and -fno-trapping-math to vectorise.
#ifndef PGL_MATH_HPP
#define PGL_MATH_HPP

#include "fused.hpp"

namespace pgl {

// ---------------------------------------------------------------- selection, comparison
template <class T>
PGL_INLINE constexpr T select(bool condition, T yes, T no) {
  return condition ? yes : no;
}
// The second comparison lets NaN through from either side.
template <class T>
PGL_INLINE constexpr T min(T a, T b) {
  const T less = a < b ? a : b;
  return a == a ? less : a;
}
template <class T>
PGL_INLINE constexpr T max(T a, T b) {
  const T more = a > b ? a : b;
  return a == a ? more : a;
}
template <class T>
PGL_INLINE constexpr T clip(T x, T low, T high) {
  return min(max(x, low), high);
}
template <class T>
PGL_INLINE constexpr T sign(T x) {
  return x > T(0) ? T(1) : (x < T(0) ? T(-1) : x);
}

// x^N by repeated squaring.
template <int N, class T>
PGL_INLINE constexpr T power(T x) {
  if constexpr (N < 0) {
    return T(1) / power<-N>(x);
  } else if constexpr (N == 0) {
    return T(1);
  } else if constexpr (N == 1) {
    return x;
  } else if constexpr (N % 2 == 1) {
    return x * power<N - 1>(x);
  } else {
    const T half = power<N / 2>(x);
    return half * half;
  }
}

namespace detail {

template <class T>
struct Format;
template <>
struct Format<float> {
  using Bits = uint32_t;
  static constexpr int mantissa = 23;
  static constexpr float shifter = 12582912.0f;  // 1.5 * 2^23: adding it leaves the nearest integer in the low bits
  static constexpr float ln2_high = 0.693145752f, ln2_low = 1.42860677e-6f;
  static constexpr float half_pi[3] = {1.57079637f, -4.37113883e-8f, -1.71512489e-15f};
  static constexpr float exp_overflow = 88.72283f, exp_underflow = -87.33654f;
  static constexpr float expm1_low = -20.0f, tanh_high = 10.0f;
};
template <>
struct Format<double> {
  using Bits = uint64_t;
  static constexpr int mantissa = 52;
  static constexpr double shifter = 6755399441055744.0;  // 1.5 * 2^52
  static constexpr double ln2_high = 6.93147180369123816490e-01, ln2_low = 1.90821492927058770002e-10;
  static constexpr double half_pi[3] = {1.5707963267948966, 6.123233995736766e-17, -1.4973849048591833e-33};
  static constexpr double exp_overflow = 709.782712893384, exp_underflow = -708.3964185322641;
  static constexpr double expm1_low = -40.0, tanh_high = 20.0;
};

template <class T>
PGL_INLINE typename Format<T>::Bits bits(T x) {
  return bit_cast<typename Format<T>::Bits>(x);
}

// c[0] + c[1] x + ... by Horner's rule; unrolled, so that no loop stands inside the caller's loop.
template <class T>
PGL_INLINE T polynomial(T, T last) {
  return last;
}
template <class T, class... Rest>
PGL_INLINE T polynomial(T x, T first, Rest... rest) {
  return fma(polynomial(x, rest...), x, first);
}

// (exp(r) - 1 - r) / r^2 on |r| <= ln(2)/2.
PGL_INLINE float exp_tail(float r) {
  return polynomial(r, 0.50000001009f, 0.16666512878f, 0.041666187421f, 0.0083695993644f, 0.001395170744f);
}
PGL_INLINE double exp_tail(double r) {
  return polynomial(r, 0.50000000000000141938, 0.16666666666666695472, 0.041666666666502188489, 0.0083333333333090245557,
                    0.0013888888950729969631, 0.00019841269914177162614, 0.000024801485876193047028,
                    2.7557218668903015791e-6, 2.7632799944270506187e-7, 2.5117236466833564993e-8);
}

// x = n ln(2) + r; returns r and leaves n in the low bits of `shifted`.
template <class T>
PGL_INLINE T exp_reduce(T x, T& shifted) {
  using F = Format<T>;
  shifted = fma(x, T(1.4426950408889634074), F::shifter);
  const T n = shifted - F::shifter;
  return fma(n, -F::ln2_low, fma(n, -F::ln2_high, x));
}

template <class T>
PGL_INLINE T exp(T x) {
  using F = Format<T>;
  T shifted;
  const T r = exp_reduce(x, shifted);
  const T mantissa = fma(r * r, exp_tail(r), r) + T(1);
  const T scaled = bit_cast<T>(bits(mantissa) + (bits(shifted) << F::mantissa));
  const T low = x < F::exp_underflow ? T(0) : scaled;
  return x <= F::exp_overflow ? low : x + infinity<T>();
}

// exp(x) - 1, accurate also near 0.
template <class T>
PGL_INLINE T expm1(T x) {
  using F = Format<T>;
  T shifted;
  const T bounded = x < F::expm1_low ? F::expm1_low : x;  // -1 to the last bit from there on
  const T r = exp_reduce(bounded, shifted);
  const T p = fma(r * r, exp_tail(r), r);
  // Half of 2^n, so that the exponent also fits just below the overflow.
  const T half = bit_cast<T>((bits(shifted) << F::mantissa) + bits(T(0.5)));
  const T twice = fma(p, half, half - T(0.5));
  return x <= F::exp_overflow ? twice + twice : x + infinity<T>();
}

// x = 2^e (1 + f) with 1 + f in [sqrt(1/2), sqrt(2)); meaningful for positive finite x.
template <class T>
PGL_INLINE T log_reduce(T x, T& f) {
  using F = Format<T>;
  using Bits = typename F::Bits;
  constexpr Bits one = bit_cast<Bits>(T(1)), root = bit_cast<Bits>(T(0.70710678118654752440));
  constexpr Bits fraction = (Bits(1) << F::mantissa) - 1;
  constexpr T lift = T(Bits(1) << (F::mantissa + 1));
  const bool tiny = x < T(F::mantissa == 23 ? 1.17549435e-38 : 2.2250738585072014e-308);
  const Bits moved = bits(tiny ? x * lift : x) + (one - root);
  f = bit_cast<T>((moved & fraction) + root) - T(1);
  // The biased exponent as a number, without an integer conversion (double has none before AVX-512).
  const T biased = bit_cast<T>((moved >> F::mantissa) | bit_cast<Bits>(T(Bits(1) << F::mantissa))) -
                   T(Bits(1) << F::mantissa);
  return biased - T(one >> F::mantissa) - (tiny ? T(F::mantissa + 1) : T(0));
}

template <class T>
PGL_INLINE T log_ends(T x, T inside) {
  const T high = x < infinity<T>() ? inside : x;  // also NaN
  const T zero = x == T(0) ? -infinity<T>() : high;
  return x < T(0) ? not_a_number<T>() : zero;
}

// log(1 + f) = f - f^2/2 + f^3 (...)
PGL_INLINE float log_tail(float f) {
  return polynomial(f, 0.33333312596f, -0.25000009616f, 0.20002119145f, -0.16667995177f, 0.14219543247f,
                    -0.12405596785f, 0.11888231728f, -0.11675624928f, 0.067464569267f);
}
// s (h + R) with s = f/(2+f), h = f^2/2: the part of log(1 + f) after f - h.
PGL_INLINE double log_tail(double f, double h) {
  const double s = f / (2.0 + f), z = s * s;
  const double r = z * polynomial(z, 0.66666666666667353921, 0.39999999999407433634, 0.28571428744151629681,
                                  0.22222198377549854214, 0.18183575209124707233, 0.15313754730738580163,
                                  0.14799075717940619572);
  return s * (h + r);
}

// The angle turned back by quarter turns: returns the rest, `quarter` holds the quarters in its low bits.
template <class T>
PGL_INLINE T quarter_reduce(T x, typename Format<T>::Bits& quarter) {
  using F = Format<T>;
  const T shifted = fma(x, T(0.63661977236758134308), F::shifter);
  const T n = shifted - F::shifter;
  quarter = bits(shifted);
  return fma(n, -F::half_pi[2], fma(n, -F::half_pi[1], fma(n, -F::half_pi[0], x)));
}
PGL_INLINE float sin_core(float r) {
  const float z = r * r;
  return fma(r * z, polynomial(z, -0.16666654224f, 0.0083321314404f, -0.00019510833069f), r);
}
PGL_INLINE double sin_core(double r) {
  const double z = r * r;
  return fma(r * z, polynomial(z, -0.16666666666666627681, 0.0083333333333212842055, -0.00019841269828869306719,
                               2.7557313355769842654e-6, -2.5050704005833023828e-8, 1.5893582155466441974e-10), r);
}
PGL_INLINE float cos_core(float r) {
  const float z = r * r;
  return fma(z * z, polynomial(z, 0.04166664565f, -0.0013887305934f, 2.4431194191e-5f), fma(z, -0.5f, 1.0f));
}
PGL_INLINE double cos_core(double r) {
  const double z = r * r;
  return fma(z * z, polynomial(z, 0.041666666666666591041, -0.0013888888888872595683, 0.000024801587288490351994,
                               -2.7557314056121344986e-7, 2.0875681822861199472e-9, -1.1357445947730185025e-11),
             fma(z, -0.5, 1.0));
}
// sin or cos of (quarter * pi/2 + r): odd quarters exchange the two, the second bit changes the sign.
template <class T>
PGL_INLINE T turned_sin(T r, typename Format<T>::Bits quarter) {
  using Bits = typename Format<T>::Bits;
  const T value = (quarter & 1) ? cos_core(r) : sin_core(r);
  return bit_cast<T>(bits(value) ^ ((quarter & 2) << (sizeof(Bits) * 8 - 2)));
}

}  // namespace detail

// ---------------------------------------------------------------- exponentials
PGL_INLINE float exp(float x) { return detail::exp(x); }
PGL_INLINE double exp(double x) { return detail::exp(x); }
PGL_INLINE float expm1(float x) { return detail::expm1(x); }
PGL_INLINE double expm1(double x) { return detail::expm1(x); }

// (exp(x) - 1) / x, 1 at 0.
template <class T>
PGL_INLINE T exprel(T x) {
  const T bounded = x > T(2) * detail::Format<T>::exp_overflow ? T(2) * detail::Format<T>::exp_overflow : x;
  return bounded == T(0) ? T(1) : detail::expm1(bounded) / bounded;
}

namespace detail {

// The slope of exprel on |x| <= 1.
PGL_INLINE float exprel_slope_near(float x) {
  return polynomial(x, 0.49999998399f, 0.3333334041f, 0.12500056281f, 0.033332797396f, 0.0069414772647f,
                    0.0011913790657f, 0.00017851079555f, 2.1846660225e-5f);
}
PGL_INLINE double exprel_slope_near(double x) {
  return polynomial(x, 0.50000000000000000154, 0.33333333333333336762, 0.12499999999999984835,
                    0.033333333333331986658, 0.0069444444444468607961, 0.0011904761904913047917,
                    0.00017361111109685337478, 0.000022045855305027254715, 2.4801587694704245575e-6,
                    2.5052126950123573974e-7, 2.2964379077461410361e-8, 1.9268375843641330738e-9,
                    1.4915233256037522703e-10, 1.0873546269236020708e-11, 7.1323192090991392025e-13);
}

}  // namespace detail

// The derivative of exprel: (exp(x) (x - 1) + 1) / x^2, which cancels near 0, where it is 1/2. Up to 6 units in the
// last place.
template <class T>
PGL_INLINE T exprel_slope(T x) {
  using F = detail::Format<T>;
  const T bounded = x > T(2) * F::exp_overflow ? T(2) * F::exp_overflow : x;
  const T seen = bounded < F::exp_underflow ? F::exp_underflow : bounded;  // -infinity times 0 is not a number
  const T far = fma(detail::exp(seen), seen - T(1), T(1)) / (bounded * bounded);
  return abs(x) < T(1) ? detail::exprel_slope_near(x) : far;
}

template <class T>
PGL_INLINE T sinh(T x) {
  const T e = detail::expm1(abs(x));
  const T ratio = e > T(1e10) ? T(1) : e / (e + T(1));
  return copysign(fma(T(0.5), e, T(0.5) * ratio), x);
}
template <class T>
PGL_INLINE T cosh(T x) {
  const T e = detail::exp(abs(x));
  return fma(T(0.5), e, T(0.5) / e);
}
template <class T>
PGL_INLINE T tanh(T x) {
  using F = detail::Format<T>;
  const T bounded = abs(x) > F::tanh_high ? F::tanh_high : abs(x);
  const T e = detail::expm1(bounded + bounded);
  return copysign(e / (e + T(2)), x);
}

// ---------------------------------------------------------------- logarithms and powers
PGL_INLINE float log(float x) {
  float f;
  const float e = detail::log_reduce(x, f), z = f * f;
  const float tail = fma(e, detail::Format<float>::ln2_low, z * (f * detail::log_tail(f)));
  return detail::log_ends(x, fma(e, detail::Format<float>::ln2_high, f + fma(z, -0.5f, tail)));
}
PGL_INLINE double log(double x) {
  double f;
  const double e = detail::log_reduce(x, f), h = 0.5 * f * f;
  const double tail = detail::log_tail(f, h) + e * detail::Format<double>::ln2_low;
  return detail::log_ends(x, fma(e, detail::Format<double>::ln2_high, f - (h - tail)));
}

// x^y as exp(y log x), with the logarithm carried in two parts. Negative x: integer y only, else NaN.
PGL_INLINE double pow(double x, double exponent) {
  using F = detail::Format<double>;
  const double y = clip(exponent, -1e30, 1e30);  // an infinite exponent acts like a huge one
  const double magnitude = abs(x);
  double f;
  const double e = detail::log_reduce(magnitude, f);
  const double h = 0.5 * f * f, h_rest = fma(0.5 * f, f, -h);
  const double a = e * F::ln2_high;  // exact: ln2_high ends in zeros
  const double b = f - h, b_rest = (f - b) - h;
  const double high = a + b, b_part = high - a;
  const double low = (((a - (high - b_part)) + (b - b_part)) + b_rest) +
                     fma(e, F::ln2_low, detail::log_tail(f, h) - h_rest);
  const double logarithm = high + low, log_rest = (high - logarithm) + low;
  const double product = y * logarithm;
  const double rest = fma(y, logarithm, -product) + y * log_rest;
  const double value = detail::exp(product);
  const bool plain = bool(int(magnitude > 0.0) & int(magnitude < infinity<double>()) & int(value < infinity<double>()));
  const double edge = detail::exp(y * log(magnitude));
  const double positive = y == 0.0 ? 1.0 : (plain ? fma(value, rest, value) : edge);
  const double half = 0.5 * y;
  const bool odd = bool(int(floor(y) == y) & int(floor(half) != half));
  const double signed_value = odd ? -positive : positive;
  const double negative = floor(y) == y ? signed_value : not_a_number<double>();
  return x < 0.0 ? negative : positive;
}
PGL_INLINE float pow(float x, float y) { return float(pow(double(x), double(y))); }

// ---------------------------------------------------------------- angles
// Accurate while |x| stays below about 1e4 (float) or 1e8 (double).
template <class T>
PGL_INLINE T sin(T x) {
  typename detail::Format<T>::Bits quarter;
  const T r = detail::quarter_reduce(x, quarter);
  return detail::turned_sin(r, quarter);
}
template <class T>
PGL_INLINE T cos(T x) {
  typename detail::Format<T>::Bits quarter;
  const T r = detail::quarter_reduce(x, quarter);
  return detail::turned_sin(r, quarter + 1);
}
template <class T>
PGL_INLINE T tan(T x) {
  return sin(x) / cos(x);
}
// Sine and cosine of 2 pi u for u in [0, 1]: the reduction is exact.
template <class T>
PGL_INLINE void sincos_turn(T u, T& sine, T& cosine) {
  using F = detail::Format<T>;
  const T shifted = fma(u, T(4), F::shifter);
  const T quarters = shifted - F::shifter;
  const T r = fma(u, T(4), -quarters) * T(1.57079632679489661923);
  const auto quarter = detail::bits(shifted);
  sine = detail::turned_sin(r, quarter);
  cosine = detail::turned_sin(r, quarter + 1);
}

}  // namespace pgl

#endif
