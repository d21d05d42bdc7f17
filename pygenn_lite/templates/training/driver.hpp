// Carries out runs on the processor: threads that take the blocks of each phase in turn, a whole order of samples in one
// call. What a thread does has no influence on results: blocks share nothing, and sums have one order.
//
// A batch is cut into chunks, which have slots. Phases stand in one list: trials of chunk 0, trials of chunk 1, gathering
// of chunk 0, trials of chunk 2, ... A thread takes the next block of the list, and waits only where what the block needs is
// not done: threads meet once a batch.
#ifndef PGL_TRAINING_DRIVER_HPP
#define PGL_TRAINING_DRIVER_HPP

#include "cpp/engine/barrier.hpp"
#include "cpp/engine/crew.hpp"
#include "cpp/engine/error.hpp"
#include "cpp/engine/list.hpp"
#include "training/phases.hpp"

namespace pgl::training {

// Blocks that are alike. `needs`: phases before this one that must be done before any of them.
struct Phase {
  uint32_t kind, chunk, count, needs;
  alignas(64) uint32_t taken = 0;
  alignas(64) uint32_t done = 0;
};
enum PhaseKind : uint32_t { kTrials, kGather };

// What a block of gathering does: rows of a group, or the sums of a population or group.
struct Share {
  enum Kind : uint32_t { kRows, kGroup, kPopulation } kind;
  uint32_t number, begin, end;   // rows
  uint32_t first_column, end_column;
};

template <class List, class Loss, class Update>
class Driver {
 public:
  explicit Driver(uint32_t threads) : threads_(threads), crew_(threads), barrier_(threads) {}

  // Samples that are done.
  uint64_t run(const pgl_training_program& program, const pgl_training_data& data, pgl_training_run& run) {
    program_ = &program;
    data_ = &data;
    run_ = &run;
    if (crew_.is_elsewhere()) throw Error("the threads were made in another process: make the session in the process that runs it");
    if (program.n_slots < 2 && run.batch > 1 && run.n > 1) throw Error("a batch of several samples needs at least two slots");
    chunk_ = program.n_slots >= run.batch || program.n_slots >= run.n ? run.batch : program.n_slots / 2;
    together_ = together();
    begin_ = 0;
    batches_ = 0;
    run.fault.fault = PGL_TRAINING_FINE;
    share_out();
    begin_batch();
    if (size_ == 0) return 0;
    crew_.run([&](uint32_t worker) { work(worker); });
    return run.done[0];
  }

 private:
  static constexpr uint32_t kTile = kMostVectors * kLanes<real>;  // columns whose sums stay in registers
  static constexpr uint32_t kCached = 256u << 10;

  // Trials of a block: not so many that threads would have none.
  uint32_t together() const {
    if ((run_->mode & PGL_TRAINING_BACKWARD) == 0) return 1;
    const uint32_t share = uint32_t(chunk_ < run_->n ? chunk_ : run_->n) / threads_;
    const uint32_t most = program_->together < kTogether<List> ? program_->together : kTogether<List>;
    return share < 2 || most < 2 ? 1 : share < most ? share : most;
  }

  void share_out() {
    shares_.clear();
    const bool backward = (run_->mode & PGL_TRAINING_BACKWARD) != 0;
    for (uint32_t g = 0; backward && g < program_->n_groups; ++g) {
      const pgl_training_group& group = program_->groups[g];
      if (group.layout == PGL_TRAINING_SHARED) shares_.push(Share{Share::kGroup, g, 0, 0, 0, 0});
      if (group.layout == PGL_TRAINING_SHARED || group.wanted == 0) continue;
      const uint32_t rows = program_->populations[group.source].n;
      const bool dense = group.layout == PGL_TRAINING_DENSE;
      const uint32_t columns = dense ? group.stride : 1;
      const uint32_t tile = reads_pairs(*program_, group) ? kRowBytes / uint32_t(sizeof(real)) : kTile, tiles = (columns + tile - 1) / tile;
      for (uint32_t c = 0; c < columns; c += tile) {
        const uint32_t end = !dense ? 0xffffffffu : c + tile < columns ? c + tile : columns;
        // Many rows, which read the same memory; but so that each thread gets two shares.
        const uint32_t parts = (2 * threads_ + tiles - 1) / tiles, each_part = (rows + parts - 1) / parts, part = each_part < 32 ? 32 : each_part;
        for (uint32_t r = 0; r < rows; r += part) shares_.push(Share{Share::kRows, g, r, r + part < rows ? r + part : rows, c, end});
      }
    }
    for (uint32_t k = 0; k < program_->n_populations; ++k) shares_.push(Share{Share::kPopulation, k, 0, 0, 0, 0});
  }

