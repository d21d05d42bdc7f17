// The primitives of common/device.hpp in the emulator: every thread is a fibre. Here is what kernels call; the folder
// fibres/ holds who runs when, shared memory whose accesses are looked at, and the text of faults.
#ifndef PGL_ON_FIBRES_HPP
#define PGL_ON_FIBRES_HPP

#include "common/device.hpp"
#include "cuda/fibres/launching.hpp"

#define PGL_KERNEL(name, Args, threads)                                                                          \
  static void name(const Args& args);                                                                            \
  static pgl::emulated::Kernel pgl_kernel_##name(                                                                \
      #name, [](const void* given) { name(*static_cast<const Args*>(given)); }, threads, sizeof(Args), false, __LINE__); \
  static void name([[maybe_unused]] const Args& args)
#define PGL_KERNEL_OF(name, Args, threads, blocks) PGL_KERNEL(name, Args, threads)
#define PGL_LOOP(name, Args, threads)                                                                            \
  static void name(const Args& args);                                                                            \
  static pgl::emulated::Kernel pgl_kernel_##name(                                                                \
      #name,                                                                                                     \
      [](const void* given) { pgl::emulated::for_each_thread([=] { name(*static_cast<const Args*>(given)); }); }, \
      threads, sizeof(Args), true, __LINE__);                                                                    \
  static void name([[maybe_unused]] const Args& args)
