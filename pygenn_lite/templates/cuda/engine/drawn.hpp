// Rows of synapses as they are drawn: by the builder, which lays them down, and at every spike where nothing is stored. A
// row is a function of (seed, stream, row): its i-th synapse takes the i-th word for its target, its weight, its delay.
// Word i stands where philox_words64 puts it: call 16 (i / 64) + i % 16, number i % 64 / 16.
#ifndef PGL_CUDA_DRAWN_HPP
#define PGL_CUDA_DRAWN_HPP

#include "common/device.hpp"
#include "common/drawn_delays.hpp"
#include "common/drawn_targets.hpp"
#include "common/drawn_weights.hpp"
#include "common/philox.hpp"
#include "common/records.h"
#include "cuda/records.hpp"

enum pgl_row_kind {
  PGL_ROW_ALL = 0,       // all of the universe
  PGL_ROW_ONE = 1,       // the neuron of the same number
  PGL_ROW_GAPS = 2,      // fixed probability
  PGL_ROW_REPEATED = 3,  // so many as row_begin says, with repetition
  PGL_ROW_DISTINCT = 4,  // so many, without
  PGL_ROW_GIVEN = 5      // `targets`
};
enum pgl_value_kind { PGL_ONE_VALUE = 0, PGL_DRAWN_VALUES = 1, PGL_GIVEN_VALUES = 2 };

// A distribution of weights (common/drawn_weights.hpp); b of a uniform one: its width.
struct pgl_weight_law {
  int32_t kind;
  int32_t affine;
  uint32_t word_low, word_span;
  double a, b, low, high, factor, offset;
};

// One synapse group of one network, as it is drawn. Mirrored in runtime/cuda/build_records.py.
struct pgl_drawn {
  uint64_t seed;
  uint64_t universe;            // neurons that a row's targets are drawn of: all, or all but itself
  double gap_scale;             // of a fixed probability
  const uint32_t* row_begin;    // [n_source + 1]; not read for kinds ALL, ONE, GAPS
  const uint32_t* targets;      // GIVEN: by position in the order of drawing
  const void* weights;          // given ones: real, likewise
  const uint16_t* delays;       // given ones: steps, likewise
  pgl_weight_law weight;
  pgl_delay_law delay;
  uint32_t kind;                // pgl_row_kind
  uint32_t stream;
  uint32_t n_source, n_target;
  uint32_t skips_self;
  int32_t weight_kind;          // pgl_value_kind; one value: weight.a
  int32_t delay_kind;
  uint32_t common_delay;
  uint32_t real_bytes;
  uint32_t reserved;
};