  // One thread sets up what all will do.
  void begin_batch() {
    size_ = uint32_t(run_->n - begin_ < run_->batch ? run_->n - begin_ : run_->batch);
    failed_ = 0xffffffffffffffffu;
    const uint32_t chunks = (size_ + chunk_ - 1) / chunk_;
    n_phases_ = 2 * chunks;
    phases_.resize(n_phases_);
    uint32_t at = 0;
    for (uint32_t c = 0; c <= chunks; ++c) {
      // Trials of a chunk use the slots of the last but one; gathering comes in the order of chunks.
      if (c < chunks) phases_[at++] = Phase{kTrials, c, (length(c) + together_ - 1) / together_, c < 2 ? 0 : 2 * c - 2 + 1};
      if (c > 0) phases_[at] = Phase{kGather, c - 1, uint32_t(shares_.size()), at}, ++at;
    }
  }
  uint32_t length(uint32_t chunk) const { return size_ - chunk * chunk_ < chunk_ ? size_ - chunk * chunk_ : chunk_; }
  uint32_t first_slot(uint32_t chunk) const { return (chunk & 1u) * chunk_ * (program_->n_slots >= 2 * chunk_ ? 1u : 0u); }

  void work(uint32_t worker) {
    for (;;) {
      if (worker == 0) clear_gradients();
      lay_panels(worker);
      barrier_.wait();
      for (uint32_t p = 0; p < n_phases_; ++p) {
        Phase& phase = phases_[p];
        for (;;) {
          const uint32_t block = __atomic_fetch_add(&phase.taken, 1, __ATOMIC_RELAXED);
          if (block >= phase.count) break;
          for (uint32_t q = 0; q < phase.needs; ++q) wait_for(phases_[q]);
          carry_out(phase, block);
          __atomic_fetch_add(&phase.done, 1, __ATOMIC_RELEASE);
        }
      }
      barrier_.wait();
      end_batch(worker);
      if (size_ == 0) return;
    }
  }

  // All samples of the batch are done: the optimiser's step, and on to the next.
  void end_batch(uint32_t worker) {
    const bool fine = failed_ == 0xffffffffffffffffu;
    if (fine && worker == 0) chain_all();
    barrier_.wait();
    if (fine && (run_->mode & PGL_TRAINING_UPDATE) != 0) Update::step(*program_, *run_, batches_, size_, worker, threads_, barrier_);
    barrier_.wait();
    if (worker == 0) {
      if (fine && (run_->mode & PGL_TRAINING_UPDATE) != 0) prepare_all<List>(*program_);
      next_batch(fine);
    }
    barrier_.wait();
  }

  void next_batch(bool fine) {
    if (!fine) {
      run_->fault_position = failed_;
      run_->fault = slot_status(failed_);
    } else if ((run_->mode & PGL_TRAINING_UPDATE) != 0 && !(run_->norm[batches_] <= kLargest<double>)) {
      run_->fault_position = begin_;
      run_->fault = pgl_training_status{PGL_TRAINING_NOT_FINITE, PGL_TRAINING_ADJOINT, PGL_TRAINING_NONE, 0, 0, 0, 0, 0};
      fine = false;
    }
    if (!fine) {
      size_ = 0;
      return;
    }
    count_all();
    begin_ += size_;
    ++batches_;
    __atomic_store_n(&run_->done[0], begin_, __ATOMIC_RELAXED);
    __atomic_store_n(&run_->done[1], uint64_t(batches_), __ATOMIC_RELAXED);
    if (begin_ == run_->n || __atomic_load_n(run_->stop, __ATOMIC_RELAXED) != 0) {
      size_ = 0;
      return;
    }
    begin_batch();
  }

  // Weights that adjoints come back through, as they are in this batch.
  void lay_panels(uint32_t worker) {
    for (uint32_t g = 0; g < program_->n_groups; ++g) {
      const pgl_training_group& group = program_->groups[g];
      if (group.panels == nullptr || group.back_weight == nullptr || (run_->mode & PGL_TRAINING_BACKWARD) == 0) continue;
      const Matrix<real> matrix = matrix_of(*program_, group);
      for (uint32_t p = worker; p < panels_of<real>(matrix.n); p += threads_) lay_panel(static_cast<real*>(group.panels), matrix, p);
    }
  }

