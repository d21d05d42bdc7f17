// Variables are recorded as they are.
#ifndef PGL_CUDA_SAMPLE_HPP
#define PGL_CUDA_SAMPLE_HPP

#include "cuda/engine/place.hpp"

namespace pgl {

PGL_DEVICE void take_sample(const pgl_sampler& sampler, int64_t step, uint32_t lane, uint32_t lanes) {
  if (uint64_t(step) % sampler.every != 0) return;
  real* out = static_cast<real*>(sampler.out) + uint64_t(step) / sampler.every % sampler.rows * sampler.n;
  const real* variable = static_cast<const real*>(sampler.variable);
  PGL_ROLLED for (uint32_t k = lane; k < sampler.n; k += lanes) out[k] = variable[sampler.indices != nullptr ? sampler.indices[k] : k];
}

PGL_DEVICE void sample(const pgl_instance& instance, int64_t step, Range range) {
  const Lanes part = lanes_of(range, lanes_shift(instance.n_samplers, range.stride, 1u << kMostShift));
  PGL_ROLLED for (uint32_t k = part.row; k < instance.n_samplers; k += part.rows) {
    take_sample(instance.samplers[k], step, part.lane, part.lanes);
  }
}

}  // namespace pgl

#endif
