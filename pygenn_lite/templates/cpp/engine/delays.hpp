// Distributions of delays made ready: thresholds and the guide to them (common/drawn_delays.hpp).
#ifndef PGL_DELAYS_HPP
#define PGL_DELAYS_HPP

#include <stdint.h>

#include "abi.h"
#include "common/drawn_delays.hpp"
#include "common/math.hpp"
#include "error.hpp"
#include "list.hpp"

namespace pgl {

class DelaySampler {
 public:
  // Delays in ms become steps of dt: rounded, at least 1, at most `longest`.
  DelaySampler(const pgl_distribution& d, double dt, uint32_t longest)
      : kind_(d.kind), longest_(longest), dt_(dt), values_(d.values) {
    if (kind_ == PGL_VALUES && values_ == nullptr) throw Error("delays given one by one without values");
    const bool spread = (kind_ == PGL_UNIFORM && d.b > d.a) || kind_ == PGL_LOG_NORMAL || kind_ == PGL_EXPONENTIAL ||
                        ((kind_ == PGL_NORMAL || kind_ == PGL_TRUNCATED_NORMAL) && d.b > 0.0);
    const bool turned = d.affine != 0 && d.factor < 0.0;
    if (spread && (d.affine == 0 || d.factor != 0.0)) {
      law_.turn = turned ? 0xffffffffu : 0u;
      make_guide(d);
    } else if (kind_ != PGL_VALUES) {
      if (kind_ < 0 || kind_ > PGL_VALUES) throw Error("unknown kind of distribution %d", kind_);
      law_.first = steps_of(d.affine != 0 && kind_ != PGL_CONSTANT ? d.a * d.factor + d.offset : d.a);
      kind_ = PGL_CONSTANT;
    }
  }

  bool constant() const { return kind_ == PGL_CONSTANT; }
  bool listed() const { return kind_ == PGL_VALUES; }
  bool random() const { return !constant() && !listed(); }
  uint16_t constant_steps() const { return uint16_t(law_.first); }

  // The steps that one word stands for: they never fall as words rise (or never rise, where the factor is negative), so
  // the least and the greatest word of a group tell its shortest and its longest delay.
  uint16_t steps_of_word(uint32_t word) const { return constant() ? constant_steps() : searched_delay(law_, word ^ law_.turn); }

  // Delays of a block of 64 words; `first` is the position of the first in the list of given values, `n` are read.
  void draw64(const uint32_t* words, int64_t first, uint32_t n, uint16_t* __restrict out) const {
    if (constant()) {
      for (int i = 0; i < 64; ++i) out[i] = constant_steps();
    } else if (listed()) {
      for (uint32_t i = 0; i < 64 && i < n; ++i) out[i] = steps_of(values_[first + i]);
    } else {
      const pgl_delay_law law = law_;
      for (int i = 0; i < 64; ++i) out[i] = delay_of_word(law, words[i]);
    }
  }

 private:
  uint16_t steps_of(double delay) const {
    return uint16_t(clip(floor(delay / dt_ + 0.5), 1.0, double(longest_)));
  }

  PGL_COLD static double below(const pgl_distribution& d, double x) {
    if (d.affine == 0) return plain_below(d, x);
    const double inside = (x - d.offset) / d.factor;
    return d.factor > 0.0 ? plain_below(d, inside) : 1.0 - plain_below(d, inside);
  }

  // Probability of less than x; the normal tails are taken from their own side, where they are accurate.
  PGL_COLD static double plain_below(const pgl_distribution& d, double x) {
    constexpr double kRoot = 0.70710678118654752440;
    switch (d.kind) {
      case PGL_UNIFORM:
        return (x - d.a) / (d.b - d.a);
      case PGL_NORMAL:
        return 0.5 * __builtin_erfc((d.a - x) / d.b * kRoot);
      case PGL_TRUNCATED_NORMAL: {
        const double sign = d.low > d.a ? 1.0 : -1.0;
        const auto tail = [&](double y) { return 0.5 * __builtin_erfc(sign * (y - d.a) / d.b * kRoot); };
        const double kept = tail(d.low) - tail(d.high);
        if (kept == 0.0 || __builtin_isnan(kept)) throw Error("a truncated normal distribution of delays keeps nothing");
        return (tail(d.low) - tail(clip(x, d.low, d.high))) / kept;
      }
      case PGL_LOG_NORMAL:
        return x <= 0.0 ? 0.0 : (d.b > 0.0 ? 0.5 * __builtin_erfc((d.a - __builtin_log(x)) / d.b * kRoot) : double(__builtin_log(x) > d.a));
      default:
        return x <= 0.0 ? 0.0 : -__builtin_expm1(-x / d.a);
    }
  }

  PGL_COLD void make_guide(const pgl_distribution& d) {
    constexpr double kWords = 4294967296.0;
    law_.first = 1;
    for (uint32_t steps = 1; steps < longest_; ++steps) {
      const double words = floor(clip(below(d, (steps + 0.5) * dt_), 0.0, 1.0) * kWords + 0.5);
      if (words >= kWords) break;
      if (words > 0.0)
        thresholds_.push(uint32_t(words));
      else
        law_.first = steps + 1;
    }
    cells_.resize(256);
    law_.thresholds = thresholds_.data();
    law_.n_thresholds = uint32_t(thresholds_.size());
    law_.cells = cells_.data();
    for (uint32_t c = 0; c < 256; ++c) {
      const uint32_t from = c << 24, to = from + 0xffffffu;
      const uint16_t steps = searched_delay(law_, from), last = searched_delay(law_, to);
      const uint32_t next = last == steps ? 1u << 24 : thresholds_[steps - law_.first] - from;
      cells_[c] = {steps, uint16_t(last > steps + 1), next};
    }
  }

  int32_t kind_;
  uint32_t longest_;
  double dt_;
  const double* values_;
  pgl_delay_law law_ = {nullptr, nullptr, 0, 0, 1, 0};  // of a constant: its steps are the first
  List<uint32_t> thresholds_;
  List<pgl_delay_cell> cells_;
};

}  // namespace pgl

#endif