  void clear_gradients() {
    each_model<List>([&]<class Population, uint32_t K>() {
      const pgl_training_population& of = program_->populations[K];
      uint64_t* sums = static_cast<uint64_t*>(of.count_sums);
      for (uint32_t i = 0; i < of.n; ++i) sums[i] = 0;
      if ((run_->mode & PGL_TRAINING_BACKWARD) == 0) return;
      zero(of.gradient, uint64_t(Population::kGradients) * of.stride);
      zero(of.initial_gradient, uint64_t(Population::kAdjoints) * of.stride);
    });
    if ((run_->mode & PGL_TRAINING_BACKWARD) == 0) return;
    for (uint32_t g = 0; g < program_->n_groups; ++g) {
      const pgl_training_group& group = program_->groups[g];
      const bool dense = group.layout == PGL_TRAINING_DENSE;
      const uint64_t n = dense ? uint64_t(program_->populations[group.source].n) * group.stride : group.n_synapses;
      if ((group.wanted & PGL_TRAINING_WEIGHTS) != 0) zero(group.gradient, group.layout == PGL_TRAINING_SHARED ? group.n_weights : n);
      if ((group.wanted & PGL_TRAINING_DELAYS) != 0) zero(group.delay_gradient, n);
    }
  }
  static void zero(void* values, uint64_t n) {
    if (values != nullptr) __builtin_memset(values, 0, n * sizeof(real));
  }

  void carry_out(const Phase& phase, uint32_t block) {
    if (__atomic_load_n(&failed_, __ATOMIC_RELAXED) != 0xffffffffffffffffu) return;
    const uint32_t slot = first_slot(phase.chunk);
    const uint64_t position = begin_ + uint64_t(phase.chunk) * chunk_;
    const Chunk chunk{program_, data_, run_, slot, length(phase.chunk), position};
    if (phase.kind == kTrials) {
      run_trials(chunk.part(block * together_, together_));
    } else {
      gather(chunk, shares_[block]);
    }
  }

  void run_trials(const Chunk& chunk) {
    Place places[kMostTogether];
    for (uint32_t k = 0; k < chunk.n; ++k) places[k] = chunk.place(k);
    training::run_trials<List, Loss>(places, chunk.n);
    for (uint32_t k = 0; k < chunk.n; ++k) {
      if (places[k].status().fault != PGL_TRAINING_FINE) fail(places[k].position);
    }
  }

  void gather(const Chunk& chunk, const Share& share) {
    if (share.kind == Share::kGroup) {
      sum_group(chunk, program_->groups[share.number]);
    } else if (share.kind == Share::kRows) {
      // As many samples at a time as have these columns of all steps in the second level cache.
      const uint32_t bytes = program_->steps * kTile * uint32_t(sizeof(real)), together = bytes < kCached ? kCached / bytes : 1;
      for (uint32_t k = 0; k < chunk.n; k += together) {
        const Chunk part = chunk.part(k, together);
        gather_group(part, program_->groups[share.number], share.begin, share.end, 1, share.first_column, share.end_column);
      }
    } else {
      each_model<List>([&]<class Population, uint32_t K>() {
        if (K == share.number) sum_population<Population>(chunk, program_->populations[K], (run_->mode & PGL_TRAINING_BACKWARD) != 0);
      });
    }
  }

  // The first sample of the order that failed among those that have been tried; which slot it had is noted with it.
  void fail(uint64_t position) {
    uint64_t before = __atomic_load_n(&failed_, __ATOMIC_RELAXED);
    while (position < before && !__atomic_compare_exchange_n(&failed_, &before, position, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
    }
  }
  pgl_training_status slot_status(uint64_t position) const {
    const uint32_t in_batch = uint32_t(position - begin_), chunk = in_batch / chunk_;
    const Chunk of{program_, data_, run_, first_slot(chunk), 1, begin_ + uint64_t(chunk) * chunk_};
    return of.place(in_batch % chunk_).status();
  }

  void chain_all() {
    if ((run_->mode & PGL_TRAINING_BACKWARD) == 0) return;
    each_model<List>([&]<class Population, uint32_t K>() { chain<Population>(*program_, K); });
  }
  void count_all() {
    each_model<List>([&]<class Population, uint32_t K>() { count_spikes(program_->populations[K], size_); });
  }

  // Awake for a while, then asleep: a trial may take long.
  void wait_for(const Phase& phase) {
    for (uint32_t i = 0; __atomic_load_n(&phase.done, __ATOMIC_ACQUIRE) < phase.count; ++i) {
      cpu_pause();
      if (i > kPatience) {
        const timespec nap{0, 50'000};
        nanosleep(&nap, nullptr);
      }
    }
  }
  static constexpr uint32_t kPatience = 20'000;

  const uint32_t threads_;
  Crew crew_;
  Barrier barrier_;
  const pgl_training_program* program_ = nullptr;
  const pgl_training_data* data_ = nullptr;
  pgl_training_run* run_ = nullptr;
  pgl::List<Share> shares_;
  pgl::List<Phase> phases_;
  uint32_t chunk_ = 1, together_ = 1, size_ = 0, n_phases_ = 0, batches_ = 0;
  uint64_t begin_ = 0, failed_ = 0;
};

}  // namespace pgl::training

#endif
