// Memory for the large arrays of the engine.
//
// HugeArray<T>: exactly sized, zeroed, 64-byte aligned, move only. Synapses are read at random, one short run per
// spike, so with 4 KiB pages nearly every read would also miss the address translation cache: large arrays come
// straight from the kernel, begin at a 2 MiB boundary and ask for huge pages. Their pages are touched first by
// whoever fills them (the worker that owns the shard), and go back to the system at destruction.
#ifndef PGL_MEMORY_HPP
#define PGL_MEMORY_HPP

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "error.hpp"

#if defined(__unix__) || defined(__APPLE__)
#include <sys/mman.h>
#define PGL_HAVE_MMAP 1
#endif

namespace pgl {

namespace detail {

inline constexpr size_t kHugePage = size_t{2} << 20;
inline constexpr size_t kPage = size_t{16} << 10;  // a multiple of every page size in use
inline constexpr size_t kLine = 64;

inline size_t round_up(size_t n, size_t multiple) { return (n + multiple - 1) / multiple * multiple; }

#ifdef PGL_HAVE_MMAP
// Maps more than is asked for and gives the ends back, so that the block begins at a huge page.
inline void* map_huge(size_t bytes) {
  const size_t total = bytes + kHugePage;
  void* raw = mmap(nullptr, total, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (raw == MAP_FAILED) throw OutOfMemory();
  const uintptr_t start = reinterpret_cast<uintptr_t>(raw);
  const uintptr_t aligned = round_up(start, kHugePage);
  if (aligned > start) munmap(raw, aligned - start);
  const uintptr_t end = start + total;
  if (end > aligned + bytes) munmap(reinterpret_cast<void*>(aligned + bytes), end - (aligned + bytes));
  void* block = reinterpret_cast<void*>(aligned);
#ifdef MADV_HUGEPAGE
  madvise(block, bytes, MADV_HUGEPAGE);  // advice only: refused where huge pages are switched off, and then no loss
#endif
  return block;
}
#endif

}  // namespace detail

template <class T>
class HugeArray {
  static_assert(__is_trivially_copyable(T), "HugeArray holds plain values: they are zeroed, not constructed");

 public:
  HugeArray() = default;
  explicit HugeArray(size_t size) { allocate(size); }
  HugeArray(HugeArray&& other) noexcept { swap(other); }
  HugeArray& operator=(HugeArray&& other) noexcept {
    HugeArray(pgl::move(other)).swap(*this);
    return *this;
  }
  HugeArray(const HugeArray&) = delete;
  HugeArray& operator=(const HugeArray&) = delete;
  ~HugeArray() { release(); }

  // Forgets the contents and makes room for exactly `size` zeroed values.
  void reset(size_t size) {
    release();
    allocate(size);
  }
  void swap(HugeArray& other) noexcept {
    pgl::swap(data_, other.data_);
    pgl::swap(size_, other.size_);
    pgl::swap(mapped_, other.mapped_);
  }

  T* data() { return data_; }
  const T* data() const { return data_; }
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  size_t bytes() const { return size_ * sizeof(T); }
  T& operator[](size_t i) { return data_[i]; }
  const T& operator[](size_t i) const { return data_[i]; }
  T* begin() { return data_; }
  T* end() { return data_ + size_; }
  const T* begin() const { return data_; }
  const T* end() const { return data_ + size_; }

 private:
  void allocate(size_t size) {
    if (size == 0) return;
    if (size > (SIZE_MAX - 2 * detail::kHugePage) / sizeof(T)) throw OutOfMemory();
    // One line more than asked for: vector code may read (never use) beyond the last value.
    const size_t bytes = detail::round_up(size * sizeof(T), detail::kLine) + detail::kLine;
#ifdef PGL_HAVE_MMAP
    if (bytes >= detail::kHugePage) {
      mapped_ = detail::round_up(bytes, detail::kPage);
      data_ = static_cast<T*>(detail::map_huge(mapped_));
      size_ = size;
      return;
    }
#endif
    void* block = aligned_alloc(detail::kLine, bytes);
    if (block == nullptr) throw OutOfMemory();
    memset(block, 0, bytes);
    data_ = static_cast<T*>(block);
    size_ = size;
  }

  void release() noexcept {
    if (data_ == nullptr) return;
#ifdef PGL_HAVE_MMAP
    if (mapped_ != 0) {
      munmap(data_, mapped_);
      mapped_ = 0;
      data_ = nullptr;
      size_ = 0;
      return;
    }
#endif
    free(data_);
    data_ = nullptr;
    size_ = 0;
  }

  T* data_ = nullptr;
  size_t size_ = 0;
  size_t mapped_ = 0;  // bytes mapped; 0: from the heap
};

}  // namespace pgl

#endif
