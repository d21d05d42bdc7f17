// What a step consists of, as the engine walks it: the host's list of operations, checked once.
//
// The engine itself has no order. It only makes sure that nothing is left out or done twice: each population fires and
// sends once in a step, each delivery takes what has arrived in every step.
#ifndef PGL_SCHEDULE_HPP
#define PGL_SCHEDULE_HPP

#include <stddef.h>
#include <stdint.h>

#include "abi.h"
#include "error.hpp"
#include "list.hpp"

namespace pgl {

// PGL_OP_FIRE and PGL_OP_SEND of one population at once, while its spikes are near.
inline constexpr int32_t kUpdate = -1;

// Populations that do not all stay in the nearer caches.
inline constexpr size_t kMany = 64;

struct PopulationShard;
struct Shard;

// One value of many neurons. Compiled apart (reduction.hpp, in programs.cpp), and known to an engine that has some.
struct AnyReduction {
  virtual ~AnyReduction() = default;
  // By the owner of a shard: its blocks.
  virtual void gather(const PopulationShard& part, uint32_t shard) = 0;
  // By one worker, when all shards have been gathered and nobody changes them.
  virtual void finish(const List<Shard>& shards, uint32_t population) = 0;
};

// Operations of a step, cut where workers meet: stretch k ends before operation ends[k], and if there is another behind
// it, with a meeting.
struct Schedule {
  List<pgl_op> ops;
  List<uint32_t> ends;
  List<AnyReduction*> reductions;  // `index` of PGL_OP_REDUCE counts these; populations[k] is what they are over
  List<uint32_t> populations;

  Schedule() = default;
  Schedule(Schedule&& other) noexcept { swap(other); }
  Schedule& operator=(Schedule&& other) noexcept {
    swap(other);
    return *this;
  }
  ~Schedule() {
    for (AnyReduction* reduction : reductions) delete reduction;
  }

  PGL_COLD void swap(Schedule& other) noexcept {
    ops.swap(other.ops);
    ends.swap(other.ends);
    reductions.swap(other.reductions);
    populations.swap(other.populations);
  }
  // The last operation is a reduction, which make(what, population) makes.
  template <class Make>
  PGL_COLD void add_reduction(Make&& make) {
    pgl_op& op = ops.back();
    reductions.push(nullptr);  // first, so that the schedule owns what is made next
    reductions.back() = make(*static_cast<const pgl_reduction*>(op.args), op.index);
    populations.push(op.index);
    op.index = static_cast<uint32_t>(reductions.size() - 1);
  }
  bool meets() const { return ends.size() > 1; }
};

inline bool is_due(const pgl_op& op, int64_t step) {
  return op.every == 1 || static_cast<uint64_t>(step) % op.every == op.offset;
}

// How often each thing is done in a step.
struct Census {
  List<uint32_t> fired, sent, delivered, arrived;
  uint32_t next_to_send = 0;  // messages hold the spikes of populations in the order of their numbers

  Census(size_t populations, size_t statics, size_t generals)
      : fired(populations), sent(populations), delivered(statics), arrived(generals) {}

