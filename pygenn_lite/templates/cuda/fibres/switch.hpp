// From one fibre to another: what a call must keep is put onto the one stack and taken from the other. About two
// nanoseconds on x86-64 and AArch64; other processors (and whoever defines PGL_PORTABLE_FIBRES) go through the C library's
// contexts, a hundred times slower.
#ifndef PGL_FIBRES_SWITCH_HPP
#define PGL_FIBRES_SWITCH_HPP

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__x86_64__) && !defined(PGL_PORTABLE_FIBRES)
extern "C" [[gnu::visibility("hidden")]] void pgl_switch_fibre(void** from, void* to);
asm(R"(
.text
.p2align 4
.globl pgl_switch_fibre
.hidden pgl_switch_fibre
.type pgl_switch_fibre, @function
pgl_switch_fibre:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size pgl_switch_fibre, .-pgl_switch_fibre
)");

namespace pgl::emulated {

// A stack on which the first switch enters a function that never returns.
inline void* first_stack(char* top, void (*entry)()) {
  void** slots = reinterpret_cast<void**>(reinterpret_cast<uintptr_t>(top) & ~uintptr_t(15)) - 1;
  *slots = nullptr;  // nowhere to return to; a multiple of 16, less 8: as behind a call
  *--slots = reinterpret_cast<void*>(entry);
  slots -= 6;
  memset(slots, 0, 6 * sizeof(void*));
  return slots;
}

}  // namespace pgl::emulated

#elif defined(__aarch64__) && !defined(PGL_PORTABLE_FIBRES)
extern "C" [[gnu::visibility("hidden")]] void pgl_switch_fibre(void** from, void* to);
asm(R"(
.text
.p2align 4
.globl pgl_switch_fibre
.hidden pgl_switch_fibre
.type pgl_switch_fibre, %function
pgl_switch_fibre:
  sub sp, sp, #160
  stp x19, x20, [sp, #0]
  stp x21, x22, [sp, #16]
  stp x23, x24, [sp, #32]
  stp x25, x26, [sp, #48]
  stp x27, x28, [sp, #64]
  stp x29, x30, [sp, #80]
  stp d8, d9, [sp, #96]
  stp d10, d11, [sp, #112]
  stp d12, d13, [sp, #128]
  stp d14, d15, [sp, #144]
  mov x9, sp
  str x9, [x0]
  mov sp, x1
  ldp x19, x20, [sp, #0]
  ldp x21, x22, [sp, #16]
  ldp x23, x24, [sp, #32]
  ldp x25, x26, [sp, #48]
  ldp x27, x28, [sp, #64]
  ldp x29, x30, [sp, #80]
  ldp d8, d9, [sp, #96]
  ldp d10, d11, [sp, #112]
  ldp d12, d13, [sp, #128]
  ldp d14, d15, [sp, #144]
  add sp, sp, #160
  ret
.size pgl_switch_fibre, .-pgl_switch_fibre
)");

namespace pgl::emulated {

inline void* first_stack(char* top, void (*entry)()) {
  void** slots = reinterpret_cast<void**>(reinterpret_cast<uintptr_t>(top) & ~uintptr_t(15)) - 20;
  memset(slots, 0, 20 * sizeof(void*));
  slots[11] = reinterpret_cast<void*>(entry);  // x30, where `ret` goes
  return slots;
}

}  // namespace pgl::emulated

#else
#include <ucontext.h>

inline void pgl_switch_fibre(void** from, void* to) {
  ucontext_t here;
  *from = &here;
  swapcontext(&here, static_cast<ucontext_t*>(to));
}

namespace pgl::emulated {

inline constexpr size_t kContextStack = 48 << 10;  // less than a fibre's stack

inline void* first_stack(char* top, void (*entry)()) {
  char* at = reinterpret_cast<char*>(reinterpret_cast<uintptr_t>(top - sizeof(ucontext_t)) & ~uintptr_t(63));
  ucontext_t* context = reinterpret_cast<ucontext_t*>(at);
  getcontext(context);
  context->uc_link = nullptr;
  context->uc_stack.ss_sp = at - kContextStack;
  context->uc_stack.ss_size = kContextStack;
  makecontext(context, entry, 0);
  return context;
}

}  // namespace pgl::emulated
#endif

#endif
