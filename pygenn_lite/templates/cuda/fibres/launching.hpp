// Launches kernels: stacks that are kept from one launch to the next, and what the driver calls.
#ifndef PGL_FIBRES_LAUNCHING_HPP
#define PGL_FIBRES_LAUNCHING_HPP

#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "cuda/fibres/scheduler.hpp"
#include "cuda/fibres/shared.hpp"
#include "cuda/fibres/traps.hpp"

namespace pgl::emulated {

// Tops of stacks that are a multiple of a page apart would share a few lines of the caches: each is moved by some lines.
inline constexpr size_t kColours = 32, kColour = 2 * 64;

inline constexpr size_t kMostArgs = 4096;

inline Fibre** pool;
inline int64_t pool_size;
inline pthread_mutex_t launching = PTHREAD_MUTEX_INITIALIZER;

inline void* reserved(size_t bytes) {
  void* at = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return at == MAP_FAILED ? nullptr : at;
}

// Fibres in the pool, with a page between stacks that cannot be written: an overflow is trapped (traps.hpp).
inline bool provide_fibres(int64_t n) {
  if (n <= pool_size) return true;
  Fibre** grown = static_cast<Fibre**>(realloc(pool, size_t(n) * sizeof(Fibre*)));
  if (!grown) return false;
  pool = grown;
  const int64_t more = n - pool_size;
  char* stacks = static_cast<char*>(reserved(size_t(more) * (kStack + kPage)));
  Fibre* fibres = static_cast<Fibre*>(reserved(size_t(more) * sizeof(Fibre)));
  if (!stacks || !fibres) return false;
  for (int64_t i = 0; i < more; ++i) {
    char* stack = stacks + size_t(i) * (kStack + kPage);
    mprotect(stack, kPage, PROT_NONE);
    Fibre& fibre = fibres[i];
    fibre.guard = stack;
    fibre.state = State::kLeft;
    fibre.top = stack + kPage + kStack - size_t(i % int64_t(kColours)) * kColour;
    fibre.stack = first_stack(fibre.top, fibre_entry);
    pool[pool_size + i] = &fibre;
  }
  pool_size = n;
  return true;
}

inline bool provide_blocks(int n) {
  if (n <= machine.made) return true;
  Block* grown = static_cast<Block*>(reserved(size_t(n) * sizeof(Block)));
  if (!grown) return false;
  for (int i = 0; i < machine.made; ++i) grown[i] = machine.blocks[i];
  if (machine.blocks) munmap(machine.blocks, size_t(machine.made) * sizeof(Block));
  machine.blocks = grown;
  for (int i = machine.made; i < n; ++i) {
    // Static and dynamic memory, one behind the other, and marks for elements of one byte.
    grown[i].shared = static_cast<char*>(reserved(2 * kMostShared));
    grown[i].marks = static_cast<Mark*>(reserved(2 * kMostShared * sizeof(Mark)));
    if (!grown[i].shared || !grown[i].marks) return false;
    machine.made = i + 1;
  }
  return true;
}

// What is wrong with a launch that is not begun.
[[gnu::format(printf, 2, 3)]] inline int refuse(const char* hint, const char* form, ...) {
  Fault& fault = machine.fault;
  fault = {};
  fault.file = "";
  fault.block = fault.thread = -1;
  fault.step = -1;
  snprintf(fault.hint, sizeof fault.hint, "%s", hint);
  va_list arguments;
  va_start(arguments, form);
  vsnprintf(fault.text, sizeof fault.text, form, arguments);
  va_end(arguments);
  return 2;
}

inline int check_launch(const Kernel& kernel, int64_t args_bytes, const Launch& launch) {
  if (args_bytes != kernel.args_bytes) {
    return refuse("pack the arguments as the kernel's structure lies in memory",
                  "the kernel takes %d bytes of arguments, %lld are given", kernel.args_bytes, (long long)(args_bytes));
  }
  if (args_bytes > int64_t(kMostArgs)) {
    return refuse("put arrays into memory and pass their addresses", "%lld bytes of arguments, a card takes at most %zu",
                  (long long)(args_bytes), kMostArgs);
  }
  if (launch.grid_x < 1 || launch.grid_y < 1) {
    return refuse("", "a grid of %d x %d blocks", launch.grid_x, launch.grid_y);
  }
  if (launch.threads < 1 || launch.threads > kernel.threads) {
    return refuse("the largest number stands in its declaration", "%d threads a block, the kernel takes 1 to %d",
                  launch.threads, kernel.threads);
  }
  if (!kernel.loop && launch.threads % kLanes != 0) {
    return refuse("votes and shuffles are for whole warps", "%d threads a block, which is not a multiple of %d", launch.threads,
                  kLanes);
  }
  if (launch.shared_bytes > launch.shared_limit) {
    return refuse("use less of it, or give blocks fewer neurons", "%d bytes of shared memory are asked for, a block has at most %d",
                  launch.shared_bytes, launch.shared_limit);
  }
  return 0;
}

// All of a launch's fibres that are under way begin anew.
inline void forget_fibres() {
  for (int i = 0; i < machine.slots; ++i) {
    Block& block = machine.blocks[i];
    if (!block.active) continue;
    for (int t = 0; t < block.count; ++t) {
      Fibre& fibre = *block.fibres[t];
      fibre.stack = first_stack(fibre.top, fibre_entry);
      fibre.state = State::kLeft;
    }
    block.active = false;
  }
}

inline int run_launch(const Kernel& kernel, const Launch& launch, int resident) {
  const int count = kernel.loop ? 1 : launch.threads;
  if (!provide_blocks(resident) || !provide_fibres(int64_t(resident) * count)) {
    return refuse("free memory, or use smaller blocks", "there is no memory for %d fibres", resident * count);
  }
  machine.launch = launch;
  machine.kernel = &kernel;
  machine.faulty = false;
  machine.next_block = 0;
  machine.total_blocks = kernel.loop ? 1 : int64_t(launch.grid_x) * launch.grid_y;
  machine.active = 0;
  machine.slots = resident;
  for (int i = 0; i < resident; ++i) {
    machine.blocks[i].active = false;
    machine.blocks[i].count = count;
    machine.blocks[i].fibres = pool + int64_t(i) * count;
  }
  Fibre* first = begin_another();
  machine.self = first;
  expect_traps();
  pgl_switch_fibre(&machine.main.stack, first->stack);
  expect_no_traps();
  if (machine.faulty) forget_fibres();
  return machine.faulty;
}

// The body of a loop: one fibre is every thread in turn.
template <class Body>
inline void for_each_thread(Body body) {
  Fibre& self = *machine.self;
  Block& block = *self.block;
  const Launch launch = machine.launch;
  for (int64_t b = 0; b < int64_t(launch.grid_x) * launch.grid_y; ++b) {
    const int64_t index = launch.reversed ? int64_t(launch.grid_x) * launch.grid_y - 1 - b : b;
    block.x = int(index % launch.grid_x);
    block.y = int(index / launch.grid_x);
    for (int t = 0; t < launch.threads; ++t) {
      self.thread = launch.reversed ? launch.threads - 1 - t : t;
      machine.busy = 0;
      body();
    }
  }
  self.thread = 0;
}

}  // namespace pgl::emulated

