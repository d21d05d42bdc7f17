// The primitives of kernels on a card: one text of a kernel, two meanings (three for training, whose blocks may be one
// thread of the processor: training/on_thread.hpp). For a card they are what CUDA offers; in the
// emulator every thread is a fibre of one thread of the processor, and faults that a card would keep to itself are found
// (docs/cuda.md lists the primitives). Kernels use nothing of CUDA but what is declared here.
//
//   PGL_KERNEL(name, Args, threads) { ... args.count ... }   a kernel; its one argument is a plain structure
//   PGL_KERNEL_OF(name, Args, threads, blocks) { ... }       of which a multiprocessor is to hold so many blocks
//   PGL_LOOP(name, Args, threads) { ... }                    one whose threads have nothing to do with each other
//   PGL_DEVICE int twice(int x) { return 2 * x; }            a function that kernels call
//   PGL_CALLED                                               one that is not inlined: code that is there once
#ifndef PGL_DEVICE_HPP
#define PGL_DEVICE_HPP

#include "language.hpp"

namespace pgl {

#ifndef PGL_ONE_THREAD
// What blocks tell each other: written and read as one, so that it needs no fence. Memory of messages starts as zeros:
// the first step to wait for is 1.
struct alignas(16) Message {
  uint32_t step;
  uint32_t words[3];
};
#endif

namespace detail {

template <class T>
inline constexpr bool kWhole32 = kSame<T, int32_t> || kSame<T, uint32_t>;
template <class T>
inline constexpr bool kWhole64 = kSame<T, int64_t> || kSame<T, uint64_t>;
// Atomics are there for whole numbers only: sums of those depend on no order.
template <class T>
inline constexpr bool kAtomic = kWhole32<T> || kWhole64<T>;

// An argument's type that does not take part in choosing a function: atomic_add(&count, 1) where count is unsigned.
template <class T>
using Given = typename WithoutReference<T>::Type;

template <class T>
inline constexpr bool kShuffled = sizeof(T) == 4 || sizeof(T) == 8;

}  // namespace detail
}  // namespace pgl

#if defined(PGL_EMULATED)
#include "cuda/on_fibres.hpp"
#elif PGL_ON_DEVICE
#include "cuda/on_card.hpp"
#elif defined(PGL_ONE_THREAD)
#include "training/on_thread.hpp"
#endif

#endif
