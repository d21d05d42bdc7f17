// Builds stores: counts the synapses of every row and shard, makes room for exactly so many, fills.
#ifndef PGL_BUILDER_HPP
#define PGL_BUILDER_HPP

#include <stdint.h>
#include <string.h>

#include "abi.h"
#include "error.hpp"
#include "kept_rows.hpp"
#include "list.hpp"
#include "parallel.hpp"
#include "rows.hpp"
#include "store.hpp"
#include "transposing.hpp"
#include "weight_codes.hpp"

namespace pgl {

namespace detail {

class Builder {
 public:
  Builder(BuiltStore& store, uint32_t max_delay, uint32_t threads, Progress& progress)
      : store_(store), threads_(threads), kept_rows_(threads, store.n_source), progress_(progress) {
    plan_.seed = store.seed;
    plan_.n_source = store.n_source;
    plan_.shards = uint32_t(store.shards.size());
    plan_.max_delay = max_delay;
  }

  PGL_COLD void build() {
    describe();
    count();
    if (store_.flags & PGL_STORE_PROCEDURAL) return;
    if (store_.flags & PGL_STORE_DENSE) {
      if (kept(PGL_STORE_WEIGHTS)) fill_dense();
      return;
    }
    allocate();
    fill();
    if (kept(PGL_STORE_TRANSPOSED)) transpose(store_, plan_, wide_, threads_);
  }

 private:
  bool kept(uint32_t flag) const { return (store_.flags & flag) != 0; }

  PGL_COLD void describe() {
    const bool single = kept(PGL_STORE_DENSE) || kept(PGL_STORE_PROCEDURAL) || kept(PGL_STORE_TRANSPOSED);
    if (kept(kCodedWeights) && (store_.groups.size() != 1 || !kept(PGL_STORE_WEIGHTS) || single))
      throw Error("weights of 16 bits are offered for sparse stores of one static group");
    if (single && store_.groups.size() != 1) throw Error("dense, procedural and transposed stores hold one group");
    for (const pgl_group& group : store_.groups) {
      plan_.groups.push(GroupPlan(group, store_.n_source, store_.seed, store_.dt, plan_.max_delay, nullptr));
      if (kept(PGL_STORE_WEIGHTS)) plan_.groups.back().use_weights(group.weight, store_.real_bytes);
      plan_.groups.back().check();
      if (!kept(PGL_STORE_WEIGHTS) && group.weight.kind == PGL_CONSTANT) store_.common_weight = group.weight.a;
    }
    check_arena();
    const Rule& first = plan_.groups[0].rule;
    if (kept(PGL_STORE_PROCEDURAL) && first.needs_turning())
      throw Error("connectivity with a fixed in-degree cannot be procedural: its rows are not drawn one by one");
    if (kept(PGL_STORE_DENSE) && !plan_.groups[0].delay.constant())
      throw Error("dense storage needs one delay for all synapses");
    if (kept(PGL_STORE_DENSE) && first.repeats())
      throw Error("dense storage holds one synapse per pair: connectivity with multapses does not fit");
    // A matrix without entries of its own says that every pair is connected, but perhaps a neuron with itself.
    if (kept(PGL_STORE_DENSE) && !first.full()) store_.flags |= PGL_STORE_WEIGHTS;
    if (kept(PGL_STORE_DENSE) && kept(PGL_STORE_WEIGHTS)) {
      plan_.groups[0].use_weights(store_.groups[0].weight, store_.real_bytes);
      plan_.groups[0].check();
    }
    draw_degrees();
    for (GroupPlan& group : plan_.groups) group.rule.turn(threads_);
  }

  PGL_COLD void check_arena() {
    for (uint32_t s = 0; s < plan_.shards; ++s) {
      pgl_shard_store& shard = store_.shards[s];
      uint64_t largest = 0;
      for (const GroupPlan& group : plan_.groups) {
        if (group.shard_begin[s] > group.shard_begin[s + 1]) throw Error("the shards do not ascend");
        const uint64_t end = uint64_t(group.arena_offset[s]) + (group.shard_begin[s + 1] - group.shard_begin[s]);
        largest = end > largest ? end : largest;
      }
      if (largest > uint64_t(1) << 32) throw Error("more target variables in one shard than 32 bits address");
      wide_.push(largest > uint64_t(1) << 16);
      if (kept(PGL_STORE_DENSE) || kept(PGL_STORE_PROCEDURAL)) {
        shard.dense_columns = plan_.groups[0].shard_begin[s + 1] - plan_.groups[0].shard_begin[s];
        shard.dense_stride =
            kept(PGL_STORE_PADDED) ? (shard.dense_columns + PGL_ROW - 1) / PGL_ROW * PGL_ROW : shard.dense_columns;
        shard.dense_offset = plan_.groups[0].arena_offset[s];
      }
    }
  }