  PGL_COLD static void count(List<uint32_t>& done, const pgl_op& op, const char* what) {
    if (op.every != 1) throw Error("%s %u: what is due in every step cannot be done every %u steps", what, op.index, op.every);
    if (done[op.index]++ != 0) throw Error("the schedule has %s %u twice", what, op.index);
  }
  PGL_COLD static void complete(const List<uint32_t>& done, const char* what) {
    for (size_t k = 0; k < done.size(); ++k) {
      if (done[k] == 0) throw Error("the schedule leaves out %s %u", what, static_cast<uint32_t>(k));
    }
  }
};

// Fires and sends that stand side by side may be done population by population: sending touches nothing that another
// population's update reads.
inline void fuse_updates(List<pgl_op>& schedule) {
  size_t kept = 0;
  for (size_t begin = 0, end = 0; begin < schedule.size(); begin = end) {
    const auto neurons_only = [&](size_t k) {
      return schedule[k].kind == PGL_OP_FIRE || schedule[k].kind == PGL_OP_SEND;
    };
    end = begin + 1;
    if (!neurons_only(begin)) {
      schedule[kept++] = schedule[begin];
      continue;
    }
    size_t fires = 0;
    for (end = begin; end < schedule.size() && neurons_only(end); ++end) fires += schedule[end].kind == PGL_OP_FIRE;
    const bool paired = 2 * fires == end - begin;
    for (size_t k = begin; k < end; ++k) {
      if (paired && schedule[k].kind == PGL_OP_FIRE) continue;
      schedule[kept] = schedule[k];
      if (paired) schedule[kept].kind = kUpdate;
      ++kept;
    }
  }
  schedule.resize(kept);
}

PGL_COLD inline void cut_at_meetings(Schedule& schedule) {
  uint32_t waiting = 0;  // reductions that nobody can read yet
  for (uint32_t k = 0; k < schedule.ops.size(); ++k) {
    if (schedule.ops[k].kind == PGL_OP_REDUCE || schedule.ops[k].kind == PGL_OP_ONCE) ++waiting;
    if (schedule.ops[k].kind != PGL_OP_EXCHANGE) continue;
    schedule.ends.push(k);
    waiting = 0;
  }
  if (waiting != 0) throw Error("behind a reduction, and what is done once, must come an exchange, which makes its result known");
  schedule.ends.push(static_cast<uint32_t>(schedule.ops.size()));
}

// Copies the list and makes sure that it can be walked.
template <class Engine>
PGL_COLD Schedule make_schedule(const Engine& engine, const pgl_op* ops, size_t n) {
  Census census(engine.populations.size(), engine.statics.size(), engine.generals.size());
  Schedule schedule;
  for (size_t k = 0; k < n; ++k) {
    const pgl_op& op = ops[k];
    const auto index_below = [&](size_t count, const char* what) {
      if (op.index >= count) throw Error("the schedule names %s %u: there is none", what, op.index);
    };
    if (op.every == 0 || op.offset >= op.every) {
      throw Error("operation %u is done every %u steps from step %u on", static_cast<uint32_t>(k), op.every, op.offset);
    }
    switch (op.kind) {
      case PGL_OP_DELIVER:
        index_below(engine.statics.size(), "static delivery");
        Census::count(census.delivered, op, "static delivery");
        break;
      case PGL_OP_ARRIVE: {
        index_below(engine.generals.size(), "synapse group");
        Census::count(census.arrived, op, "arrivals of synapse group");
        const auto& group = engine.generals[op.index];
        if (group.lead == 1 && census.fired[group.target_population] != 0) {
          throw Error("synapse group %u: arrivals at the end of a step come before its target fires", op.index);
        }
        break;
      }
      case PGL_OP_FIRE:
        index_below(engine.populations.size(), "population");
        Census::count(census.fired, op, "firing of population");
        break;
      case PGL_OP_SEND:
        index_below(engine.populations.size(), "population");
        Census::count(census.sent, op, "sending of population");
        if (census.fired[op.index] == 0) throw Error("population %u sends before it fires", op.index);
        if (op.index != census.next_to_send++) throw Error("populations must send in the order of their numbers");
        break;
      case PGL_OP_NEURONS:
      case PGL_OP_SPIKING_NEURONS:
        index_below(engine.populations.size(), "population");
        if (op.function == nullptr) throw Error("a kernel over population %u is missing", op.index);
        break;
      case PGL_OP_SYNAPSES:
      case PGL_OP_SPIKING_TARGETS:
        if (op.kind == PGL_OP_SPIKING_TARGETS || op.args == nullptr) index_below(engine.generals.size(), "synapse group");
        if (op.function == nullptr) throw Error("a kernel over synapse group %u is missing", op.index);
        break;
      case PGL_OP_COLLECT:
      case PGL_OP_SAMPLE:
      case PGL_OP_EXCHANGE:
        break;
      case PGL_OP_SHARD:
      case PGL_OP_ONCE:
        if (op.function == nullptr || op.args == nullptr) throw Error("operation %u lacks its function", static_cast<uint32_t>(k));
        break;
      case PGL_OP_REDUCE:
        index_below(engine.populations.size(), "population");
        if (op.args == nullptr) throw Error("a reduction over population %u is not described", op.index);
        if (engine.make_reduction == nullptr) throw Error("a schedule with reductions needs pgl_reductions_set");
        break;
      default:
        throw Error("the schedule has an operation of unknown kind %d", op.kind);
    }
    schedule.ops.push(op);
    if (op.kind != PGL_OP_REDUCE) continue;
    schedule.add_reduction([&](const pgl_reduction& what, uint32_t index) { return engine.make_reduction(engine, what, index); });
  }
  const auto collects = [](const pgl_op& op) { return op.kind == PGL_OP_COLLECT && op.every == 1; };
  size_t collected = 0;
  for (const pgl_op& op : schedule.ops) collected += collects(op);
  if (!engine.sums.empty() && collected != 1) throw Error("sums in whole numbers are collected once in every step");
  Census::complete(census.fired, "firing of population");
  Census::complete(census.sent, "sending of population");
  Census::complete(census.delivered, "static delivery");
  for (size_t g = 0; g < census.arrived.size(); ++g) {
    if (engine.generals[g].on_pre == nullptr) census.arrived[g] = 1;
  }
  Census::complete(census.arrived, "arrivals of synapse group");
  fuse_updates(schedule.ops);
  cut_at_meetings(schedule);
  schedule.ops.fit();
  schedule.ends.fit();
  return schedule;
}

}  // namespace pgl

// A schedule as engines hold it: of one, or of several that have the same parts. Gone when nobody holds it any more.
struct pgl_schedule {
  const pgl::Schedule schedule;
  const size_t populations, statics, generals;  // of an engine that it fits

  template <class Engine>
  PGL_COLD pgl_schedule(const Engine& engine, const pgl_op* ops, size_t n)
      : schedule(pgl::make_schedule(engine, ops, n)),
        populations(engine.populations.size()),
        statics(engine.statics.size()),
        generals(engine.generals.size()) {}

  void hold() { __atomic_add_fetch(&holders_, 1, __ATOMIC_RELAXED); }
  PGL_COLD void release() {
    if (__atomic_sub_fetch(&holders_, 1, __ATOMIC_ACQ_REL) == 0) delete this;
  }

 private:
  uint32_t holders_ = 1;  // who has made it
};

#endif
