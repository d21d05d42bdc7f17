// The engine: shards of populations, groups between them, and the loop that runs them.
//
// A step of one shard walks the schedule that the host has set (schedule.hpp, step.hpp). Shards
// meet only where spikes become visible, once in min_delay steps: in a block of so many steps no shard can feel
// what another does in it. A shard sends its spikes when it has come to the end of a block, and begins the next one when all
// have. With its spikes each says whether it wishes to stop, so all stop at the same step and results do not
// depend on the number of threads.
#ifndef PGL_ENGINE_HPP
#define PGL_ENGINE_HPP

#include <stdint.h>
#include <stdlib.h>

#include "abi.h"
#include "barrier.hpp"
#include "calendar.hpp"
#include "crew.hpp"
#include "error.hpp"
#include "list.hpp"
#include "population.hpp"
#include "recording.hpp"
#include "schedule.hpp"
#include "static_shard.hpp"

namespace pgl {

// A group with kernels of its own, on one shard.
struct GeneralShard {
  pgl_synapse_args args{};
  const pgl_store* store = nullptr;
  const pgl_shard_store* synapses = nullptr;
  Calendar<pgl_arrival> calendar;

  explicit GeneralShard(uint32_t longest_delay) : calendar(longest_delay) {}
};

struct StaticGroup {
  int32_t lead;  // 1: arrivals are delivered a step early, into what the update of that step will add
};

struct GeneralGroup {
  uint32_t target_population;
  int32_t lead;  // 1: arrivals at the end of a step come before the target fires
  pgl_on_pre_fn on_pre;
};

struct Gather;  // walk.hpp
struct Walk;

// Everything that one shard owns; touched by one worker at a time.
struct alignas(64) Shard {
  List<PopulationShard> populations;
  List<StaticShard> statics;
  List<GeneralShard> generals;
  SpikeBlock blocks[2];   // one is written while the other is read
  List<uint32_t> spikes;  // of all shards of one population at one step, while they are looked up
  pgl_fault fault{};      // the first
};

// What a step does with synapses. Compiled apart (synapses.cpp), and known to an engine that has some.
struct SynapseWork {
  // Notes the arrivals of spikes that carry time t_step; those that have been delivered when `now` begins are left out.
  void (*post)(pgl_engine& engine, Shard& shard, const Population& population, const uint32_t* spikes, uint32_t n,
               int64_t step, int64_t now);
  // Adds what arrives at t_step.
  void (*deliver)(StaticShard& part, int64_t step);
  // Adds what was summed in whole numbers.
  void (*collect)(const pgl_sums& sums, uint32_t real_bytes, int64_t step, pgl_fault& fault);
};

inline void sort_spikes(List<Spike>& spikes) {
  qsort(spikes.data(), spikes.size(), sizeof(Spike), [](const void* a, const void* b) {
    const Spike &one = *static_cast<const Spike*>(a), &other = *static_cast<const Spike*>(b);
    return (other < one ? 1 : 0) - (one < other ? 1 : 0);
  });
}

}  // namespace pgl

struct pgl_engine {
 public:
  pgl_engine(uint32_t threads, uint32_t shards, uint32_t shortest_delay, uint32_t longest_delay, uint32_t bytes_of_real)
      : min_delay(shortest_delay),
        max_delay(longest_delay),
        real_bytes(bytes_of_real),
        threads_(threads < shards ? threads : shards),
        shards_(shards),
        crew_(threads_),
        patience_(pgl::patience_of(threads_)),
        messages_(threads_ > 1 ? 2 * size_t{shards} : 0) {}
  ~pgl_engine() {
    for (Recorder& recorder : recorders) {
      delete recorder.spikes;
      delete recorder.variable;
    }
    delete meeting_;
    if (held_ != nullptr) held_->release();
  }

