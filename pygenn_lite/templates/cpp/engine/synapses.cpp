// The synapses' side of abi.h: hands stores, which the builder makes, to an engine, with what its steps do with them. A
// shared object of its own, compiled only for networks that have synapses; it works on the engine's records, whose layout
// both take from engine.hpp.
#include <stdint.h>

#include "engine.hpp"

namespace {

using pgl::Error;
using pgl::guarded;
using pgl::population_at;

void post(pgl_engine& engine, pgl::Shard& shard, const pgl::Population& population, const uint32_t* spikes, uint32_t n,
          int64_t step, int64_t now) {
  for (const uint32_t g : population.statics) {
    pgl::StaticShard& part = shard.statics[g];
    const int64_t first = now + engine.statics[g].lead;
    if (part.is_drawn()) {
      pgl::post_drawn(part, spikes, n, step, first);
    } else {
      pgl::post_spikes(part.calendar, *part.store, *part.synapses, spikes, n, step, first);
    }
  }
  for (const uint32_t g : population.generals) {
    if (engine.generals[g].on_pre == nullptr) continue;
    pgl::GeneralShard& part = shard.generals[g];
    pgl::post_spikes(part.calendar, *part.store, *part.synapses, spikes, n, step, now + engine.generals[g].lead);
  }
}

void deliver(pgl::StaticShard& part, int64_t step) {
  if (part.is_drawn()) {
    pgl::deliver_drawn(part, step);
    return;
  }
  pgl::List<pgl::Segment>& arrivals = part.calendar.at(step);
  part.deliver(part, arrivals.data(), static_cast<uint32_t>(arrivals.size()));
  arrivals.clear();
}

void collect(const pgl_sums& sums, uint32_t real_bytes, int64_t step, pgl_fault& fault) {
  if (real_bytes == 8) {
    pgl::collect_sums<double>(sums, step, fault);
  } else {
    pgl::collect_sums<float>(sums, step, fault);
  }
}

constexpr pgl::SynapseWork kWork{post, deliver, collect};

// A store fits where it can be walked from this population without leaving any array, and within the delays for which
// the blocks of steps were cut.
void check_store(pgl_engine* engine, uint32_t source, const pgl_store* store) {
  if (store == nullptr) throw Error("no store given");
  if (store->n_source != population_at(engine, source).size) {
    throw Error("the store has %u rows, the source population %u neurons", store->n_source,
                engine->populations[source].size);
  }
  if (store->shards.size() != engine->shards().size()) throw Error("store and engine are cut into different shards");
  if (store->real_bytes != static_cast<int32_t>(engine->real_bytes)) throw Error("store and engine differ in precision");
  int64_t synapses = 0;
  for (const int64_t size : store->group_sizes) synapses += size;
  if (synapses == 0) return;  // its delays mean nothing
  if (store->delays.front() < engine->min_delay || store->delays.back() > engine->max_delay) {
    throw Error("the store's delays, %u to %u steps, lie outside the engine's, %u to %u", store->delays.front(),
                store->delays.back(), engine->min_delay, engine->max_delay);
  }
}

}  // namespace

extern "C" {

// Weak: who links engine and synapses into one has them from the engine.
[[gnu::weak]] int32_t pgl_abi_version(void) { return PGL_ABI_VERSION; }
[[gnu::weak]] const char* pgl_last_error(void) { return pgl::last_error().text; }

int32_t pgl_sums_set(pgl_engine* engine, const pgl_sums* by_shard) {
  return guarded<int32_t>(-1, [&] {
    if (!engine->statics.empty()) throw Error("sums in whole numbers come before the deliveries that add to them");
    engine->synapses = kWork;
    engine->sums.append(by_shard, engine->shards().size());
    return 0;
  });
}

int32_t pgl_static_add(pgl_engine* engine, uint32_t source, pgl_store* store, void* const* arena, int32_t lead) {
  return guarded<int32_t>(-1, [&] {
    check_store(engine, source, store);
    if (lead != 0 && lead != 1) throw Error("the lead of a delivery is 0 or 1");
    pgl::List<pgl::Shard>& shards = engine->shards();
    for (uint32_t s = 0; s < shards.size(); ++s) {
      const pgl_sums* sums = engine->sums.empty() ? nullptr : &engine->sums[s];
      shards[s].statics.push(pgl::make_static_shard(*store, s, arena[s], sums));
    }
    engine->synapses = kWork;
    engine->statics.push({lead});
    const auto id = static_cast<uint32_t>(engine->statics.size() - 1);
    engine->populations[source].statics.push(id);
    return static_cast<int32_t>(id);
  });
}

int32_t pgl_static_weights_set(pgl_engine* engine, uint32_t index, void* const* weights, const double* common_weight) {
  return guarded<int32_t>(-1, [&] {
    if (index >= engine->statics.size()) throw Error("no static delivery %u", index);
    pgl::List<pgl::Shard>& shards = engine->shards();
    for (size_t s = 0; s < shards.size(); ++s) {
      pgl::StaticShard& part = shards[s].statics[index];
      if (weights != nullptr && (part.is_drawn() || (part.store->flags & PGL_STORE_WEIGHTS) == 0)) {
        throw Error("the store of static delivery %u keeps no weight per synapse", index);
      }
      if (weights != nullptr && !part.synapses->code16.empty()) {
        throw Error("the store of static delivery %u keeps weights of 16 bits", index);
      }
      part.weights = weights == nullptr ? nullptr : weights[s];
      part.common = common_weight;
    }
    return 0;
  });
}

int32_t pgl_synapse_add(pgl_engine* engine, uint32_t source, uint32_t target, pgl_store* store, pgl_on_pre_fn on_pre,
                        const pgl_synapse_args* args, int32_t lead) {
  return guarded<int32_t>(-1, [&] {
    check_store(engine, source, store);
    population_at(engine, target);
    if (lead != 0 && lead != 1) throw Error("the lead of a delivery is 0 or 1");
    pgl::List<pgl::Shard>& shards = engine->shards();
    for (size_t s = 0; s < shards.size(); ++s) {
      pgl::GeneralShard part(store->delays.back());
      part.args = args[s];
      part.store = store;
      part.synapses = &store->shards[s];
      shards[s].generals.push(pgl::move(part));
    }
    engine->synapses = kWork;
    engine->generals.push({target, lead, on_pre});
    const auto id = static_cast<uint32_t>(engine->generals.size() - 1);
    engine->populations[source].generals.push(id);
    return static_cast<int32_t>(id);
  });
}

}  // extern "C"
