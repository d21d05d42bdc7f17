// The primitives of common/device.hpp on a card: CUDA's own, without any of its headers (a run-time compiler knows them).
#ifndef PGL_ON_CARD_HPP
#define PGL_ON_CARD_HPP

#include "common/device.hpp"

#define PGL_KERNEL_OF(name, Args, threads, blocks) \
  extern "C" __global__ void __launch_bounds__(threads, blocks) name(const Args args)
// One block of a multiprocessor is enough: compilers otherwise spill registers to have more of them there.
#define PGL_KERNEL(name, Args, threads) PGL_KERNEL_OF(name, Args, threads, 1)
#define PGL_LOOP(name, Args, threads) PGL_KERNEL(name, Args, threads)
#define PGL_DEVICE __device__ inline
#define PGL_CALLED __device__ __noinline__
#define PGL_SHARED(T, name, n) __shared__ T name[n]
#define PGL_DYNAMIC_SHARED(T, name) T* const name = pgl::detail::dynamic_shared<T>(0)
#define PGL_DYNAMIC_SHARED_PART(T, name, offset, n) T* const name = pgl::detail::dynamic_shared<T>(offset)

namespace pgl {
namespace detail {

template <class T>
__device__ __forceinline__ T* dynamic_shared(uint32_t offset) {
  extern __shared__ __align__(16) unsigned char pgl_dynamic_shared[];
  return reinterpret_cast<T*>(pgl_dynamic_shared + offset);
}

inline constexpr uint32_t kWholeWarp = 0xffffffffu;

template <int kBytes>
struct Word {
  using Type = unsigned int;
};
template <>
struct Word<1> {
  using Type = unsigned char;
};
template <>
struct Word<2> {
  using Type = unsigned short;
};
template <>
struct Word<8> {
  using Type = unsigned long long;
};
template <>
struct Word<16> {
  using Type = uint4;
};
// Numbers of as many bytes, as the functions of CUDA know them.
template <class T>
using Bits = typename Word<sizeof(T)>::Type;
// Of those that are compared the sign counts.
template <class T>
using Compared = typename Either<kWhole32<T>, T, typename Either<kSame<T, int64_t>, long long, unsigned long long>::Type>::Type;

}  // namespace detail

// ---------------------------------------------------------------- where a thread is
PGL_DEVICE int thread() { return int(threadIdx.x); }
PGL_DEVICE int threads() { return int(blockDim.x); }
PGL_DEVICE int block() { return int(blockIdx.x); }
PGL_DEVICE int blocks() { return int(gridDim.x); }
PGL_DEVICE int block_y() { return int(blockIdx.y); }
PGL_DEVICE int blocks_y() { return int(gridDim.y); }
PGL_DEVICE int lane() { return int(threadIdx.x & 31u); }
PGL_DEVICE int warp() { return int(threadIdx.x >> 5); }
PGL_DEVICE int64_t first() { return int64_t(blockIdx.x) * blockDim.x + threadIdx.x; }
PGL_DEVICE int64_t stride() { return int64_t(gridDim.x) * blockDim.x; }
PGL_DEVICE void at_step(int64_t) {}

// ---------------------------------------------------------------- together with other threads
PGL_DEVICE void barrier() { __syncthreads(); }
PGL_DEVICE void warp_barrier() { __syncwarp(); }
PGL_DEVICE uint32_t ballot(bool vote) { return __ballot_sync(detail::kWholeWarp, vote); }
PGL_DEVICE bool any(bool vote) { return __any_sync(detail::kWholeWarp, vote); }
PGL_DEVICE bool all(bool vote) { return __all_sync(detail::kWholeWarp, vote); }

template <class T>
PGL_DEVICE T shuffle(T value, int lane) {
  static_assert(detail::kShuffled<T>, "values that are shuffled have 4 or 8 bytes");
  return bit_cast<T>(__shfl_sync(detail::kWholeWarp, bit_cast<detail::Bits<T>>(value), lane));
}
template <class T>
PGL_DEVICE T shuffle_xor(T value, int mask) {
  static_assert(detail::kShuffled<T>, "values that are shuffled have 4 or 8 bytes");
  return bit_cast<T>(__shfl_xor_sync(detail::kWholeWarp, bit_cast<detail::Bits<T>>(value), mask));
}
template <class T>
PGL_DEVICE T shuffle_up(T value, int distance) {
  static_assert(detail::kShuffled<T>, "values that are shuffled have 4 or 8 bytes");
  return bit_cast<T>(__shfl_up_sync(detail::kWholeWarp, bit_cast<detail::Bits<T>>(value), unsigned(distance)));
}

PGL_DEVICE int popcount(uint32_t bits) { return __popc(bits); }
PGL_DEVICE int popcount(uint64_t bits) { return __popcll(bits); }
PGL_DEVICE int lowest_bit(uint32_t bits) { return __ffs(int(bits)) - 1; }
PGL_DEVICE int lowest_bit(uint64_t bits) { return __ffsll((long long)(bits)) - 1; }

// ---------------------------------------------------------------- memory that others change
template <class T>
PGL_DEVICE T atomic_add(T* at, detail::Given<T> value) {
  static_assert(detail::kAtomic<T>, "atomics are for whole numbers of 4 or 8 bytes");
  using Bits = detail::Bits<T>;
  return T(atomicAdd(reinterpret_cast<Bits*>(at), Bits(value)));
}
template <class T>
PGL_DEVICE T atomic_max(T* at, detail::Given<T> value) {
  static_assert(detail::kAtomic<T>, "atomics are for whole numbers of 4 or 8 bytes");
  using Number = detail::Compared<T>;
  return T(atomicMax(reinterpret_cast<Number*>(at), Number(value)));
}
template <class T>
PGL_DEVICE T atomic_min(T* at, detail::Given<T> value) {
  static_assert(detail::kAtomic<T>, "atomics are for whole numbers of 4 or 8 bytes");
  using Number = detail::Compared<T>;
  return T(atomicMin(reinterpret_cast<Number*>(at), Number(value)));
}
template <class T>
PGL_DEVICE T atomic_or(T* at, detail::Given<T> value) {
  static_assert(detail::kAtomic<T>, "atomics are for whole numbers of 4 or 8 bytes");
  using Bits = detail::Bits<T>;
  return T(atomicOr(reinterpret_cast<Bits*>(at), Bits(value)));
}
template <class T>
PGL_DEVICE T atomic_exchange(T* at, detail::Given<T> value) {
  static_assert(detail::kAtomic<T>, "atomics are for whole numbers of 4 or 8 bytes");
  using Bits = detail::Bits<T>;
  return T(atomicExch(reinterpret_cast<Bits*>(at), Bits(value)));
}
template <class T>
PGL_DEVICE T atomic_cas(T* at, detail::Given<T> expected, detail::Given<T> value) {
  static_assert(detail::kAtomic<T>, "atomics are for whole numbers of 4 or 8 bytes");
  using Bits = detail::Bits<T>;
  return T(atomicCAS(reinterpret_cast<Bits*>(at), Bits(expected), Bits(value)));
}

PGL_DEVICE void fence() { __threadfence(); }
PGL_DEVICE void fence_block() { __threadfence_block(); }

// One access of 16 bytes, which nobody sees half done: a scalar one, where the compiler has such (PTX 8.3). Of a vector PTX
// promises that of each of its words only, though cards read and write it as one, too.
#if __CUDACC_VER_MAJOR__ > 12 || (__CUDACC_VER_MAJOR__ == 12 && __CUDACC_VER_MINOR__ >= 3)
PGL_DEVICE void store_message(Message* at, Message message) {
  asm volatile(
      "{ .reg .b128 all; .reg .b64 low, high; mov.b64 low, {%1, %2}; mov.b64 high, {%3, %4}; mov.b128 all, {low, high};"
      " st.relaxed.gpu.global.b128 [%0], all; }" ::"l"(at), "r"(message.step), "r"(message.words[0]), "r"(message.words[1]),
      "r"(message.words[2])
      : "memory");
}
PGL_DEVICE Message load_message(const Message* at) {
  Message message;
  asm volatile(
      "{ .reg .b128 all; .reg .b64 low, high; ld.relaxed.gpu.global.b128 all, [%4]; mov.b128 {low, high}, all;"
      " mov.b64 {%0, %1}, low; mov.b64 {%2, %3}, high; }"
      : "=r"(message.step), "=r"(message.words[0]), "=r"(message.words[1]), "=r"(message.words[2])
      : "l"(at)
      : "memory");
  return message;
}
#else
PGL_DEVICE void store_message(Message* at, Message message) {
  asm volatile("st.volatile.global.v4.u32 [%0], {%1, %2, %3, %4};" ::"l"(at), "r"(message.step), "r"(message.words[0]),
               "r"(message.words[1]), "r"(message.words[2])
               : "memory");
}
PGL_DEVICE Message load_message(const Message* at) {
  Message message;
  asm volatile("ld.volatile.global.v4.u32 {%0, %1, %2, %3}, [%4];"
               : "=r"(message.step), "=r"(message.words[0]), "=r"(message.words[1]), "=r"(message.words[2])
               : "l"(at)
               : "memory");
  return message;
}
#endif
PGL_DEVICE Message wait_message(const Message* at, uint32_t step) {
  Message message = load_message(at);
  while (message.step != step) message = load_message(at);
  return message;
}

// What others change meanwhile, in global or shared memory: read, and written, where they see it. No order among them: a
// fence puts what is written before it in front of what is written behind it.
template <class T>
PGL_DEVICE T load_fresh(const T* at) {
  static_assert(sizeof(T) <= 8, "read at once are at most 8 bytes");
  const detail::Bits<T> value = *reinterpret_cast<const volatile detail::Bits<T>*>(at);
  return bit_cast<T>(value);
}
template <class T>
PGL_DEVICE void store_fresh(T* at, detail::Given<T> value) {
  static_assert(sizeof(T) <= 8, "written at once are at most 8 bytes");
  *reinterpret_cast<volatile detail::Bits<T>*>(at) = bit_cast<detail::Bits<T>>(value);
}
// What is read once: it does not push anything out of the caches.
template <class T>
PGL_DEVICE T load_once(const T* at) {
  return bit_cast<T>(__ldcs(reinterpret_cast<const detail::Bits<T>*>(at)));
}
// What nobody changes while the kernel runs.
template <class T>
PGL_DEVICE T load_constant(const T* at) {
  return bit_cast<T>(__ldg(reinterpret_cast<const detail::Bits<T>*>(at)));
}
PGL_DEVICE void prefetch(const void* at) { asm volatile("prefetch.global.L2 [%0];" ::"l"(at)); }

// Until the counter, which others raise, has come so far; what they wrote before is seen afterwards.
PGL_DEVICE void wait_count(const uint32_t* counter, uint32_t count) {
  while (int32_t(load_fresh(counter) - count) < 0) {
  }
  __threadfence();
}

}  // namespace pgl

#endif
