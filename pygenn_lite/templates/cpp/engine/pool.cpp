// Pools: the shared object that runs many engines. It knows them by their functions only.
#include "pool.hpp"

#include <stdint.h>

#include "abi.h"
#include "error.hpp"

extern "C" {

// Weak: who links engine and pool into one has them from the engine.
[[gnu::weak]] int32_t pgl_abi_version(void) { return PGL_ABI_VERSION; }
[[gnu::weak]] const char* pgl_last_error(void) { return pgl::last_error().text; }

pgl_pool* pgl_pool_create(uint32_t threads) {
  return pgl::guarded<pgl_pool*>(nullptr, [&] {
    if (threads == 0) throw pgl::Error("a pool needs at least one thread");
    return new pgl_pool(threads);
  });
}

void pgl_pool_destroy(pgl_pool* pool) { delete pool; }

int32_t pgl_pool_run(pgl_pool* pool, pgl_run_fn run, pgl_engine* const* engines, int64_t n, int64_t steps, int64_t* done) {
  return pgl::guarded<int32_t>(-1, [&] {
    pool->run(run, engines, n, steps, done);
    return 0;
  });
}

void pgl_pool_stop(pgl_pool* pool) { pool->request_stop(); }

}  // extern "C"
