// Several spikes of one neuron at one time step (a train may hold them). They act one after another: what each but the
// last leaves in the variables that synapses read is kept apart, as the ring of past values has one place per step.
#ifndef PGL_REPEATS_HPP
#define PGL_REPEATS_HPP

#include "language.hpp"
#include "records.h"

namespace pgl {

// The first entry that is not before (step, source): the neuron's entries of that step follow each other.
PGL_FUNCTION uint64_t first_repeat(const pgl_repeats& repeats, int64_t step, uint32_t source) {
  uint64_t low = 0, high = repeats.n;
  while (low < high) {
    const uint64_t middle = low + (high - low) / 2;
    const bool before = repeats.step[middle] != step ? repeats.step[middle] < step : repeats.source[middle] < source;
    (before ? low : high) = before ? middle + 1 : middle;
  }
  return low;
}

}  // namespace pgl

#endif
