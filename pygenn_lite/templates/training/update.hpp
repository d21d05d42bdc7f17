// The optimiser's step after a batch, on the processor: threads are the blocks of optimise.hpp.
#ifndef PGL_TRAINING_UPDATE_HPP
#define PGL_TRAINING_UPDATE_HPP

#include "training/optimise.hpp"
#include "training/records.h"

namespace pgl::training {

struct Update {
  // By all threads. `batch`: of this run; `size`: its samples. Barriers are those of the driver's threads.
  template <class Barrier>
  static void step(const pgl_training_program& program, const pgl_training_run& run, uint32_t batch, uint32_t size, uint32_t worker,
                   uint32_t threads, Barrier& barrier) {
    OptimiseArgs args = *static_cast<const OptimiseArgs*>(program.optimise);
    args.update.rate = run.rates[batch];
    args.update.number = double(run.update + batch + 1);
    args.update.scale = 1.0 / double(size);
    const int block = pgl::detail::the_block, blocks = pgl::detail::the_blocks;
    pgl::detail::the_block = int(worker);
    pgl::detail::the_blocks = int(threads);
    double parts[kSums];
    square_sums(args, parts);
    barrier.wait();
    gradient_norms(args);
    if (worker == 0) run.norm[batch] = args.norms[args.count];
    barrier.wait();
    optimise<Optimiser0>(args);
    if ((args.limits & kNorms) != 0) {
      barrier.wait();
      limit_rows(args, parts);
      barrier.wait();
      limit_columns(args);
    }
    if ((args.limits & kLevels) != 0) {
      barrier.wait();
      round_rows(args, parts);
      barrier.wait();
      round_arrays(args);
    }
    pgl::detail::the_block = block;
    pgl::detail::the_blocks = blocks;
  }

  // By one thread: what is quantised, from values that were set.
  static void prepare(const pgl_training_program& program) {
    const auto* args = static_cast<const OptimiseArgs*>(program.optimise);
    if (args == nullptr || (args->limits & kLevels) == 0) return;
    double parts[kSums];
    round_rows(*args, parts);
    round_arrays(*args);
  }
};

}  // namespace pgl::training

#endif
