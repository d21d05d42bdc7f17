// Spikes of a population: those of a train come up, all are counted, recorded and sent.
#ifndef PGL_CUDA_SPIKES_HPP
#define PGL_CUDA_SPIKES_HPP

#include "cuda/engine/place.hpp"

namespace pgl {

// The first entry of a train that is not before t_step.
PGL_DEVICE uint64_t train_position(const pgl_population& population, int64_t step) {
  uint64_t low = population.train_next != nullptr ? *population.train_next : 0, high = population.train_size;
  if (low >= high || population.train_steps[low] >= step) return low;
  PGL_ROLLED while (low < high) {
    const uint64_t middle = low + (high - low) / 2;
    if (population.train_steps[middle] < step) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

// The spikes of a train at t_step, in its order. The row was empty.
PGL_DEVICE void bring_train(const pgl_population& population, int64_t step, Range range) {
  const uint64_t size = population.train_size, begin = train_position(population, step);
  const Spikes spikes = spikes_at(population, step);
  PGL_ROLLED for (uint64_t k = begin + range.first; k < size && population.train_steps[k] == step; k += range.stride) {
    spikes.neurons[k - begin] = population.train_neurons[k];
    const bool last = k + 1 == size || population.train_steps[k + 1] != step;
    if (last) *spikes.count = uint32_t(k + 1 - begin);
  }
}

PGL_DEVICE void log_spike(const pgl_spike_log& log, uint32_t neuron, int64_t step) {
  if (neuron < log.begin || neuron >= log.end) return;
  if (log.stride != 1 && (neuron - log.begin) % log.stride != 0) return;
  const uint64_t place = atomic_add(log.size, 1);
  if (place < log.room) log.entries[place] = uint64_t(step) << 32 | neuron;
}
PGL_DEVICE void log_spikes(const pgl_spike_log& log, const Spikes& spikes, uint32_t count, int64_t step, Range range) {
  PGL_ROLLED for (uint32_t k = range.first; k < count; k += range.stride) log_spike(log, spikes.neurons[k], step);
}

// Real numbers, several side by side.
PGL_DEVICE void copy_reals(real* to, const real* from, uint32_t n, Range range) {
  PGL_ROLLED for (uint32_t i = range.first; i < n; i += range.stride) to[i] = from[i];
}

// Spikes at t_step are counted and recorded, variables that synapses read are kept as they are now, and the row of the next
// step is made empty.
PGL_DEVICE void send(const pgl_instance& instance, uint32_t index, const pgl_population& population, int64_t step,
                     Range range) {
  const Spikes spikes = spikes_at(population, step);
  const uint32_t count = *spikes.count;
  PGL_ROLLED for (uint32_t k = range.first; k < count; k += range.stride) atomic_add(population.totals + spikes.neurons[k], 1);
  if (range.first < count) {
    PGL_ROLLED for (uint32_t k = 0; k < instance.n_logs; ++k) {
      if (instance.logs[k].population == index) log_spikes(instance.logs[k], spikes, count, step, range);
    }
  }
  PGL_ROLLED for (uint32_t v = 0; v < population.n_past; ++v) {
    const pgl_past& past = population.past[v];
    real* row = static_cast<real*>(past.base) + (uint64_t(step) & past.mask) * past.stride;
    copy_reals(row, static_cast<const real*>(past.state), population.count, range);
  }
  if (range.first != 0) return;
  if (count != 0) {
    *population.total += count;
    if (population.has_train != 0 && population.train_next != nullptr) {
      *population.train_next = train_position(population, step) + count;
    }
  }
  *spikes_at(population, step + 1).count = 0;
}

// A row in ascending order, by one block (`thread` of `threads`). Of each stage's pairs the smaller spike comes first: a
// bitonic sorter whose stages begin mirrored, so that what would lie beyond the end never moves (Batcher 1968).
PGL_DEVICE void sort_spikes(const pgl_population& population, int64_t step, uint32_t thread, uint32_t threads) {
  const Spikes spikes = spikes_at(population, step);
  const uint32_t count = *spikes.count;
  uint32_t* const neurons = spikes.neurons;
  const auto order = [&](uint32_t partner_bits) {
    PGL_ROLLED for (uint32_t k = thread; k < count; k += threads) {
      const uint32_t other = k ^ partner_bits;
      if (other <= k || other >= count) continue;
      const uint32_t a = neurons[k], b = neurons[other];
      if (a <= b) continue;
      neurons[k] = b;
      neurons[other] = a;
    }
    barrier();
  };
  PGL_ROLLED for (uint32_t length = 2; length / 2 < count; length *= 2) {
    order(length - 1);
    PGL_ROLLED for (uint32_t distance = length / 4; distance != 0; distance /= 2) order(distance);
  }
}

}  // namespace pgl

#endif
