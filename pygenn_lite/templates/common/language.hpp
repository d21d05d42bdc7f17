// What the headers of the C++ library would give, in the compiler's own words. The templates include C headers only: those
// of C++ take longer to read than the kernels of a small network, and compilers that come without a C++ library (zig)
// would first build one, for minutes.
#ifndef PGL_LANGUAGE_HPP
#define PGL_LANGUAGE_HPP

#include <stddef.h>
#include <stdint.h>

#define PGL_INLINE [[gnu::always_inline]] inline

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
inline constexpr bool kSame = __is_same(A, B);

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
inline constexpr Real kLargest = Real(__FLT_MAX__);
template <>
inline constexpr double kLargest<double> = __DBL_MAX__;

// Where an object is to be made: new (InPlace{memory}) T(...).
struct InPlace {
  void* memory;
};

}  // namespace pgl

inline void* operator new(size_t, pgl::InPlace place) noexcept { return place.memory; }
inline void operator delete(void*, pgl::InPlace) noexcept {}

#endif
