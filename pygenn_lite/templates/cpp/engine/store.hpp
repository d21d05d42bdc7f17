// The memory of stored synapses: made by the builder (build*.hpp), walked by its loops of delivery (delivery.hpp).
//
// A store holds the synapses of one or several groups from one source population. It is cut into shards
// (one worker owns a shard of every target population). Within a shard synapses stand row by row (source
// neuron), within a row by ascending delay, within a delay in order of generation. A segment is the part of
// a row with one delay: what a spike delivers on one arrival.
#ifndef PGL_STORE_HPP
#define PGL_STORE_HPP

#include <stdint.h>

#include "abi.h"
#include "list.hpp"
#include "memory.hpp"  // pgl::HugeArray<T>: exactly sized, zeroed, madvise(MADV_HUGEPAGE), move only; throws OutOfMemory

struct pgl_shard_store {
  pgl::HugeArray<uint32_t> row_begin;     // [n_source + 1]
  pgl::HugeArray<uint16_t> segment16;     // [n_source][n_delays + 1] offsets from row_begin; empty when n_delays == 1
  pgl::HugeArray<uint32_t> segment32;     // the same where a row is longer than 65535
  pgl::HugeArray<uint16_t> target16;      // local target (arena index for static stores, shard-local neuron for general ones)
  pgl::HugeArray<uint32_t> target32;      // the same where 16 bits do not reach
  pgl::HugeArray<float> weight32;         // real_bytes == 4 (empty without PGL_STORE_WEIGHTS)
  pgl::HugeArray<double> weight64;        // real_bytes == 8
  pgl::HugeArray<uint16_t> code16;        // weights of 16 bits instead (weight_codes.hpp)
  pgl::HugeArray<uint16_t> delay;         // PGL_STORE_DELAYS
  pgl::HugeArray<uint32_t> source;        // PGL_STORE_SOURCES
  pgl::HugeArray<uint32_t> post_begin, post_position, post_source;  // PGL_STORE_TRANSPOSED
  uint32_t dense_columns = 0;        // dense/procedural: targets of the shard
  uint32_t dense_stride = 0;         // dense: entries from one row to the next
  uint32_t dense_offset = 0;         // their arena offset
};

namespace pgl {

inline constexpr uint32_t kCodedWeights = PGL_STORE_HALF | PGL_STORE_FIXED | PGL_STORE_TABLE;

// One row of a procedural store on one shard, its synapses in the order in which they are drawn. Kept between calls, so
// that memory is allocated once.
struct RegeneratedRow {
  List<uint32_t> target;  // arena index (the group's arena offset added)
  List<uint16_t> delay;   // steps; empty where all synapses have the store's one delay
  List<double> weight;    // rounded as stored weights are; empty without PGL_STORE_WEIGHTS
};

struct Segment;
struct StaticShard;
// Adds the weights of arriving segments to a shard's arena.
using Delivery = void (*)(StaticShard&, const Segment*, uint32_t);

}  // namespace pgl

// What the engine sees of a store; the builder keeps more (build.hpp).
struct pgl_store {
  uint32_t n_source = 0;
  uint32_t flags = 0;
  int32_t real_bytes = 4;
  uint64_t seed = 0;
  double dt = 0.1;
  double common_weight = 0.0;          // without PGL_STORE_WEIGHTS
  double weight_scale = 1.0;           // PGL_STORE_FIXED
  double rounding_loss = 0.0;          // weights of 16 bits: sum of changes by sum of absolute weights
  pgl::List<double> weight_table;      // PGL_STORE_TABLE
  pgl::List<float> weight_table32;     // the same as delivered where reals are floats
  pgl::List<uint32_t> delays;          // ascending steps that occur; size() == n_delays >= 1
  pgl::List<pgl_group> groups;         // copies; what they point to lives as long
  pgl::List<pgl_shard_store> shards;
  pgl::List<int64_t> group_sizes;
  pgl::Delivery (*choose_delivery)(const pgl_store&, const pgl_shard_store&) = nullptr;
  // Of weights of 16 bits, or into whole numbers; where a network has such (coded_delivery.cpp).
  pgl::Delivery (*choose_coded)(const pgl_store&, const pgl_shard_store&, bool whole) = nullptr;
  // Procedural stores: draws a row again. Called from the worker that owns the shard.
  void (*regenerate)(const pgl_store&, uint32_t shard, uint32_t source, pgl::RegeneratedRow&) = nullptr;
};

#endif
