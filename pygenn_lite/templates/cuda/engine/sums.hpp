// What was summed in whole numbers is added to the neurons' variables.
#ifndef PGL_CUDA_SUMS_HPP
#define PGL_CUDA_SUMS_HPP

#include "cuda/engine/sinks.hpp"

namespace pgl {

// The sums of one inbox, its k-th, which are cleared. As collect_sums of cpp/engine/whole_sums.hpp. A thread reads kAtOnce
// sums before it looks at the first.
template <uint32_t kAtOnce>
PGL_DEVICE void add_sums(const pgl_population& population, const pgl_inbox& inbox, uint32_t k, int64_t* sums,
                         uint64_t* faults, Range range) {
  real* variable = static_cast<real*>(inbox.variable);
  const real unit = real(1.0 / inbox.per_unit);
  PGL_ROLLED for (uint32_t begin = range.first; begin < population.count; begin += kAtOnce * range.stride) {
    int64_t found[kAtOnce];
    for (uint32_t n = 0; n < kAtOnce; ++n) {
      const uint32_t i = begin + n * range.stride;
      found[n] = i < population.count ? sums[i] : 0;
    }
    for (uint32_t n = 0; n < kAtOnce; ++n) {
      const int64_t sum = found[n];
      if (sum == 0) continue;
      const uint32_t i = begin + n * range.stride;
      sums[i] = 0;
      variable[i] += real(sum) * unit;
      if (sum > inbox.largest || sum < -inbox.largest) tell_fault(faults, population.number, i, k, uint64_t(1) << 63);
    }
  }
}

// What static synapses have added for this step.
template <uint32_t kAtOnce>
PGL_DEVICE void collect(const pgl_population& population, int64_t step, uint64_t* faults, Range range) {
  PGL_ROLLED for (uint32_t k = 0; k < population.n_inboxes; ++k) {
    const pgl_inbox& inbox = population.inboxes[k];
    if (inbox.later == nullptr) continue;
    add_sums<kAtOnce>(population, inbox, k, inbox.later + (uint64_t(step) & inbox.mask) * population.count, faults, range);
  }
}

// Asks for the memory of what static synapses add for another step.
PGL_DEVICE void fetch_sums(const pgl_population& population, int64_t step, Range range) {
  constexpr uint32_t kLine = 128 / sizeof(int64_t);
  PGL_ROLLED for (uint32_t k = 0; k < population.n_inboxes; ++k) {
    const pgl_inbox& inbox = population.inboxes[k];
    if (inbox.later == nullptr) continue;
    const int64_t* sums = inbox.later + (uint64_t(step) & inbox.mask) * population.count;
    PGL_ROLLED for (uint32_t i = range.first * kLine; i < population.count; i += range.stride * kLine) prefetch(sums + i);
  }
}

// What kernels over synapses have added since the last time.
PGL_DEVICE void fold(const pgl_population& population, uint64_t* faults, Range range) {
  PGL_ROLLED for (uint32_t k = 0; k < population.n_inboxes; ++k) {
    const pgl_inbox& inbox = population.inboxes[k];
    if (inbox.now != nullptr) add_sums<1>(population, inbox, k, inbox.now, faults, range);
  }
}

}  // namespace pgl

#endif
