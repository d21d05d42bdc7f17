// The builder's part of abi.h: stores made, longest delays found (reading back: readback.hpp). Included once, by
// builder.cpp.
#ifndef PGL_BUILD_HPP
#define PGL_BUILD_HPP

#include <stdint.h>

#include "abi.h"
#include "adopting.hpp"
#include "builder.hpp"
#include "delivery.hpp"
#include "error.hpp"
#include "list.hpp"
#include "parallel.hpp"
#include "readback.hpp"
#include "rows.hpp"
#include "store.hpp"

namespace pgl {

namespace detail {

// A dry run over one group, for pgl_delay_maximum: body(worker, row, its number), where only the row's size is sure to
// be known. Returns how the delays were sampled.
PGL_COLD inline DelaySampler dry_run(uint32_t n_source, const pgl_group& group, double dt, uint64_t seed, uint32_t threads,
                                     const Call<uint32_t, Row&, uint32_t>& body) {
  const uint32_t whole[2] = {0, group.n_target}, offset[1] = {0};
  pgl_group flat = group;
  flat.shard_begin = whole;
  flat.arena_offset = offset;
  StorePlan plan;
  plan.seed = seed;
  plan.n_source = n_source;
  plan.max_delay = 65535;
  List<uint32_t> degrees;
  plan.groups.push(GroupPlan(flat, n_source, seed, dt, plan.max_delay, nullptr));
  plan.groups[0].check();
  if (plan.groups[0].rule.needs_degrees()) {
    degrees.assign(n_source, 0);
    plan.groups[0].rule.draw_degrees(degrees.data());
    plan.groups[0].rule = Rule(flat, n_source, seed, degrees.data());
  }
  plan.groups[0].rule.turn(threads);
  List<Row> rows = rows_for_threads(plan, threads);
  parallel_rows(threads, n_source, nullptr, [&](uint32_t worker, uint32_t r) {
    Row& row = rows[worker];
    if (!row.count_only(r)) row.make_targets(r);
    body(worker, row, r);
  });
  return pgl::move(plan.groups[0].delay);
}

}  // namespace detail

}  // namespace pgl

extern "C" {

pgl_store* pgl_store_build(uint32_t n_source, uint32_t shards, uint32_t n_groups, const pgl_group* groups, uint32_t flags,
                           double dt, uint32_t max_delay, uint64_t seed, uint32_t threads, int32_t real_bytes,
                           pgl_progress_fn report, void* user) {
  return pgl::guarded<pgl_store*>(nullptr, [&] {
    if (n_groups == 0 || shards == 0) throw pgl::Error("a store needs at least one group and one shard");
    if (max_delay == 0 || max_delay > 65535) throw pgl::Error("delays must lie between 1 and 65535 steps");
    if (n_source >= 0xffffffffu) throw pgl::Error("a population has too many neurons");
    auto* store = new pgl::BuiltStore;
    struct Keeper {  // until the store is complete
      pgl::BuiltStore* store;
      ~Keeper() { delete store; }
    } keeper{store};
    store->n_source = n_source;
    store->flags = flags;
    store->real_bytes = real_bytes;
    store->seed = seed;
    store->dt = dt;
    store->shards.resize(shards);
    store->choose_delivery = pgl::choose_delivery;
    pgl::detail::adopt_groups(*store, n_groups, groups, shards);
    pgl::Progress progress(report, user, int64_t(n_source) * (flags & PGL_STORE_PROCEDURAL ? 1 : 2));
    const uint32_t workers = threads == 0 ? 1u : threads;
    pgl::detail::Builder(*store, max_delay, workers, progress).build();
    pgl::detail::adopt_values(*store);
    if (flags & PGL_STORE_PROCEDURAL) {
      store->plan = new pgl::StorePlan(pgl::StorePlan::of(*store, workers));
      store->regenerate = pgl::regenerate_row;
    }
    progress.finish();
    keeper.store = nullptr;
    return store;
  });
}

void pgl_store_destroy(pgl_store* store) { delete static_cast<pgl::BuiltStore*>(store); }

int64_t pgl_delay_maximum(uint32_t n_source, const pgl_group* group, double dt, uint64_t seed, uint32_t threads) {
  return pgl::guarded<int64_t>(-1, [&]() -> int64_t {
    const auto steps = [&](double delay) { return int64_t(pgl::clip(pgl::floor(delay / dt + 0.5), 1.0, 65535.0)); };
    const pgl_distribution& d = group->delay;
    if (d.kind == PGL_CONSTANT) return steps(d.a);
    if (d.kind == PGL_UNIFORM && d.affine == 0) return steps(d.a > d.b ? d.a : d.b);
    const uint32_t workers = threads == 0 ? 1u : threads;
    pgl::List<pgl::DelayRange> ranges(workers);
    const pgl::DelaySampler sampler =
        pgl::detail::dry_run(n_source, *group, dt, seed, workers, [&](uint32_t worker, pgl::Row& row, uint32_t r) {
          row.widen_delays(r, &ranges[worker]);
        });
    int64_t longest = 1;
    for (const pgl::DelayRange& range : ranges) {
      if (range.low > range.high) continue;
      const uint32_t ends[2] = {range.low, range.high};
      for (const uint32_t end : ends) {
        const int64_t here = sampler.random() ? sampler.steps_of_word(end) : end;
        longest = here > longest ? here : longest;
      }
    }
    return longest;
  });
}

}  // extern "C"

#endif
