// The programs' side of abi.h: what extensions of networks need beside the engine. A shared object of its own, compiled
// only for them; it works on the engine's records, whose layout both take from engine.hpp.
#include <stdint.h>
#include <string.h>

#include "engine.hpp"
#include "pool.hpp"
#include "reduction.hpp"
#include "walk.hpp"

namespace {

using pgl::Byte;
using pgl::guarded;

// Calls copy(array, its place in the slot of this step, bytes) for each array of a shard.
template <class Copy>
void for_each_kept(const void* args, uint32_t shard, int64_t step, Copy&& copy) {
  const auto& kept = *static_cast<const pgl_kept*>(args);
  const size_t bytes = size_t{kept.counts[shard]} * kept.real_bytes;
  Byte* slot = static_cast<Byte*>(kept.room[shard]) + static_cast<size_t>(step / kept.every % kept.slots) * kept.n * bytes;
  for (uint32_t k = 0; k < kept.n; ++k) copy(kept.arrays[k * kept.shards + shard], slot + k * bytes, bytes);
}

}  // namespace

extern "C" {

// Weak: who links engine and programs into one has them from the engine.
[[gnu::weak]] int32_t pgl_abi_version(void) { return PGL_ABI_VERSION; }
[[gnu::weak]] const char* pgl_last_error(void) { return pgl::last_error().text; }

void pgl_reductions_set(pgl_engine* engine) { engine->make_reduction = pgl::make_reduction; }

pgl_gathers* pgl_gathers_create(void) {
  return guarded<pgl_gathers*>(nullptr, [&] { return new pgl_gathers; });
}

void pgl_gathers_destroy(pgl_gathers* gathers) { delete gathers; }

void pgl_gathers_clear(pgl_gathers* gathers) { gathers->clear(); }

int32_t pgl_walk(pgl_engine* engine, pgl_gathers* gathers, const pgl_op* ops, int64_t n, int64_t first, int64_t count,
                 int32_t direction) {
  return guarded<int32_t>(-1, [&] {
    engine->walk(*gathers, ops, static_cast<size_t>(n), first, count, direction);
    return 0;
  });
}

int32_t pgl_pool_walk(pgl_pool* pool, const pgl_walking* walks, int64_t n, int64_t first, int64_t count, int32_t direction,
                      int32_t* failed) {
  return guarded<int32_t>(-1, [&] {
    pool->each(n, [&](int64_t k) {
      failed[k] = pgl_walk(walks[k].engine, walks[k].gathers, walks[k].ops, walks[k].n, first, count, direction);
      if (failed[k] != 0) walks[k].engine->set_error(pgl::last_error().text);
    });
    return 0;
  });
}

void pgl_keep(const void* kept, uint32_t shard, int64_t step) {
  for_each_kept(kept, shard, step, [](const void* array, void* slot, size_t bytes) { memcpy(slot, array, bytes); });
}

void pgl_recall(const void* kept, uint32_t shard, int64_t step) {
  for_each_kept(kept, shard, step, [](void* array, const void* slot, size_t bytes) { memcpy(array, slot, bytes); });
}

}  // extern "C"