  const uint32_t min_delay, max_delay, real_bytes;
  pgl::List<pgl::Population> populations;
  pgl::List<pgl::StaticGroup> statics;
  pgl::List<pgl_sums> sums;  // by shard, where static synapses sum in whole numbers
  pgl::List<pgl::GeneralGroup> generals;
  pgl::SynapseWork synapses{};
  // Where its schedule may have reductions.
  pgl::AnyReduction* (*make_reduction)(const pgl_engine&, const pgl_reduction& what, uint32_t population) = nullptr;
  // Both kinds share one numbering; one of the two is set.
  struct Recorder {
    pgl::SpikeRecorder* spikes;
    pgl::VariableRecorder* variable;
  };
  pgl::List<Recorder> recorders;

  pgl::List<pgl::Shard>& shards() { return shards_; }
  const pgl::List<pgl::Shard>& shards() const { return shards_; }
  PGL_COLD void use(pgl_schedule& schedule) {
    schedule.hold();
    if (held_ != nullptr) held_->release();
    held_ = &schedule;
    fit();
    if (schedule.schedule.meets() && meeting_ == nullptr) meeting_ = new pgl::Barrier(threads_);
  }
  int64_t step() const { return __atomic_load_n(&step_, __ATOMIC_RELAXED); }
  // Safe in a signal handler. A run that is asked before it begins does nothing; a run of 0 steps forgets the wish.
  void request_stop() { __atomic_store_n(&stop_, true, __ATOMIC_RELAXED); }
  const pgl_fault& fault() const { return fault_; }

  int64_t run(int64_t steps);
  int64_t try_run(int64_t steps) noexcept;
  void fit() noexcept;
  void start_tape(const pgl_tape* const* tapes);
  void walk(pgl_gathers& gathers, const pgl_op* ops, size_t n, int64_t first, int64_t count, int32_t direction);
  void set_error(const char* text) { failure_.set(text); }
  const char* error() const { return failure_.text(); }
  void set_step(int64_t step);
  void import_spikes(uint32_t population, pgl::List<pgl::Spike>& spikes);
  void import_totals(uint32_t population, const uint32_t* counts);
  void export_totals(uint32_t population, uint32_t* counts) const;

 private:
  // The steps between two meetings. Every worker works it out for itself.
  struct Block {
    int64_t first, end;
    int64_t read_first;   // the block before holds the spikes of `read_steps` time steps from here on
    uint32_t read_steps;
    uint32_t number;      // of all blocks of this engine: resets do not begin anew, as messages bear it
    uint32_t writing() const { return number & 1u; }  // which of a shard's two SpikeBlocks; the other is being read
    uint32_t reading() const { return writing() ^ 1u; }
  };

  struct Work {
    uint32_t writing;             // which of a shard's SpikeBlocks
    pgl::List<uint32_t>& spikes;  // where kernels write: the thread's, as there may be thousands of engines
  };

  void birth();
  void work(uint32_t worker);
  Block block_after(const Block& last) const;
  bool exchange(uint32_t worker, uint32_t begin, uint32_t end, const Block& block, bool stop);
  bool is_told_to_stop(const Block& block);
  bool run_block(uint32_t begin, uint32_t end, const Block& block);
  void open_block(uint32_t shard, const Block& block);
  void close_block(uint32_t shard, const Block& block);
  void write_message(uint32_t shard, uint32_t writing);
  pgl::SpikeEntry read(uint32_t shard, const Block& block, uint32_t entry) const;
  template <class Part>
  bool try_part(Part&& part);
  void look_up_spikes(pgl::Shard& shard, const Block& block);
  void fetch_ahead(const pgl::Shard& shard, const pgl_op* next, const pgl_op* end) const;
  void run_ops(uint32_t shard, int64_t step, size_t stretch, const Work& work);
  void meet(int64_t step, size_t stretch);
  void deliver(pgl::StaticShard& part, int64_t step);
  void collect(uint32_t shard, int64_t step);
  void arrive(pgl::Shard& shard, size_t group, int64_t step);
  void fire(pgl::Shard& shard, uint32_t index, int64_t step, pgl::List<uint32_t>& room);
  void call_neurons(const pgl::Shard& shard, uint32_t number, const pgl_op& op, int64_t step);
  void call_synapses(const pgl::Shard& shard, uint32_t number, const pgl_op& op, int64_t step);
  void complete(const pgl::Schedule& of, int64_t step, size_t stretch);
  pgl::Gather make_gather(const pgl_op& op);
  void fit_sums(pgl::Gather& gather);
  void recall(uint32_t shard, int64_t step, const pgl::List<pgl::Gather*>& gathers);
  void walk_ops(uint32_t shard, int64_t step, size_t stretch, pgl::Walk& walk);
  void walk_block(uint32_t begin, uint32_t end, int64_t first, int64_t last, pgl::Walk& walk);
  void settle_fault();
  void fail(const char* message);

