// Steps of a schedule that fires nobody: the steps of a tape undone, last first, or gone through again; and what is done
// once, between runs.
//
// Backwards step n leads from t_{n+1} back to t_n. When it begins, `latest` holds the spikes at t_{n+1}, as after FIRE. A spike
// that was sent at t_m and arrived at t_n, n = m + delay, is met twice: at step n its row gathers from its targets (the
// delivery's adjoint), and at step m - 1 the source's owner finds the sum. Between the two lie at least min_delay steps:
// workers meet once in so many. Sums are integers, so that they depend on neither the order nor the cut.
#ifndef PGL_WALK_HPP
#define PGL_WALK_HPP

#include <stdint.h>

#include "common/fused.hpp"
#include "engine.hpp"
#include "reduction.hpp"
#include "restart.hpp"
#include "step.hpp"

namespace pgl {

// One delivery in reverse.
struct Gather {
  pgl_gather what;
  uint32_t index;                      // of the delivery or group
  uint32_t source;                     // population
  const pgl_store* store;
  const void* args;                    // what describes it: the same in each walk
  List<List<List<int64_t>>> sums;      // [shard of the targets][shard of the source][spike of its tape]
  List<List<int64_t>> of_all;          // [shard of the targets][slot, neuron of the source]
  uint32_t slots, neurons;
  List<const StaticShard*> own_weights;  // of static deliveries; empty for groups
};

// Where the sums for all neurons stand that would have spiked at t_sent, which may lie before the first step.
inline size_t sums_begin(const Gather& gather, int64_t sent) {
  const int64_t slots = gather.slots;
  return static_cast<size_t>((sent % slots + slots) % slots) * gather.neurons;
}

template <class Real>
class Gathering {
 public:
  Gathering(Gather& gather, uint32_t shard, const List<Shard>& shards)
      : gather_(gather), shard_(shard), shards_(shards), synapses_(gather.store->shards[shard]) {
    const pgl_gather& what = gather.what;
    values_ = what.values == nullptr ? nullptr : static_cast<const Real*>(what.values[shard]);
    gradient_of_ = what.gradient_of == nullptr ? nullptr : static_cast<const Real*>(what.gradient_of[shard]);
    again_ = what.again == nullptr ? nullptr : static_cast<Real*>(what.again[shard]);
    gradient_ = what.gradient == nullptr ? nullptr : static_cast<Real*>(what.gradient[shard]);
    if ((gather.store->flags & PGL_STORE_WEIGHTS) != 0) {
      // Groups have their weights among the variables of their kernels, first.
      const void* own = gather.own_weights.empty() ? shards[shard].generals[gather.index].args.synapse[0]
                                                   : gather.own_weights[shard]->weights;
      const void* stored = kSame<Real, float> ? static_cast<const void*>(synapses_.weight32.data())
                                              : static_cast<const void*>(synapses_.weight64.data());
      weights_ = static_cast<const Real*>(own == nullptr ? stored : own);
    }
    common_ = gather.own_weights.empty() ? gather.store->common_weight : gather.own_weights[shard]->common_weight();
  }

  // All that arrived at t_step.
  void step(int64_t step) {
    const List<uint32_t>& delays = gather_.store->delays;
    if (gather_.what.of_all != 0) {
      List<int64_t>& sums = gather_.of_all[shard_];
      int64_t* const earliest = sums.data() + slot(step - delays.back());
      for (uint32_t i = 0; i < gather_.neurons; ++i) earliest[i] = 0;
      for (uint32_t k = 0; k < delays.size(); ++k) {
        for (uint32_t i = 0; i < gather_.neurons; ++i) row(i, k, sums[slot(step - delays[k]) + i]);
      }
      return;
    }
    for (uint32_t k = 0; k < delays.size(); ++k) {
      for (uint32_t owner = 0; owner < shards_.size(); ++owner) {
        const Tape& tape = shards_[owner].populations[gather_.source].tape;
        const Tape::Range range = tape.at(step - delays[k]);
        for (uint32_t spike = range.begin; spike < range.end; ++spike) {
          factor_ = gather_.what.factor < 0
                        ? Real{1}
                        : static_cast<Real>(tape.value(static_cast<uint32_t>(gather_.what.factor), spike, sizeof(Real)));
          row(tape[spike], k, gather_.sums[shard_][owner][spike]);
        }
      }
    }
  }

