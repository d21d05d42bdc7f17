// What a finished store says about itself: its synapses in canonical order (pre, post, delay; stable), their weights
// read and written, rows of procedural stores. The structure is drawn again rather than kept: a static synapse in a
// store shared by several groups holds nothing that says which group it came from.
#ifndef PGL_READBACK_HPP
#define PGL_READBACK_HPP

#include <unistd.h>

#include <stdint.h>
#include <stdlib.h>

#include "abi.h"
#include "error.hpp"
#include "list.hpp"
#include "parallel.hpp"
#include "rows.hpp"
#include "store.hpp"
#include "weight_codes.hpp"

namespace pgl {

namespace detail {

struct StoredSynapse {
  uint32_t pre, post, shard;
  uint16_t delay;
  uint64_t position;  // in the shard's arrays
  double drawn;       // the weight, if the store is procedural
};

inline uint32_t reading_threads() {
  const long cores = sysconf(_SC_NPROCESSORS_ONLN);
  return cores < 1 ? 1 : (cores > 16 ? 16 : uint32_t(cores));
}

struct Entry {
  uint64_t order;  // target, then delay
  uint32_t k;
};
PGL_COLD inline void sort_entries(List<Entry>& entries) {
  bool sorted = true;
  for (size_t i = 1; i < entries.size() && sorted; ++i) sorted = entries[i - 1].order <= entries[i].order;
  if (sorted) return;  // they come in order of k
  qsort(entries.data(), entries.size(), sizeof(Entry), [](const void* a, const void* b) {
    const Entry &one = *static_cast<const Entry*>(a), &other = *static_cast<const Entry*>(b);
    if (one.order != other.order) return one.order < other.order ? -1 : 1;
    return one.k < other.k ? -1 : (one.k > other.k ? 1 : 0);
  });
}

// visit(k, synapse) for all synapses of a group, k counting in canonical order; in parallel.
using Visit = Call<int64_t, const StoredSynapse&>;  // k, synapse
PGL_COLD inline void visit_group(const pgl_store& seen, uint32_t group, const Visit& visit) {
  const BuiltStore& store = static_cast<const BuiltStore&>(seen);
  if (group >= store.groups.size()) throw Error("the store has no such group");
  const uint32_t threads = reading_threads();
  const StorePlan plan = StorePlan::of(store, threads);
  const bool dense = store.flags & PGL_STORE_DENSE, procedural = store.flags & PGL_STORE_PROCEDURAL;
  const bool drawn = procedural && (store.flags & PGL_STORE_WEIGHTS);
  List<Row> rows = rows_for_threads(plan, threads);
  // Where each row's synapses begin in the canonical order.
  List<int64_t> first(uint64_t(store.n_source) + 1);
  const Rule& rule = plan.groups[group].rule;
  parallel_rows(threads, store.n_source, nullptr, [&](uint32_t worker, uint32_t r) {
    first[r + 1] = rule.known_degree(r);
    if (first[r + 1] >= 0) return;
    rows[worker].make_targets(r);
    first[r + 1] = rows[worker].group_end(group) - rows[worker].group_begin(group);
  });
  for (uint32_t r = 0; r < store.n_source; ++r) first[r + 1] += first[r];

  List<List<Entry>> entries(threads);
  parallel_rows(threads, store.n_source, nullptr, [&](uint32_t worker, uint32_t r) {
    Row& row = rows[worker];
    row.make_targets(r);
    row.make_delays();
    row.locate();
    row.sort();
    if (drawn && store.real_bytes == 4) row.make_weights<float>();
    if (drawn && store.real_bytes != 4) row.make_weights<double>();
    List<Entry>& mine = entries[worker];
    mine.clear();
    for (uint32_t k = row.group_begin(group); k < row.group_end(group); ++k)
      mine.push({uint64_t(row.targets()[k]) << 16 | row.delays()[k], k});
    sort_entries(mine);
    for (uint64_t i = 0; i < mine.size(); ++i) {
      const uint32_t k = mine[i].k, shard = row.keys()[k] / plan.n_delays;
      const pgl_shard_store& part = store.shards[shard];
      StoredSynapse synapse{r, row.targets()[k], shard, row.delays()[k], 0, 0.0};
      if (dense)
        synapse.position = uint64_t(r) * part.dense_stride + (row.local()[k] - part.dense_offset);
      else if (!procedural)
        synapse.position = part.row_begin[r] + uint64_t(row.where()[k] - row.key_begin()[uint64_t(shard) * plan.n_delays]);
      else if (drawn)
        synapse.drawn = store.real_bytes == 4 ? double(row.weights<float>()[k]) : row.weights<double>()[k];
      visit(first[r] + int64_t(i), synapse);
    }
  });
}

inline double weight_at(const pgl_store& store, const pgl_shard_store& shard, uint64_t position) {
  if (store.flags & kCodedWeights) return WeightCodes(store).value(shard.code16[position]);
  return store.real_bytes == 4 ? double(shard.weight32[position]) : shard.weight64[position];
}
inline void set_weight_at(const pgl_store& store, pgl_shard_store& shard, uint64_t position, double weight) {
  if (store.flags & kCodedWeights)
    shard.code16[position] = WeightCodes(store).code(weight);
  else if (store.real_bytes == 4)
    shard.weight32[position] = float(weight);
  else
    shard.weight64[position] = weight;
}

// Before weights of 16 bits are written: another scale where they ask for it.
inline void make_room(pgl_store& store, const double* weights, int64_t n) {
  if (!(store.flags & kCodedWeights)) return;
  if (store.flags & PGL_STORE_TABLE) throw Error("the synapses of this store share their weights: write the table");
  double largest = 0.0;
  for (int64_t k = 0; k < n; ++k) {
    const double size = weights[k] < 0.0 ? -weights[k] : weights[k];
    largest = size > largest ? size : largest;
  }
  WeightCodes(store).check(largest);
  const double used = largest / store.weight_scale;
  if ((store.flags & PGL_STORE_FIXED) && (used > kLargestFixed + 0.25 || used < kLargestFixed / 2.0))
    store.weight_scale = fixed_scale(largest);
  const WeightCodes codes(store);
  double total = 0.0, change = 0.0;
  for (int64_t k = 0; k < n; ++k) {
    const double moved = codes.value(codes.code(weights[k])) - weights[k];
    total += weights[k] < 0.0 ? -weights[k] : weights[k];
    change += moved < 0.0 ? -moved : moved;
  }
  store.rounding_loss = total > 0.0 ? change / total : 0.0;
}

}  // namespace detail

inline void regenerate_row(const pgl_store& store, uint32_t shard, uint32_t source, RegeneratedRow& out) {
  thread_local Row row;
  row.follow(*static_cast<const BuiltStore&>(store).plan);
  const bool weights = (store.flags & PGL_STORE_WEIGHTS) != 0, narrow = store.real_bytes == 4;
  const uint32_t n_delays = static_cast<uint32_t>(store.delays.size());
  row.make_targets(source);
  row.locate();
  if (n_delays > 1) row.make_delays();
  if (weights && narrow) row.make_weights<float>();
  if (weights && !narrow) row.make_weights<double>();
  out.target.clear();
  out.delay.clear();
  out.weight.clear();
  const uint32_t *key = row.keys(), *local = row.local();
  for (uint32_t k = 0; k < row.size(); ++k) {
    if (key[k] != shard * n_delays) continue;
    out.target.push(local[k]);
    if (n_delays > 1) out.delay.push(row.delays()[k]);
    if (weights) out.weight.push(narrow ? double(row.weights<float>()[k]) : row.weights<double>()[k]);
  }
}

}  // namespace pgl

