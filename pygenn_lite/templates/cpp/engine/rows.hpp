// One row of a store: the synapses of a source neuron to the targets of all groups, and where each of them stands.
// The same code counts, fills, reads back and regenerates, so these always agree.
#ifndef PGL_ROWS_HPP
#define PGL_ROWS_HPP

#include <stdint.h>
#include <string.h>

#include "abi.h"
#include "delays.hpp"
#include "distributions.hpp"
#include "list.hpp"
#include "rules.hpp"
#include "store.hpp"

namespace pgl {

inline constexpr uint32_t kPurposeWeight = 1, kPurposeDelay = 2;

struct GroupPlan {
  PGL_COLD GroupPlan(const pgl_group& group, uint32_t n_source, uint64_t seed, double dt, uint32_t max_delay,
            const uint32_t* degrees)
      : stream(group.stream), shard_begin(group.shard_begin), arena_offset(group.arena_offset),
        rule(group, n_source, seed, degrees), delay(group.delay, dt, max_delay) {}

  PGL_COLD void use_weights(const pgl_distribution& weight, int32_t real_bytes) {
    if (real_bytes == 4)
      weight32 = Sampler<float>(weight);
    else
      weight64 = Sampler<double>(weight);
  }
  PGL_COLD void check() const {
    rule.check();
    if ((delay.listed() || weight32.listed() || weight64.listed()) && rule.first_position(0) < 0)
      // Lists of given values need an order of synapses that a rule with a random number per row does not have.
      throw Error("weights or delays given one by one need connectivity whose synapses can be numbered");
  }

  uint32_t stream;
  const uint32_t* shard_begin;
  const uint32_t* arena_offset;
  Rule rule;
  DelaySampler delay;
  Sampler<float> weight32;  // one of these two is in use
  Sampler<double> weight64;
};

struct StorePlan;

// What a store is to the builder.
struct BuiltStore : pgl_store {
  ~BuiltStore();
  List<List<uint32_t>> owned;  // what the groups point to
  List<List<int64_t>> owned64;
  List<List<double>> owned_values;
  List<uint32_t> out_degree;   // rules with a drawn number per row
  StorePlan* plan = nullptr;   // procedural stores: their rows are drawn at every spike
};

// The rules and distributions of a store, made ready.
struct StorePlan {
  uint64_t seed = 0;
  uint32_t n_source = 0, shards = 1, max_delay = 1;
  List<GroupPlan> groups;
  // Filled once the delays are known:
  uint32_t n_delays = 1;
  List<uint16_t> delay_index;  // [max_delay + 1]

  PGL_COLD void index_delays(const List<uint32_t>& delays) {
    n_delays = uint32_t(delays.size());
    delay_index.assign(uint64_t(max_delay) + 1, 0);
    for (uint32_t k = 0; k < n_delays; ++k) delay_index[delays[k]] = uint16_t(k);
  }
  // Of a finished store. Rules drawn by target are drawn anew: `threads` do it.
  PGL_COLD static StorePlan of(const BuiltStore& store, uint32_t threads) {
    StorePlan plan;
    plan.seed = store.seed;
    plan.n_source = store.n_source;
    plan.shards = uint32_t(store.shards.size());
    plan.max_delay = store.delays.back();  // nothing beyond was ever drawn
    const uint32_t* degrees = store.out_degree.data();
    for (const pgl_group& group : store.groups) {
      plan.groups.push(GroupPlan(group, store.n_source, store.seed, store.dt, plan.max_delay, degrees));
      if ((store.flags & PGL_STORE_PROCEDURAL) && (store.flags & PGL_STORE_WEIGHTS))
        plan.groups.back().use_weights(group.weight, store.real_bytes);
      if (plan.groups.back().rule.needs_degrees()) degrees += store.n_source;
      plan.groups.back().rule.turn(threads);
    }
    plan.index_delays(store.delays);
    return plan;
  }
};

inline BuiltStore::~BuiltStore() { delete plan; }

// The range of delays of one group, as far as it has been looked at: of words where they are drawn, else of steps.
struct DelayRange {
  uint32_t low = 0xffffffffu, high = 0;
  void add(uint32_t value) {
    low = value < low ? value : low;
    high = value > high ? value : high;
  }
};

// Scratch of one thread and the row made last. Its steps are functions of their own: one copy of each is enough.
class Row {
 public:
  void follow(const StorePlan& plan) {
    plan_ = &plan;
    group_end_.resize(plan.groups.size());
  }