#define PGL_DEVICE inline
#define PGL_CALLED [[gnu::noinline]] inline
#define PGL_SHARED(T, name, n)  \
  static char pgl_key_##name;   \
  const pgl::emulated::Shared<T> name = pgl::emulated::shared_array<T>(&pgl_key_##name, #name, n, pgl::emulated::Place::here())
#define PGL_DYNAMIC_SHARED(T, name) PGL_DYNAMIC_SHARED_PART(T, name, 0, -1)
#define PGL_DYNAMIC_SHARED_PART(T, name, offset, n) \
  const pgl::emulated::Shared<T> name = pgl::emulated::dynamic_array<T>(#name, offset, n, pgl::emulated::Place::here())

namespace pgl {

// ---------------------------------------------------------------- where a thread is
PGL_DEVICE int thread() { return emulated::machine.self->thread; }
PGL_DEVICE int threads() { return emulated::machine.launch.threads; }
PGL_DEVICE int block() { return emulated::machine.self->block->x; }
PGL_DEVICE int blocks() { return emulated::machine.launch.grid_x; }
PGL_DEVICE int block_y() { return emulated::machine.self->block->y; }
PGL_DEVICE int blocks_y() { return emulated::machine.launch.grid_y; }
PGL_DEVICE int lane() { return thread() % emulated::kLanes; }
PGL_DEVICE int warp() { return thread() / emulated::kLanes; }
PGL_DEVICE int64_t first() { return int64_t(block()) * threads() + thread(); }
PGL_DEVICE int64_t stride() { return int64_t(blocks()) * threads(); }
// For messages of faults: the step that this thread is at.
PGL_DEVICE void at_step(int64_t step) { emulated::machine.self->step = step; }

namespace emulated {

inline void refuse_in_loop(const char* what, Place place) {
  if (machine.kernel->loop) {
    stop(place, "declare the kernel with PGL_KERNEL", "%s in %s, which is a PGL_LOOP", what, machine.kernel->name);
  }
}

// ---------------------------------------------------------------- collective calls of a warp
[[noreturn, gnu::cold, gnu::noinline]] inline void stop_disagreement(const Fibre& self, const char* call, const Fibre& other,
                                                                     const char* does_other, int line) {
  stop(self.place, "let all lanes of a warp make the same calls, outside of conditions in which they differ",
       "lanes of warp %d disagree: the thread %s, while thread %d %s in line %d", self.thread / kLanes, call, other.thread,
       does_other, line);
}

inline void check_lanes(const Fibre& self, const Warp& warp, const Call& call) {
  const Block& block = *self.block;
  Fibre** const lanes = block.fibres + self.thread / kLanes * kLanes;
  if (warp.arrived) {
    if (warp.place.line == self.place.line && warp.call == &call) return;
    stop_disagreement(self, call.does, *lanes[__builtin_ctz(warp.arrived)], warp.call->does, warp.place.line);
  }
  if (block.at_barrier == 0 && block.left == 0) return;
  for (int i = 0; i < kLanes; ++i) {
    const Fibre& other = *lanes[i];
    if (other.state == State::kAtBarrier || (other.state == State::kLeft && &other != &self)) {
      stop_disagreement(self, call.does, other, call_of(other).does, other.place.line);
    }
  }
}

// All lanes of the warp meet; gives where this call's values are.
inline int meet(uint64_t value, bool vote, const Call& call, Place place) {
  refuse_in_loop("a vote, a shuffle or a barrier of a warp", place);
  Fibre& self = *machine.self;
  Warp& warp = *self.warp;
  self.place = place;
  check_lanes(self, warp, call);
  const int slot = int(warp.generation & 1u);
  if (warp.arrived == 0) {
    warp.call = &call;
    warp.place = place;
    warp.votes[slot] = 0;
  }
  warp.values[slot][self.lane] = value;
  warp.votes[slot] |= uint32_t(vote) << self.lane;
  warp.arrived |= 1u << self.lane;
  if (warp.arrived == kEveryLane) {
    warp.arrived = 0;
    ++warp.generation;
    Fibre** const lanes = self.block->fibres + (self.thread - self.lane);
    for (int i = 0; i < kLanes; ++i) lanes[i]->state = State::kRuns;
    make_ready(*self.block, self.thread / kLanes, kEveryLane & ~(1u << self.lane));
  } else {
    self.state = State::kAtWarp;
    hand_over();
  }
  return slot;
}

template <class T>
inline uint64_t bits_of(T value) {
  static_assert(detail::kShuffled<T>, "values that are shuffled have 4 or 8 bytes");
  if constexpr (sizeof(T) == 4) {
    return bit_cast<uint32_t>(value);
  } else {
    return bit_cast<uint64_t>(value);
  }
}
template <class T>
inline T of_bits(uint64_t bits) {
  if constexpr (sizeof(T) == 4) {
    return bit_cast<T>(uint32_t(bits));
  } else {
    return bit_cast<T>(bits);
  }
}

inline void be_busy(Place place) {
  if (++machine.busy > (int64_t{1} << 26)) {
    stop(place, "wait by pgl::wait_message or pgl::wait_count: in a loop of its own a thread never lets others run",
         "the thread has read or changed memory 67 million times without letting others run");
  }
}

inline void check_message(const void* at, Place place) {
  if (reinterpret_cast<uintptr_t>(at) % 16 != 0) {
    stop(place, "put messages at multiples of 16 bytes", "a message at an address that is not a multiple of 16");
  }
}

inline void await(State state, const void* at, uint32_t value, Place place) {
  Fibre& self = *machine.self;
  refuse_in_loop("waiting for what others write", place);
  self.awaited = at;
  self.value = value;
  self.place = place;
  self.state = state;
  self.warp->waiting |= 1u << self.lane;
  ++self.block->waiting;
  hand_over();
  self.state = State::kRuns;
}

}  // namespace emulated

// ---------------------------------------------------------------- together with other threads
PGL_DEVICE void barrier(emulated::Place place = emulated::Place::here()) {
  using namespace emulated;
  refuse_in_loop("a barrier", place);
  Fibre& self = *machine.self;
  Block& block = *self.block;
  self.place = place;
  if (block.at_barrier > 0 && block.first_at_barrier->place.line != place.line) {
    const Fibre& other = *block.first_at_barrier;
    stop(place, "let every thread of a block reach the same barrier, outside of conditions in which they differ",
         "divergent barrier: thread %d waits at the one in line %d", other.thread, other.place.line);
  }
  if (block.left > 0) {
    stop(place, "let every thread of a block reach every barrier: no return before it",
         "the thread waits at a barrier, while thread %d has left the kernel", block.last_left->thread);
  }
  if (self.warp->arrived) {
    const Fibre& other = *block.fibres[self.thread - self.lane + __builtin_ctz(self.warp->arrived)];
    stop_disagreement(self, "waits at the barrier", other, self.warp->call->does, self.warp->place.line);
  }
  if (block.at_barrier == 0) block.first_at_barrier = &self;
  if (++block.at_barrier < block.count) {
    self.state = State::kAtBarrier;
    hand_over();
    return;
  }
  block.at_barrier = 0;
  block.since = ++block.now;
  for (int t = 0; t < block.count; ++t) block.fibres[t]->state = State::kRuns;
  for (int w = 0; w < block.warps; ++w) make_ready(block, w, kEveryLane);
  block.warp[self.thread / kLanes].ready &= ~(1u << self.lane);
}

PGL_DEVICE void warp_barrier(emulated::Place place = emulated::Place::here()) {
  using namespace emulated;
  const int slot = meet(0, false, kMeets, place);
  Warp& warp = *machine.self->warp;
  if (warp.votes[slot] == 0) {  // the first to continue
    warp.votes[slot] = 1;
    warp.since = ++machine.self->block->now;
  }
}
PGL_DEVICE uint32_t ballot(bool vote, emulated::Place place = emulated::Place::here()) {
  const int slot = emulated::meet(0, vote, emulated::kVotes, place);
  return emulated::machine.self->warp->votes[slot];
}
PGL_DEVICE bool any(bool vote, emulated::Place place = emulated::Place::here()) { return ballot(vote, place) != 0; }
PGL_DEVICE bool all(bool vote, emulated::Place place = emulated::Place::here()) { return ballot(vote, place) == emulated::kEveryLane; }

template <class T>
PGL_DEVICE T shuffle(T value, int lane, emulated::Place place = emulated::Place::here()) {
  const int slot = emulated::meet(emulated::bits_of(value), false, emulated::kShuffles, place);
  return emulated::of_bits<T>(emulated::machine.self->warp->values[slot][lane & 31]);
}
template <class T>
PGL_DEVICE T shuffle_xor(T value, int mask, emulated::Place place = emulated::Place::here()) {
  return shuffle(value, lane() ^ mask, place);
}
template <class T>
PGL_DEVICE T shuffle_up(T value, int distance, emulated::Place place = emulated::Place::here()) {
  return shuffle(value, lane() < distance ? lane() : lane() - distance, place);
}

PGL_DEVICE int popcount(uint32_t bits) { return __builtin_popcount(bits); }
PGL_DEVICE int popcount(uint64_t bits) { return __builtin_popcountll(bits); }
PGL_DEVICE int lowest_bit(uint32_t bits) { return __builtin_ffs(int(bits)) - 1; }
PGL_DEVICE int lowest_bit(uint64_t bits) { return __builtin_ffsll((long long)(bits)) - 1; }

// ---------------------------------------------------------------- memory that others change
// One thread of the processor runs all fibres: plain changes are whole. Of elements of shared arrays it is noted that they
// are changed atomically.
#define PGL_ATOMIC(name, note, result)                                                                                    \
  template <class T>                                                                                                \
  PGL_DEVICE T name(T* at, detail::Given<T> value, emulated::Place place = emulated::Place::here()) {                              \
    static_assert(detail::kAtomic<T>, "atomics are for whole numbers of 4 or 8 bytes");                             \
    emulated::be_busy(place);                                                                                       \
    const T before = *at;                                                                                           \
    *at = T(result);                                                                                                \
    return before;                                                                                                  \
  }                                                                                                                 \
  template <class T>                                                                                                \
  PGL_DEVICE T name(const emulated::Address<T>& at, detail::Given<T> value, emulated::Place place = emulated::Place::here()) {     \
    emulated::note(at.spot);                                                                                        \
    return name(at.at, value, place);                                                                               \
  }
PGL_ATOMIC(atomic_add, note_atomic, uint64_t(before) + uint64_t(value))  // wraps as on a card
PGL_ATOMIC(atomic_max, note_atomic, before < value ? value : before)
PGL_ATOMIC(atomic_min, note_atomic, value < before ? value : before)
PGL_ATOMIC(atomic_or, note_atomic, before | value)
PGL_ATOMIC(atomic_exchange, note_store, value)
#undef PGL_ATOMIC

template <class T>
PGL_DEVICE T atomic_cas(T* at, detail::Given<T> expected, detail::Given<T> value, emulated::Place place = emulated::Place::here()) {
  static_assert(detail::kAtomic<T>, "atomics are for whole numbers of 4 or 8 bytes");
  emulated::be_busy(place);
  const T before = *at;
  if (before == expected) *at = value;
  return before;
}
template <class T>
PGL_DEVICE T atomic_cas(const emulated::Address<T>& at, detail::Given<T> expected, detail::Given<T> value,
                        emulated::Place place = emulated::Place::here()) {
  emulated::note_atomic(at.spot);
  return atomic_cas(at.at, expected, value, place);
}

PGL_DEVICE void fence() {}
PGL_DEVICE void fence_block() {}

PGL_DEVICE void store_message(Message* at, Message message, emulated::Place place = emulated::Place::here()) {
  emulated::check_message(at, place);
  emulated::machine.self->step = message.step;
  *at = message;
}
PGL_DEVICE Message load_message(const Message* at, emulated::Place place = emulated::Place::here()) {
  emulated::check_message(at, place);
  emulated::be_busy(place);
  return *at;
}
PGL_DEVICE Message wait_message(const Message* at, uint32_t step, emulated::Place place = emulated::Place::here()) {
  emulated::check_message(at, place);
  emulated::machine.self->step = step;
  if (at->step == step) return *at;
  emulated::await(emulated::State::kAwaitsMessage, at, step, place);
  return emulated::machine.self->message;
}
PGL_DEVICE void wait_count(const uint32_t* counter, uint32_t count, emulated::Place place = emulated::Place::here()) {
  if (int32_t(*counter - count) < 0) emulated::await(emulated::State::kAwaitsCount, counter, count, place);
}

template <class T>
PGL_DEVICE T load_fresh(const T* at, emulated::Place place = emulated::Place::here()) {
  static_assert(sizeof(T) <= 8, "read at once are at most 8 bytes");
  emulated::be_busy(place);
  return *static_cast<const volatile T*>(at);
}
template <class T>
PGL_DEVICE T load_fresh(const emulated::Address<T>& at, emulated::Place place = emulated::Place::here()) {
  emulated::note_atomic(at.spot);
  return load_fresh(at.at, place);
}
template <class T>
PGL_DEVICE void store_fresh(T* at, detail::Given<T> value) {
  static_assert(sizeof(T) <= 8, "written at once are at most 8 bytes");
  *static_cast<volatile T*>(at) = value;
}
template <class T>
PGL_DEVICE void store_fresh(const emulated::Address<T>& at, detail::Given<T> value) {
  emulated::note_store(at.spot);
  *at.at = value;
}
template <class T>
PGL_DEVICE T load_once(const T* at) {
  return *at;
}
template <class T>
PGL_DEVICE T load_constant(const T* at) {
  return *at;
}
PGL_DEVICE void prefetch(const void*) {}

}  // namespace pgl

#endif
