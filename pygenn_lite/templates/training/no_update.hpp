// For programs that only compute gradients.
#ifndef PGL_TRAINING_NO_UPDATE_HPP
#define PGL_TRAINING_NO_UPDATE_HPP

#include "training/records.h"

namespace pgl::training {

struct Update {
  template <class Barrier>
  static void step(const pgl_training_program&, const pgl_training_run&, uint32_t, uint32_t, uint32_t, uint32_t, Barrier&) {}
  static void prepare(const pgl_training_program&) {}
};

}  // namespace pgl::training

#endif