  PGL_COLD void draw_degrees() {
    uint64_t needed = 0;
    for (const GroupPlan& group : plan_.groups) needed += group.rule.needs_degrees() ? 1 : 0;
    if (needed == 0) return;
    store_.out_degree.assign(needed * store_.n_source, 0);
    struct Work {
      uint32_t group;
      uint32_t* degrees;
    };
    List<Work> work;
    uint32_t* degrees = store_.out_degree.data();
    for (uint32_t g = 0; g < store_.groups.size(); ++g) {
      if (!plan_.groups[g].rule.needs_degrees()) continue;
      plan_.groups[g].rule = Rule(store_.groups[g], store_.n_source, store_.seed, degrees);
      work.push({g, degrees});
      degrees += store_.n_source;
    }
    uint32_t next = 0;
    parallel_workers(threads_ < needed ? threads_ : uint32_t(needed), [&](uint32_t) {
      for (;;) {
        const uint32_t k = __atomic_fetch_add(&next, 1u, __ATOMIC_RELAXED);
        if (k >= work.size()) break;
        plan_.groups[work[k].group].rule.draw_degrees(work[k].degrees);
      }
    });
  }

  // Synapses of each row and shard (into row_begin, to be summed), the range of delays, sizes of the groups.
  void count() {
    const bool stored = !kept(PGL_STORE_DENSE) && !kept(PGL_STORE_PROCEDURAL);
    if (stored)
      for (pgl_shard_store& shard : store_.shards) shard.row_begin.reset(uint64_t(store_.n_source) + 1);
    struct Found {
      List<int64_t> sizes;
      List<DelayRange> delays;
      double largest_weight = 0.0;
      List<uint64_t> count;
    };
    List<Found> found(threads_);
    for (Found& mine : found) {
      mine.sizes.resize(plan_.groups.size());
      mine.delays.resize(plan_.groups.size());
    }
    List<Row> rows = rows_for_threads(plan_, threads_);
    parallel_rows(threads_, store_.n_source, &progress_, [&](uint32_t worker, uint32_t r) {
      Row& row = rows[worker];
      Found& mine = found[worker];
      row.make_targets(r);
      if (stored) kept_rows_.keep(worker, r, row);
      for (uint32_t g = 0; g < plan_.groups.size(); ++g) mine.sizes[g] += row.group_end(g) - row.group_begin(g);
      if (!kept(PGL_STORE_DENSE)) row.widen_delays(r, mine.delays.data());
      if (!stored) return;
      if (kept(kCodedWeights)) mine.largest_weight = largest_of(row, mine.largest_weight);
      mine.count.assign(plan_.shards, 0);
      row.count_shards(mine.count.data());
      for (uint32_t s = 0; s < plan_.shards; ++s) store_.shards[s].row_begin[r + 1] = uint32_t(mine.count[s]);
    });
    store_.group_sizes.assign(plan_.groups.size(), 0);
    List<uint8_t> occurs;
    occurs.assign(uint64_t(plan_.max_delay) + 1, 0);
    double largest = 0.0;
    for (const Found& mine : found) largest = mine.largest_weight > largest ? mine.largest_weight : largest;
    if (kept(PGL_STORE_FIXED)) store_.weight_scale = fixed_scale(largest);
    WeightCodes(store_).check(largest);
    for (const Found& mine : found)
      for (uint32_t g = 0; g < plan_.groups.size(); ++g) {
        store_.group_sizes[g] += mine.sizes[g];
        mark_range(plan_.groups[g].delay, mine.delays[g], occurs.data());
      }
    find_delays(occurs);
    plan_.index_delays(store_.delays);
    if (stored) sum_rows();
  }

  double largest_of(Row& row, double largest) const {
    const auto look = [&](auto* weights) {
      for (uint32_t k = 0; k < row.size(); ++k) {
        const double size = weights[k] < 0 ? -double(weights[k]) : double(weights[k]);
        largest = size > largest ? size : largest;
      }
    };
    if (store_.real_bytes == 4) {
      row.make_weights<float>();
      look(row.weights<float>());
    } else {
      row.make_weights<double>();
      look(row.weights<double>());
    }
    return largest;
  }

  PGL_COLD static void mark_range(const DelaySampler& delay, const DelayRange& range, uint8_t* occurs) {
    if (range.low > range.high) return;
    const uint32_t one = delay.random() ? delay.steps_of_word(range.low) : range.low;
    const uint32_t other = delay.random() ? delay.steps_of_word(range.high) : range.high;
    for (uint32_t steps = one < other ? one : other; steps <= (one < other ? other : one); ++steps) occurs[steps] = 1;
  }