extern "C" {

int64_t pgl_store_group_size(const pgl_store* store, uint32_t group) {
  return group < store->group_sizes.size() ? store->group_sizes[group] : -1;
}

uint64_t pgl_store_bytes(const pgl_store* seen) {
  const auto* store = static_cast<const pgl::BuiltStore*>(seen);
  uint64_t bytes = store->out_degree.size() * sizeof(uint32_t);
  for (const auto& part : store->owned) bytes += part.size() * sizeof(uint32_t);
  for (const auto& part : store->owned64) bytes += part.size() * sizeof(int64_t);
  for (const auto& part : store->owned_values) bytes += part.size() * sizeof(double);
  for (const pgl_shard_store& s : store->shards)
    bytes += s.row_begin.bytes() + s.segment16.bytes() + s.segment32.bytes() + s.target16.bytes() + s.target32.bytes() +
             s.weight32.bytes() + s.weight64.bytes() + s.code16.bytes() + s.delay.bytes() + s.source.bytes() + s.post_begin.bytes() +
             s.post_position.bytes() + s.post_source.bytes();
  return bytes;
}

int32_t pgl_store_read(const pgl_store* store, uint32_t group, uint32_t* pre, uint32_t* post, uint16_t* delay_steps,
                       double* weight) {
  return pgl::guarded<int32_t>(-1, [&] {
    const bool stored = (store->flags & PGL_STORE_WEIGHTS) && !(store->flags & PGL_STORE_PROCEDURAL);
    const bool drawn = (store->flags & PGL_STORE_WEIGHTS) && !stored;
    pgl::detail::visit_group(*store, group, [&](int64_t k, const pgl::detail::StoredSynapse& synapse) {
      if (pre != nullptr) pre[k] = synapse.pre;
      if (post != nullptr) post[k] = synapse.post;
      if (delay_steps != nullptr) delay_steps[k] = synapse.delay;
      if (weight == nullptr) return;
      weight[k] = stored ? pgl::detail::weight_at(*store, store->shards[synapse.shard], synapse.position)
                         : (drawn ? synapse.drawn : store->common_weight);
    });
    return 0;
  });
}

int32_t pgl_store_write_weights(pgl_store* store, uint32_t group, const double* weight) {
  return pgl::guarded<int32_t>(-1, [&] {
    if (!(store->flags & PGL_STORE_WEIGHTS) || (store->flags & PGL_STORE_PROCEDURAL))
      throw pgl::Error("this store keeps no weight per synapse that could be written");
    if (group < store->group_sizes.size()) pgl::detail::make_room(*store, weight, store->group_sizes[group]);
    pgl::detail::visit_group(*store, group, [&](int64_t k, const pgl::detail::StoredSynapse& synapse) {
      pgl::detail::set_weight_at(*store, store->shards[synapse.shard], synapse.position, weight[k]);
    });
    return 0;
  });
}

int32_t pgl_store_set_common_weight(pgl_store* store, double weight) {
  return pgl::guarded<int32_t>(-1, [&] {
    if ((store->flags & PGL_STORE_WEIGHTS) && (store->flags & PGL_STORE_PROCEDURAL))
      throw pgl::Error("the weights of this store are drawn at each spike and cannot be written");
    store->common_weight = weight;
    if (!(store->flags & PGL_STORE_WEIGHTS)) return 0;
    pgl::detail::make_room(*store, &weight, 1);
    for (uint32_t group = 0; group < store->groups.size(); ++group)
      pgl::detail::visit_group(*store, group, [&](int64_t, const pgl::detail::StoredSynapse& synapse) {
        pgl::detail::set_weight_at(*store, store->shards[synapse.shard], synapse.position, weight);
      });
    return 0;
  });
}

int32_t pgl_store_rounding(const pgl_store* store, double* scale, double* loss) {
  *scale = store->weight_scale;
  *loss = store->rounding_loss;
  return 0;
}

int32_t pgl_store_read_places(const pgl_store* store, uint32_t group, uint32_t* place) {
  return pgl::guarded<int32_t>(-1, [&] {
    if (!(store->flags & PGL_STORE_TABLE)) throw pgl::Error("this store has no table of weights");
    pgl::detail::visit_group(*store, group, [&](int64_t k, const pgl::detail::StoredSynapse& synapse) {
      place[k] = store->shards[synapse.shard].code16[synapse.position];
    });
    return 0;
  });
}

int32_t pgl_store_write_table(pgl_store* store, const double* table, uint64_t size) {
  return pgl::guarded<int32_t>(-1, [&] {
    if (size != store->weight_table.size()) throw pgl::Error("a table of weights keeps its size");
    pgl::detail::set_weight_table(*store, table, size);
    return 0;
  });
}

int32_t pgl_store_positions(const pgl_store* store, uint32_t group, uint32_t* shard, uint32_t* position) {
  return pgl::guarded<int32_t>(-1, [&] {
    if (store->flags & PGL_STORE_PROCEDURAL) throw pgl::Error("the synapses of a procedural store have no positions");
    pgl::detail::visit_group(*store, group, [&](int64_t k, const pgl::detail::StoredSynapse& synapse) {
      shard[k] = synapse.shard;
      position[k] = uint32_t(synapse.position);
    });
    return 0;
  });
}

int32_t pgl_store_shard(pgl_store* store, uint32_t shard, pgl_store_view* out) {
  return pgl::guarded<int32_t>(-1, [&] {
    if (shard >= store->shards.size()) throw pgl::Error("the store has no such shard");
    pgl_shard_store& s = store->shards[shard];
    const bool wide = !s.target32.empty();
    *out = pgl_store_view{};
    out->weight = store->real_bytes == 4 ? static_cast<void*>(s.weight32.data()) : static_cast<void*>(s.weight64.data());
    out->target = wide ? static_cast<void*>(s.target32.data()) : static_cast<void*>(s.target16.data());
    out->delay = s.delay.data();
    out->source = s.source.data();
    out->post_begin = s.post_begin.data();
    out->post_position = s.post_position.data();
    out->post_source = s.post_source.data();
    out->n_synapses = s.row_begin.empty() ? uint32_t(uint64_t(store->n_source) * s.dense_stride) : s.row_begin[store->n_source];
    out->wide_target = wide ? 1 : 0;
    out->row_begin = s.row_begin.empty() ? nullptr : s.row_begin.data();
    return 0;
  });
}

}  // extern "C"

#endif
