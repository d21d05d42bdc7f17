// Distributions of weights made ready, and drawn from in blocks of 64 words (common/drawn_weights.hpp).
#ifndef PGL_DISTRIBUTIONS_HPP
#define PGL_DISTRIBUTIONS_HPP

#include <stdint.h>

#include "abi.h"
#include "common/drawn_weights.hpp"
#include "common/math.hpp"
#include "common/philox.hpp"
#include "error.hpp"

namespace pgl {

namespace detail {

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
      : kind_(d.kind), values_(d.values) {
    law_.a = Real(d.a);
    law_.b = Real(d.kind == PGL_UNIFORM ? d.b - d.a : d.b);
    if (kind_ < 0 || kind_ > PGL_VALUES) throw Error("unknown kind of distribution %d", kind_);
    if (kind_ == PGL_VALUES && values_ == nullptr) throw Error("weights given one by one without values");
    if (kind_ == PGL_TRUNCATED_NORMAL) truncate(d);
    law_.kind = d.kind;
    law_.affine = d.affine != 0 && random() ? 1 : 0;
    law_.factor = Real(d.factor);
    law_.offset = Real(d.offset);
  }

  bool constant() const { return kind_ == PGL_CONSTANT; }
  bool listed() const { return kind_ == PGL_VALUES; }
  bool random() const { return !constant() && !listed(); }

  // The values of one block of 64 words; `first` is the position of value 0 in the list of given values, of which
  // `n` are read.
  void draw64(const uint32_t* __restrict words, int64_t first, uint32_t n, Real* __restrict out) const {
    switch (kind_) {
      case PGL_CONSTANT:
        for (int i = 0; i < 64; ++i) out[i] = law_.a;
        break;
      case PGL_UNIFORM:
        for (int i = 0; i < 64; ++i) out[i] = law_.uniform(words[i]);
        break;
      case PGL_NORMAL:
        detail::normals_of_words64(words, out);
        for (int i = 0; i < 64; ++i) out[i] = law_.normal(out[i]);
        break;
      case PGL_TRUNCATED_NORMAL: {
        alignas(64) uint32_t inside[64];
        for (int i = 0; i < 64; ++i) inside[i] = law_.inside(words[i]);
        detail::normals_of_words64(inside, out);
        for (int i = 0; i < 64; ++i) out[i] = law_.truncated(out[i]);
        break;
      }
      case PGL_LOG_NORMAL:
        detail::normals_of_words64(words, out);
        for (int i = 0; i < 64; ++i) out[i] = law_.log_normal(out[i]);
        break;
      case PGL_EXPONENTIAL:
        for (int i = 0; i < 64; ++i) out[i] = law_.exponential(words[i]);
        break;
      default:
        for (uint32_t i = 0; i < 64 && i < n; ++i) out[i] = Real(values_[first + i]);
    }
    if (law_.affine != 0)
      for (int i = 0; i < 64; ++i) out[i] = law_.moved(out[i]);
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
    law_.word_low = uint32_t(first < 4294967295.0 ? first : 4294967295.0);
    law_.word_span = uint32_t(last - first - 1.0);  // of 2^32 words, as a factor less 1
    law_.low = Real(d.low);
    law_.high = Real(d.high);
  }

  int32_t kind_ = PGL_CONSTANT;
  const double* values_ = nullptr;
  WeightLaw<Real> law_ = {PGL_CONSTANT, 0, 0, 0xffffffffu, 0, 0, 0, 0, 1, 0};
};

// The words of one row: block after block of 64, in the order of philox_words64.
[[gnu::noinline]] inline void row_words(uint64_t seed, uint32_t stream, uint32_t purpose, int64_t row, uint32_t n, uint32_t* out) {
  for (uint32_t begin = 0; begin < n; begin += 64) philox_words64(seed, stream, purpose, row, begin / 64 * 16, out + begin);
}

}  // namespace pgl

#endif