// ---------------------------------------------------------------- what the driver calls
#define PGL_EMULATOR_EXPORT extern "C" [[gnu::visibility("default"), gnu::used]]

// The kernels of this source, as a list.
PGL_EMULATOR_EXPORT const pgl::emulated::Kernel* pgl_emulated_kernels() { return pgl::emulated::machine.kernels; }

PGL_EMULATOR_EXPORT int pgl_emulated_launch(const pgl::emulated::Kernel* kernel, const void* args, int64_t args_bytes, int grid_x,
                                            int grid_y, int threads, int shared_bytes, int shared_limit, int resident,
                                            int reversed) {
  using namespace pgl::emulated;
  const Launch launch = {grid_x, grid_y, threads, shared_bytes, shared_limit, resident, reversed};
  pthread_mutex_lock(&launching);
  int result = check_launch(*kernel, args_bytes, launch);
  if (result == 0) {
    alignas(16) char copied[kMostArgs];
    memcpy(copied, args, size_t(args_bytes));
    machine.args = copied;
    const int64_t all = kernel->loop ? 1 : int64_t(grid_x) * grid_y;
    result = run_launch(*kernel, launch, all < resident ? int(all) : resident);
  }
  pthread_mutex_unlock(&launching);
  return result;
}

// What was wrong with the last launch that did not give 0: 1 where it was ended, 2 where it was not begun.
PGL_EMULATOR_EXPORT const pgl::emulated::Fault* pgl_emulated_fault() { return &pgl::emulated::machine.fault; }

#endif
