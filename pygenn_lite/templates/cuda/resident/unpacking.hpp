// What a launch has noted, block by block, becomes what all plans have in common: rows of the last spikes, counts, logs.
#ifndef PGL_RESIDENT_UNPACKING_HPP
#define PGL_RESIDENT_UNPACKING_HPP

#include "cuda/engine/spikes.hpp"
#include "cuda/resident/records.hpp"

struct pgl_unpacking {
  pgl_resident run;   // as it was launched
  int64_t last;       // step that was reached
  uint32_t blocks;    // of the launch
  uint32_t reserved;
};

namespace pgl::resident {

// The rows of spikes of the steps that were made, as far as they are still kept, and that of the next step become empty.
PGL_DEVICE void clear_rows(const pgl_unpacking& args, Range range) {
  for (uint32_t p = 0; p < args.run.n_populations; ++p) {
    const pgl_population& population = args.run.instance->populations[p];
    for (uint32_t k = range.first; k <= population.slots_mask; k += range.stride) {
      const int64_t step = args.last + 1 - int64_t(k);
      if (step > args.run.first) population.spike_counts[row_of(step, population.slots_mask)] = 0;
    }
  }
}

PGL_DEVICE void note_spike(const pgl_unpacking& args, uint32_t p, uint32_t neuron, int64_t step) {
  const pgl_instance& instance = *args.run.instance;
  const pgl_population& population = instance.populations[p];
  atomic_add(population.totals + neuron, 1u);
  atomic_add(population.total, uint64_t(1));
  if (step + int64_t(population.slots_mask) > args.last) {
    const Spikes spikes = spikes_at(population, step);
    spikes.neurons[atomic_add(spikes.count, 1u)] = neuron;
  }
  for (uint32_t k = 0; k < instance.n_logs; ++k) {
    if (instance.logs[k].population == p) log_spike(instance.logs[k], neuron, step);
  }
}

PGL_DEVICE void unpack(const pgl_unpacking& args) {
  for (auto b = uint32_t(block()); b < args.blocks; b += uint32_t(blocks())) {
    const uint64_t* const log = args.run.log + uint64_t(b) * args.run.log_room;
    for (auto k = uint32_t(thread()); k < args.run.ends[b].spikes; k += uint32_t(threads())) {
      const uint32_t number = uint32_t(log[k]) * args.blocks + b;
      uint32_t population = 0, index = 0;
      if (!find_neuron(args.run, number, population, index)) continue;
      note_spike(args, population, index, args.run.first + 1 + int64_t(log[k] >> 32));
    }
  }
}

}  // namespace pgl::resident

#endif