  PGL_COLD void find_delays(const List<uint8_t>& occurs) {
    for (uint32_t delay = 1; delay <= plan_.max_delay; ++delay)
      if (occurs[delay] != 0) store_.delays.push(delay);
    if (kept(PGL_STORE_DENSE)) store_.delays.push(plan_.groups[0].delay.constant_steps());
    if (store_.delays.empty()) store_.delays.push(1u);
  }

  void sum_rows() {
    for (pgl_shard_store& shard : store_.shards) {
      uint64_t total = 0;
      for (uint32_t row = 0; row < store_.n_source; ++row) {
        const uint32_t here = shard.row_begin[row + 1];
        longest_ = here > longest_ ? here : longest_;
        total += here;
        shard.row_begin[row + 1] = uint32_t(total);
      }
      if (total > 0xffffffffull) throw Error("more than 2^32 synapses in one shard of a store; use more shards (threads)");
    }
  }

  PGL_COLD void allocate() {
    for (uint32_t s = 0; s < plan_.shards; ++s) {
      pgl_shard_store& shard = store_.shards[s];
      const uint64_t n = shard.row_begin[store_.n_source];
      if (plan_.n_delays > 1) {
        const uint64_t segments = uint64_t(store_.n_source) * (plan_.n_delays + 1);
        if (longest_ > 65535)
          shard.segment32.reset(segments);
        else
          shard.segment16.reset(segments);
      }
      if (wide_[s])
        shard.target32.reset(n);
      else
        shard.target16.reset(n);
      if (kept(kCodedWeights))
        shard.code16.reset(n);
      else if (kept(PGL_STORE_WEIGHTS))
        reset_weights(shard, n);
      if (kept(PGL_STORE_DELAYS)) shard.delay.reset(n);
      if (kept(PGL_STORE_SOURCES)) shard.source.reset(n);
    }
  }

  void reset_weights(pgl_shard_store& shard, uint64_t n) const {
    if (store_.real_bytes == 4)
      shard.weight32.reset(n);
    else
      shard.weight64.reset(n);
  }

  template <class Real>
  static HugeArray<Real>& weights(pgl_shard_store& shard) {
    if constexpr (sizeof(Real) == 4)
      return shard.weight32;
    else
      return shard.weight64;
  }

  // Each row is sorted in small buffers that stay in the cache, then copied: shard after shard, without gaps.
  struct Sorted {
    RowBuffer<uint32_t> target;
    RowBuffer<float> weight32;
    RowBuffer<double> weight64;
    double total = 0.0, change = 0.0;  // of weights of 16 bits
  };

  void fill() {
    List<Row> rows = rows_for_threads(plan_, threads_);
    List<Sorted> sorted(threads_);
    parallel_rows(threads_, store_.n_source, &progress_, [&](uint32_t worker, uint32_t r) {
      Row& row = rows[worker];
      Sorted& out = sorted[worker];
      kept_rows_.make_targets(r, row);
      if (plan_.n_delays > 1) row.make_delays();
      row.locate();
      row.sort();
      place(row, row.local(), out.target);
      for (uint32_t s = 0; s < plan_.shards; ++s) store_row(r, s, row.key_begin() + uint64_t(s) * plan_.n_delays, out);
      if (!kept(PGL_STORE_WEIGHTS)) return;
      if (kept(kCodedWeights) && store_.real_bytes == 4)
        store_codes<float>(r, row, out.weight32, out);
      else if (kept(kCodedWeights))
        store_codes<double>(r, row, out.weight64, out);
      else if (store_.real_bytes == 4)
        store_weights<float>(r, row, out.weight32);
      else
        store_weights<double>(r, row, out.weight64);
    });
    double total = 0.0, change = 0.0;
    for (const Sorted& one : sorted) {
      total += one.total;
      change += one.change;
    }
    if (total > 0.0 && !kept(PGL_STORE_TABLE)) store_.rounding_loss = change / total;
  }

  template <class Real>
  void store_codes(uint32_t r, Row& row, RowBuffer<Real>& sorted, Sorted& seen) {
    const WeightCodes codes(store_);
    row.make_weights<Real>();
    place(row, row.weights<Real>(), sorted);
    for (uint32_t s = 0; s < plan_.shards; ++s) {
      const uint32_t* key_begin = row.key_begin() + uint64_t(s) * plan_.n_delays;
      uint16_t* out = store_.shards[s].code16.data() + store_.shards[s].row_begin[r];
      for (uint32_t k = key_begin[0]; k < key_begin[plan_.n_delays]; ++k, ++out) {
        const double weight = sorted.data()[k];
        *out = codes.code(weight);
        const double change = codes.value(*out) - weight;
        seen.total += weight < 0.0 ? -weight : weight;
        seen.change += change < 0.0 ? -change : change;
      }
    }
  }

