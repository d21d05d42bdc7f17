// The same synapses in the order of their targets: what a spike of a target neuron walks along.
#ifndef PGL_TRANSPOSING_HPP
#define PGL_TRANSPOSING_HPP

#include <stdint.h>

#include "list.hpp"
#include "parallel.hpp"
#include "rows.hpp"
#include "store.hpp"

namespace pgl {

namespace detail {

// Of a store of one general group.
[[gnu::noinline]] inline void transpose(BuiltStore& store, const StorePlan& plan, const List<bool>& wide, uint32_t threads) {
  for (uint32_t s = 0; s < plan.shards; ++s) {
    pgl_shard_store& shard = store.shards[s];
    const uint64_t n = shard.row_begin[store.n_source];
    const uint32_t columns = plan.groups[0].shard_begin[s + 1] - plan.groups[0].shard_begin[s];
    const uint32_t offset = plan.groups[0].arena_offset[s];
    shard.post_begin.reset(uint64_t(columns) + 1);
    shard.post_position.reset(n);
    shard.post_source.reset(n);
    parallel_group(threads, store.n_source, columns, shard.post_begin.data(),
        [&](uint64_t begin, uint64_t end, auto sink) {
          for (uint64_t row = begin; row < end; ++row)
            for (uint32_t k = shard.row_begin[row]; k < shard.row_begin[row + 1]; ++k)
              sink((wide[s] ? shard.target32[k] : shard.target16[k]) - offset, k, uint32_t(row));
        },
        [&](uint64_t place, uint64_t, uint32_t position, uint32_t source) {
          shard.post_position[place] = position;
          shard.post_source[place] = source;
        });
  }
}

}  // namespace detail

}  // namespace pgl

#endif
