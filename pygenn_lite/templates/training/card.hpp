// What Python asks of a training program on a card, between the phases of a batch.
#ifndef PGL_TRAINING_CARD_HPP
#define PGL_TRAINING_CARD_HPP

#include "training/kernels.hpp"

namespace pgl::training {

// The first trial of a chunk that failed, if no earlier chunk of the batch had one.
struct Found {
  uint64_t position;
  pgl_training_status status;
};
struct CheckArgs {
  ChunkArgs of;
  Found* found;
};
PGL_KERNEL(pgl_training_check, CheckArgs, 32) {
  if (args.found->status.fault != PGL_TRAINING_FINE) return;
  const Chunk chunk = args.of.chunk();
  uint32_t first = args.of.n;
  for (uint32_t k = uint32_t(thread()); k < args.of.n; k += uint32_t(threads())) {
    if (first == args.of.n && chunk.place(k).status().fault != PGL_TRAINING_FINE) first = k;
  }
  PGL_SHARED(uint32_t, of_thread, 32);
  of_thread[thread()] = first;
  barrier();
  if (thread() != 0) return;
  for (int k = 1; k < threads(); ++k) first = of_thread[k] < first ? of_thread[k] : first;
  if (first == args.of.n) return;
  args.found->position = args.of.first_position + first;
  args.found->status = chunk.place(first).status();
}

// Reals of the loss in a slot, by the sizes of populations.
struct ScratchArgs {
  const uint32_t* sizes;
  uint64_t* reals;
  uint32_t steps;
};
PGL_KERNEL(pgl_training_scratch, ScratchArgs, 32) {
  if (thread() == 0) *args.reals = Loss::scratch(args.sizes, args.steps);
}

}  // namespace pgl::training

#endif