  template <class Value>
  static void copy(const Value* from, uint32_t n, Value* to) {
    if (n != 0) memcpy(to, from, n * sizeof(Value));
  }
  template <class Value>
  static void fill_with(Value* out, uint32_t n, Value value) {
    for (uint32_t i = 0; i < n; ++i) out[i] = value;
  }

  template <class Value>
  static void place(Row& row, const Value* __restrict values, RowBuffer<Value>& sorted) {
    Value* __restrict out = sorted.reserve(row.size());
    const uint32_t* __restrict where = row.where();
    const uint32_t n = row.size();
    for (uint32_t k = 0; k < n; ++k) out[where[k]] = values[k];
  }

  template <class Real>
  void store_weights(uint32_t r, Row& row, RowBuffer<Real>& sorted) {
    row.make_weights<Real>();
    place(row, row.weights<Real>(), sorted);
    for (uint32_t s = 0; s < plan_.shards; ++s) {
      const uint32_t* key_begin = row.key_begin() + uint64_t(s) * plan_.n_delays;
      pgl_shard_store& shard = store_.shards[s];
      copy(sorted.data() + key_begin[0], key_begin[plan_.n_delays] - key_begin[0],
           weights<Real>(shard).data() + shard.row_begin[r]);
    }
  }

  void store_row(uint32_t r, uint32_t s, const uint32_t* key_begin, Sorted& sorted) {
    pgl_shard_store& shard = store_.shards[s];
    const uint32_t n_delays = plan_.n_delays, from = key_begin[0], n = key_begin[n_delays] - from;
    const uint64_t at = shard.row_begin[r];
    const uint32_t* __restrict target = sorted.target.data() + from;
    if (wide_[s]) {
      copy(target, n, shard.target32.data() + at);
    } else {
      uint16_t* __restrict out = shard.target16.data() + at;
      for (uint32_t k = 0; k < n; ++k) out[k] = uint16_t(target[k]);
    }
    if (kept(PGL_STORE_SOURCES)) fill_with(shard.source.data() + at, n, r);
    for (uint32_t d = 0; d < n_delays && kept(PGL_STORE_DELAYS); ++d)
      fill_with(shard.delay.data() + at + (key_begin[d] - from), key_begin[d + 1] - key_begin[d], uint16_t(store_.delays[d]));
    if (n_delays == 1) return;
    const uint64_t segment = uint64_t(r) * (n_delays + 1);
    if (!shard.segment16.empty())
      for (uint32_t d = 0; d <= n_delays; ++d) shard.segment16[segment + d] = uint16_t(key_begin[d] - from);
    else
      for (uint32_t d = 0; d <= n_delays; ++d) shard.segment32[segment + d] = key_begin[d] - from;
  }

  void fill_dense() {
    for (pgl_shard_store& shard : store_.shards) {
      const uint64_t n = uint64_t(store_.n_source) * shard.dense_stride;
      if (n > 0xffffffffull) throw Error("more than 2^32 entries in one shard of a matrix; use more shards (threads)");
      reset_weights(shard, n);
    }
    List<Row> rows = rows_for_threads(plan_, threads_);
    parallel_rows(threads_, store_.n_source, &progress_, [&](uint32_t worker, uint32_t r) {
      Row& row = rows[worker];
      row.make_targets(r);
      if (store_.groups[0].rule.kind == PGL_EXPLICIT) refuse_repeats(row, r, store_.groups[0].n_target);
      row.locate();
      if (store_.real_bytes == 4)
        store_dense<float>(r, row);
      else
        store_dense<double>(r, row);
    });
  }

  template <class Real>
  void store_dense(uint32_t r, Row& row) {
    row.make_weights<Real>();
    for (uint32_t k = 0; k < row.size(); ++k) {
      pgl_shard_store& shard = store_.shards[row.keys()[k]];
      weights<Real>(shard)[uint64_t(r) * shard.dense_stride + (row.local()[k] - shard.dense_offset)] = row.weights<Real>()[k];
    }
  }

  BuiltStore& store_;
  StorePlan plan_;
  uint32_t threads_, longest_ = 0;
  KeptRows kept_rows_;
  Progress& progress_;
  List<bool> wide_;
};

}  // namespace detail

}  // namespace pgl

#endif
