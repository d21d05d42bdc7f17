// A growing list: what the engine needs of std::vector. The standard header and what the compiler makes of it would
// be half of the time to a first step; and `push` in an inner loop should be one comparison and one store.
#ifndef PGL_LIST_HPP
#define PGL_LIST_HPP

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/language.hpp"
#include "error.hpp"

namespace pgl {

// Where an object is to be made: new (InPlace{memory}) T(...).
struct InPlace {
  void* memory;
};

}  // namespace pgl

inline void* operator new(size_t, pgl::InPlace place) noexcept { return place.memory; }
inline void operator delete(void*, pgl::InPlace) noexcept {}

namespace pgl {

namespace detail {

// Gives back where the values stand from now on. One function for lists of everything: values are moved as bytes, which
// all that the engine keeps in growing lists can bear (what holds pointers into itself, like SpikeBlock, stands in lists
// that are made at their full length).
[[gnu::noinline]] inline void* grow_list(void* data, size_t size, size_t& capacity, size_t wanted,
                                         size_t bytes, size_t alignment) {
  size_t room = capacity * 2 < wanted ? wanted : capacity * 2;
  if (bytes < alignof(max_align_t) && room < 4) room = 4;
  if (room > SIZE_MAX / 2 / bytes) throw OutOfMemory();
  void* grown;
  if (alignment <= alignof(max_align_t)) {
    grown = realloc(data, room * bytes);
  } else {
    grown = aligned_alloc(alignment, room * bytes);  // such types are padded to multiples of their alignment
  }
  if (grown == nullptr) throw OutOfMemory();
  if (alignment > alignof(max_align_t)) {
    if (size != 0) memcpy(grown, data, size * bytes);
    free(data);
  }
  capacity = room;
  return grown;
}

}  // namespace detail

// Keeps its memory when cleared; move only.
template <class T>
class List {
 public:
  List() = default;
  explicit List(size_t size) { resize(size); }
  List(List&& other) noexcept { swap(other); }
  List& operator=(List&& other) noexcept {
    List(pgl::move(other)).swap(*this);
    return *this;
  }
  List(const List&) = delete;
  List& operator=(const List&) = delete;
  ~List() {
    clear();
    free(static_cast<void*>(data_));
  }

  void swap(List& other) noexcept {
    pgl::swap(data_, other.data_);
    pgl::swap(size_, other.size_);
    pgl::swap(capacity_, other.capacity_);
  }
  template <class Value = T>
  void push(Value&& value) {
    if (size_ == capacity_) [[unlikely]] reserve(size_ + 1);
    new (InPlace{data_ + size_}) T(static_cast<Value&&>(value));
    ++size_;
  }
  void append(const T* values, size_t n) {
    static_assert(kPlain);
    if (n == 0) return;
    reserve(size_ + n);
    memcpy(static_cast<void*>(data_ + size_), values, n * sizeof(T));
    size_ += n;
  }
  // New values are made by T().
  void resize(size_t n) {
    reserve(n);
    while (size_ < n) new (InPlace{data_ + size_++}) T();
    while (size_ > n) pop();
  }
  void clear() {
    if constexpr (kPlain) {
      size_ = 0;
    } else {
      while (size_ != 0) pop();
    }
  }
  void assign(size_t n, T value) {
    static_assert(kPlain);
    reserve(n);
    size_ = n;
    for (T& mine : *this) mine = value;
  }
  // Room for `n` values that somebody else writes at data(), and then says how many there are.
  T* room(size_t n) {
    static_assert(kPlain);
    reserve(n);
    return data_;
  }
  void set_size(size_t size) {
    static_assert(kPlain);
    size_ = size;
  }
  // Gives back room for more values than there are.
  void fit() noexcept {
    if (alignof(T) > alignof(max_align_t) || size_ == capacity_) return;
    if (size_ == 0) {
      free(static_cast<void*>(data_));
      data_ = nullptr;
      capacity_ = 0;
      return;
    }
    void* fitting = realloc(static_cast<void*>(data_), size_ * sizeof(T));
    if (fitting == nullptr) return;
    data_ = static_cast<T*>(fitting);
    capacity_ = size_;
  }
  void pop() { data_[--size_].~T(); }

  T* data() { return data_; }
  const T* data() const { return data_; }
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  T& operator[](size_t i) { return data_[i]; }
  const T& operator[](size_t i) const { return data_[i]; }
  T& front() { return data_[0]; }
  const T& front() const { return data_[0]; }
  T& back() { return data_[size_ - 1]; }
  const T& back() const { return data_[size_ - 1]; }
  T* begin() { return data_; }
  T* end() { return data_ + size_; }
  const T* begin() const { return data_; }
  const T* end() const { return data_ + size_; }

 private:
  static constexpr bool kPlain = __is_trivially_copyable(T) && alignof(T) <= alignof(max_align_t);

  void reserve(size_t wanted) {
    if (wanted <= capacity_) [[likely]] return;
    data_ = static_cast<T*>(detail::grow_list(static_cast<void*>(data_), size_, capacity_, wanted, sizeof(T), alignof(T)));
  }

  T* data_ = nullptr;
  size_t size_ = 0, capacity_ = 0;
};

// The first of ascending values that is not below `value`.
template <class T>
const T* first_not_below(const T* begin, const T* end, T value) {
  while (begin != end) {
    const T* middle = begin + (end - begin) / 2;
    if (*middle < value) {
      begin = middle + 1;
    } else {
      end = middle;
    }
  }
  return begin;
}

}  // namespace pgl

#endif
