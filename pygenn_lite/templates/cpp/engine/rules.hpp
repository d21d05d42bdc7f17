// Connectivity rules: which targets a source neuron (a row) has. Every row is a function of (seed, stream, row), so
// rows can be made in any order, by any thread, again and again.
#ifndef PGL_RULES_HPP
#define PGL_RULES_HPP

#include <stdint.h>

#include "abi.h"
#include "common/drawn_targets.hpp"
#include "common/math.hpp"
#include "common/philox.hpp"
#include "distributions.hpp"
#include "error.hpp"
#include "list.hpp"
#include "memory.hpp"
#include "parallel.hpp"
#include "splitting.hpp"

namespace pgl {

// Room for the values of a row that grows, and never shrinks; up to a block beyond the end may be written.
template <class T>
class RowBuffer {
 public:
  T* reserve(uint64_t n) {
    const uint64_t needed = (n + 127) / 64 * 64;
    return needed <= room_ ? values_.data() : grow(needed + needed / 2);
  }
  T* data() { return values_.data(); }

 private:
  PGL_COLD T* grow(uint64_t room) {
    room_ = room;
    return values_.room(room);
  }
  List<T> values_;
  uint64_t room_ = 0;
};

// Distinct values below `universe`, ascending; sets are held as bits. words: one per draw, see distinct_draws().
inline void distinct_values(uint64_t universe, uint64_t n, const uint32_t* words, List<uint64_t>& bits, uint32_t* out) {
  const uint64_t draws = distinct_draws(universe, n);
  bits.assign((universe + 63) / 64, 0);
  const auto refer = [&](uint64_t k) -> uint64_t& { return bits[k]; };
  for (uint64_t i = 0; i < draws; ++i) draw_distinct(universe, draws, i, words[i], refer);
  const uint64_t flip = draws == n ? 0 : ~uint64_t(0);
  uint64_t found = 0;
  for (uint64_t word = 0; word < bits.size(); ++word) {
    uint64_t rest = distinct_word(universe, word, bits[word], flip);
    for (; rest != 0; rest &= rest - 1) out[found++] = uint32_t(word * 64 + uint64_t(__builtin_ctzll(rest)));
  }
}

struct RuleScratch {
  RowBuffer<uint32_t> words;
  List<uint64_t> bits;
};

// Rows of a rule that is drawn by target, turned round.
struct TransposedRows {
  HugeArray<int64_t> begin;
  HugeArray<uint32_t> targets;
};

class Rule {
 public:
  // degrees: [n_source] where the numbers of targets were drawn (fixed total), see draw_degrees().
  PGL_COLD Rule(const pgl_group& group, uint32_t n_source, uint64_t seed, const uint32_t* degrees)
      : rule_(group.rule), stream_(group.stream), n_source_(n_source), n_target_(group.n_target), seed_(seed),
        degrees_(degrees) {
    skip_self_ = rule_.same_population && !rule_.autapses && rule_.kind != PGL_EXPLICIT && rule_.kind != PGL_ONE_TO_ONE;
    universe_ = skip_self_ && n_target_ > 0 ? n_target_ - 1 : n_target_;
    if (rule_.kind == PGL_FIXED_PROBABILITY && rule_.p > 0.0 && rule_.p < 1.0) inverse_log_ = gap_scale(rule_.p);
    if (rule_.kind == PGL_EXPLICIT) {
      row_begin_ = rule_.row_begin;
      targets_ = rule_.targets;
    }
  }

  // Refuses what cannot be satisfied. Explicit targets are checked row by row, when they are used.
  PGL_COLD void check() const {
    const bool distinct = !rule_.multapses;
    switch (rule_.kind) {
      case PGL_ALL_TO_ALL:
        break;
      case PGL_ONE_TO_ONE:
        if (n_source_ != n_target_)
          throw Error("one-to-one connectivity between populations of %u and %u neurons", n_source_, n_target_);
        break;
      case PGL_FIXED_PROBABILITY:
        if (!(rule_.p >= 0.0 && rule_.p <= 1.0)) throw Error("a probability outside [0, 1]");
        break;
      case PGL_FIXED_TOTAL:
        check_number(double(universe_) * n_source_, distinct, "in total");
        break;
      case PGL_FIXED_IN:
        check_number(n_target_ == 0 ? double(rule_.n) : double(in_universe()), distinct, "to each target");
        break;
      case PGL_FIXED_OUT:
        check_number(n_source_ == 0 ? double(rule_.n) : double(universe_), distinct, "from each source");
        break;
      case PGL_EXPLICIT:
        if (row_begin_ == nullptr) throw Error("explicit connectivity without rows");
        if (n_source_ > 0 && row_begin_[n_source_] > 0 && targets_ == nullptr)
          throw Error("explicit connectivity without targets");
        break;
      default:
        throw Error("unknown kind of connectivity %d", rule_.kind);
    }
  }

