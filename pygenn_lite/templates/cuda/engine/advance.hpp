// The end of a step: instances with a fault do nothing from here on, and all wait where a record has no room for another
// step.
#ifndef PGL_CUDA_ADVANCE_HPP
#define PGL_CUDA_ADVANCE_HPP

#include "cuda/engine/place.hpp"

namespace pgl {

inline constexpr uint64_t kNoFault = ~uint64_t{0};

// Spikes that a step may add to a log, at most.
PGL_DEVICE uint64_t most_spikes(const pgl_instance& instance, const pgl_spike_log& log) {
  const pgl_population& population = instance.populations[log.population];
  return population.has_train != 0 ? population.room : (log.end - log.begin + log.stride - 1) / log.stride;
}

// For how many steps all logs of an instance have room, up to `steps`.
PGL_DEVICE int64_t steps_with_room(const pgl_instance& instance, int64_t steps) {
  PGL_ROLLED for (uint32_t k = 0; k < instance.n_logs && steps > 0; ++k) {
    const pgl_spike_log& log = instance.logs[k];
    const uint64_t most = most_spikes(instance, log), size = *log.size;
    if (most == 0) continue;
    const uint64_t fit = size < log.room ? (log.room - size) / most : 0;
    if (fit < uint64_t(steps)) steps = int64_t(fit);
  }
  return steps;
}

// A fault in this step, found by whoever asks first.
PGL_DEVICE bool settle_fault(const pgl_instance& instance, int64_t step) {
  if (*instance.fault == kNoFault) return false;
  *instance.fault_step = step;
  *instance.halted = 1;
  return true;
}

// By one block; `flags`: a shared array of 2.
template <class Flags>
PGL_DEVICE void advance(const pgl_card& card, uint32_t thread, uint32_t threads, Flags& flags) {
  if (*card.paused != 0) return;
  const int64_t step = *card.step;
  if (thread < 2) flags[thread] = 0;
  barrier();
  PGL_ROLLED for (uint32_t k = thread; k < card.n_instances; k += threads) {
    const pgl_instance& instance = card.instances[k];
    if (*instance.halted != 0) continue;
    atomic_or(&flags[0], 1);
    if (!settle_fault(instance, step) && steps_with_room(instance, 1) == 0) atomic_or(&flags[1], 1);
  }
  barrier();
  if (thread != 0) return;
  if (flags[0] != 0) *card.step = step + 1;
  if (flags[1] != 0) *card.paused = 1;
}

}  // namespace pgl

#endif
