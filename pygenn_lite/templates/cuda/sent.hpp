// Variables of source neurons as synapses see them: as they were when they were sent.
#ifndef PGL_SENT_HPP
#define PGL_SENT_HPP

#include "common/device.hpp"
#include "cuda/records.hpp"

namespace pgl {

// At a step that is still kept.
template <class Real>
PGL_DEVICE Real past_value(const pgl_past& past, int64_t step, uint32_t neuron) {
  return static_cast<const Real*>(past.base)[(uint64_t(step) & past.mask) * past.stride + neuron];
}

// The same, or as a spike left it that another of the same neuron and step followed: `repeat` is its place in `repeats`.
template <class Real>
PGL_DEVICE Real sent_value(const pgl_past& past, int64_t step, uint32_t neuron, int64_t repeat) {
  if (repeat >= 0) return static_cast<const Real*>(past.repeated)[repeat];
  return past_value<Real>(past, step, neuron);
}

}  // namespace pgl

#endif
