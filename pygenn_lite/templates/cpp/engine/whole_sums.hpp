// Sums of arrivals in whole numbers: the sum of a step depends neither on the order of arrivals nor on who adds them, on any
// backend. Weights become whole multiples of a unit, a power of two; the sums are kept in 64 bits and must fit into 32 when
// they are collected, since devices have no more.
#ifndef PGL_WHOLE_SUMS_HPP
#define PGL_WHOLE_SUMS_HPP

#include <stdint.h>

#include "abi.h"
#include "common/whole.hpp"

namespace pgl {

inline void add_whole(const pgl_sums& sums, uint64_t place, double weight) {
  sums.sums[place] += nearest_even(weight * sums.per_unit[place]);
}

// Adds the sums of a step to the variables and clears them. A sum that 32 bits do not hold is a fault.
template <class Real>
void collect_sums(const pgl_sums& sums, int64_t step, pgl_fault& fault) {
  Real* arena = static_cast<Real*>(sums.arena);
  for (int64_t k = 0; k < sums.n; ++k) {
    const pgl_sum& of = sums.of[k];
    for (uint64_t place = of.begin; place < uint64_t{of.begin} + of.count; ++place) {
      const int64_t sum = sums.sums[place];
      if (sum == 0) continue;
      sums.sums[place] = 0;
      arena[place] += Real(sum) * Real(1.0 / sums.per_unit[place]);
      if (sum >= -int64_t{INT32_MAX} && sum <= int64_t{INT32_MAX}) continue;
      if (fault.set != 0) continue;
      fault = {1, static_cast<int32_t>(-1 - k), of.population, of.first + static_cast<uint32_t>(place - of.begin), step};
    }
  }
}

}  // namespace pgl

#endif