 private:
  size_t slot(int64_t sent) const { return sums_begin(gather_, sent); }
  // The synapses of a source neuron with one delay: positions that follow each other, and their targets.
  void row(uint32_t source, uint32_t delay, int64_t& sum) {
    if (synapses_.dense_columns != 0) {
      const size_t begin = size_t{source} * synapses_.dense_columns;
      segment(begin, synapses_.dense_columns, [first = synapses_.dense_offset](size_t k) { return first + k; }, sum);
      return;
    }
    if (synapses_.row_begin.empty()) return;
    uint64_t begin = synapses_.row_begin[source], end = synapses_.row_begin[source + 1];
    const size_t stride = gather_.store->delays.size() + 1;
    const auto cut = [&](const auto& segments) {
      if (segments.empty()) return;
      end = begin + segments[source * stride + delay + 1];
      begin += segments[source * stride + delay];
    };
    cut(synapses_.segment16);
    cut(synapses_.segment32);
    if (synapses_.target32.empty()) {
      segment(begin, end - begin, [targets = synapses_.target16.data() + begin](size_t k) -> size_t { return targets[k]; }, sum);
    } else {
      segment(begin, end - begin, [targets = synapses_.target32.data() + begin](size_t k) -> size_t { return targets[k]; }, sum);
    }
  }
  // One plain loop for each thing that is done.
  template <class Target>
  void segment(uint64_t begin, size_t n, Target&& target, int64_t& sum) {
    const Real* const weights = weights_ == nullptr ? nullptr : weights_ + begin;
    const auto weight = [&](size_t k) { return weights == nullptr ? static_cast<Real>(common_) : weights[k]; };
    if (gradient_ != nullptr) {
      Real* __restrict gradient = gradient_ + begin;
      const Real factor = factor_;
      if (gather_.what.weighted != 0) {
        for (size_t k = 0; k < n; ++k) gradient[k] = pgl::fma(factor * weight(k), gradient_of_[target(k)], gradient[k]);
      } else {
        for (size_t k = 0; k < n; ++k) gradient[k] = pgl::fma(factor, gradient_of_[target(k)], gradient[k]);
      }
    }
    if (again_ != nullptr) {
      for (size_t k = 0; k < n; ++k) again_[target(k)] = pgl::fma(factor_, weight(k), again_[target(k)]);
    }
    if (values_ != nullptr) add_up(n, weight, target, sum);
  }
  template <class Weight, class Target>
  void add_up(size_t n, const Weight& weight, const Target& target, int64_t& sum) {
    constexpr double kMost = 4503599627370496.0;  // 2^52
    constexpr size_t kSafe = 1024;                // so many of them do not overflow together
    const double scale = gather_.what.scale, common = common_;
    const bool alike = weights_ == nullptr;
    for (size_t first = 0; first < n; first += kSafe) {
      const size_t last = n - first < kSafe ? n : first + kSafe;
      int64_t part = 0;
      bool fits = true;
      for (size_t k = first; k < last; ++k) {
        const double scaled = (alike ? common : static_cast<double>(weight(k))) * static_cast<double>(values_[target(k)]) * scale;
        const bool fine = scaled > -kMost && scaled < kMost;
        fits = fits && fine;
        part += fine ? static_cast<int64_t>(scaled < 0 ? scaled - 0.5 : scaled + 0.5) : 0;
      }
      if (!fits) throw Error("a gathered value does not fit its scale: use a smaller one");
      if (__builtin_add_overflow(sum, part, &sum)) throw Error("a gathered sum does not fit its scale: use a smaller one");
    }
  }

  Gather& gather_;
  uint32_t shard_;
  const List<Shard>& shards_;
  const pgl_shard_store& synapses_;
  const Real* values_;
  const Real* gradient_of_;
  Real* gradient_;
  Real* again_;
  const Real* weights_ = nullptr;
  Real factor_ = 1;
  double common_ = 0.0;
};

}  // namespace pgl

struct pgl_gathers {
  pgl::List<pgl::Gather*> all;

