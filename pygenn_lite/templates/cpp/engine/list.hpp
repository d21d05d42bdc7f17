// A growing list: what the engine needs of std::vector. The standard header and what the compiler makes of it would
// be half of the time to a first step; and `push` in an inner loop should be one comparison and one store.
#ifndef PGL_LIST_HPP
#define PGL_LIST_HPP

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <type_traits>
#include <utility>

namespace pgl {

// Keeps its memory when cleared; move only.
template <class T>
class List {
 public:
  List() = default;
  explicit List(std::size_t size) { resize(size); }
  List(List&& other) noexcept { swap(other); }
  List& operator=(List&& other) noexcept {
    List(std::move(other)).swap(*this);
    return *this;
  }
  List(const List&) = delete;
  List& operator=(const List&) = delete;
  ~List() {
    clear();
    release(data_);
  }

  void swap(List& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
  }
  template <class Value = T>
  void push(Value&& value) {
    if (size_ == capacity_) [[unlikely]] reserve(size_ + 1);
    new (static_cast<void*>(data_ + size_)) T(std::forward<Value>(value));
    ++size_;
  }
  void append(const T* values, std::size_t n) {
    static_assert(kPlain);
    if (n == 0) return;
    reserve(size_ + n);
    std::memcpy(static_cast<void*>(data_ + size_), values, n * sizeof(T));
    size_ += n;
  }
  // New values are made by T().
  void resize(std::size_t n) {
    reserve(n);
    while (size_ < n) new (static_cast<void*>(data_ + size_++)) T();
    while (size_ > n) pop();
  }
  void clear() {
    if constexpr (kPlain) {
      size_ = 0;
    } else {
      while (size_ != 0) pop();
    }
  }
  void assign(std::size_t n, T value) {
    static_assert(kPlain);
    reserve(n);
    size_ = n;
    for (T& mine : *this) mine = value;
  }
  // Room for `n` values that somebody else writes at data(), and then says how many there are.
  T* room(std::size_t n) {
    static_assert(kPlain);
    reserve(n);
    return data_;
  }
  void set_size(std::size_t size) {
    static_assert(kPlain);
    size_ = size;
  }
  void pop() { data_[--size_].~T(); }

  T* data() { return data_; }
  const T* data() const { return data_; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  T& operator[](std::size_t i) { return data_[i]; }
  const T& operator[](std::size_t i) const { return data_[i]; }
  T& front() { return data_[0]; }
  const T& front() const { return data_[0]; }
  T& back() { return data_[size_ - 1]; }
  const T& back() const { return data_[size_ - 1]; }
  T* begin() { return data_; }
  T* end() { return data_ + size_; }
  const T* begin() const { return data_; }
  const T* end() const { return data_ + size_; }

 private:
  static constexpr bool kPlain = std::is_trivially_copyable_v<T> && alignof(T) <= alignof(std::max_align_t);

  [[gnu::noinline]] void reserve(std::size_t wanted) {
    if (wanted <= capacity_) return;
    std::size_t capacity = capacity_ * 2 < 16 ? 16 : capacity_ * 2;
    if (!kPlain || capacity < wanted) capacity = wanted;
    if (capacity > SIZE_MAX / 2 / sizeof(T)) throw std::bad_alloc();
    if constexpr (kPlain) {
      void* grown = std::realloc(static_cast<void*>(data_), capacity * sizeof(T));
      if (grown == nullptr) throw std::bad_alloc();
      data_ = static_cast<T*>(grown);
    } else {  // few and long-lived: they grow by what is asked for
      T* grown = static_cast<T*>(::operator new(capacity * sizeof(T), std::align_val_t{alignof(T)}));
      for (std::size_t i = 0; i < size_; ++i) {
        new (static_cast<void*>(grown + i)) T(std::move(data_[i]));
        data_[i].~T();
      }
      release(data_);
      data_ = grown;
    }
    capacity_ = capacity;
  }
  static void release(T* data) {
    if constexpr (kPlain) {
      std::free(static_cast<void*>(data));
    } else {
      ::operator delete(static_cast<void*>(data), std::align_val_t{alignof(T)});
    }
  }

  T* data_ = nullptr;
  std::size_t size_ = 0, capacity_ = 0;
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