  bool needs_degrees() const { return rule_.kind == PGL_FIXED_TOTAL; }
  bool needs_turning() const { return rule_.kind == PGL_FIXED_IN; }
  // May a row hold a target twice?
  bool repeats() const {
    return rule_.multapses && (rule_.kind == PGL_FIXED_TOTAL || rule_.kind == PGL_FIXED_IN || rule_.kind == PGL_FIXED_OUT);
  }
  // Does every source reach every target, but perhaps itself?
  bool full() const {
    return rule_.kind == PGL_ALL_TO_ALL || (rule_.kind == PGL_FIXED_PROBABILITY && rule_.p == 1.0);
  }

  void draw_degrees(uint32_t* degrees) const {
    if (n_source_ == 0) return;
    Splitter(seed_, stream_, rule_.multapses ? 0 : universe_, degrees).split(0, n_source_, rule_.n);
  }
  void turn(uint32_t threads) {
    if (!needs_turning()) return;
    transposed_.begin.reset(uint64_t(n_source_) + 1);
    transposed_.targets.reset(uint64_t(n_target_) * uint64_t(rule_.n));
    uint32_t* targets = transposed_.targets.data();
    parallel_group(threads, n_target_, n_source_, transposed_.begin.data(),
        [&](uint64_t begin, uint64_t end, auto sink) {
          RuleScratch scratch;
          RowBuffer<uint32_t> sources;
          for (uint64_t target = begin; target < end; ++target) {
            const uint32_t n = uint32_t(rule_.n);
            uint32_t* found = sources.reserve(n);
            draw_number(n, in_universe(), uint32_t(target), scratch, found);
            for (uint32_t i = 0; i < n; ++i) sink(found[i], uint32_t(target));
          }
        },
        [targets](uint64_t position, uint64_t, uint32_t target) { targets[position] = target; });
    row_begin_ = transposed_.begin.data();
    targets_ = transposed_.targets.data();
  }

  // Number of a row's targets; -1 where only making the row tells.
  int64_t known_degree(uint32_t row) const {
    switch (rule_.kind) {
      case PGL_ALL_TO_ALL:
        return universe_;
      case PGL_ONE_TO_ONE:
        return 1;
      case PGL_FIXED_TOTAL:
        return degrees_[row];
      case PGL_FIXED_OUT:
        return rule_.n;
      case PGL_FIXED_IN:
      case PGL_EXPLICIT:
        return row_begin_[row + 1] - row_begin_[row];
      default:
        return rule_.p <= 0.0 ? 0 : (rule_.p >= 1.0 ? int64_t(universe_) : -1);
    }
  }

  // Position of the row's first synapse in lists of given values; -1 where the rule has no such order.
  int64_t first_position(uint32_t row) const {
    switch (rule_.kind) {
      case PGL_ALL_TO_ALL:
        return int64_t(row) * universe_;
      case PGL_ONE_TO_ONE:
        return row;
      case PGL_FIXED_OUT:
        return int64_t(row) * rule_.n;
      case PGL_EXPLICIT:
        return row_begin_[row];
      default:
        return -1;
    }
  }