  const uint32_t threads_;
  pgl::List<pgl::Shard> shards_;
  pgl::Crew crew_;
  const uint32_t patience_;
  pgl::List<pgl::SpikeMessage> messages_;  // [shards][2], where there are several workers: one reads its own blocks
  pgl_schedule* held_ = nullptr;
  pgl::Barrier* meeting_ = nullptr;  // of workers in mid-step, where the schedule has such
  Block last_{0, 0, 0, 0, 0};  // before the present run
  // A line that one worker writes and others read costs each of them 0.1 us per step. So the first is written by worker
  // 0 only, and the others hardly ever.
  alignas(64) int64_t step_ = 0;  // by atomic operations only, as are the next two
  alignas(64) bool stop_ = false;
  bool failed_ = false;
  int64_t end_ = 0;  // of the present run
  pgl::RareMessage failure_;  // of the first to fail in the last run
  bool broken_ = false;
  pgl_fault fault_{};
};

// ---------------------------------------------------------------- one block of steps of one shard

inline void pgl_engine::look_up_spikes(pgl::Shard& shard, const Block& block) {
  for (size_t p = 0; p < populations.size(); ++p) {
    const pgl::Population& population = populations[p];
    if (population.statics.empty() && population.generals.empty()) continue;
    for (uint32_t k = 0; k < block.read_steps; ++k) {
      // Shards hold ascending ranges of neurons, so this list is ascending, and the same however they are cut.
      shard.spikes.clear();
      for (uint32_t s = 0; s < shards_.size(); ++s) {
        const auto entry = read(s, block, static_cast<uint32_t>(k * populations.size() + p));
        shard.spikes.append(entry.spikes, entry.n);
      }
      const auto n = static_cast<uint32_t>(shard.spikes.size());
      if (n == 0) continue;
      const int64_t step = block.read_first + k;
      synapses.post(*this, shard, population, shard.spikes.data(), n, step, step - 1);  // all of them are still to come
    }
  }
}

inline void pgl_engine::open_block(uint32_t number, const Block& block) {
  look_up_spikes(shards_[number], block);
  shards_[number].blocks[block.writing()].begin();
}

inline void pgl_engine::close_block(uint32_t number, const Block& block) {
  write_message(number, block.writing());
  for (pgl::PopulationShard& part : shards_[number].populations) part.in_flight.forget_before(block.end - max_delay);
}

inline void pgl_engine::write_message(uint32_t shard, uint32_t writing) {
  if (threads_ > 1) messages_[2 * size_t{shard} + writing].write(shards_[shard].blocks[writing]);
}

// What a shard fired in the block before.
inline pgl::SpikeEntry pgl_engine::read(uint32_t shard, const Block& block, uint32_t entry) const {
  const uint32_t reading = block.reading();
  return threads_ > 1 ? messages_[2 * size_t{shard} + reading][entry] : shards_[shard].blocks[reading][entry];
}

