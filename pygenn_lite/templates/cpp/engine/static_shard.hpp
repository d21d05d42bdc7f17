// Static synapses on one shard, as the engine sees them: spikes on their way, and what delivers those that arrive.
//
// The loops that deliver are the builder's (delivery.hpp) and coded_delivery.cpp's: an engine for networks without synapses
// is compiled without them. Rows of procedural stores are drawn here.
#ifndef PGL_STATIC_SLICE_HPP
#define PGL_STATIC_SLICE_HPP

#include <stdint.h>

#include "calendar.hpp"
#include "error.hpp"
#include "list.hpp"
#include "rare.hpp"
#include "store.hpp"
#include "whole_sums.hpp"

namespace pgl {

// Procedural stores: rows are drawn when their spikes are looked up, and their jumps wait in a calendar of their own.
struct Drawing {
  Calendar<Jump> jumps;
  RegeneratedRow row;

  explicit Drawing(uint32_t longest_delay) : jumps(longest_delay) {}
};

// One store on one shard: where its jumps go, and when.
struct StaticShard {
  const pgl_store* store = nullptr;
  const pgl_shard_store* synapses = nullptr;
  void* arena = nullptr;
  const void* weights = nullptr;  // this engine's own; else the store's
  const double* common = nullptr;
  const pgl_sums* sums = nullptr;   // where arrivals are added in whole numbers instead
  uint32_t shard = 0;
  Delivery deliver = nullptr;
  Calendar<Segment> calendar;
  Rare<Drawing> drawing;  // of a procedural store

  StaticShard(uint32_t longest_delay, bool procedural) : calendar(procedural ? 0 : longest_delay) {
    if (procedural) drawing.set(new Drawing(longest_delay));
  }
  bool is_drawn() const { return bool(drawing); }
  double common_weight() const { return common == nullptr ? store->common_weight : *common; }
  void clear() {
    calendar.clear();
    if (drawing) drawing->jumps.clear();
  }
  void fit() noexcept {
    calendar.fit();
    if (!drawing) return;
    drawing->jumps.fit();
    drawing->row = {};
  }
};

// Procedural stores: notes the jumps of the spikes that carry time t_step, except those before `first_arrival`. A row
// is drawn once, whatever delays it has; at each step its jumps stand in the order of a stored row.
inline void post_drawn(StaticShard& part, const uint32_t* spikes, uint32_t n, int64_t step,
                                int64_t first_arrival) {
  const pgl_store& store = *part.store;
  Drawing& drawing = *part.drawing;
  const RegeneratedRow& row = drawing.row;
  for (uint32_t i = 0; i < n; ++i) {
    store.regenerate(store, part.shard, spikes[i], drawing.row);
    for (size_t k = 0; k < row.target.size(); ++k) {
      const int64_t arrival = step + (row.delay.empty() ? store.delays.front() : row.delay[k]);
      if (arrival < first_arrival) continue;
      drawing.jumps.at(arrival).push(Jump{row.target[k], row.weight.empty() ? 0.0 : row.weight[k]});
    }
  }
}

inline void deliver_drawn(StaticShard& part, int64_t step) {
  List<Jump>& jumps = part.drawing->jumps.at(step);
  const bool weights = (part.store->flags & PGL_STORE_WEIGHTS) != 0;
  const double common = part.common_weight();
  for (const Jump& jump : jumps) {
    const double weight = weights ? jump.weight : common;
    if (part.sums != nullptr) {
      add_whole(*part.sums, jump.target, part.store->real_bytes == 8 ? weight : double(float(weight)));
    } else if (part.store->real_bytes == 8) {
      static_cast<double*>(part.arena)[jump.target] += weight;
    } else {
      static_cast<float*>(part.arena)[jump.target] += static_cast<float>(weight);
    }
  }
  jumps.clear();
}

// The loop that fits a store.
inline Delivery delivery_of(const pgl_store& store, const pgl_shard_store& synapses, bool whole) {
  if (!whole && (store.flags & kCodedWeights) == 0) return store.choose_delivery(store, synapses);
  if (store.choose_coded == nullptr) {
    throw Error("a store with weights of 16 bits, or sums in whole numbers, needs pgl_store_deliver_coded");
  }
  return store.choose_coded(store, synapses, whole);
}

inline StaticShard make_static_shard(const pgl_store& store, uint32_t shard, void* arena, const pgl_sums* sums) {
  if (shard >= store.shards.size()) throw Error("the store has fewer shards than the engine");
  if (store.delays.empty()) throw Error("the store names no delay");
  StaticShard part(store.delays.back(), (store.flags & PGL_STORE_PROCEDURAL) != 0);
  part.store = &store;
  part.synapses = &store.shards[shard];
  part.arena = arena;
  part.sums = sums;
  part.shard = shard;
  part.deliver = delivery_of(store, *part.synapses, sums != nullptr);
  return part;
}

}  // namespace pgl

#endif
