// Targets from random words: the gaps of a fixed probability, neurons with repetition, distinct ones.
#ifndef PGL_DRAWN_TARGETS_HPP
#define PGL_DRAWN_TARGETS_HPP

#include "math.hpp"
#include "random.hpp"

namespace pgl {

// Fixed probability: the gaps between targets are geometric, so that time goes with the synapses, not with the pairs. The
// distance from one target to the next, at most 2^32; inverse_log: see gap_scale().
PGL_INLINE double gap_of_word(uint32_t word, double inverse_log) {
  return min(floor(log(unit<double>(word)) * inverse_log), 4294967295.0) + 1.0;
}
// 1 / log(1 - p), of a probability between 0 and 1.
PGL_FUNCTION double gap_scale(double p) {
  return 1.0 / (p < 1e-5 ? -(p + p * p / 2 + p * p * p / 3) : log(1.0 - p));
}

// One of the neurons below `universe`.
PGL_INLINE uint32_t value_of_word(uint32_t word, uint64_t universe) { return uint32_t((uint64_t(word) * universe) >> 32); }

// Where the neuron itself is not a target: numbers from it on stand for the next neuron.
PGL_INLINE uint32_t beyond(uint32_t value, uint32_t self) { return value + (value >= self ? 1 : 0); }

// Distinct values below `universe` by Floyd's method: n draws, no repetition; of more than half of the universe, those left
// out are drawn. One word per draw:
PGL_FUNCTION uint64_t distinct_draws(uint64_t universe, uint64_t n) { return n <= universe / 2 ? n : universe - n; }

// The i-th of `draws`, put into the set, whose words of 64 bits bits(k) refers to.
template <class Bits>
PGL_INLINE void draw_distinct(uint64_t universe, uint64_t draws, uint64_t i, uint32_t word, Bits&& bits) {
  const uint64_t top = universe - draws + i;
  uint64_t value = (uint64_t(word) * (top + 1)) >> 32;
  if (bits(value / 64) >> value % 64 & 1) value = top;
  bits(value / 64) |= uint64_t(1) << value % 64;
}

// The k-th 64 values as bits: those of the set, or (flip all ones) those that it lacks.
PGL_INLINE uint64_t distinct_word(uint64_t universe, uint64_t k, uint64_t set, uint64_t flip) {
  const uint64_t inside = k == universe / 64 ? (uint64_t(1) << universe % 64) - 1 : ~uint64_t(0);
  return (set ^ flip) & inside;
}

}  // namespace pgl

#endif
