// Threads of the builder: they live for one pass, unlike the workers of a run.
#ifndef PGL_PARALLEL_HPP
#define PGL_PARALLEL_HPP

#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "abi.h"
#include "error.hpp"

namespace pgl {

// Tells the caller how far a construction of several passes is. Called from the calling thread only.
class Progress {
 public:
  Progress(pgl_progress_fn report, void* user, int64_t total) : report_(report), user_(user), total_(total) {}
  void advance(int64_t rows) { done_.fetch_add(rows, std::memory_order_relaxed); }
  void tell() {
    if (report_ == nullptr) return;
    const auto now = std::chrono::steady_clock::now();
    if (now - last_ < std::chrono::milliseconds(50)) return;
    last_ = now;
    if (report_(done_.load(std::memory_order_relaxed), total_, user_) != 0) throw Error("construction was stopped");
  }
  void finish() {
    if (report_ != nullptr && report_(total_, total_, user_) != 0) throw Error("construction was stopped");
  }

 private:
  pgl_progress_fn report_;
  void* user_;
  int64_t total_;
  std::atomic<int64_t> done_{0};
  std::chrono::steady_clock::time_point last_{};
};

// body(worker) on `threads` threads, the caller being worker 0. The first exception is thrown again here;
// `stopped` tells the others to give up early.
PGL_COLD inline void parallel_workers(uint32_t threads, std::atomic<bool>& stopped, const std::function<void(uint32_t)>& body) {
  std::exception_ptr failure;
  std::mutex mutex;
  const auto guarded_body = [&](uint32_t worker) {
    try {
      body(worker);
    } catch (...) {
      stopped.store(true);
      const std::lock_guard lock(mutex);
      if (!failure) failure = std::current_exception();
    }
  };
  std::vector<std::thread> others;
  try {
    for (uint32_t worker = 1; worker < threads; ++worker) others.emplace_back(guarded_body, worker);
  } catch (...) {  // no more threads to be had: the system's limit
    stopped.store(true);
    for (std::thread& thread : others) thread.join();
    throw;
  }
  guarded_body(0);
  for (std::thread& thread : others) thread.join();
  if (failure) std::rethrow_exception(failure);
}

inline void parallel_workers(uint32_t threads, const std::function<void(uint32_t)>& body) {
  std::atomic<bool> stopped{false};
  parallel_workers(threads, stopped, body);
}

// body(worker, row) for all rows, in chunks handed out on demand: rows differ in length.
[[gnu::noinline]] inline void parallel_rows(uint32_t threads, uint32_t rows, Progress* progress,
                          const std::function<void(uint32_t worker, uint32_t row)>& body) {
  constexpr uint32_t kChunk = 32;
  std::atomic<uint64_t> next{0};
  std::atomic<bool> stopped{false};
  const uint32_t useful = rows / kChunk + 1;
  parallel_workers(threads < useful ? threads : useful, stopped, [&](uint32_t worker) {
    while (!stopped.load(std::memory_order_relaxed)) {
      const uint64_t begin = next.fetch_add(kChunk, std::memory_order_relaxed);
      if (begin >= rows) break;
      const uint32_t end = uint32_t(begin + kChunk < rows ? begin + kChunk : rows);
      for (uint32_t row = uint32_t(begin); row < end; ++row) body(worker, row);
      if (progress != nullptr) {
        progress->advance(end - uint32_t(begin));
        if (worker == 0) progress->tell();
      }
    }
  });
}

// Where the share of one worker begins when `items` are dealt out in equal, contiguous parts.
inline uint64_t share_begin(uint64_t items, uint32_t worker, uint32_t workers) { return items * worker / workers; }

// Sorts entries by key in parallel by counting: visit(begin, end, sink) calls sink(key, values...) for the entries of
// the items [begin, end), the same each time it is called; begins [keys + 1] receives where each key's entries begin,
// place(position, key, values...) stores one. Entries of a key stay in the order of the items, whatever `threads` is.
template <class Begin, class Visit, class Place>
void parallel_group(uint32_t threads, uint64_t items, uint64_t keys, Begin* begins, Visit&& visit, Place&& place) {
  const uint32_t workers = uint32_t(items < threads ? (items > 0 ? items : 1) : threads);
  std::vector<std::vector<uint32_t>> count(workers);
  parallel_workers(workers, [&](uint32_t worker) {
    count[worker].assign(keys, 0);
    uint32_t* mine = count[worker].data();
    visit(share_begin(items, worker, workers), share_begin(items, worker + 1, workers),
          [mine](uint64_t key, auto...) { ++mine[key]; });
  });
  uint64_t total = 0;
  for (uint64_t key = 0; key < keys; ++key) {
    begins[key] = Begin(total);
    uint64_t before = 0;  // of this key, in earlier workers' shares
    for (uint32_t worker = 0; worker < workers; ++worker) {
      const uint32_t here = count[worker][key];
      count[worker][key] = uint32_t(before);
      before += here;
    }
    total += before;
  }
  begins[keys] = Begin(total);
  parallel_workers(workers, [&](uint32_t worker) {
    uint32_t* cursor = count[worker].data();
    visit(share_begin(items, worker, workers), share_begin(items, worker + 1, workers),
          [&](uint64_t key, auto... values) { place(uint64_t(begins[key]) + cursor[key]++, key, values...); });
  });
}

}  // namespace pgl

#endif
