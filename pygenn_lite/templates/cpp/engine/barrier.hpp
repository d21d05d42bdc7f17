// A barrier that is fast when every worker has a core of its own and polite when it has not.
//
// Two spinning threads meet in well under a microsecond, two sleeping ones in 10 to 50. So a worker that arrives
// early spins, but only for about as long as a sleep would cost: whoever it waits for may have lost its core to other
// work for milliseconds, and spinning on would take that time from somebody. Then it sleeps (futex). It never yields:
// a thread that yields to a busy process is put behind it for a whole time slice, although the one it waits for may
// arrive at once (measured with two workers and two busy processes on two cores: 8 times slower than without).
#ifndef PGL_BARRIER_HPP
#define PGL_BARRIER_HPP

#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>

#if defined(__linux__)
#include <sched.h>
#endif
#if defined(__x86_64__) || defined(_M_X64)
#include <immintrin.h>
#endif

namespace pgl {

inline void cpu_pause() {
#if defined(__x86_64__) || defined(_M_X64)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("isb");  // "yield" is a no-op on most cores; this waits about as long as the x86 pause
#endif
}

// CPUs that this process may use (not: that the machine has).
inline unsigned available_cpus() {
#if defined(__linux__)
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) == 0) return static_cast<unsigned>(CPU_COUNT(&set));
#endif
  const unsigned n = std::thread::hardware_concurrency();
  return n == 0 ? 1 : n;
}

// How many pauses make about `microseconds` on this machine (a pause takes 4 to 150 cycles, by model). The fastest of
// three tries counts: an interruption can only make one slower.
inline uint32_t calibrate_spin(double microseconds) {
  constexpr uint32_t kPauses = 500;
  double best = 1e9;
  for (int attempt = 0; attempt < 3; ++attempt) {
    const auto start = std::chrono::steady_clock::now();
    for (uint32_t i = 0; i < kPauses; ++i) cpu_pause();
    const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - start;
    if (took.count() < best) best = took.count();
  }
  const double pauses = microseconds * kPauses / (best > 1e-3 ? best : 1e-3);
  return static_cast<uint32_t>(pauses < 1e6 ? pauses : 1e6);
}

class Barrier {
 public:
  explicit Barrier(uint32_t parties) : parties_(parties) {
    // Spinning while somebody waits for this core only keeps the others from arriving.
    spins_ = parties > 1 && parties <= available_cpus() ? calibrate_spin(kSpinMicroseconds) : 0;
  }
  Barrier(const Barrier&) = delete;
  Barrier& operator=(const Barrier&) = delete;

  // The last to arrive runs `completion` before anybody goes on: what it writes is seen by all.
  template <class Completion>
  void wait(Completion&& completion) {
    // Read before arriving: afterwards the generation may already have moved on.
    const uint32_t generation = generation_.load(std::memory_order_relaxed);
    if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 == parties_) {
      completion();
      arrived_.store(0, std::memory_order_relaxed);  // nobody arrives again before the generation changes
      generation_.store(generation + 1, std::memory_order_seq_cst);
      if (sleepers_.load(std::memory_order_seq_cst) != 0) generation_.notify_all();
      return;
    }
    for (uint32_t i = 0; i < spins_; ++i) {
      if (generation_.load(std::memory_order_acquire) != generation) return;
      cpu_pause();
    }
    // Sleeper announces itself, then looks again (inside atomic wait); the last arriver changes the generation, then
    // looks for sleepers: in every order of these four one sees the other.
    sleepers_.fetch_add(1, std::memory_order_seq_cst);
    while (generation_.load(std::memory_order_seq_cst) == generation) {
      generation_.wait(generation, std::memory_order_acquire);
    }
    sleepers_.fetch_sub(1, std::memory_order_relaxed);
  }
  void wait() {
    wait([] {});
  }

 private:
  static constexpr double kSpinMicroseconds = 50.0;

  // Written by all, polled by all, read only: three lines, so that an arrival does not disturb those who poll.
  alignas(64) std::atomic<uint32_t> arrived_{0};
  alignas(64) std::atomic<uint32_t> generation_{0};
  alignas(64) std::atomic<uint32_t> sleepers_{0};
  alignas(64) uint32_t parties_;
  uint32_t spins_ = 0;
};

}  // namespace pgl

#endif
