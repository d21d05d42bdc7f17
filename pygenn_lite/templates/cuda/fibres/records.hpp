// What the emulator knows of a launch: fibres, which are threads, in warps, in blocks; and the fault that ended it.
#ifndef PGL_FIBRES_RECORDS_HPP
#define PGL_FIBRES_RECORDS_HPP

#include <stdint.h>

#include "common/device.hpp"

namespace pgl::emulated {

inline constexpr int kLanes = 32, kMostThreads = 1024, kMostWarps = kMostThreads / kLanes;
inline constexpr uint32_t kEveryLane = 0xffffffffu;

// Where a kernel called a primitive: `here` is the default of the primitive's last argument.
struct Place {
  const char* file;
  int line;

  static constexpr Place here(const char* file = __builtin_FILE(), int line = __builtin_LINE()) { return {file, line}; }
};

enum class State : uint8_t { kRuns, kAtBarrier, kAtWarp, kAwaitsMessage, kAwaitsCount, kLeft };

struct Block;
struct Warp;

// A collective call of a warp, in words.
struct Call {
  const char *does, *doing;
};
inline constexpr Call kVotes = {"votes", "voting"}, kShuffles = {"shuffles", "shuffling"},
                      kMeets = {"waits at a barrier of its warp", "waiting at a barrier of their warp"};

// What every switch touches stands in the first line of the cache.
struct alignas(64) Fibre {
  void* stack = nullptr;  // where it was left; nullptr: nowhere yet
  Block* block = nullptr;
  Warp* warp = nullptr;
  int thread = 0;
  int16_t lane = 0;
  State state = State::kLeft;
  Place place = {"", 0};  // of what it waits for, or last did
  int64_t step = -1;      // the last it was heard to speak of
  char *top = nullptr, *guard = nullptr;  // a page that cannot be written lies below the stack
  const void* awaited = nullptr;
  uint32_t value = 0;  // that the awaited number is to have, or to reach
  Message message = {};
};
static_assert(sizeof(Fibre) == 128);

struct Warp {
  uint32_t ready, arrived, waiting;  // lanes that may run, are in a collective call, wait for others' memory
  uint32_t generation, since;        // collective calls that are over; time of the last barrier of this warp
  const Call* call;                  // the collective call that is under way
  Place place;
  uint32_t votes[2];
  uint64_t values[2][kLanes];  // of this call and the one before, which some lanes may not have read yet
};

// A thread, or several, that touched an element of a shared array, and when: times count barriers.
struct Access {
  uint32_t time;
  uint16_t who, line;
};

// What is known of an element of a shared array: the last of each that no barrier has put behind all others.
struct Mark {
  Access write, read, atomic;
};

struct SharedArray {
  const void* key;
  const char* name;
  Place place;
  size_t offset, bytes, element;
  Mark* marks;
};
inline constexpr int kMostArrays = 64;

struct Block {
  bool active = false;
  int x = 0, y = 0;
  int count = 0, warps = 0;  // fibres
  Fibre** fibres = nullptr;
  uint32_t ready_warps = 0;
  int at_barrier = 0, waiting = 0, left = 0;
  const Fibre* first_at_barrier = nullptr;
  const Fibre* last_left = nullptr;
  uint32_t began = 0, since = 0, now = 0;  // times: of the launch, of the last barrier, and the present
  SharedArray arrays[kMostArrays];
  int n_arrays = 0;
  size_t shared_used = 0, marks_used = 0;
  char* shared = nullptr;
  Mark* marks = nullptr;
  Warp warp[kMostWarps];
};

// What is asked for with a launch; `resident`: blocks that can run at the same time.
struct Launch {
  int32_t grid_x, grid_y, threads, shared_bytes;
  int32_t shared_limit, resident, reversed;
};

struct Kernel {
  const char* name;
  void (*body)(const void* args);
  int32_t threads, args_bytes, loop, line;
  Kernel* next;

  Kernel(const char* its_name, void (*its_body)(const void*), int most, int bytes, bool is_loop, int its_line);
};

struct Fault {
  char text[6144], hint[512];
  const char* file;
  int32_t line, block, thread;
  int64_t step;
};

struct Machine {
  Fibre* self = nullptr;
  Fibre main;
  Launch launch = {};
  const Kernel* kernel = nullptr;
  const void* args = nullptr;
  Block* blocks = nullptr;
  int made = 0, slots = 0, active = 0;  // blocks there is memory for, of this launch, under way
  int64_t next_block = 0, total_blocks = 0;
  int64_t busy = 0;  // reads and atomics of this fibre since it last waited
  bool faulty = false;
  Fault fault = {};
  Kernel* kernels = nullptr;
};

inline Machine machine;

inline Kernel::Kernel(const char* its_name, void (*its_body)(const void*), int most, int bytes, bool is_loop, int its_line)
    : name(its_name), body(its_body), threads(most), args_bytes(bytes), loop(is_loop), line(its_line), next(machine.kernels) {
  machine.kernels = this;
}

}  // namespace pgl::emulated

#endif
