// Kernels over synapses, looked up from their targets: those onto neurons that spiked, and all of a group.
#ifndef PGL_CUDA_TARGETS_HPP
#define PGL_CUDA_TARGETS_HPP

#include "cuda/engine/arrivals.hpp"

namespace pgl {

PGL_DEVICE uint32_t delay_at(const pgl_synapses& group, uint32_t position) {
  return group.delays != nullptr ? group.delays[position] : group.common_delay;
}

// The synapses onto one neuron, from the lane-th on every lanes-th, by source.
template <class Kernel, class Sink>
PGL_DEVICE void visit_synapses_onto(const pgl_synapses& group, const typename Kernel::Shared& shared, int64_t step,
                                    uint32_t target, uint32_t lane, uint32_t lanes, Sink& sink) {
  if (group.columns != 0) {
    PGL_ROLLED for (uint32_t source = lane; source < group.n_source; source += lanes) {
      const uint32_t position = source * group.columns + target;
      if (!is_present(group, position, source, target)) continue;
      Kernel::run(group, shared, step, position, source, target, delay_at(group, position), -1, sink);
    }
    return;
  }
  const uint32_t end = load_constant(group.post_begin + target + 1);
  PGL_ROLLED for (uint32_t entry = load_constant(group.post_begin + target) + lane; entry < end; entry += lanes) {
    const uint32_t position = load_constant(group.post_position + entry), source = load_constant(group.post_source + entry);
    Kernel::run(group, shared, step, position, source, target, delay_at(group, position), -1, sink);
  }
}

// Onto neurons that spiked at t_spiked.
template <class Kernel>
PGL_DEVICE void visit_targets(const pgl_synapses& group, int64_t step, int64_t spiked, Range range) {
  const pgl_population& population = *group.target;
  const Spikes spikes = spikes_at(population, spiked);
  const uint32_t count = *spikes.count;
  if (count == 0) return;
  constexpr bool kInOrder = Kernel::kReadsWhatItAdds;
  const uint64_t mean = group.columns != 0 ? group.n_source : group.n_synapses / group.n_target;
  const Lanes part = lanes_of(range, kInOrder ? 0 : lanes_shift(count, range.stride, mean));
  if (part.row >= part.rows) return;
  const typename Kernel::Shared shared = Kernel::shared(group, step);
  typename Either<kInOrder, DirectSink, WholeSink<Kernel>>::Type sink{group};
  PGL_ROLLED for (uint32_t k = part.row; k < count; k += part.rows) {
    const uint32_t alike = count_alike(population, spikes.neurons, k, count);
    PGL_ROLLED for (uint32_t again = 0; again < alike; ++again) {
      visit_synapses_onto<Kernel>(group, shared, step, spikes.neurons[k], part.lane, part.lanes, sink);
    }
  }
}

// All synapses, which add nothing to neurons: by position.
template <class Kernel>
PGL_DEVICE void visit_synapses_apart(const pgl_synapses& group, const typename Kernel::Shared& shared, int64_t step,
                                     Range range) {
  WholeSink<Kernel> sink{group};
  if (group.columns == 0) {
    PGL_ROLLED for (uint32_t position = range.first; position < group.n_synapses; position += range.stride) {
      const uint32_t source = group.sources != nullptr ? group.sources[position] : 0;
      Kernel::run(group, shared, step, position, source, group.targets[position], delay_at(group, position), -1, sink);
    }
    return;
  }
  const Lanes part = lanes_of(range, lanes_shift(group.n_source, range.stride, group.n_target));
  PGL_ROLLED for (uint32_t source = part.row; source < group.n_source; source += part.rows) {
    PGL_ROLLED for (uint32_t target = part.lane; target < group.n_target; target += part.lanes) {
      const uint32_t position = source * group.columns + target;
      if (!is_present(group, position, source, target)) continue;
      Kernel::run(group, shared, step, position, source, target, delay_at(group, position), -1, sink);
    }
  }
}

template <class Kernel>
PGL_DEVICE void visit_synapses(const pgl_synapses& group, int64_t step, Range range) {
  const typename Kernel::Shared shared = Kernel::shared(group, step);
  if constexpr (Kernel::kAdds) {
    // Sums have one order: that of the sources.
    DirectSink sink{group};
    PGL_ROLLED for (uint32_t target = range.first; target < group.n_target; target += range.stride) {
      visit_synapses_onto<Kernel>(group, shared, step, target, 0, 1, sink);
    }
  } else {
    visit_synapses_apart<Kernel>(group, shared, step, range);
  }
}

}  // namespace pgl

#endif
