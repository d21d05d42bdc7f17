// Faults of kernels, as text: block, thread, line and step where they are known, what is wrong, what to do. The first one
// ends the launch; its fibres are abandoned where they are.
#ifndef PGL_FIBRES_FAULTS_HPP
#define PGL_FIBRES_FAULTS_HPP

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cuda/fibres/records.hpp"
#include "cuda/fibres/switch.hpp"

namespace pgl::emulated {

inline const char* base_name(const char* file) {
  const char* slash = strrchr(file, '/');
  return slash ? slash + 1 : file;
}

// Text that grows as far as there is room.
struct Text {
  char* at;
  size_t left;

  [[gnu::format(printf, 2, 3)]] void add(const char* form, ...) {
    va_list arguments;
    va_start(arguments, form);
    const int n = vsnprintf(at, left, form, arguments);
    va_end(arguments);
    const size_t written = n < 0 ? 0 : (size_t(n) < left ? size_t(n) : (left ? left - 1 : 0));
    at += written;
    left -= written;
  }
  void add_place(Place place) { add("line %d of %s", place.line, base_name(place.file)); }
  void add_block(const Block& block) {
    if (machine.launch.grid_y > 1) {
      add("block (%d, %d)", block.x, block.y);
    } else {
      add("block %d", block.x);
    }
  }
};

// Gives the processor back to the launch, for good: the fibre is never resumed.
[[noreturn]] inline void abandon() {
  void* nowhere;
  machine.self = &machine.main;
  pgl_switch_fibre(&nowhere, machine.main.stack);
  __builtin_unreachable();
}

// Notes who is at fault, in front of what is wrong. `behind`: the place is that of the last call, not of the fault.
inline Text begin_fault(const Fibre& fibre, Place place, const char* hint, bool behind = false) {
  Fault& fault = machine.fault;
  machine.faulty = true;
  fault.file = place.file;
  fault.line = place.line;
  fault.block = fibre.block->x;
  fault.thread = fibre.thread;
  fault.step = fibre.step;
  snprintf(fault.hint, sizeof fault.hint, "%s", hint);
  Text text{fault.text, sizeof fault.text};
  text.add_block(*fibre.block);
  text.add(", thread %d", fibre.thread);
  if (place.line > 0) {
    text.add(behind ? ", behind " : ", ");
    text.add_place(place);
  }
  if (fibre.step >= 0) text.add(", step %lld", (long long)(fibre.step));
  text.add(": ");
  return text;
}

[[noreturn, gnu::cold, gnu::noinline, gnu::format(printf, 3, 4)]] inline void stop(Place place, const char* hint, const char* form,
                                                                                 ...) {
  Text text = begin_fault(*machine.self, place, hint);
  va_list arguments;
  va_start(arguments, form);
  vsnprintf(text.at, text.left, form, arguments);
  va_end(arguments);
  abandon();
}

inline Call call_of(const Fibre& fibre) {
  switch (fibre.state) {
    case State::kAtBarrier: return {"waits at the barrier", "waiting at the barrier"};
    case State::kAtWarp: return *fibre.warp->call;
    case State::kAwaitsMessage: return {"waits for a message", "waiting for a message"};
    case State::kAwaitsCount: return {"waits for a count", "waiting for a count"};
    case State::kLeft: return {"has left the kernel", "have left the kernel"};
    default: return {"runs", "running"};
  }
}

// ---------------------------------------------------------------- nobody can move
inline bool alike(const Fibre& a, const Fibre& b) {
  return a.state == b.state && a.place.line == b.place.line && a.value == b.value && a.awaited == b.awaited;
}

inline void add_waiting(Text& text, const Fibre& first, const Fibre& last) {
  if (first.thread == last.thread) {
    text.add("\n    thread %d: ", first.thread);
  } else {
    text.add("\n    threads %d to %d: ", first.thread, last.thread);
  }
  text.add("%s", call_of(first).doing);
  if (first.state != State::kLeft) {
    text.add(", ");
    text.add_place(first.place);
  }
  if (first.state == State::kAwaitsMessage) {
    text.add(": step %u is awaited, the message holds step %u", first.value, static_cast<const Message*>(first.awaited)->step);
  } else if (first.state == State::kAwaitsCount) {
    text.add(": %u is awaited, the counter is at %u", first.value, *static_cast<const uint32_t*>(first.awaited));
  }
}

[[gnu::cold, gnu::noinline]] inline void report_deadlock() {
  const Fibre* culprit = nullptr;
  for (int i = 0; i < machine.slots; ++i) {  // who waits for others' memory tells more than who waits for them
    const Block& block = machine.blocks[i];
    for (int t = 0; block.active && t < block.count; ++t) {
      const Fibre* fibre = block.fibres[t];
      if (fibre->state == State::kLeft) continue;
      const bool better = fibre->state >= State::kAwaitsMessage && culprit && culprit->state < State::kAwaitsMessage;
      if (!culprit || better) culprit = fibre;
    }
  }
  if (!culprit) return;
  Text text = begin_fault(*culprit, culprit->place,
                          "a message that is awaited must be stored by a block that runs at the same time, with just that "
                          "step; a barrier must be reached by all threads of a block");
  text.add("nobody can move any more, since all wait:");
  for (int i = 0; i < machine.slots; ++i) {
    const Block& block = machine.blocks[i];
    if (!block.active) continue;
    text.add("\n  ");
    text.add_block(block);
    for (int t = 0; t < block.count;) {
      int end = t + 1;
      while (end < block.count && alike(*block.fibres[end], *block.fibres[t])) ++end;
      add_waiting(text, *block.fibres[t], *block.fibres[end - 1]);
      t = end;
    }
  }
  const int64_t later = machine.total_blocks - machine.next_block;
  if (later > 0) {
    text.add("\n  %lld blocks have not begun: only %d run at the same time", (long long)(later), machine.launch.resident);
  }
}

}  // namespace pgl::emulated

#endif
