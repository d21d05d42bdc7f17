// Several engines that run side by side: the instances of a network.
//
// Each runs as a whole on one thread of the pool at a time (and on those that it has itself), for all the steps asked
// for before the thread takes another. Engines share stores, which a run only reads; they never wait for one another.
#ifndef PGL_POOL_HPP
#define PGL_POOL_HPP

#include <stdint.h>

#include "abi.h"
#include "crew.hpp"
#include "error.hpp"

struct pgl_pool {
 public:
  explicit pgl_pool(uint32_t threads) : crew_(threads) {}

  // Safe in a signal handler. A run that is asked before it begins does nothing.
  void request_stop() { __atomic_store_n(&stop_, true, __ATOMIC_RELAXED); }

  void run(pgl_run_fn run_one, pgl_engine* const* engines, int64_t n, int64_t steps, int64_t* done) {
    if (crew_.is_elsewhere()) {
      throw pgl::Error("the threads were made in another process: compile the network in the process that runs it");
    }
    for (int64_t k = 0; k < n; ++k) done[k] = 0;
    if (__atomic_exchange_n(&stop_, false, __ATOMIC_SEQ_CST)) return;
    each(n, [&](int64_t k) { done[k] = run_one(engines[k], steps); });
  }

  // Calls job(k) for each of n engines on the threads there are. The job must not throw.
  template <class Job>
  void each(int64_t n, Job&& job) {
    int64_t next = 0;
    crew_.run([&](uint32_t worker) {
      crew_.settle(worker);
      // Which thread takes which engine changes nothing in what comes of it.
      for (int64_t k; (k = __atomic_fetch_add(&next, 1, __ATOMIC_RELAXED)) < n;) job(k);
    });
  }

 private:
  pgl::Crew crew_;
  bool stop_ = false;
};

#endif