  uint32_t size() const { return size_; }
  uint32_t group_begin(uint32_t group) const { return group == 0 ? 0 : group_end_[group - 1]; }
  uint32_t group_end(uint32_t group) const { return group_end_[group]; }
  uint32_t groups() const { return uint32_t(group_end_.size()); }
  const uint32_t* group_ends() const { return group_end_.data(); }
  uint32_t* targets() { return targets_.data(); }      // index in the target population
  uint16_t* delays() { return delays_.data(); }        // steps
  template <class Real>
  Real* weights() {
    return weight_buffer<Real>().data();
  }
  uint32_t* local() { return local_.data(); }          // target as stored: in the arena of its shard
  uint32_t* keys() { return keys_.data(); }            // shard * n_delays + index of the delay
  uint32_t* where() { return where_.data(); }          // place in the row after sorting by key
  uint32_t* key_begin() { return key_begin_.data(); }  // [shards * n_delays + 1]
  List<uint64_t>& bits() { return scratch_.bits; }

  [[gnu::noinline]] void make_targets(uint32_t row) {
    row_ = row;
    size_ = 0;
    for (uint32_t g = 0; g < plan_->groups.size(); ++g) {
      size_ += plan_->groups[g].rule.targets(row, scratch_, targets_, size_);
      group_end_[g] = size_;
    }
  }

  // The ends of the groups, then the targets, as another row had them.
  void take_targets(uint32_t row, const uint32_t* drawn) {
    row_ = row;
    memcpy(group_end_.data(), drawn, groups() * sizeof(uint32_t));
    size_ = group_end_[groups() - 1];
    memcpy(targets_.reserve(size_), drawn + groups(), size_ * sizeof(uint32_t));
  }

  [[gnu::noinline]] void make_delays() {
    for_groups([&](const GroupPlan& group, uint32_t begin, uint32_t n) { draw_delays(group, begin, n); });
  }

  // Widens the range of each group by the delays of its synapses. Targets need not have been made.
  [[gnu::noinline]] void widen_delays(uint32_t row, DelayRange* ranges) {
    row_ = row;
    for (uint32_t g = 0; g < plan_->groups.size(); ++g) widen(plan_->groups[g], g, ranges[g]);
  }
  // Sizes of a row's groups without its targets, where that is possible.
  bool count_only(uint32_t row) {
    size_ = 0;
    for (uint32_t g = 0; g < plan_->groups.size(); ++g) {
      const int64_t known = plan_->groups[g].rule.known_degree(row);
      if (known < 0 || known > 0xffffff00ll - size_) return false;
      size_ += uint32_t(known);
      group_end_[g] = size_;
    }
    return true;
  }

  template <class Real>
  [[gnu::noinline]] void make_weights() {
    for_groups([&](const GroupPlan& group, uint32_t begin, uint32_t n) {
      Real* out = weight_buffer<Real>().reserve(uint64_t(begin) + n) + begin;
      if constexpr (sizeof(Real) == 4)
        draw(group.weight32, group, kPurposeWeight, n, out);
      else
        draw(group.weight64, group, kPurposeWeight, n, out);
    });
  }

  // Shard and local index of every target: the shard's number is how many later shards begin at or before it.
  [[gnu::noinline]] void locate() {
    const uint32_t shards = plan_->shards, n_delays = plan_->n_delays;
    for_groups([&](const GroupPlan& group, uint32_t begin, uint32_t n) {
      const uint32_t* __restrict target = targets_.data() + begin;
      uint32_t* __restrict local = local_.reserve(uint64_t(begin) + n) + begin;
      uint32_t* __restrict key = keys_.reserve(uint64_t(begin) + n) + begin;
      uint32_t shift = group.arena_offset[0] - group.shard_begin[0];
      for (uint32_t i = 0; i < n; ++i) {
        local[i] = target[i] + shift;
        key[i] = 0;
      }
      for (uint32_t shard = 1; shard < shards; ++shard) {
        const uint32_t from = group.shard_begin[shard];
        const uint32_t more = group.arena_offset[shard] - from - shift;
        shift += more;
        for (uint32_t i = 0; i < n; ++i) {
          const uint32_t inside = target[i] >= from ? 0xffffffffu : 0u;
          local[i] += more & inside;
          key[i] += n_delays & inside;
        }
      }
    });
  }

  // After make_delays() and locate(): the stable order by shard and delay.
  [[gnu::noinline]] void sort() {
    const uint32_t n_keys = plan_->shards * plan_->n_delays;
    uint32_t* __restrict key = keys_.data();
    if (plan_->n_delays > 1) {
      const uint16_t* __restrict delay = delays_.data();
      const uint16_t* __restrict index = plan_->delay_index.data();
      for (uint32_t k = 0; k < size_; ++k) key[k] += index[delay[k]];
    }
    key_begin_.assign(uint64_t(n_keys) + 1, 0);
    uint32_t* __restrict begin = key_begin_.data();
    for (uint32_t k = 0; k < size_; ++k) ++begin[key[k] + 1];
    for (uint32_t b = 0; b < n_keys; ++b) begin[b + 1] += begin[b];
    cursor_.clear();
    cursor_.append(key_begin_.data(), key_begin_.size());
    uint32_t* __restrict cursor = cursor_.data();
    uint32_t* __restrict where = where_.reserve(size_);
    for (uint32_t k = 0; k < size_; ++k) where[k] = cursor[key[k]]++;
  }

