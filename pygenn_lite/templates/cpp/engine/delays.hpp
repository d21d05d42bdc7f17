// Delays from random words. A delay is a number of steps, so its distribution is a short list of thresholds: the word
// at which each further step begins. One look into a guide of 256 cells finds nearly every delay; it is exact to
// 2^-32, and costs the same for every distribution.
#ifndef PGL_DELAYS_HPP
#define PGL_DELAYS_HPP

#include <stdint.h>

#include "abi.h"
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
      turn_ = turned ? 0xffffffffu : 0u;
      make_guide(d);
    } else if (kind_ != PGL_VALUES) {
      if (kind_ < 0 || kind_ > PGL_VALUES) throw Error("unknown kind of distribution %d", kind_);
      first_ = steps_of(d.affine != 0 && kind_ != PGL_CONSTANT ? d.a * d.factor + d.offset : d.a);
      kind_ = PGL_CONSTANT;
    }
  }

  bool constant() const { return kind_ == PGL_CONSTANT; }
  bool listed() const { return kind_ == PGL_VALUES; }
  bool random() const { return !constant() && !listed(); }
  uint16_t constant_steps() const { return first_; }

  // The steps that one word stands for: they never fall as words rise (or never rise, where the factor is negative), so
  // the least and the greatest word of a group tell its shortest and its longest delay.
  uint16_t steps_of_word(uint32_t word) const { return constant() ? first_ : search(word ^ turn_); }

  // Delays of a block of 64 words; `first` is the position of the first in the list of given values, `n` are read.
  void draw64(const uint32_t* words, int64_t first, uint32_t n, uint16_t* __restrict out) const {
    if (constant()) {
      for (int i = 0; i < 64; ++i) out[i] = first_;
    } else if (listed()) {
      for (uint32_t i = 0; i < 64 && i < n; ++i) out[i] = steps_of(values_[first + i]);
    } else {
      const Cell* cells = cells_.data();
      for (int i = 0; i < 64; ++i) {
        const uint32_t word = words[i] ^ turn_;
        const Cell cell = cells[word >> 24];
        out[i] = uint16_t(cell.steps + ((word & 0xffffffu) >= cell.next ? 1 : 0));
        if (cell.several) [[unlikely]]
          out[i] = search(word);
      }
    }
  }

 private:
  struct Cell {
    uint16_t steps;    // of the cell's first word
    uint16_t several;  // more than one threshold inside: search
    uint32_t next;     // where in the cell one step more begins; 2^24: nowhere
  };

  uint16_t steps_of(double delay) const {
    return uint16_t(clip(floor(delay / dt_ + 0.5), 1.0, double(longest_)));
  }

  uint16_t search(uint32_t word) const {
    const uint32_t *begin = thresholds_.begin(), *end = thresholds_.end();
    return uint16_t(first_ + ((word == 0xffffffffu ? end : first_not_below(begin, end, word + 1)) - begin));
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
    first_ = 1;
    for (uint32_t steps = 1; steps < longest_; ++steps) {
      const double words = floor(clip(below(d, (steps + 0.5) * dt_), 0.0, 1.0) * kWords + 0.5);
      if (words >= kWords) break;
      if (words > 0.0)
        thresholds_.push(uint32_t(words));
      else
        first_ = uint16_t(steps + 1);
    }
    cells_.resize(256);
    for (uint32_t c = 0; c < 256; ++c) {
      const uint32_t from = c << 24, to = from + 0xffffffu;
      const uint16_t steps = search(from), last = search(to);
      const uint32_t next = last == steps ? 1u << 24 : thresholds_[steps - first_] - from;
      cells_[c] = {steps, uint16_t(last > steps + 1), next};
    }
  }

  int32_t kind_;
  uint32_t longest_;
  double dt_;
  const double* values_;
  uint32_t turn_ = 0;                 // a negative factor: words are read from their other end
  uint16_t first_ = 1;                // shortest delay
  List<uint32_t> thresholds_;  // words from which first_ + 1, first_ + 2, ... steps are drawn
  List<Cell> cells_;
};

}  // namespace pgl

#endif
