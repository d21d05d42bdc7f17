// The loop that a generated kernel runs in: pgl::visit<Kernel>(launch) in a kernel of its own, pgl::visit_at where one kernel
// walks through all operations. Before it is included, `real` is defined.
#ifndef PGL_CUDA_VISITS_HPP
#define PGL_CUDA_VISITS_HPP

#include "cuda/engine/neurons.hpp"
#include "cuda/engine/targets.hpp"
#include "cuda/kernel_kinds.hpp"

namespace pgl {

template <class Kernel>
PGL_DEVICE void visit_at(const Place& place, Range range) {
  const pgl_card_op& op = *place.op;
  const int64_t step = place.step, spiked = step + op.ahead;
  uint64_t* const faults = place.instance->fault;
  if constexpr (Kernel::kVisit == Visit::kNeurons) {
    visit_neurons<Kernel>(population_of(place), step, faults, range);
  } else if constexpr (Kernel::kVisit == Visit::kSpikingNeurons) {
    const bool traces = op.kind == PGL_CARD_TRACE;  // then time is that of the spikes
    const int64_t next = step + 1;
    visit_spiking<Kernel>(population_of(place), traces ? next : step, traces ? next : spiked, traces, faults, range);
  } else if constexpr (Kernel::kVisit == Visit::kOnce) {
    Kernel::prepare(population_of(place), range.first, range.stride);
  } else if constexpr (Kernel::kVisit == Visit::kArrivals) {
    const pgl_synapses& group = synapses_of(place);
    visit_arrivals<Kernel>(group, step + group.lead, range);
  } else if constexpr (Kernel::kVisit == Visit::kTargets) {
    visit_targets<Kernel>(synapses_of(place), step, spiked, range);
  } else if constexpr (Kernel::kVisit == Visit::kSynapses) {
    visit_synapses<Kernel>(synapses_of(place), step, range);
  } else {
    Kernel::visit(synapses_of(place), step, range.first, range.stride);
  }
}

template <class Kernel>
PGL_DEVICE void visit(const pgl_launch& launch) {
  Place place;
  if (find_place(launch, place)) visit_at<Kernel>(place, range_of_grid());
}

}  // namespace pgl

#endif
