// Where all workers wait for one another: at the beginning and the end of a run, and where a schedule has them meet.
#ifndef PGL_BARRIER_HPP
#define PGL_BARRIER_HPP

#include <stdint.h>

#include "waiting.hpp"

namespace pgl {

class Barrier {
 public:
  explicit Barrier(uint32_t parties) : parties_(parties), patience_(patience_of(parties)) {}
  Barrier(const Barrier&) = delete;
  Barrier& operator=(const Barrier&) = delete;

  void wait() {
    wait([] {});
  }
  // The last to arrive does `all_here` before the others continue.
  template <class AllHere>
  void wait(AllHere&& all_here) {
    // Read before arriving: afterwards the generation may already have moved on.
    const uint32_t generation = __atomic_load_n(&generation_, __ATOMIC_RELAXED);
    if (__atomic_add_fetch(&arrived_, 1, __ATOMIC_ACQ_REL) == parties_) {
      all_here();
      __atomic_store_n(&arrived_, 0, __ATOMIC_RELAXED);  // nobody arrives again before the generation changes
      __atomic_store_n(&generation_, generation + 1, __ATOMIC_SEQ_CST);
      if (__atomic_load_n(&sleepers_, __ATOMIC_SEQ_CST) != 0) wake_sleepers(&generation_);
      return;
    }
    for (uint32_t i = 0; i < patience_; ++i) {
      if (__atomic_load_n(&generation_, __ATOMIC_ACQUIRE) != generation) return;
      cpu_pause();
    }
    // Sleeper announces itself, then looks again; the last arriver changes the generation, then looks for sleepers: in
    // every order of these four one sees the other.
    __atomic_fetch_add(&sleepers_, 1, __ATOMIC_SEQ_CST);
    sleep_while(&generation_, generation);
    __atomic_fetch_sub(&sleepers_, 1, __ATOMIC_RELAXED);
  }

 private:
  // Written by all, polled by all, read only: three lines, so that an arrival does not disturb those who poll.
  alignas(64) uint32_t arrived_ = 0;
  alignas(64) uint32_t generation_ = 0;
  alignas(64) uint32_t sleepers_ = 0;
  alignas(64) uint32_t parties_;
  uint32_t patience_;
};

}  // namespace pgl

#endif
