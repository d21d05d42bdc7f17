// Asking for memory before it is needed.
#ifndef PGL_PREFETCH_HPP
#define PGL_PREFETCH_HPP

#include "language.hpp"

namespace pgl {

// Into the second level cache: a core can have about twice as many such requests under way as into the first level.
// Assembly, because GCC removes calls to functions that do nothing but __builtin_prefetch.
PGL_FUNCTION void fetch_line(const void* address) {
#if defined(__CUDA_ARCH__)
  asm volatile("prefetch.global.L2 [%0];" ::"l"(address));
#elif defined(__x86_64__)
  asm volatile("prefetcht1 %0" ::"m"(*static_cast<const char*>(address)));
#elif defined(__aarch64__)
  asm volatile("prfm pldl2keep, %0" ::"Q"(*static_cast<const char*>(address)));
#else
  __builtin_prefetch(address, 0, 2);
#endif
}

}  // namespace pgl

#endif
