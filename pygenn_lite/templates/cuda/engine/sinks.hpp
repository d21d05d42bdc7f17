// What generated kernels tell the engine: that a neuron spikes, that a variable stopped being finite, that something is
// added to a target neuron.
#ifndef PGL_CUDA_SINKS_HPP
#define PGL_CUDA_SINKS_HPP

#include "common/whole.hpp"
#include "cuda/engine/place.hpp"

namespace pgl {

// Weights and what is added become whole numbers: to the nearest, halves to the even one, as
// cpp/engine/whole_sums.hpp does. A power of two multiplies a float exactly; where that leaves the range of floats, in double.
struct Units {
  double exact;
  float quick;

  PGL_DEVICE int64_t whole(double value) const { return nearest_even(value * exact); }
  PGL_DEVICE int64_t whole(float value) const {
    return quick != 0.0f ? nearest_even(value * quick) : nearest_even(double(value) * exact);
  }
};
PGL_DEVICE Units units_of(const pgl_inbox& inbox) {
  const bool narrow = inbox.per_unit > 1e-30 && inbox.per_unit < 1e30;
  return {inbox.per_unit, narrow ? float(inbox.per_unit) : 0.0f};
}

// The least fault of a step counts. `bits`: 63 for sums.
PGL_DEVICE void tell_fault(uint64_t* fault, uint32_t population, uint32_t neuron, uint32_t variable, uint64_t bits = 0) {
  atomic_min(fault, bits | uint64_t(population) << 40 | uint64_t(neuron) << 8 | uint64_t(variable & 255u));
}

// Of one neuron of a population.
struct NeuronSink {
  Spikes spikes;  // where they are noted; neurons NULL: nobody spikes but by the train
  uint64_t* faults;
  uint32_t population, neuron;

  PGL_DEVICE void spike() {
    if (spikes.neurons == nullptr) return;
    spikes.neurons[atomic_add(spikes.count, 1)] = neuron;
  }
  PGL_DEVICE void fault(uint32_t variable) { tell_fault(faults, population, neuron, variable); }
};

// Of a synapse: what is added to targets is summed in whole numbers first, in no order. Where the sums lie, and their units,
// is looked up once: stores of the kernel might else have changed it.
template <class Kernel>
struct WholeSink {
  struct Sum {
    int64_t* now;
    Units units;
  };
  Sum sums[Kernel::kPosts == 0 ? 1 : Kernel::kPosts] = {};

  PGL_DEVICE explicit WholeSink(const pgl_synapses& group) {
    for (uint32_t k = 0; k != Kernel::kPosts; ++k) {  // CUDA 12 warns of < 0
      if ((Kernel::kAddsTo >> k & 1) != 0) sums[k] = {group.inboxes[k]->now, units_of(*group.inboxes[k])};
    }
  }
  template <class Number>
  PGL_DEVICE void add(uint32_t k, uint32_t target, Number value) {
    const int64_t whole = sums[k].units.whole(value);
    if (whole != 0) atomic_add(sums[k].now + target, whole);
  }
};

// Of a synapse whose target belongs to this thread alone: added at once.
struct DirectSink {
  const pgl_synapses& group;

  PGL_DEVICE void add(uint32_t k, uint32_t target, real value) { static_cast<real*>(group.post[k])[target] += value; }
};

}  // namespace pgl

#endif
