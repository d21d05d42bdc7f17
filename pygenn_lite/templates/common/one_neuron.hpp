// Random numbers of a single neuron: the same bits as random.hpp and poisson.hpp give it in its block of 64. Neuron i of a
// population is lane i % 64 of block i / 64: its word is number i / 16 % 4 of the call for element 16 (i / 64) + i % 16.
#ifndef PGL_ONE_NEURON_HPP
#define PGL_ONE_NEURON_HPP

#include "poisson.hpp"

// Bit k: Poisson inputs of kind k may occur. What cannot is left out, since it would take many registers.
#ifndef PGL_POISSON_KINDS
#define PGL_POISSON_KINDS 7
#endif

namespace pgl {

namespace detail {

PGL_INLINE Words4 words_of(uint64_t seed, uint32_t stream, uint32_t purpose, int64_t step, uint32_t neuron) {
  return philox(seed, stream, purpose, step, neuron / 64 * 16 + neuron % 16);
}
PGL_INLINE uint32_t number_of_word(uint32_t neuron) { return neuron / 16 % 4; }

// One of the four, without an array that would have to lie in memory.
PGL_INLINE uint32_t chosen(const Words4& words, uint32_t number) {
  const uint32_t even = number & 2 ? words.word[2] : words.word[0], odd = number & 2 ? words.word[3] : words.word[1];
  return number & 1 ? odd : even;
}

// As poisson_invert64 counts; the sum only grows, so that the first value not below it ends the loop.
PGL_FUNCTION int32_t poisson_invert(uint32_t word, double rate) {
  if (!(rate > 0.0)) return 0;
  const double u = unit<double>(word);
  double term = exp(-rate), sum = term;
  int32_t count = 0;
  for (int k = 1; k < 64 && u > sum; ++k) {
    ++count;
    term *= rate * (1.0 / k);
    sum += term;
  }
  return count;
}

}  // namespace detail

template <class Real>
PGL_FUNCTION Real uniform_of(uint64_t seed, uint32_t stream, uint32_t purpose, int64_t step, uint32_t neuron) {
  const Words4 words = detail::words_of(seed, stream, purpose, step, neuron);
  return unit<Real>(detail::chosen(words, detail::number_of_word(neuron)));
}

template <class Real>
PGL_FUNCTION Real normal_of(uint64_t seed, uint32_t stream, uint32_t purpose, int64_t step, uint32_t neuron) {
  const Words4 words = detail::words_of(seed, stream, purpose, step, neuron);
  const uint32_t number = detail::number_of_word(neuron);
  const bool late = (number & 2) != 0;
  const Real radius = sqrt(Real(-2) * log(unit<Real>(late ? words.word[2] : words.word[0])));
  Real sine, cosine;
  sincos_turn(unit<Real>(late ? words.word[3] : words.word[1]), sine, cosine);
  return radius * (number & 1 ? sine : cosine);
}

// Where `rates` are those of all neurons of the population.
PGL_FUNCTION int32_t poisson_of(const pgl_poisson& input, uint64_t seed, int64_t step, uint32_t neuron) {
  const Words4 words = detail::words_of(seed, input.stream, 0, step, neuron);
  const uint32_t word = detail::chosen(words, detail::number_of_word(neuron));
  if (PGL_POISSON_KINDS == 1 || input.kind == 0) {
    const uint32_t entry = word >> 27;
    return int32_t((word & 0x7ffffffu) < input.threshold[entry] ? entry : input.alias[entry]);
  }
#if PGL_POISSON_KINDS == 1
  return 0;
#else
  const double rate = input.kind == 1 ? input.rate : input.rates[neuron];
  if (rate >= kPoissonRejection) return detail::poisson_large(rate, seed, input.stream, step, neuron);
  return detail::poisson_invert(word, rate);
#endif
}

}  // namespace pgl

#endif
