// What the processor refuses in the middle of a kernel (memory that is not there, a full stack, a division by zero) becomes
// a fault like others, and the process lives. A card would stop the kernel, too, or give any number.
#ifndef PGL_FIBRES_TRAPS_HPP
#define PGL_FIBRES_TRAPS_HPP

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "cuda/fibres/faults.hpp"

#if defined(__linux__) && (defined(__x86_64__) || defined(__aarch64__))
#define PGL_CATCHES_TRAPS 1
#include <ucontext.h>
#else
#define PGL_CATCHES_TRAPS 0
#endif

namespace pgl::emulated {

inline constexpr size_t kPage = 4096, kStack = 64 << 10;

#if PGL_CATCHES_TRAPS
inline constexpr int kTraps[] = {SIGSEGV, SIGBUS, SIGFPE};

struct Trap {
  bool expected = false;  // a kernel runs, on the thread below
  pthread_t thread;
  int signal;
  uintptr_t address;
  bool writes;
  struct sigaction before[3];  // of whoever was there first
};
inline Trap trap;

// On the stack of the fibre that was trapped, from its top: what lay there is not needed any more.
[[noreturn]] inline void after_trap() {
  const Fibre& self = *machine.self;
  Text text = begin_fault(self, self.place, "", true);
  const uintptr_t end = reinterpret_cast<uintptr_t>(self.guard) + kPage;
  char* const hint = machine.fault.hint;
  if (trap.signal == SIGFPE) {
    text.add("the thread divides a whole number by zero");
    snprintf(hint, sizeof machine.fault.hint, "a card would take any number for the result");
  } else if (trap.address < end && end - trap.address < 16 * kPage) {
    text.add("the thread's stack is full");
    snprintf(hint, sizeof machine.fault.hint, "local arrays and calls have %zu KiB: use shared or global memory", kStack >> 10);
  } else if (trap.address < 16 * kPage) {
    text.add("the thread %s at address %zu", trap.writes ? "writes" : "reads", size_t(trap.address));
    snprintf(hint, sizeof machine.fault.hint, "an address among the arguments may not have been set");
  } else {
    text.add("the thread %s at address 0x%zx, where the card has no memory", trap.writes ? "writes" : "reads",
             size_t(trap.address));
    snprintf(hint, sizeof machine.fault.hint, "compare indices with the sizes of arrays; behind every array is a gap");
  }
  abandon();
}

inline void on_trap(int number, siginfo_t* info, void* given) {
  if (trap.expected && pthread_equal(trap.thread, pthread_self())) {
    ucontext_t* const context = static_cast<ucontext_t*>(given);
    trap.signal = number;
    trap.address = reinterpret_cast<uintptr_t>(info->si_addr);
    const uintptr_t top = reinterpret_cast<uintptr_t>(machine.self->top) & ~uintptr_t(15);
#if defined(__x86_64__)
    trap.writes = context->uc_mcontext.gregs[REG_ERR] & 2;
    context->uc_mcontext.gregs[REG_RSP] = (long long)(top - 8);  // as behind a call
    context->uc_mcontext.gregs[REG_RIP] = (long long)(&after_trap);
#else
    trap.writes = false;
    context->uc_mcontext.sp = top;
    context->uc_mcontext.pc = reinterpret_cast<uintptr_t>(&after_trap);
#endif
    return;
  }
  const struct sigaction& before = trap.before[number == SIGSEGV ? 0 : (number == SIGBUS ? 1 : 2)];
  if (before.sa_flags & SA_SIGINFO) {
    before.sa_sigaction(number, info, given);
  } else if (before.sa_handler == SIG_DFL || before.sa_handler == SIG_IGN) {
    signal(number, SIG_DFL);  // and again, when this returns
  } else {
    before.sa_handler(number);
  }
}

// Once for this source's code, and a stack of their own for the handlers of each thread of the system that has none.
inline void expect_traps() {
  static bool installed = false;
  static thread_local bool has_stack = false;
  if (!has_stack) {
    stack_t now;
    if (sigaltstack(nullptr, &now) == 0 && (now.ss_flags & SS_DISABLE)) {
      stack_t own = {};
      own.ss_size = kStack;
      own.ss_sp = malloc(own.ss_size);  // for as long as the process lives
      if (own.ss_sp) sigaltstack(&own, nullptr);
    }
    has_stack = true;
  }
  if (!installed) {
    for (int i = 0; i < 3; ++i) {
      struct sigaction action = {};
      action.sa_sigaction = on_trap;
      action.sa_flags = SA_SIGINFO | SA_ONSTACK;
      sigemptyset(&action.sa_mask);
      sigaction(kTraps[i], &action, &trap.before[i]);
    }
    installed = true;
  }
  trap.thread = pthread_self();
  trap.expected = true;
}
inline void expect_no_traps() { trap.expected = false; }
#else
inline void expect_traps() {}
inline void expect_no_traps() {}
#endif

}  // namespace pgl::emulated

#endif