// Gives back all memory but that of what is on its way: of many engines only those that run need more.
PGL_COLD inline void pgl_engine::fit() noexcept {
  populations.fit();
  statics.fit();
  generals.fit();
  for (pgl::Population& population : populations) {
    population.statics.fit();
    population.generals.fit();
  }
  for (pgl::Shard& shard : shards_) {
    shard.populations.fit();
    shard.statics.fit();
    shard.generals.fit();
    shard.spikes.clear();
    shard.spikes.fit();
    for (pgl::PopulationShard& part : shard.populations) {
      part.latest.fit();
      part.in_flight.fit();
    }
    for (pgl::StaticShard& part : shard.statics) part.fit();
    for (pgl::GeneralShard& part : shard.generals) part.calendar.fit();
    shard.blocks[last_.reading()].begin();  // has been read
    for (pgl::SpikeBlock& block : shard.blocks) block.fit();
  }
  for (pgl::SpikeMessage& message : messages_) message.fit();
}

// ---------------------------------------------------------------- the loop

PGL_COLD inline void pgl_engine::fail(const char* message) {
  if (!__atomic_exchange_n(&failed_, true, __ATOMIC_SEQ_CST)) failure_.set(message);
}

template <class Part>
bool pgl_engine::try_part(Part&& part) {
  try {
    part();
    return true;
  } catch (const pgl::Error& error) {
    fail(error.text);
  } catch (...) {
    fail("not enough memory while running; the network must be reset before it can continue");
  }
  return false;
}

// One block on the shards of one worker: whether the run must end with it. Each shard takes all steps before the next
// begins, so that what it needs stays near; where a schedule has workers meet, they go from meeting to meeting.
inline bool pgl_engine::run_block(uint32_t begin, uint32_t end, const Block& block) {
  thread_local pgl::List<uint32_t> spikes;
  const Work work{block.writing(), spikes};
  const pgl::Schedule& schedule = held_->schedule;
  bool healthy = true;  // who has failed continues to meet the others, who would wait for ever
  const auto on_shards = [&](auto&& part) {
    for (uint32_t s = begin; s < end && healthy; ++s) healthy = try_part([&] { part(s); });
  };
  if (!schedule.meets()) {
    on_shards([&](uint32_t s) {
      open_block(s, block);
      for (int64_t step = block.first; step < block.end; ++step) run_ops(s, step, 0, work);
      close_block(s, block);
    });
  } else {
    on_shards([&](uint32_t s) { open_block(s, block); });
    for (int64_t step = block.first; step < block.end; ++step) {
      for (size_t stretch = 0; stretch < schedule.ends.size(); ++stretch) {
        on_shards([&](uint32_t s) { run_ops(s, step, stretch, work); });
        if (stretch + 1 < schedule.ends.size()) meet(step, stretch);
      }
    }
    on_shards([&](uint32_t s) { close_block(s, block); });
  }
  bool over = !healthy;
  for (uint32_t s = begin; s < end; ++s) over = over || shards_[s].fault.set != 0;
  return over;
}

inline void pgl_engine::work(uint32_t worker) {
  const auto count = static_cast<uint64_t>(shards_.size());
  const auto begin = static_cast<uint32_t>(count * worker / threads_);
  const auto end = static_cast<uint32_t>(count * (worker + 1) / threads_);
  crew_.settle(worker);
  for (Block block = block_after(last_);; block = block_after(block)) {
    // Even what has failed is sent; the others would wait for ever.
    const bool stop = run_block(begin, end, block) || is_told_to_stop(block);
    bool over = stop || block.end == end_;
    if (threads_ > 1 && exchange(worker, begin, end, block, stop)) over = true;
    if (worker == 0) {
      __atomic_store_n(&step_, block.end, __ATOMIC_RELAXED);
      if (over) last_ = block;
    }
    if (over) return;
  }
}

