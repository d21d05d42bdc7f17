// Kernels over the neurons of a population: all of them, or those that spiked.
#ifndef PGL_CUDA_NEURONS_HPP
#define PGL_CUDA_NEURONS_HPP

#include "cuda/engine/arrivals.hpp"

namespace pgl {

template <class Kernel, class Sink>
PGL_DEVICE void run_neuron(const pgl_population& population, const typename Kernel::Shared& shared, int64_t step,
                           uint32_t neuron, Sink& sink) {
  typename Kernel::Neuron values = Kernel::load(population, neuron);
  const auto drawn = Kernel::draw(population, shared, step, neuron);
  Kernel::run(population, shared, drawn, values, step, neuron, sink);
  Kernel::store(population, neuron, values);
}

// All neurons; who spikes does so at t_(step + 1).
template <class Kernel>
PGL_DEVICE void visit_neurons(const pgl_population& population, int64_t step, uint64_t* faults, Range range) {
  const typename Kernel::Shared shared = Kernel::shared(population, step);
  NeuronSink sink{spikes_at(population, step + 1), faults, population.number, 0};
  if (population.has_train != 0) sink.spikes.neurons = nullptr;
  PGL_ROLLED for (uint32_t i = range.first; i < population.count; i += range.stride) {
    sink.neuron = i;
    run_neuron<Kernel>(population, shared, step, i, sink);
  }
}

// Those that spiked at t_spiked, each as often as it did. `keeps` (of a train): what each but the last of several spikes of a
// neuron leaves is kept apart.
template <class Kernel>
PGL_DEVICE void visit_spiking(const pgl_population& population, int64_t step, int64_t spiked, bool keeps, uint64_t* faults,
                              Range range) {
  const Spikes spikes = spikes_at(population, spiked);
  const uint32_t count = *spikes.count;
  if (range.first >= count) return;
  const typename Kernel::Shared shared = Kernel::shared(population, step);
  NeuronSink sink{{nullptr, nullptr}, faults, population.number, 0};
  PGL_ROLLED for (uint32_t k = range.first; k < count; k += range.stride) {
    const uint32_t neuron = sink.neuron = spikes.neurons[k];
    const uint32_t alike = count_alike(population, spikes.neurons, k, count);
    const int64_t repeat = keeps ? repeats_of(population, spiked, neuron, alike) : -1;
    PGL_ROLLED for (uint32_t again = 0; again < alike; ++again) {
      run_neuron<Kernel>(population, shared, step, neuron, sink);
      if (repeat < 0 || again + 1 == alike) continue;
      PGL_ROLLED for (uint32_t v = 0; v < population.n_past; ++v) {
        const pgl_past& past = population.past[v];
        static_cast<real*>(past.repeated)[repeat + again] = static_cast<const real*>(past.state)[neuron];
      }
    }
  }
}

}  // namespace pgl

#endif
