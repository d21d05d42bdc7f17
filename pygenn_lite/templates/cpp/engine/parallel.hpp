// Threads of the builder: they live for one pass, unlike the workers of a run.
#ifndef PGL_PARALLEL_HPP
#define PGL_PARALLEL_HPP

#include <pthread.h>
#include <time.h>

#include <stdint.h>

#include "abi.h"
#include "error.hpp"
#include "list.hpp"

namespace pgl {

// A reference to something that can be called (std::function costs more to compile than all of this file).
template <class... Arguments>
class Call {
 public:
  template <class Body>
    requires(!kSame<typename WithoutReference<Body>::Type, Call> && !kSame<typename WithoutReference<Body>::Type, const Call>)
  Call(Body&& body)
      : what_(const_cast<void*>(static_cast<const void*>(&body))), run_([](void* what, Arguments... arguments) {
          (*static_cast<typename WithoutReference<Body>::Type*>(what))(arguments...);
        }) {}
  void operator()(Arguments... arguments) const { run_(what_, arguments...); }

 private:
  void* what_;
  void (*run_)(void*, Arguments...);
};

// Tells the caller how far a construction of several passes is. Called from the calling thread only.
class Progress {
 public:
  Progress(pgl_progress_fn report, void* user, int64_t total) : report_(report), user_(user), total_(total) {}
  void advance(int64_t rows) { __atomic_fetch_add(&done_, rows, __ATOMIC_RELAXED); }
  PGL_COLD void tell() {
    if (report_ == nullptr) return;
    timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    const int64_t tick = int64_t(now.tv_sec) * 20 + now.tv_nsec / 50'000'000;
    if (tick == last_) return;
    last_ = tick;
    if (report_(__atomic_load_n(&done_, __ATOMIC_RELAXED), total_, user_) != 0) throw Error("construction was stopped");
  }
  void finish() {
    if (report_ != nullptr && report_(total_, total_, user_) != 0) throw Error("construction was stopped");
  }

 private:
  pgl_progress_fn report_;
  void* user_;
  int64_t total_, done_ = 0;
  int64_t last_ = 0;  // of the 50 ms ticks
};

namespace detail {

struct Team;
struct TeamMember {
  Team* team;
  uint32_t number;
  pthread_t handle;
};
struct Team {
  const Call<uint32_t>& body;
  bool& stopped;
  pthread_mutex_t mutex;
  bool failed, out_of_memory;
  Error failure;  // the first

  static void* work(void* what) {
    TeamMember& member = *static_cast<TeamMember*>(what);
    Team& team = *member.team;
    try {
      team.body(member.number);
    } catch (const Error& error) {
      team.fail(false, error);
    } catch (...) {
      team.fail(true, Error("%s", ""));
    }
    return nullptr;
  }
  PGL_COLD void fail(bool memory, const Error& error) {
    __atomic_store_n(&stopped, true, __ATOMIC_RELAXED);
    pthread_mutex_lock(&mutex);
    if (!failed) {
      failed = true;
      out_of_memory = memory;
      failure = error;
    }
    pthread_mutex_unlock(&mutex);
  }
};

}  // namespace detail

// body(worker) on `threads` threads, the caller being worker 0. The first exception is thrown again here;
// `stopped` tells the others to give up early.
PGL_COLD inline void parallel_workers(uint32_t threads, bool& stopped, const Call<uint32_t>& body) {
  detail::Team team{body, stopped, PTHREAD_MUTEX_INITIALIZER, false, false, Error("%s", "")};
  List<detail::TeamMember> members(threads);
  uint32_t started = 1;
  for (uint32_t worker = 0; worker < threads; ++worker) members[worker] = {&team, worker, {}};
  for (; started < threads; ++started)
    if (pthread_create(&members[started].handle, nullptr, detail::Team::work, &members[started]) != 0) break;
  const bool complete = started == threads;  // else no more threads are to be had: the system's limit
  if (complete)
    detail::Team::work(&members[0]);
  else
    __atomic_store_n(&stopped, true, __ATOMIC_RELAXED);
  for (uint32_t worker = 1; worker < started; ++worker) pthread_join(members[worker].handle, nullptr);
  if (!complete) throw Error("the system gives only %u of %u threads; ask for fewer", started, threads);
  if (team.out_of_memory) throw OutOfMemory();
  if (team.failed) throw team.failure;
}

inline void parallel_workers(uint32_t threads, const Call<uint32_t>& body) {
  bool stopped = false;
  parallel_workers(threads, stopped, body);
}

// body(worker, row) for all rows, in chunks handed out on demand: rows differ in length.
[[gnu::noinline]] inline void parallel_rows(uint32_t threads, uint32_t rows, Progress* progress,
                                            const Call<uint32_t, uint32_t>& body) {
  constexpr uint32_t kChunk = 32;
  uint64_t next = 0;
  bool stopped = false;
  const uint32_t useful = rows / kChunk + 1;
  parallel_workers(threads < useful ? threads : useful, stopped, [&](uint32_t worker) {
    while (!__atomic_load_n(&stopped, __ATOMIC_RELAXED)) {
      const uint64_t begin = __atomic_fetch_add(&next, kChunk, __ATOMIC_RELAXED);
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
  List<List<uint32_t>> count(workers);
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
