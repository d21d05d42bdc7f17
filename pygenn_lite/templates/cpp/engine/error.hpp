// How failures cross the C ABI: functions throw inside, the exported ones catch, keep the message for this thread
// (pgl_last_error) and return a value that says failure.
#ifndef PGL_ERROR_HPP
#define PGL_ERROR_HPP

#include <exception>
#include <new>
#include <stdexcept>
#include <string>

// Runs once per store or call: kept small, so that the engine compiles quickly.
#define PGL_COLD [[gnu::cold, gnu::noinline]]

namespace pgl {

struct Error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

inline std::string& last_error() {
  thread_local std::string text;
  return text;
}

// Runs the body of an exported function; `failed` is returned if it throws.
template <class Result, class Body>
Result guarded(Result failed, Body&& body) noexcept {
  try {
    return body();
  } catch (const std::bad_alloc&) {
    last_error() = "not enough memory";
  } catch (const std::exception& error) {
    last_error() = error.what();
  }
  return failed;
}

}  // namespace pgl

#endif
