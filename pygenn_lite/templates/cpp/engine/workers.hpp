// The threads of an engine: made once, asleep between runs. The calling thread is worker 0.
#ifndef PGL_WORKERS_HPP
#define PGL_WORKERS_HPP

#include <atomic>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "barrier.hpp"

#if defined(__unix__) || defined(__APPLE__)
#include <pthread.h>
#include <signal.h>
#define PGL_POSIX_SIGNALS 1
#endif
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace pgl {

// While it lives, results too small to be normal are flushed to zero on this thread. Currents that decay for long get
// there, and then every operation on them would take a hundred cycles. All workers do the same, so results do not
// depend on who computes what; the caller's setting comes back at the end.
class FlushDenormals {
 public:
#if defined(__x86_64__) || defined(_M_X64)
  FlushDenormals() : saved_(_mm_getcsr()) { _mm_setcsr(saved_ | 0x8040u); }  // FTZ and DAZ
  ~FlushDenormals() { _mm_setcsr(saved_); }

 private:
  unsigned saved_;
#elif defined(__aarch64__)
  FlushDenormals() {
    asm volatile("mrs %0, fpcr" : "=r"(saved_));
    asm volatile("msr fpcr, %0" ::"r"(saved_ | (uint64_t{1} << 24)));
  }
  ~FlushDenormals() { asm volatile("msr fpcr, %0" ::"r"(saved_)); }

 private:
  uint64_t saved_;
#endif
 public:
  FlushDenormals(const FlushDenormals&) = delete;
  FlushDenormals& operator=(const FlushDenormals&) = delete;
};

// While it lives, this thread asks the scheduler for short time slices (Linux 6.12 and later; elsewhere it does
// nothing). The share of the processor stays the same, but a worker woken at a barrier gets its core at once instead
// of after the 3 ms slice of whatever else runs there: with busy neighbours, the difference between a run that slows
// down in proportion and one that takes a time slice per step.
class ShortTimeSlices {
 public:
#if defined(__linux__) && defined(SYS_sched_setattr) && defined(SYS_sched_getattr)
  ShortTimeSlices() {
    Attributes now{};
    if (syscall(SYS_sched_getattr, 0, &now, sizeof now, 0u) != 0 || now.policy != 0) return;  // 0: SCHED_OTHER
    saved_ = now;
    now.runtime = 100'000;  // ns, the shortest that the kernel grants
    changed_ = syscall(SYS_sched_setattr, 0, &now, 0u) == 0;
  }
  ~ShortTimeSlices() {
    if (changed_) syscall(SYS_sched_setattr, 0, &saved_, 0u);
  }

 private:
  struct Attributes {  // struct sched_attr, first version
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime, deadline, period;
  };
  Attributes saved_{};
  bool changed_ = false;

 public:
#else
  ShortTimeSlices() {}
#endif
  ShortTimeSlices(const ShortTimeSlices&) = delete;
  ShortTimeSlices& operator=(const ShortTimeSlices&) = delete;
};

class Workers {
 public:
  explicit Workers(uint32_t count) : gate_(count) {
    // Signals belong to the threads of the host program: blocked here, because threads inherit the mask.
#ifdef PGL_POSIX_SIGNALS
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
#endif
    uint32_t started = 1;
    try {
      threads_.reserve(count - 1);
      for (; started < count; ++started) threads_.emplace_back([this, started] { serve(started); });
    } catch (const std::exception&) {
    }
#ifdef PGL_POSIX_SIGNALS
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
#endif
    // Too few threads would wait for ever at the gate, so none goes there before all have been made.
    const bool complete = started == count;
    roll_call_.store(complete ? kComplete : kIncomplete);
    roll_call_.notify_all();
    if (!complete) {
      for (std::thread& thread : threads_) thread.join();
      throw std::runtime_error("the system gives only " + std::to_string(started) + " of " + std::to_string(count) +
                               " threads; ask for fewer");
    }
  }
  ~Workers() {
    job_ = nullptr;
    gate_.wait();
    for (std::thread& thread : threads_) thread.join();
  }
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  // Runs job(worker) on all workers and returns when all are done. The job must not throw.
  void run(const std::function<void(uint32_t)>& job) {
    const FlushDenormals flush;
    const ShortTimeSlices slices;
    job_ = &job;
    gate_.wait();
    job(0);
    gate_.wait();
  }

 private:
  static constexpr uint32_t kWaiting = 0, kComplete = 1, kIncomplete = 2;

  void serve(uint32_t worker) {
    roll_call_.wait(kWaiting);
    if (roll_call_.load() != kComplete) return;
    const FlushDenormals flush;
    const ShortTimeSlices slices;
    for (;;) {
      gate_.wait();
      if (job_ == nullptr) return;
      (*job_)(worker);
      gate_.wait();
    }
  }

  Barrier gate_;
  std::atomic<uint32_t> roll_call_{kWaiting};
  const std::function<void(uint32_t)>* job_ = nullptr;  // written before the gate opens
  std::vector<std::thread> threads_;
};

}  // namespace pgl

#endif
