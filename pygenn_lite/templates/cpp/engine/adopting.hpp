// What a store keeps of the descriptions that it is made from: copies, since the caller's may go.
#ifndef PGL_ADOPTING_HPP
#define PGL_ADOPTING_HPP

#include <stdint.h>

#include "abi.h"
#include "error.hpp"
#include "list.hpp"
#include "rows.hpp"
#include "store.hpp"

namespace pgl {

namespace detail {

PGL_COLD inline void set_weight_table(pgl_store& store, const double* table, uint64_t size) {
  if (table == nullptr || size == 0 || size > 65536) throw Error("a table of weights has 1 to 65536 entries");
  store.weight_table.clear();
  store.weight_table32.clear();
  for (uint64_t k = 0; k < size; ++k) {
    store.weight_table.push(store.real_bytes == 4 ? double(float(table[k])) : table[k]);
    store.weight_table32.push(float(table[k]));
  }
}

// Copies what the descriptions point to; given weights are needed only while they are laid down.
PGL_COLD inline void adopt_groups(BuiltStore& store, uint32_t n_groups, const pgl_group* groups, uint32_t shards) {
  const auto keep = [](auto& owned, auto* from, uint64_t n) {
    owned.push({});
    owned.back().append(from, n);
    return owned.back().data();
  };
  for (uint32_t g = 0; g < n_groups; ++g) {
    pgl_group group = groups[g];
    if (group.shard_begin[0] != 0 || group.shard_begin[shards] != group.n_target)
      throw Error("the shards do not cover the target population");
    group.shard_begin = keep(store.owned, group.shard_begin, uint64_t(shards) + 1);
    group.arena_offset = keep(store.owned, group.arena_offset, shards);
    if (group.rule.kind == PGL_EXPLICIT && group.rule.row_begin != nullptr) {
      const int64_t n = group.rule.row_begin[store.n_source];
      for (uint32_t row = 0; row < store.n_source; ++row)
        if (group.rule.row_begin[row] < 0 || group.rule.row_begin[row] > group.rule.row_begin[row + 1])
          throw Error("the rows of explicit connectivity do not ascend");
      group.rule.row_begin = keep(store.owned64, group.rule.row_begin, uint64_t(store.n_source) + 1);
      if (group.rule.targets != nullptr) group.rule.targets = keep(store.owned, group.rule.targets, uint64_t(n));
    }
    if (store.flags & PGL_STORE_TABLE) set_weight_table(store, group.weight_table, group.weight_table_size);
    group.weight_table = nullptr;
    store.groups.push(group);
  }
}

// Lists of given values that outlive the construction: delays (for reading back), weights of procedural stores.
PGL_COLD inline void adopt_values(BuiltStore& store) {
  for (pgl_group& group : store.groups) {
    const auto keep = [&](pgl_distribution& d) {
      if (d.kind != PGL_VALUES) return;
      const Rule rule(group, store.n_source, store.seed, nullptr);
      const int64_t n = store.n_source == 0 ? 0 : rule.first_position(store.n_source - 1) + rule.known_degree(store.n_source - 1);
      store.owned_values.push({});
      store.owned_values.back().append(d.values, uint64_t(n));
      if (n == 0) store.owned_values.back().push(0.0);  // an empty list has no address, which would mean: not given
      d.values = store.owned_values.back().data();
    };
    keep(group.delay);
    if (store.flags & PGL_STORE_PROCEDURAL)
      keep(group.weight);
    else
      group.weight.values = nullptr;
  }
}

}  // namespace detail

}  // namespace pgl

#endif