  ~pgl_gathers() { clear(); }
  void clear() {
    for (pgl::Gather* gather : all) delete gather;
    all.clear();
  }
  pgl::Gather* find(const void* args) const {
    for (pgl::Gather* gather : all) {
      if (gather->args == args) return gather;
    }
    return nullptr;
  }
};

namespace pgl {

struct Walk {
  Schedule schedule;  // `index` of PGL_OP_GATHER counts `gathers`
  List<Gather*> gathers;
  int32_t direction;
  Barrier meeting;

  explicit Walk(uint32_t threads) : direction(0), meeting(threads) {}
};

// Copies the list and makes sure that it can be walked.
template <class Engine>
PGL_COLD void make_walk(const Engine& engine, const pgl_op* given, size_t n, Schedule& schedule) {
  for (size_t k = 0; k < n; ++k) {
    const pgl_op& op = given[k];
    const auto number = static_cast<uint32_t>(k);
    if (op.every == 0) throw Error("operation %u is done every 0 steps", number);
    bool known = false;
    switch (op.kind) {
      case PGL_OP_NEURONS:
      case PGL_OP_SPIKING_NEURONS:
      case PGL_OP_REDUCE:
        known = op.index < engine.populations.size();
        break;
      case PGL_OP_SYNAPSES:
        known = op.args != nullptr || op.index < engine.generals.size();
        break;
      case PGL_OP_SPIKING_TARGETS:
        known = op.index < engine.generals.size();
        break;
      case PGL_OP_GATHER:
      case PGL_OP_EXCHANGE:
      case PGL_OP_SHARD:
      case PGL_OP_ONCE:
        known = true;
        break;
      default:
        throw Error("operation %u belongs to a simulation alone", number);
    }
    if (!known) throw Error("operation %u is over something that is not there", number);
    const bool calls = op.kind >= PGL_OP_NEURONS && op.kind <= PGL_OP_SPIKING_TARGETS;
    const bool described = op.kind == PGL_OP_SHARD || op.kind == PGL_OP_ONCE;
    if ((calls || described) && op.function == nullptr) throw Error("operation %u lacks its kernel", number);
    if ((described || op.kind == PGL_OP_REDUCE) && op.args == nullptr) throw Error("operation %u is not described", number);
    schedule.ops.push(op);
    if (op.kind != PGL_OP_REDUCE) continue;
    schedule.add_reduction([&](const pgl_reduction& what, uint32_t index) { return make_reduction(engine, what, index); });
  }
  cut_at_meetings(schedule);
}

}  // namespace pgl

PGL_COLD inline pgl::Gather pgl_engine::make_gather(const pgl_op& op) {
  pgl::Gather gather{};
  if (op.args == nullptr) throw pgl::Error("a gathering is not described");
  gather.args = op.args;
  gather.index = op.index;
  gather.what = *static_cast<const pgl_gather*>(op.args);
  const bool general = gather.what.general != 0;
  if (op.index >= (general ? generals.size() : statics.size())) throw pgl::Error("nothing of number %u to gather from", op.index);
  for (uint32_t p = 0; p < populations.size(); ++p) {
    for (const uint32_t g : general ? populations[p].generals : populations[p].statics) {
      if (g == op.index) gather.source = p;
    }
  }
  gather.store = general ? shards_[0].generals[op.index].store : shards_[0].statics[op.index].store;
  if ((gather.store->flags & PGL_STORE_PROCEDURAL) != 0) throw pgl::Error("synapses that are drawn at each spike cannot be gathered from");
  for (const pgl_shard_store& part : gather.store->shards) {
    if (!part.code16.empty()) throw pgl::Error("weights of 16 bits cannot be gathered from");
  }
  if ((gather.what.values == nullptr) != (gather.what.back == nullptr) ||
      (gather.what.gradient == nullptr) != (gather.what.gradient_of == nullptr)) {
    throw pgl::Error("a gathering needs what it reads together with where it writes");
  }
  if (gather.what.factor >= static_cast<int32_t>(shards_[0].populations[gather.source].tape.columns())) {
    throw pgl::Error("the record of spikes has no value of number %d", gather.what.factor);
  }
  if (gather.what.of_all != 0 && gather.what.gradient != nullptr) throw pgl::Error("gradients are of spikes, not of all neurons");
  gather.neurons = gather.store->n_source;
  // Others may be at work on a block of min_delay steps that this one has not begun.
  gather.slots = gather.store->delays.back() + min_delay + 2;
  for (uint32_t s = 0; s < shards_.size(); ++s) {
    if (!general) gather.own_weights.push(&shards_[s].statics[op.index]);
  }
  return gather;
}

