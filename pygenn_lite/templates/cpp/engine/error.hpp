// How failures cross the C ABI: functions throw inside, the exported ones catch, keep the message for this thread
// (pgl_last_error) and return a value that says failure.
#ifndef PGL_ERROR_HPP
#define PGL_ERROR_HPP

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Runs once per store or call: kept small, so that the engine compiles quickly.
#define PGL_COLD [[gnu::cold, gnu::noinline]]

namespace pgl {

struct OutOfMemory {};

struct Error {
  [[gnu::format(printf, 2, 3)]] PGL_COLD explicit Error(const char* format, ...) {
    va_list values;
    va_start(values, format);
    vsnprintf(text, sizeof text, format, values);
    va_end(values);
  }

  char text[240];
};

struct Message {
  char text[240] = "";
  PGL_COLD void set(const char* from) { snprintf(text, sizeof text, "%s", from); }
};

// A message that takes memory only once there is one.
class RareMessage {
 public:
  RareMessage() = default;
  RareMessage(const RareMessage&) = delete;
  RareMessage& operator=(const RareMessage&) = delete;
  ~RareMessage() { free(text_); }

  const char* text() const { return text_ == nullptr ? "not enough memory" : text_; }
  PGL_COLD void set(const char* from) {
    free(text_);
    text_ = strdup(from);
  }

 private:
  char* text_ = nullptr;
};

inline Message& last_error() {
  thread_local Message message;
  return message;
}

// Called while an exception is being handled.
PGL_COLD inline void keep_message() noexcept {
  try {
    throw;
  } catch (const Error& error) {
    last_error().set(error.text);
  } catch (...) {  // ours, or that of operator new
    last_error().set("not enough memory");
  }
}

// Runs the body of an exported function; `failed` is returned if it throws.
template <class Result, class Body>
Result guarded(Result failed, Body&& body) noexcept {
  try {
    return body();
  } catch (...) {
    keep_message();
  }
  return failed;
}

}  // namespace pgl

#endif
