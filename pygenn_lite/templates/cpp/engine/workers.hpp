// The threads of an engine: made once, asleep between runs. The calling thread is worker 0.
#ifndef PGL_WORKERS_HPP
#define PGL_WORKERS_HPP

#include <pthread.h>
#include <signal.h>
#include <sys/types.h>
#include <unistd.h>

#include <stdint.h>

#include "barrier.hpp"
#include "error.hpp"
#include "list.hpp"

#if defined(__linux__)
#include <sys/syscall.h>
#endif

namespace pgl {

// While it lives, results too small to be normal are flushed to zero on this thread. Currents that decay for long get
// there, and then every operation on them would take a hundred cycles. All workers do the same, so results do not
// depend on who computes what; the caller's setting comes back at the end.
class FlushDenormals {
 public:
#if defined(__x86_64__)
  FlushDenormals() : saved_(__builtin_ia32_stmxcsr()) { __builtin_ia32_ldmxcsr(saved_ | 0x8040u); }  // FTZ and DAZ
  ~FlushDenormals() { __builtin_ia32_ldmxcsr(saved_); }

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
// nothing). The share of the processor stays the same, but a worker woken by another's spikes gets its core at once
// instead of after the 3 ms slice of whatever else runs there: with busy neighbours, the difference between a run that
// slows down in proportion and one that takes a time slice per step.
class ShortTimeSlices {
 public:
#if defined(__linux__) && defined(SYS_sched_setattr) && defined(SYS_sched_getattr)
  explicit ShortTimeSlices(bool wanted) {
    Attributes now{};
    if (!wanted || syscall(SYS_sched_getattr, 0, &now, sizeof now, 0u) != 0 || now.policy != 0) return;  // 0: SCHED_OTHER
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
  explicit ShortTimeSlices(bool) {}
#endif
  ShortTimeSlices(const ShortTimeSlices&) = delete;
  ShortTimeSlices& operator=(const ShortTimeSlices&) = delete;
};

class Workers {
 public:
  PGL_COLD explicit Workers(uint32_t count) : gate_(count), threads_(count - 1) {
    // Signals belong to the threads of the host program: blocked here, because threads inherit the mask.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    uint32_t started = 1;
    for (; started < count; ++started) {
      Thread& thread = threads_[started - 1];
      thread.workers = this;
      thread.number = started;
      if (pthread_create(&thread.handle, nullptr, &Workers::begin, &thread) != 0) break;
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    // Too few threads would wait for ever at the gate, so none goes there before all have been made.
    const bool complete = started == count;
    __atomic_store_n(&roll_call_, complete ? kComplete : kIncomplete, __ATOMIC_SEQ_CST);
    wake_sleepers(&roll_call_);
    if (!complete) {
      threads_.resize(started - 1);
      join();
      throw Error("the system gives only %u of %u threads; ask for fewer", started, count);
    }
  }
  ~Workers() {
    if (are_elsewhere()) return;
    job_ = nullptr;
    gate_.wait();
    join();
  }
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  // Whether the threads are those of another process: a forked child gets the memory, but not them, and would wait at
  // the gate for ever.
  bool are_elsewhere() const { return !threads_.empty() && getpid() != process_; }

  // Runs job(worker) on all workers and returns when all are done. The job must not throw.
  template <class Job>
  void run(Job&& job) {
    const FlushDenormals flush;
    const ShortTimeSlices slices(!threads_.empty());  // one worker waits for nobody
    job_ = [](void* what, uint32_t worker) { (*static_cast<typename WithoutReference<Job>::Type*>(what))(worker); };
    what_ = &job;
    gate_.wait();
    job(0);
    gate_.wait();
  }

 private:
  static constexpr uint32_t kWaiting = 0, kComplete = 1, kIncomplete = 2;

  struct Thread {
    Workers* workers;
    uint32_t number;
    pthread_t handle;
  };

  static void* begin(void* thread) {
    static_cast<Thread*>(thread)->workers->serve(static_cast<Thread*>(thread)->number);
    return nullptr;
  }

  void serve(uint32_t worker) {
    sleep_while(&roll_call_, kWaiting);
    if (__atomic_load_n(&roll_call_, __ATOMIC_SEQ_CST) != kComplete) return;
    const FlushDenormals flush;
    const ShortTimeSlices slices(true);
    for (;;) {
      gate_.wait();
      if (job_ == nullptr) return;
      job_(what_, worker);
      gate_.wait();
    }
  }

  void join() {
    for (Thread& thread : threads_) pthread_join(thread.handle, nullptr);
  }

  const pid_t process_ = getpid();
  Barrier gate_;
  uint32_t roll_call_ = kWaiting;
  void (*job_)(void* what, uint32_t worker) = nullptr;  // this and the next are written before the gate opens
  void* what_ = nullptr;
  List<Thread> threads_;
};

}  // namespace pgl

#endif
