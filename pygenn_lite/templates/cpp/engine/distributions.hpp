// Weights from random words, one word each, by inversion: plain loops that become vector code.
#ifndef PGL_DISTRIBUTIONS_HPP
#define PGL_DISTRIBUTIONS_HPP

#include <stdint.h>

#include "abi.h"
#include "common/math.hpp"
#include "common/philox.hpp"
#include "common/random.hpp"
#include "error.hpp"

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

template <class Real>
[[gnu::noinline]] void normals_of_words64(const uint32_t* __restrict words, Real* __restrict out) {
  for (int i = 0; i < 64; ++i) out[i] = normal_of_word<Real>(words[i]);
}

}  // namespace detail

// A distribution of weights made ready, its parameters rounded to Real.
template <class Real>
class Sampler {
 public:
  Sampler() = default;
  PGL_COLD explicit Sampler(const pgl_distribution& d)
      : kind_(d.kind), values_(d.values), a_(Real(d.a)), b_(Real(d.kind == PGL_UNIFORM ? d.b - d.a : d.b)) {
    if (kind_ < 0 || kind_ > PGL_VALUES) throw Error("unknown kind of distribution %d", kind_);
    if (kind_ == PGL_VALUES && values_ == nullptr) throw Error("weights given one by one without values");
    if (kind_ == PGL_TRUNCATED_NORMAL) truncate(d);
    affine_ = d.affine != 0 && random();
    factor_ = Real(d.factor);
    offset_ = Real(d.offset);
  }

  bool constant() const { return kind_ == PGL_CONSTANT; }
  bool listed() const { return kind_ == PGL_VALUES; }
  bool random() const { return !constant() && !listed(); }

  // The values of one block of 64 words; `first` is the position of value 0 in the list of given values, of which
  // `n` are read.
  void draw64(const uint32_t* __restrict words, int64_t first, uint32_t n, Real* __restrict out) const {
    switch (kind_) {
      case PGL_CONSTANT:
        for (int i = 0; i < 64; ++i) out[i] = a_;
        break;
      case PGL_UNIFORM:
        for (int i = 0; i < 64; ++i) out[i] = fma(unit<Real>(words[i]), b_, a_);
        break;
      case PGL_NORMAL:
        detail::normals_of_words64(words, out);
        for (int i = 0; i < 64; ++i) out[i] = fma(out[i], b_, a_);
        break;
      case PGL_TRUNCATED_NORMAL: {
        alignas(64) uint32_t inside[64];
        for (int i = 0; i < 64; ++i) inside[i] = word_low_ + uint32_t((uint64_t(words[i]) * word_span_ + words[i]) >> 32);
        detail::normals_of_words64(inside, out);
        for (int i = 0; i < 64; ++i) {
          const Real value = fma(out[i], b_, a_);
          out[i] = value < low_ ? low_ : (value > high_ ? high_ : value);
        }
        break;
      }
      case PGL_LOG_NORMAL:
        detail::normals_of_words64(words, out);
        for (int i = 0; i < 64; ++i) out[i] = exp(fma(out[i], b_, a_));
        break;
      case PGL_EXPONENTIAL:
        for (int i = 0; i < 64; ++i) out[i] = -a_ * log(unit<Real>(words[i]));
        break;
      default:
        for (uint32_t i = 0; i < 64 && i < n; ++i) out[i] = Real(values_[first + i]);
    }
    if (affine_)
      for (int i = 0; i < 64; ++i) out[i] = fma(out[i], factor_, offset_);
  }

 private:
  // Truncation acts on the words: all of them are squeezed into those that stand for values inside.
  PGL_COLD void truncate(const pgl_distribution& d) {
    const auto below = [&](double x) { return 0.5 * __builtin_erfc((d.a - x) / d.b * 0.70710678118654752440); };
    const double from = d.b > 0.0 ? below(d.low) : (d.a < d.low ? 1.0 : 0.0);
    const double to = d.b > 0.0 ? below(d.high) : (d.a > d.high ? 0.0 : 1.0);
    if (!(to - from >= 1e-6))
      throw Error("a truncated normal distribution keeps less than one value in a million; use another distribution");
    const double first = __builtin_floor(from * 4294967296.0 + 0.5), last = __builtin_floor(to * 4294967296.0 + 0.5);
    word_low_ = uint32_t(first < 4294967295.0 ? first : 4294967295.0);
    word_span_ = uint32_t(last - first - 1.0);  // of 2^32 words, as a factor less 1
    low_ = Real(d.low);
    high_ = Real(d.high);
  }

  int32_t kind_ = PGL_CONSTANT;
  uint32_t word_low_ = 0, word_span_ = 0xffffffffu;
  const double* values_ = nullptr;
  Real a_ = 0, b_ = 0, low_ = 0, high_ = 0;
  bool affine_ = false;
  Real factor_ = 1, offset_ = 0;
};

// The words of one row: block after block of 64, in the order of philox_words64.
[[gnu::noinline]] inline void row_words(uint64_t seed, uint32_t stream, uint32_t purpose, int64_t row, uint32_t n, uint32_t* out) {
  for (uint32_t begin = 0; begin < n; begin += 64) philox_words64(seed, stream, purpose, row, begin / 64 * 16, out + begin);
}

}  // namespace pgl

#endif
