// Who runs next. A fibre that has to wait hands over to another of its block; blocks begin when those that run can do
// nothing more, as many at a time as the emulated card takes. Where nobody can move, nobody ever will.
#ifndef PGL_FIBRES_SCHEDULER_HPP
#define PGL_FIBRES_SCHEDULER_HPP

#include "cuda/fibres/faults.hpp"

namespace pgl::emulated {

inline int chosen_bit(uint32_t bits) {
  return machine.launch.reversed ? 31 - __builtin_clz(bits) : __builtin_ctz(bits);
}

inline void make_ready(Block& block, int warp, uint32_t lanes) {
  block.warp[warp].ready |= lanes;
  block.ready_warps |= 1u << warp;
}

// A fibre of a block that may run, of the given warp if it has one.
inline Fibre* take(Block& block, int warp) {
  if (block.ready_warps == 0) return nullptr;
  if (!(block.ready_warps >> warp & 1u)) warp = chosen_bit(block.ready_warps);
  Warp& from = block.warp[warp];
  const int lane = chosen_bit(from.ready);
  from.ready &= ~(1u << lane);
  if (from.ready == 0) block.ready_warps &= ~(1u << warp);
  return block.fibres[warp * kLanes + lane];
}

inline void begin_block(Block& block) {
  const Launch& launch = machine.launch;
  const int64_t index = launch.reversed ? machine.total_blocks - 1 - machine.next_block : machine.next_block;
  ++machine.next_block;
  ++machine.active;
  block.active = true;
  block.x = int(index % launch.grid_x);
  block.y = int(index / launch.grid_x);
  block.began = block.since = ++block.now;
  block.at_barrier = block.waiting = block.left = block.n_arrays = 0;
  block.shared_used = block.marks_used = 0;
  block.warps = (block.count + kLanes - 1) / kLanes;
  block.ready_warps = 0;
  for (int w = 0; w < block.warps; ++w) {
    Warp& warp = block.warp[w];
    warp.arrived = warp.waiting = 0;
    warp.since = block.now;
    const int lanes = block.count - w * kLanes;
    warp.ready = 0;
    make_ready(block, w, lanes >= kLanes ? kEveryLane : (1u << lanes) - 1);
  }
  for (int t = 0; t < block.count; ++t) {
    Fibre& fibre = *block.fibres[t];
    fibre.block = &block;
    fibre.warp = &block.warp[t / kLanes];
    fibre.thread = t;
    fibre.lane = int16_t(t % kLanes);
    fibre.state = State::kRuns;
    fibre.step = -1;
    fibre.place = {"", 0};
  }
}

inline Fibre* begin_another() {
  if (machine.next_block == machine.total_blocks) return nullptr;
  for (int i = 0; i < machine.slots; ++i) {
    if (machine.blocks[i].active) continue;
    begin_block(machine.blocks[i]);
    return take(machine.blocks[i], 0);
  }
  return nullptr;
}

inline bool has_come(Fibre& fibre) {
  if (fibre.state == State::kAwaitsMessage) {
    const Message& message = *static_cast<const Message*>(fibre.awaited);
    if (message.step != fibre.value) return false;
    fibre.message = message;  // as it is when it is seen: it may be written again before the fibre runs
    return true;
  }
  return int32_t(*static_cast<const uint32_t*>(fibre.awaited) - fibre.value) >= 0;
}

// Wakes all whose message has come; gives one of them.
inline Fibre* look_for_messages() {
  Block* found = nullptr;
  for (int i = 0; i < machine.slots; ++i) {
    Block& block = machine.blocks[i];
    if (!block.active || block.waiting == 0) continue;
    for (int w = 0; w < block.warps; ++w) {
      uint32_t come = 0;
      for (uint32_t left = block.warp[w].waiting; left; left &= left - 1) {
        const int lane = __builtin_ctz(left);
        if (has_come(*block.fibres[w * kLanes + lane])) come |= 1u << lane;
      }
      if (!come) continue;
      block.warp[w].waiting &= ~come;
      block.waiting -= __builtin_popcount(come);
      make_ready(block, w, come);
      if (!found || machine.launch.reversed) found = &block;
    }
  }
  return found ? take(*found, 0) : nullptr;
}

inline Fibre* choose(Fibre& from) {
  Block& own = *from.block;
  const int warp = from.thread / kLanes;
  if (own.active) {
    if (Fibre* next = take(own, warp)) return next;
  }
  for (int i = 0; i < machine.slots; ++i) {
    if (!machine.blocks[i].active) continue;
    if (Fibre* next = take(machine.blocks[i], 0)) return next;
  }
  if (Fibre* next = begin_another()) return next;
  if (Fibre* next = look_for_messages()) return next;
  if (machine.active > 0) report_deadlock();
  return &machine.main;
}

// Lets others run until somebody has made this fibre ready.
[[gnu::noinline]] inline void hand_over() {
  Fibre* from = machine.self;
  Fibre* next = choose(*from);
  machine.busy = 0;
  if (next == from) return;
  machine.self = next;
  pgl_switch_fibre(&from->stack, next->stack);
}

// A fibre is at the end of the kernel.
inline void leave() {
  Fibre& self = *machine.self;
  Block& block = *self.block;
  Warp& warp = *self.warp;
  if (block.at_barrier > 0) {
    const Fibre& other = *block.first_at_barrier;
    stop(other.place, "let every thread of a block reach every barrier: no return before it",
         "the thread has left the kernel, while thread %d waits at the barrier in line %d", other.thread, other.place.line);
  }
  if (warp.arrived) {
    const int lane = __builtin_ctz(warp.arrived);
    stop(warp.place, "let all lanes of a warp make the same call: no return before it",
         "the thread has left the kernel, while thread %d %s in line %d", self.thread - self.lane + lane, warp.call->does,
         warp.place.line);
  }
  self.state = State::kLeft;
  block.last_left = &self;
  if (++block.left == block.count) {
    block.active = false;
    --machine.active;
  }
  hand_over();
}

// What a fibre's stack begins with: one kernel after another.
[[noreturn]] inline void fibre_entry() {
  for (;;) {
    machine.kernel->body(machine.args);
    leave();
  }
}

}  // namespace pgl::emulated

#endif
