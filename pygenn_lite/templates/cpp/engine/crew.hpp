// The threads of an engine or a pool, spread over the processors. One thread is the caller's own, and nothing is kept
// for it: there may be thousands of engines.
#ifndef PGL_CREW_HPP
#define PGL_CREW_HPP

#include <stdint.h>

#include "spreading.hpp"
#include "workers.hpp"

namespace pgl {

class Crew {
 public:
  explicit Crew(uint32_t threads) : threads_(threads > 1 ? new Threads(threads) : nullptr) {}
  ~Crew() { delete threads_; }
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  bool is_elsewhere() const { return threads_ != nullptr && threads_->workers.are_elsewhere(); }

  // Runs job(worker) on all and returns when all are done. The job must not throw.
  template <class Job>
  void run(Job&& job) {
    if (threads_ == nullptr) {
      const FlushDenormals flush;
      job(uint32_t{0});
      return;
    }
    threads_->spreading.begin();
    threads_->workers.run(job);
    threads_->spreading.end();
  }
  // Called by a worker when it begins and whenever it has slept.
  void settle(uint32_t worker) {
    if (threads_ != nullptr) threads_->spreading.settle(worker);
  }

 private:
  struct Threads {
    Spreading spreading;
    Workers workers;
    explicit Threads(uint32_t count) : spreading(count), workers(count) {}
  };
  Threads* const threads_;
};

}  // namespace pgl

#endif
