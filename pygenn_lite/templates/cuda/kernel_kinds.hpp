// What generated kernels run over, as whoever visits elements (engine/visits.hpp) must know it: their `kVisit`.
#ifndef PGL_KERNEL_KINDS_HPP
#define PGL_KERNEL_KINDS_HPP

namespace pgl {

enum class Visit {
  kNeurons,         // all neurons of a population: shared, load, run, store; where it fires, run calls sink.spike and sink.fault
  kSpikingNeurons,  // the same for those that spiked
  kOnce,            // prepare, outside of steps and in double: from `first` on every `stride`-th neuron
  kArrivals,        // synapses at which spikes arrive: shared, run
  kTargets,         // the same for synapses onto neurons that spiked
  kSynapses,        // the same for all synapses
  kCoupled,         // visit: all synapses of each target, from `first` on every `stride`-th one
};

}  // namespace pgl

#endif
