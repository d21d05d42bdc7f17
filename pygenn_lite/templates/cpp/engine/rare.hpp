// What most objects of a kind do without: it takes a pointer until it is made.
#ifndef PGL_RARE_HPP
#define PGL_RARE_HPP

#include "error.hpp"
#include "list.hpp"

namespace pgl {

// Move only.
template <class T>
class Rare {
 public:
  Rare() = default;
  Rare(Rare&& other) noexcept { swap(other); }
  Rare& operator=(Rare&& other) noexcept {
    swap(other);
    return *this;
  }
  Rare(const Rare&) = delete;
  Rare& operator=(const Rare&) = delete;
  ~Rare() { delete value_; }

  void swap(Rare& other) noexcept { pgl::swap(value_, other.value_); }
  // The value, made by T() where there is none.
  PGL_COLD T& made() {
    if (value_ == nullptr) value_ = new T();
    return *value_;
  }
  void set(T* value) {
    delete value_;
    value_ = value;
  }

  explicit operator bool() const { return value_ != nullptr; }
  T* operator->() { return value_; }
  const T* operator->() const { return value_; }
  T& operator*() { return *value_; }
  const T& operator*() const { return *value_; }

 private:
  T* value_ = nullptr;
};

}  // namespace pgl

#endif
