// The functions of a training program on the processor.
#ifndef PGL_TRAINING_EXPORTS_HPP
#define PGL_TRAINING_EXPORTS_HPP

#include "training/driver.hpp"

#define PGL_TRAINING_EXPORT extern "C" __attribute__((visibility("default")))

namespace pgl::training {
using Program = Driver<Network, Loss, Update>;
}

PGL_TRAINING_EXPORT int32_t pgl_training_version(void) { return PGL_TRAINING_ABI; }
PGL_TRAINING_EXPORT const char* pgl_last_error(void) { return pgl::last_error().text; }

PGL_TRAINING_EXPORT void* pgl_training_create(uint32_t threads) {
  return pgl::guarded<void*>(nullptr, [&]() -> void* {
    if (threads == 0) throw pgl::Error("training needs at least one thread");
    return new pgl::training::Program(threads);
  });
}
PGL_TRAINING_EXPORT void pgl_training_destroy(void* driver) { delete static_cast<pgl::training::Program*>(driver); }

// Samples done, or -1.
PGL_TRAINING_EXPORT int64_t pgl_training_execute(void* driver, const pgl_training_program* program, const pgl_training_data* data,
                                             pgl_training_run* run) {
  return pgl::guarded<int64_t>(-1, [&] { return int64_t(static_cast<pgl::training::Program*>(driver)->run(*program, *data, *run)); });
}

// Before the first run, and after values have been changed from outside: coefficients, steps of delays, quantised values.
PGL_TRAINING_EXPORT void pgl_training_prepare(const pgl_training_program* program) {
  pgl::training::prepare_all<pgl::training::Network>(*program);
  pgl::training::Update::prepare(*program);
}

// Reals that the loss needs in a slot.
PGL_TRAINING_EXPORT uint64_t pgl_training_scratch(const uint32_t* sizes, uint32_t steps) { return pgl::training::Loss::scratch(sizes, steps); }

#endif