// Room for sums; new spikes may have come to the tape since the last walk.
PGL_COLD inline void pgl_engine::fit_sums(pgl::Gather& gather) {
  gather.sums.resize(shards_.size());
  gather.of_all.resize(shards_.size());
  for (uint32_t s = 0; s < shards_.size(); ++s) {
    if (gather.what.of_all != 0) {
      gather.of_all[s].resize(size_t{gather.slots} * gather.neurons);
      continue;
    }
    gather.sums[s].resize(shards_.size());
    for (uint32_t owner = 0; owner < shards_.size(); ++owner) {
      gather.sums[s][owner].resize(shards_[owner].populations[gather.source].tape.size());
    }
  }
}

// The spikes at t_step are the latest, and what was gathered for them stands where their kernel reads it.
inline void pgl_engine::recall(uint32_t number, int64_t step, const pgl::List<pgl::Gather*>& gathers) {
  pgl::Shard& shard = shards_[number];
  for (pgl::PopulationShard& part : shard.populations) {
    if (!part.tape.runs()) continue;
    const pgl::Tape::Range range = part.tape.at(step);
    part.latest.clear();
    part.latest.append(part.tape.data() + range.begin, range.end - range.begin);
    part.tape.give_back(range, real_bytes);
  }
  // Several deliveries of one source may give to the same place, one after the other.
  for (int pass = 0; pass < 2; ++pass) {
    const bool adding = pass == 1;
    for (pgl::Gather* gather : gathers) {
      if (gather->what.back == nullptr) continue;
      const pgl::PopulationShard& part = shard.populations[gather->source];
      // One sum of all shards, which is then taken from them.
      const auto give = [&](size_t local, auto&& sum_of) {
        int64_t sum = 0;
        for (size_t s = 0; s < shards_.size() && adding; ++s) {
          sum += sum_of(s);
          sum_of(s) = 0;
        }
        const double value = static_cast<double>(sum) / gather->what.scale;
        if (real_bytes == 8) {
          double& back = static_cast<double*>(gather->what.back[number])[local];
          back = adding ? back + value : 0.0;
        } else {
          float& back = static_cast<float*>(gather->what.back[number])[local];
          back = adding ? back + static_cast<float>(value) : 0.0f;
        }
      };
      if (gather->what.of_all != 0) {
        const size_t begin = pgl::sums_begin(*gather, step) + part.begin;
        for (uint32_t k = 0; k < part.count; ++k) give(k, [&](size_t s) -> int64_t& { return gather->of_all[s][begin + k]; });
        continue;
      }
      const pgl::Tape::Range range = part.tape.at(step);
      for (uint32_t spike = range.begin; spike < range.end; ++spike) {
        give(part.tape[spike] - part.begin, [&](size_t s) -> int64_t& { return gather->sums[s][number][spike]; });
      }
    }
  }
}

inline void pgl_engine::walk_ops(uint32_t number, int64_t step, size_t stretch, pgl::Walk& walk) {
  const pgl::Schedule& schedule = walk.schedule;
  if (stretch == 0 && walk.direction != 0) recall(number, step + 1, walk.gathers);
  for (size_t k = stretch == 0 ? 0 : schedule.ends[stretch - 1]; k < schedule.ends[stretch]; ++k) {
    const pgl_op& op = schedule.ops[k];
    if (!pgl::is_due(op, step)) continue;
    switch (op.kind) {
      case PGL_OP_GATHER:
        if (real_bytes == 8) {
          pgl::Gathering<double>(*walk.gathers[op.index], number, shards_).step(step);
        } else {
          pgl::Gathering<float>(*walk.gathers[op.index], number, shards_).step(step);
        }
        break;
      case PGL_OP_NEURONS:
      case PGL_OP_SPIKING_NEURONS:
        call_neurons(shards_[number], number, op, step);
        break;
      case PGL_OP_REDUCE:
        walk.schedule.reductions[op.index]->gather(shards_[number].populations[schedule.populations[op.index]], number);
        break;
      case PGL_OP_SHARD:
        reinterpret_cast<pgl_shard_fn>(op.function)(op.args, number, step);
        break;
      case PGL_OP_EXCHANGE:
      case PGL_OP_ONCE:
        break;
      default:
        call_synapses(shards_[number], number, op, step);
    }
  }
}