  // Appends the row's targets at `at` of the buffer, in order of generation; returns how many.
  [[gnu::noinline]] uint32_t targets(uint32_t row, RuleScratch& scratch, RowBuffer<uint32_t>& buffer, uint32_t at) const {
    const int64_t known = known_degree(row);
    if (known > 0xffffff00ll - at) throw Error("a source neuron has more synapses than 32 bits count");
    if (known < 0) return skip_ahead(row, buffer, at);
    const uint32_t n = uint32_t(known);
    uint32_t* out = buffer.reserve(uint64_t(at) + n) + at;
    switch (rule_.kind) {
      case PGL_ONE_TO_ONE:
        out[0] = row;
        break;
      case PGL_FIXED_TOTAL:
      case PGL_FIXED_OUT:
        draw_number(n, universe_, row, scratch, out);
        break;
      case PGL_FIXED_IN:
        for (uint32_t i = 0; i < n; ++i) out[i] = targets_[row_begin_[row] + i];
        break;
      case PGL_EXPLICIT: {
        uint32_t largest = 0;
        for (uint32_t i = 0; i < n; ++i) {
          out[i] = targets_[row_begin_[row] + i];
          largest = largest > out[i] ? largest : out[i];
        }
        if (n > 0 && largest >= n_target_)
          throw Error("explicit connectivity names target %u of a population of %u neurons", largest, n_target_);
        break;
      }
      default:
        for (uint32_t i = 0; i < n; ++i) out[i] = i;
        skip_self(row, n, out);
    }
    return n;
  }

 private:
  uint64_t in_universe() const { return skip_self_ && n_source_ > 0 ? n_source_ - 1 : n_source_; }

  PGL_COLD void check_number(double room, bool distinct, const char* what) const {
    const double n = double(rule_.n);
    if (n < 0.0 || (n > 0.0 && room == 0.0) || (distinct && n > room))
      throw Error("%lld synapses %s do not fit: there is room for %lld", static_cast<long long>(rule_.n), what,
                  static_cast<long long>(room));
    if (rule_.kind == PGL_FIXED_TOTAL ? n > 4e9 * double(n_source_) : n > 4e9)
      throw Error("a source neuron has more synapses than 32 bits count");
  }

  // The neuron itself is not a target: numbers from it on stand for the next neuron.
  void skip_self(uint32_t self, uint32_t n, uint32_t* out) const {
    if (!skip_self_) return;
    for (uint32_t i = 0; i < n; ++i) out[i] = beyond(out[i], self);
  }

  // n neurons out of `universe`, for fixed numbers of targets (or of sources: `self` is then the target).
  [[gnu::noinline]] void draw_number(uint32_t n, uint64_t universe, uint32_t self, RuleScratch& scratch, uint32_t* out) const {
    if (rule_.multapses) {
      uint32_t* words = scratch.words.reserve(n);
      row_words(seed_, stream_, 0, self, n, words);
      for (uint32_t i = 0; i < n; ++i) out[i] = value_of_word(words[i], universe);
    } else {
      const uint64_t draws = distinct_draws(universe, n);
      uint32_t* words = scratch.words.reserve(draws);
      row_words(seed_, stream_, 0, self, uint32_t(draws), words);
      distinct_values(universe, n, words, scratch.bits, out);
    }
    skip_self(self, n, out);
  }

  // Fixed probability: the gaps between targets are geometric; time goes with the synapses, not with the pairs.
  [[gnu::noinline]] uint32_t skip_ahead(uint32_t row, RowBuffer<uint32_t>& buffer, uint32_t at) const {
    alignas(64) uint32_t words[64];
    alignas(64) double gap[64];
    const int64_t universe = int64_t(universe_);
    int64_t position = -1;
    uint32_t n = 0;
    for (uint32_t block = 0; position < universe; ++block) {
      philox_words64(seed_, stream_, 0, row, block * 16, words);
      for (int i = 0; i < 64; ++i) gap[i] = gap_of_word(words[i], inverse_log_);
      uint32_t* out = buffer.reserve(uint64_t(at) + n + 64) + at + n;
      uint32_t inside = 0;
      for (int i = 0; i < 64; ++i) {
        position += int64_t(gap[i]);
        out[i] = uint32_t(position);
        inside += position < universe ? 1 : 0;
      }
      skip_self(row, inside, out);
      n += inside;
    }
    return n;
  }

  pgl_rule rule_;
  uint32_t stream_, n_source_, n_target_;
  uint64_t seed_, universe_ = 0;
  const uint32_t* degrees_;
  bool skip_self_ = false;
  double inverse_log_ = 0.0;
  const int64_t* row_begin_ = nullptr;
  const uint32_t* targets_ = nullptr;
  TransposedRows transposed_;
};

}  // namespace pgl

#endif
