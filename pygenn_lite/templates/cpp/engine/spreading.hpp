// Keeps workers from sharing a processor while others are idle.
//
// A thread that is woken often lands where the one stands that woke it, and the scheduler takes many milliseconds to part
// them; meanwhile each spins in the other's way (a run of 10 ms took 60). So every worker asks not to be put where
// another worker was last seen. Nobody is bound to one processor: the scheduler chooses among the rest.
#ifndef PGL_SPREADING_HPP
#define PGL_SPREADING_HPP

#include <stdint.h>

#include "list.hpp"

#if defined(__linux__)
#include <sched.h>
#endif

namespace pgl {

class Spreading {
 public:
#if defined(__linux__)
  explicit Spreading(uint32_t workers) : place_(workers) {
    for (Place& place : place_) place.cpu = kNowhere;
  }
  // Called by worker 0 before and after a run: the thread is the host's, and gets its processors back.
  void begin() {
    CPU_ZERO(&allowed_);
    known_ = place_.size() > 1 && sched_getaffinity(0, sizeof allowed_, &allowed_) == 0 &&
             place_.size() <= static_cast<size_t>(CPU_COUNT(&allowed_));
  }
  void end() {
    if (known_) sched_setaffinity(0, sizeof allowed_, &allowed_);
    place_[0].cpu = kNowhere;
  }
  // Called by a worker when it begins and whenever it has slept.
  void settle(uint32_t worker) {
    if (!known_) return;
    const int here = sched_getcpu();
    if (here == place_[worker].cpu) return;
    cpu_set_t others_left = allowed_;
    for (uint32_t other = 0; other < place_.size(); ++other) {
      const int taken = __atomic_load_n(&place_[other].cpu, __ATOMIC_RELAXED);
      if (other != worker && taken != kNowhere) CPU_CLR(taken, &others_left);
    }
    if (CPU_COUNT(&others_left) == 0 || sched_setaffinity(0, sizeof others_left, &others_left) != 0) return;
    __atomic_store_n(&place_[worker].cpu, sched_getcpu(), __ATOMIC_RELAXED);
  }

 private:
  static constexpr int kNowhere = -1;
  struct alignas(64) Place {
    int cpu = kNowhere;
  };
  List<Place> place_;  // of each worker, when it was last seen
  cpu_set_t allowed_;
  bool known_ = false;
#else
  explicit Spreading(uint32_t) {}
  void begin() {}
  void end() {}
  void settle(uint32_t) {}
#endif
};

}  // namespace pgl

#endif