namespace pgl {

inline constexpr uint32_t kPurposeTarget = 0, kPurposeWeight = 1, kPurposeDelay = 2;

template <class Real>
PGL_DEVICE WeightLaw<Real> weight_law(const pgl_weight_law& law) {
  return {law.kind,       law.affine,     law.word_low,    law.word_span,    Real(law.a),
          Real(law.b),    Real(law.low),  Real(law.high),  Real(law.factor), Real(law.offset)};
}

// The 64 words from place 64 block on.
PGL_DEVICE void words_of_block(const pgl_drawn& drawn, uint32_t purpose, uint32_t row, uint32_t block, uint32_t* out) {
  PGL_ROLLED
  for (uint32_t call = 0; call < 16; ++call) {
    const Words4 words = philox(drawn.seed, drawn.stream, purpose, row, block * 16 + call);
    for (uint32_t k = 0; k < 4; ++k) out[16 * k + call] = words.word[k];
  }
}

PGL_DEVICE uint32_t drawn_target(const pgl_drawn& drawn, uint32_t row, uint32_t value) {
  return drawn.skips_self != 0 ? beyond(value, row) : value;
}

// Synapses of a row, but where only drawing tells.
PGL_DEVICE uint32_t row_size(const pgl_drawn& drawn, uint32_t row) {
  if (drawn.kind == PGL_ROW_ALL) return uint32_t(drawn.universe);
  if (drawn.kind == PGL_ROW_ONE) return 1;
  return drawn.row_begin[row + 1] - drawn.row_begin[row];
}

// The next 64 targets of a fixed probability, from `position` (at first -1) on; how many of them there are. Where fewer
// than 64, the row is over.
PGL_DEVICE uint32_t next_gaps(const pgl_drawn& drawn, uint32_t row, uint32_t block, int64_t& position, uint32_t* out) {
  words_of_block(drawn, kPurposeTarget, row, block, out);
  uint32_t n = 0;
  PGL_ROLLED
  for (; n < 64; ++n) {
    position += int64_t(gap_of_word(out[n], drawn.gap_scale));
    if (position >= int64_t(drawn.universe)) break;
    out[n] = drawn_target(drawn, row, uint32_t(position));
  }
  return n;
}

// The delay, and the weight, of the synapse in place k of its row, for which the words are.
PGL_DEVICE uint32_t delay_at(const pgl_drawn& drawn, uint32_t row, uint32_t k, uint32_t word) {
  if (drawn.delay_kind == PGL_DRAWN_VALUES) return delay_of_word(drawn.delay, word);
  return drawn.delay_kind == PGL_GIVEN_VALUES ? drawn.delays[drawn.row_begin[row] + k] : drawn.common_delay;
}
template <class Real>
PGL_DEVICE Real weight_at(const pgl_drawn& drawn, const WeightLaw<Real>& law, uint32_t row, uint32_t k, uint32_t word) {
  if (drawn.weight_kind == PGL_GIVEN_VALUES) return static_cast<const Real*>(drawn.weights)[drawn.row_begin[row] + k];
  return law.of_word(word);
}

namespace detail {

template <class Real, class F>
PGL_DEVICE void for_each_gap(const pgl_drawn& drawn, uint32_t row, F&& f) {
  const WeightLaw<Real> law = weight_law<Real>(drawn.weight);
  uint32_t targets[64], delays[64] = {}, weights[64] = {};
  int64_t position = -1;
  PGL_ROLLED
  for (uint32_t block = 0, n = 64; n == 64; ++block) {
    n = next_gaps(drawn, row, block, position, targets);
    if (drawn.delay_kind == PGL_DRAWN_VALUES) words_of_block(drawn, kPurposeDelay, row, block, delays);
    if (drawn.weight_kind == PGL_DRAWN_VALUES) words_of_block(drawn, kPurposeWeight, row, block, weights);
    PGL_ROLLED
    for (uint32_t i = 0; i < n; ++i)
      f(targets[i], delay_at(drawn, row, block * 64 + i, delays[i]),
        double(weight_at(drawn, law, row, block * 64 + i, weights[i])));
  }
}

// The words of one call stand 16 places apart.
template <class Real, class F>
PGL_DEVICE void for_each_call(const pgl_drawn& drawn, uint32_t row, uint32_t lane, uint32_t lanes, F&& f) {
  const WeightLaw<Real> law = weight_law<Real>(drawn.weight);
  const uint32_t n = row_size(drawn, row), calls = (n + 63) / 64 * 16;
  const uint32_t* given = drawn.kind == PGL_ROW_GIVEN ? drawn.targets + drawn.row_begin[row] : nullptr;
  PGL_ROLLED
  for (uint32_t call = lane; call < calls; call += lanes) {
    const uint32_t first = call / 16 * 64 + call % 16;
    if (first >= n) continue;
    Words4 target = {}, delay = {}, weight = {};
    if (drawn.kind == PGL_ROW_REPEATED) target = philox(drawn.seed, drawn.stream, kPurposeTarget, row, call);
    if (drawn.delay_kind == PGL_DRAWN_VALUES) delay = philox(drawn.seed, drawn.stream, kPurposeDelay, row, call);
    if (drawn.weight_kind == PGL_DRAWN_VALUES) weight = philox(drawn.seed, drawn.stream, kPurposeWeight, row, call);
    PGL_ROLLED
    for (uint32_t word = 0; word < 4; ++word) {
      const uint32_t k = first + 16 * word;
      if (k >= n) break;
      uint32_t post = drawn.kind == PGL_ROW_ONE ? row : k;
      if (drawn.kind == PGL_ROW_REPEATED) post = value_of_word(target.word[word], drawn.universe);
      post = given != nullptr ? given[k] : drawn_target(drawn, row, post);
      f(post, delay_at(drawn, row, k, delay.word[word]), double(weight_at(drawn, law, row, k, weight.word[word])));
    }
  }
}

}  // namespace detail

// f(target, delay, weight) for the share of one of `lanes` threads in a row of any kind but DISTINCT, whose rows are stored.
// All synapses of the row are visited once, in no particular order.
template <class F>
PGL_DEVICE void for_each_target(const pgl_synapses& group, uint32_t row, uint32_t lane, uint32_t lanes, F&& f) {
  const pgl_drawn& drawn = *static_cast<const pgl_drawn*>(group.drawn);
  const bool common = drawn.weight_kind == PGL_ONE_VALUE;
  const auto visit = [&](uint32_t target, uint32_t delay, double weight) {
    f(target, delay, common ? group.common_weight : weight);
  };
  if (drawn.kind == PGL_ROW_GAPS) {
    if (lane != 0) return;
    drawn.real_bytes == 4 ? detail::for_each_gap<float>(drawn, row, visit) : detail::for_each_gap<double>(drawn, row, visit);
  } else if (drawn.real_bytes == 4) {
    detail::for_each_call<float>(drawn, row, lane, lanes, visit);
  } else {
    detail::for_each_call<double>(drawn, row, lane, lanes, visit);
  }
}

}  // namespace pgl

#endif
