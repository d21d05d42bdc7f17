// Currents that change in time.
#ifndef PGL_INPUTS_HPP
#define PGL_INPUTS_HPP

#include "language.hpp"
#include "records.h"

namespace pgl {

// Values of a step current in this step: for the shard's first neuron, or the one shared value.
// NULL before the first value begins. Binary search: once per kernel call, not per neuron.
template <class Real>
PGL_FUNCTION const Real* timed_row(const pgl_timed& timed, int64_t step, uint32_t first) {
  if (timed.rows == 0 || step < timed.begin[0]) return nullptr;
  int64_t low = 0, high = timed.rows;
  while (high - low > 1) {
    const int64_t middle = low + (high - low) / 2;
    (timed.begin[middle] <= step ? low : high) = middle;
  }
  const Real* values = static_cast<const Real*>(timed.values);
  return timed.stride ? values + low * timed.stride + first : values + low;
}

}  // namespace pgl

#endif