// Sends what a worker's shards have fired, and returns when all others have sent theirs: whether one wishes to stop.
inline bool pgl_engine::exchange(uint32_t worker, uint32_t begin, uint32_t end, const Block& block, bool stop) {
  const auto message = [&](uint32_t s) -> pgl::SpikeMessage& { return messages_[2 * size_t{s} + block.writing()]; };
  for (uint32_t s = begin; s < end; ++s) message(s).send(block.number, stop);
  bool over = false;
  uint32_t patience = patience_;
  const auto rested = [&] { crew_.settle(worker); };
  for (uint32_t s = 0; s < shards_.size(); ++s) {
    if (s >= begin && s < end) continue;
    if (message(s).wait_for(block.number, patience, rested)) over = true;
  }
  return over;
}

inline pgl_engine::Block pgl_engine::block_after(const Block& last) const {
  // Longer blocks save nothing more, and a run can be stopped only between blocks.
  constexpr int64_t kLongest = 64;
  int64_t length = min_delay < kLongest ? int64_t{min_delay} : kLongest;
  if (end_ - last.end < length) length = end_ - last.end;
  return {last.end, last.end + length, last.first + 1, static_cast<uint32_t>(last.end - last.first), last.number + 1};
}

// One worker takes the wish, and tells the others. A wish that comes in the last block is kept for the next run: the
// host may be running in short pieces.
inline bool pgl_engine::is_told_to_stop(const Block& block) {
  return block.end != end_ && __atomic_load_n(&stop_, __ATOMIC_RELAXED) &&
         __atomic_exchange_n(&stop_, false, __ATOMIC_SEQ_CST);
}

// A train may begin with a spike at the very step from which the run starts: no update could bring it up.
PGL_COLD inline void pgl_engine::birth() {
  const int64_t now = step();
  bool unborn = false;
  for (const pgl::Population& population : populations) unborn = unborn || population.unborn;
  if (!unborn) return;
  last_ = {now - 1, now, 0, 0, last_.number};  // as if a block of one step had just made these spikes
  for (uint32_t s = 0; s < shards_.size(); ++s) {
    pgl::SpikeBlock& block = shards_[s].blocks[last_.writing()];
    block.begin();
    for (size_t p = 0; p < populations.size(); ++p) {
      pgl::Population& population = populations[p];
      pgl::PopulationShard& part = shards_[s].populations[p];
      if (!population.unborn) {
        block.append({});  // what it fired is on its way already
        continue;
      }
      if (population.has_train) pgl::take_train(part, now);
      if (population.has_train) pgl::trace_train(population, part, now, real_bytes);
      pgl::announce(population, part, block, s, now, real_bytes);
    }
    write_message(s, last_.writing());
  }
  for (pgl::Population& population : populations) population.unborn = false;
}

PGL_COLD inline int64_t pgl_engine::run(int64_t steps) {
  if (steps < 0) throw pgl::Error("cannot run backwards: the number of steps is negative");
  if (crew_.is_elsewhere()) {
    throw pgl::Error("the engine was made in another process: compile the network in the process that runs it");
  }
  if (held_ == nullptr) throw pgl::Error("the engine has not been told what a step consists of");
  if (broken_) throw pgl::Error("the last run failed: reset the simulation before running on");
  if (__atomic_exchange_n(&stop_, false, __ATOMIC_SEQ_CST) || steps == 0) return 0;
  const int64_t start = step();
  broken_ = true;  // until this run has come to a good end
  const pgl::FlushDenormals flush;
  birth();
  end_ = start + steps;
  crew_.run([this](uint32_t worker) { work(worker); });
  if (failed_) throw pgl::Error("%s", failure_.text());
  settle_fault();
  broken_ = fault_.set != 0;
  return step() - start;
}

// For who runs many: -1 says that it failed, and error() why.
PGL_COLD inline int64_t pgl_engine::try_run(int64_t steps) noexcept {
  const int64_t done = pgl::guarded<int64_t>(-1, [&] { return run(steps); });
  if (done < 0) failure_.set(pgl::last_error().text);
  return done;
}

namespace pgl {

inline Population& population_at(pgl_engine* engine, uint32_t index) {
  if (index >= engine->populations.size()) throw Error("no population %u", index);
  return engine->populations[index];
}

}  // namespace pgl

#endif
