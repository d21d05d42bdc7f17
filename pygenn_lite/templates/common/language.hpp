// What the headers of the C++ library would give, in the compiler's own words. The templates include C headers only: those
// of C++ take longer to read than the kernels of a small network, and compilers that come without a C++ library (zig)
// would first build one, for minutes. This folder includes nothing but itself and integers.h, throws nothing and calls
// nothing of the engine, so that it compiles for a device as well (tests/cuda/test_common_headers.py does it).
//
// A device's code gives the host's bits if it is compiled like the host's (-ffp-contract=off): -fmad=false, with square
// roots and divisions rounded correctly, which is the default of NVRTC and nvcc.
#ifndef PGL_LANGUAGE_HPP
#define PGL_LANGUAGE_HPP

#include "integers.h"

// Before every function of this folder: where it may be called, and how it is to be inlined.
#ifndef PGL_ON_DEVICE
#ifdef __CUDACC__
#define PGL_ON_DEVICE 1
#else
#define PGL_ON_DEVICE 0
#endif
#endif
// Before a loop whose body is long: a device's compiler would write it out for each of its turns.
#if PGL_ON_DEVICE && defined(__CUDACC__)
#define PGL_ROLLED _Pragma("unroll 1")
#else
#define PGL_ROLLED
#endif
#if PGL_ON_DEVICE
#define PGL_FUNCTION __host__ __device__ inline
#define PGL_INLINE __host__ __device__ __forceinline__
#define PGL_NOINLINE __host__ __device__ __noinline__ inline
#else
#define PGL_FUNCTION inline
#define PGL_INLINE [[gnu::always_inline]] inline
#define PGL_NOINLINE [[gnu::noinline]] inline
#endif

namespace pgl {

using Byte = unsigned char;

template <class T>
struct WithoutReference {
  using Type = T;
};
template <class T>
struct WithoutReference<T&> {
  using Type = T;
};
template <class T>
struct WithoutReference<T&&> {
  using Type = T;
};

template <bool kFirst, class A, class B>
struct Either {
  using Type = A;
};
template <class A, class B>
struct Either<false, A, B> {
  using Type = B;
};

template <class A, class B>
inline constexpr bool kSame = false;
template <class A>
inline constexpr bool kSame<A, A> = true;

template <class T>
PGL_INLINE constexpr typename WithoutReference<T>::Type&& move(T&& value) {
  return static_cast<typename WithoutReference<T>::Type&&>(value);
}
template <class T>
PGL_INLINE constexpr void swap(T& a, T& b) {
  T before = move(a);
  a = move(b);
  b = move(before);
}
template <class To, class From>
PGL_INLINE constexpr To bit_cast(const From& from) {
  return __builtin_bit_cast(To, from);
}

template <class Real>
inline constexpr Real kLargest = Real(0x1.fffffep127f);
template <>
inline constexpr double kLargest<double> = 0x1.fffffffffffffp1023;

// The largest size of a number that still counts as finite where `n` numbers are looked at through their sum.
template <class Real>
PGL_INLINE constexpr Real largest_of(int n) {
  return kLargest<Real> / Real(n);
}

}  // namespace pgl

#endif
