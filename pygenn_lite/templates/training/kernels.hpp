// The kernels of a training program on a card: a phase of a chunk or of a batch each. A block has kThreads threads.
#ifndef PGL_TRAINING_KERNELS_HPP
#define PGL_TRAINING_KERNELS_HPP

#include "training/phases.hpp"

namespace pgl::training {

struct ChunkArgs {
  const pgl_training_program* program;
  const pgl_training_data* data;
  const pgl_training_run* run;
  uint32_t first_slot, n;    // samples of the chunk, or of the batch
  uint64_t first_position;
  uint32_t group, gradients;  // which group; whether gradients are summed

  PGL_DEVICE Chunk chunk() const { return {program, data, run, first_slot, n, first_position}; }
};

// A block for each sample of the chunk.
PGL_KERNEL(pgl_training_trials, ChunkArgs, kThreads) {
  if (uint32_t(block()) >= args.n) return;
  const Place place = args.chunk().place(uint32_t(block()));
  run_trials<Network, Loss>(&place, 1);
}

// Rows of a group: blocks take them in turn.
PGL_KERNEL(pgl_training_gather, ChunkArgs, kThreads) {
  const Chunk chunk = args.chunk();
  const pgl_training_group& group = args.program->groups[args.group];
  const uint32_t rows = args.program->populations[group.source].n;
  const uint32_t end = group.layout == PGL_TRAINING_DENSE ? group.stride : 0xffffffffu;
  gather_group(chunk, group, uint32_t(block()), rows, uint32_t(blocks()), 0, end);
}

// What trials have summed for themselves: a block for each group, then one for each population.
PGL_KERNEL(pgl_training_sums, ChunkArgs, kThreads) {
  const Chunk chunk = args.chunk();
  const uint32_t number = uint32_t(block());
  if (number < args.program->n_groups) {
    if (args.gradients) sum_group(chunk, args.program->groups[number]);
    return;
  }
  each_model<Network>([&]<class Population, uint32_t K>() {
    if (K == number - args.program->n_groups) sum_population<Population>(chunk, args.program->populations[K], args.gradients != 0);
  });
}

// After a batch: how often neurons spiked, gradients of parameters. A block for each population.
PGL_KERNEL(pgl_training_end_batch, ChunkArgs, kThreads) {
  each_model<Network>([&]<class Population, uint32_t K>() {
    if (K != uint32_t(block())) return;
    count_spikes(args.program->populations[K], args.n);
    if (args.gradients) chain<Population>(*args.program, K);
  });
}

// Before the next: coefficients, a block for each population, then delays, a block for each group that learns them.
PGL_KERNEL(pgl_training_prepare, ChunkArgs, kThreads) {
  const uint32_t number = uint32_t(block());
  if (number < args.program->n_populations) {
    each_model<Network>([&]<class Population, uint32_t K>() {
      if (K == number) prepare<Population>(*args.program, K);
    });
  } else {
    place_delays(*args.program, args.program->delays[number - args.program->n_populations]);
  }
}

}  // namespace pgl::training

#endif