// Some steps on the shards of one worker; whoever has failed continues to meet the others, who would wait for ever.
inline void pgl_engine::walk_block(uint32_t begin, uint32_t end, int64_t first, int64_t last, pgl::Walk& walk) {
  const int64_t stride = walk.direction < 0 ? -1 : 1;
  bool healthy = true;
  const auto on_shards = [&](auto&& part) {
    for (uint32_t s = begin; s < end && healthy; ++s) healthy = try_part([&] { part(s); });
  };
  if (!walk.schedule.meets()) {
    on_shards([&](uint32_t s) {
      for (int64_t step = first; step != last; step += stride) walk_ops(s, step, 0, walk);
    });
    return;
  }
  for (int64_t step = first; step != last; step += stride) {
    for (size_t stretch = 0; stretch < walk.schedule.ends.size(); ++stretch) {
      on_shards([&](uint32_t s) { walk_ops(s, step, stretch, walk); });
      if (stretch + 1 == walk.schedule.ends.size() || !pgl::is_due(walk.schedule.ops[walk.schedule.ends[stretch]], step)) continue;
      walk.meeting.wait([&] { complete(walk.schedule, step, stretch); });
    }
  }
}

PGL_COLD inline void pgl_engine::walk(pgl_gathers& gathers, const pgl_op* ops, size_t n, int64_t first, int64_t count, int32_t direction) {
  if (crew_.is_elsewhere()) {
    throw pgl::Error("the engine was made in another process: compile the network in the process that runs it");
  }
  if (count < 0 || first < 0) throw pgl::Error("no such steps");
  pgl::Walk walk(threads_);
  walk.direction = direction;
  pgl::make_walk(*this, ops, n, walk.schedule);
  for (pgl_op& op : walk.schedule.ops) {
    if (op.kind != PGL_OP_GATHER) continue;
    pgl::Gather* gather = gathers.find(op.args);
    if (gather == nullptr) {
      pgl::Gather made = make_gather(op);
      gather = new pgl::Gather(pgl::move(made));
      gathers.all.push(gather);
    }
    fit_sums(*gather);
    walk.gathers.push(gather);
    op.index = static_cast<uint32_t>(walk.gathers.size() - 1);
    const bool sums = gather->what.values != nullptr;
    if (direction == 0 || (sums && direction > 0)) throw pgl::Error("deliveries are gathered from in steps that run backwards");
  }
  for (const pgl::PopulationShard& part : shards_[0].populations) {
    const bool covered = !part.tape.runs() || (part.tape.covers(first + count) && part.tape.covers(first + 1));
    if (direction != 0 && count != 0 && !covered) throw pgl::Error("the tape does not hold these steps");
  }
  const int64_t stride = direction < 0 ? -1 : 1;
  const int64_t from = direction < 0 ? first + count - 1 : first, to = from + stride * (direction == 0 ? 1 : count);
  const pgl::FlushDenormals flush;
  crew_.run([&](uint32_t worker) {
    const auto begin = static_cast<uint32_t>(shards_.size() * worker / threads_);
    const auto end = static_cast<uint32_t>(shards_.size() * (worker + 1) / threads_);
    for (int64_t step = from; step != to;) {
      const int64_t rest = (to - step) * stride;
      const int64_t last = step + stride * (rest < min_delay ? rest : min_delay);
      walk_block(begin, end, step, last, walk);
      walk.meeting.wait();
      step = last;
    }
  });
  const pgl::List<pgl::Gather*> nothing;
  for (uint32_t s = 0; s < shards_.size() && direction != 0; ++s) recall(s, this->step(), nothing);  // who continues finds these
  if (!failed_) return;
  failed_ = false;
  throw pgl::Error("%s", failure_.text());
}

#endif
