// The kernels of the plan "instances", appended to those of a network. PGL_WALK_THREADS, of a block at
// most, PGL_WALK_BLOCKS, that a multiprocessor is to hold, and PGL_WALK_KINDS, of operations that there are (by bit), are
// defined in front of both.
#include "cuda/engine/walk.hpp"

PGL_KERNEL(pgl_grant, pgl_walk, 128) {
  PGL_SHARED(int64_t, least, 1);
  pgl::grant(args, least);
}

PGL_KERNEL_OF(pgl_walk_instances, pgl_walk, PGL_WALK_THREADS, PGL_WALK_BLOCKS) {
  PGL_SHARED(double, values, pgl::kTeam);
  PGL_SHARED(uint32_t, places, pgl::kTeam);
  const pgl_card& card = *args.card;
  const int64_t begin = *card.step, end = begin + *args.granted;
  if (begin == end) return;
  for (auto k = uint32_t(pgl::block()); k < card.n_instances; k += uint32_t(pgl::blocks())) {
    pgl::walk_instance(args, {card.instances + k, nullptr, k, begin}, begin, end, values, places);
  }
}

PGL_KERNEL(pgl_end_walk, pgl_walk, 128) {
  PGL_SHARED(int64_t, latest, 2);
  pgl::end_walk(args, latest);
}
