// The weight that a random word stands for, by inversion. Plain functions of one word: loops over them become vector code.
#ifndef PGL_DRAWN_WEIGHTS_HPP
#define PGL_DRAWN_WEIGHTS_HPP

#include "math.hpp"
#include "random.hpp"
#include "records.h"

namespace pgl {

namespace detail {

// The normal quantile is x p(sqrt(w + 5)), x = 2u - 1, w = -log(1 - x^2): one polynomial serves centre and tails.
// Fitted for words of 32 bits (|z| < 6.4); relative error 7e-8 (float) and 1.4e-9 (double).
PGL_INLINE float normal_shape(float s) {
  return polynomial(s, 3.9269382652f, 1.7768792631f, -0.11447989516f, 0.0300321453f, 0.0040422359853f,
                    -0.015344254603f, 0.0137268389f, -0.0079167967501f, 0.0022854634637f, 0.0023854119418f,
                    -0.0032255339844f, 0.00059110419152f, 0.00086551307582f, -0.00033647720626f,
                    -8.2095248527e-5f, 4.1451769651e-5f);
}
PGL_INLINE double normal_shape(double s) {
  return polynomial(s, 3.9269380326507745618, 1.77687801199690624, -0.11446563135566295257,
                    0.030061644420098710728, 0.0038943318635872209001, -0.015536268356163095066,
                    0.014336872815294080594, -0.0073778970720881919021, 0.00097464086532751802939,
                    0.001615080197484513674, -0.0015669718858146095765, 0.0011806516422374392792,
                    -0.00044109854417949189938, -0.00056324502297046720941, 0.00056646284957405280975,
                    0.000068625883111509412033, -0.00019660558141040824091, 7.0073566058326083219e-6,
                    0.000032996296283706820892, -1.7583438166717501619e-6, -2.3177257039658332321e-6);
}
// log of a positive, finite, normal number.
PGL_INLINE float log_plain(float y) {
  float f;
  const float e = log_reduce(y, f), z = f * f;
  return fma(e, Format<float>::ln2_high + Format<float>::ln2_low, fma(z, fma(f, log_tail(f), -0.5f), f));
}
PGL_INLINE double log_plain(double y) { return pgl::log(y); }

// The standard normal value that the word stands for. The distance to the nearer end of the interval is taken as an
// integer, so that both tails keep their relative precision.
template <class Real>
PGL_INLINE Real normal_of_word(uint32_t word) {
  const int32_t centred = int32_t(word ^ 0x80000000u);
  const int32_t edge = 0x7fffffff - (centred ^ (centred >> 31));
  const Real x = (Real(centred) + Real(0.5)) * Real(4.656612873077392578125e-10);
  const Real q = (Real(edge) + Real(0.5)) * Real(2.3283064365386962890625e-10);
  const Real w = -log_plain(Real(4) * q * (Real(1) - q));
  return x * normal_shape(pgl::sqrt(w + Real(5)) - Real(3.69679));
}

}  // namespace detail

// A distribution with its parameters rounded to Real. `z` is the standard normal value of a word.
template <class Real>
struct WeightLaw {
  int32_t kind;                   // pgl_distribution_kind
  int32_t affine;                 // 1: what is drawn is multiplied by factor, then added to offset
  uint32_t word_low, word_span;   // truncation acts on the words: all are squeezed into those that stand for values inside
  Real a, b, low, high, factor, offset;  // b of a uniform distribution: its width

  PGL_INLINE Real uniform(uint32_t word) const { return fma(unit<Real>(word), b, a); }
  PGL_INLINE Real normal(Real z) const { return fma(z, b, a); }
  PGL_INLINE uint32_t inside(uint32_t word) const {
    return word_low + uint32_t((uint64_t(word) * word_span + word) >> 32);
  }
  PGL_INLINE Real truncated(Real z) const {
    const Real value = fma(z, b, a);
    return value < low ? low : (value > high ? high : value);
  }
  PGL_INLINE Real log_normal(Real z) const { return exp(fma(z, b, a)); }
  PGL_INLINE Real exponential(uint32_t word) const { return -a * log(unit<Real>(word)); }
  PGL_INLINE Real moved(Real value) const { return fma(value, factor, offset); }

  // The value that a word stands for; of a constant, that one.
  PGL_FUNCTION Real of_word(uint32_t word) const {
    Real value = a;
    if (kind == PGL_UNIFORM) value = uniform(word);
    if (kind == PGL_EXPONENTIAL) value = exponential(word);
    if (kind == PGL_NORMAL || kind == PGL_TRUNCATED_NORMAL || kind == PGL_LOG_NORMAL) {
      const Real z = detail::normal_of_word<Real>(kind == PGL_TRUNCATED_NORMAL ? inside(word) : word);
      value = kind == PGL_NORMAL ? normal(z) : (kind == PGL_LOG_NORMAL ? log_normal(z) : truncated(z));
    }
    return affine != 0 ? moved(value) : value;
  }
};

}  // namespace pgl

#endif