  // Adds the row's synapses to count[shard].
  [[gnu::noinline]] void count_shards(uint64_t* count) {
    for_groups([&](const GroupPlan& group, uint32_t begin, uint32_t n) {
      const uint32_t* target = targets_.data() + begin;
      uint32_t above = n;
      for (uint32_t shard = 0; shard + 1 < plan_->shards; ++shard) {
        const uint32_t from = group.shard_begin[shard + 1];
        uint32_t next = 0;
        for (uint32_t i = 0; i < n; ++i) next += target[i] >= from ? 1 : 0;
        count[shard] += above - next;
        above = next;
      }
      count[plan_->shards - 1] += above;
    });
  }

 private:
  template <class Body>
  void for_groups(Body&& body) {
    for (uint32_t g = 0; g < plan_->groups.size(); ++g) body(plan_->groups[g], group_begin(g), group_end_[g] - group_begin(g));
  }

  void widen(const GroupPlan& group, uint32_t g, DelayRange& range) {
    const uint32_t n = group_end(g) - group_begin(g);
    if (n == 0) return;
    if (group.delay.constant()) {
      range.add(group.delay.constant_steps());
    } else if (group.delay.listed()) {
      const uint16_t* delay = draw_delays(group, group_begin(g), n);
      for (uint32_t i = 0; i < n; ++i) range.add(delay[i]);
    } else {
      alignas(64) uint32_t words[64];
      uint32_t low = range.low, high = range.high;
      for (uint32_t begin = 0; begin < n; begin += 64) {
        philox_words64(plan_->seed, group.stream, kPurposeDelay, row_, begin / 64 * 16, words);
        const uint32_t here = n - begin;
        for (uint32_t i = here; i < 64; ++i) words[i] = words[0];
        for (int i = 0; i < 64; ++i) {
          low = words[i] < low ? words[i] : low;
          high = words[i] > high ? words[i] : high;
        }
      }
      range = {low, high};
    }
  }

  const uint16_t* draw_delays(const GroupPlan& group, uint32_t begin, uint32_t n) {
    uint16_t* out = delays_.reserve(uint64_t(begin) + n) + begin;
    draw(group.delay, group, kPurposeDelay, n, out);
    return out;
  }

  template <class Source, class Value>
  void draw(const Source& source, const GroupPlan& group, uint32_t purpose, uint32_t n, Value* out) {
    alignas(64) uint32_t words[64] = {};
    const int64_t first = source.listed() ? group.rule.first_position(row_) : 0;
    for (uint32_t begin = 0; begin < n; begin += 64) {
      if (source.random()) philox_words64(plan_->seed, group.stream, purpose, row_, begin / 64 * 16, words);
      source.draw64(words, first + begin, n - begin, out + begin);
    }
  }

  template <class Real>
  RowBuffer<Real>& weight_buffer() {
    if constexpr (sizeof(Real) == 4)
      return weights32_;
    else
      return weights64_;
  }

  const StorePlan* plan_ = nullptr;
  uint32_t row_ = 0, size_ = 0;
  List<uint32_t> group_end_, key_begin_, cursor_;
  RuleScratch scratch_;
  RowBuffer<uint32_t> targets_, local_, keys_, where_;
  RowBuffer<uint16_t> delays_;
  RowBuffer<float> weights32_;
  RowBuffer<double> weights64_;
};

inline List<Row> rows_for_threads(const StorePlan& plan, uint32_t threads) {
  List<Row> rows(threads);
  for (Row& row : rows) row.follow(plan);
  return rows;
}

// A matrix holds one synapse per pair.
inline void refuse_repeats(Row& row, uint32_t r, uint32_t n_target) {
  List<uint64_t>& bits = row.bits();
  bits.assign(n_target / 64 + 1, 0);
  for (uint32_t k = 0; k < row.size(); ++k) {
    const uint32_t target = row.targets()[k];
    if (bits[target / 64] >> target % 64 & 1)
      throw Error("dense storage holds one synapse per pair, but neuron %u reaches target %u more than once", r, target);
    bits[target / 64] |= uint64_t(1) << target % 64;
  }
}

}  // namespace pgl

#endif
