// How workers wait for one another: first awake, then asleep.
//
// Two spinning threads meet in well under a microsecond, two sleeping ones in 10 to 50. So a worker that arrives
// early spins, but only for about as long as a sleep would cost: whoever it waits for may have lost its core to other
// work for milliseconds, and spinning on would take that time from somebody. Then it sleeps (futex). It never yields:
// a thread that yields to a busy process is put behind it for a whole time slice, although the one it waits for may
// arrive at once (measured with two workers and two busy processes on two cores: 8 times slower than without).
#ifndef PGL_WAITING_HPP
#define PGL_WAITING_HPP

#include <pthread.h>
#include <time.h>
#include <unistd.h>

#include <stdint.h>

#if defined(__linux__)
#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#endif

namespace pgl {

inline void cpu_pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
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
  const long n = sysconf(_SC_NPROCESSORS_ONLN);
  return n < 1 ? 1 : static_cast<unsigned>(n);
}

inline double microseconds_now() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) * 1e-3;
}

// How many pauses make about `microseconds` on this machine (a pause takes 4 to 150 cycles, by model). The fastest of
// three tries counts: an interruption can only make one slower.
inline uint32_t calibrate_spin(double microseconds) {
  constexpr uint32_t kPauses = 500;
  double best = 1e9;
  for (int attempt = 0; attempt < 3; ++attempt) {
    const double start = microseconds_now();
    for (uint32_t i = 0; i < kPauses; ++i) cpu_pause();
    const double took = microseconds_now() - start;
    if (took < best) best = took;
  }
  const double pauses = microseconds * kPauses / (best > 1e-3 ? best : 1e-3);
  return static_cast<uint32_t>(pauses < 1e6 ? pauses : 1e6);
}

// Sleeping until a word is no longer `old`, and waking all who sleep on it. The builtins and these stand in for
// <atomic>, which takes as long to compile as all of this file.
#if defined(__linux__)
inline void sleep_while(const uint32_t* word, uint32_t old) {
  while (__atomic_load_n(word, __ATOMIC_SEQ_CST) == old) {
    syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, old, nullptr, nullptr, 0);  // returns at once if it has changed
  }
}
inline void wake_sleepers(const uint32_t* word) {
  syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT32_MAX, nullptr, nullptr, 0);
}
#else
struct Bed {  // one for all words: sleepers look at theirs again whenever somebody is woken
  pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
};
inline Bed bed;
inline void sleep_while(const uint32_t* word, uint32_t old) {
  pthread_mutex_lock(&bed.mutex);
  while (__atomic_load_n(word, __ATOMIC_SEQ_CST) == old) pthread_cond_wait(&bed.changed, &bed.mutex);
  pthread_mutex_unlock(&bed.mutex);
}
inline void wake_sleepers(const uint32_t*) {
  pthread_mutex_lock(&bed.mutex);
  pthread_cond_broadcast(&bed.changed);
  pthread_mutex_unlock(&bed.mutex);
}
#endif

// How often a worker of so many looks again before it sleeps. Spinning while somebody waits for this core would only
// keep the others from arriving.
inline uint32_t patience_of(uint32_t workers) {
  constexpr double kSpinMicroseconds = 50.0;
  return workers > 1 && workers <= available_cpus() ? calibrate_spin(kSpinMicroseconds) : 0;
}

}  // namespace pgl

#endif
