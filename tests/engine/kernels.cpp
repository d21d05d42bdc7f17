// Kernels and stores written by hand, for tests of the engine alone: no generated code, no builder.
#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <thread>
#include <vector>

#include "cpp/engine/barrier.hpp"
#include "cpp/engine/delivery.hpp"
#include "cpp/engine/spike_block.hpp"
#include "cpp/engine/store.hpp"
#include "cpp/engine/workers.hpp"

namespace {

// A neuron whose every input leaves a mark in V that does not go away soon.
// arrays: V, g (receptor, jumped directly), acc (accumulated), drive, after (counts own spikes late)
// scalars: threshold, fault level (|V| above it is a fault)
template <class Real>
uint32_t update(const pgl_population_args* args, int64_t, uint32_t* spikes, pgl_fault* fault) {
  Real* v = static_cast<Real*>(args->arrays[0]);
  Real* g = static_cast<Real*>(args->arrays[1]);
  Real* acc = static_cast<Real*>(args->arrays[2]);
  const Real* drive = static_cast<const Real*>(args->arrays[3]);
  const Real threshold = static_cast<Real>(args->scalars[0]);
  uint32_t n = 0;
  for (uint32_t i = 0; i < args->count; ++i) {
    v[i] = v[i] * Real(0.97) + g[i] + drive[i] + acc[i];
    acc[i] = 0;
    g[i] *= Real(0.5);
    if (!(std::fabs(v[i]) <= args->scalars[1]) && fault->set == 0) {
      fault->set = 1;
      fault->variable = 0;
      fault->neuron = args->first + i;
    }
    if (v[i] > threshold) {
      v[i] = 0;
      spikes[n++] = args->first + i;
    }
  }
  return n;
}

template <class Real>
void after(const pgl_population_args* args, int64_t step, const uint32_t* spikes, uint32_t n) {
  Real* count = static_cast<Real*>(args->arrays[4]);
  for (uint32_t k = 0; k < n; ++k) count[spikes[k] - args->first] += static_cast<Real>(step);
}

// on_pre of a static synapse, by the general way. synapse: weight; post: g
template <class Real>
void on_pre(const pgl_synapse_args* args, int64_t, const pgl_arrival* arrivals, uint32_t n) {
  const Real* weight = static_cast<const Real*>(args->synapse[0]);
  Real* g = static_cast<Real*>(args->post[0]);
  const uint16_t* narrow = static_cast<const uint16_t*>(args->target);
  const uint32_t* wide = static_cast<const uint32_t*>(args->target);
  for (uint32_t k = 0; k < n; ++k) {
    for (uint32_t j = arrivals[k].begin; j < arrivals[k].end; ++j) {
      g[args->wide_target != 0 ? wide[j] : narrow[j]] += weight[j];
    }
  }
}

// Who was called when: rows of (kind, step, index, source or -1, delay or -1). One thread only.
std::vector<int64_t> calls;
void note(int64_t kind, int64_t step, int64_t index, int64_t source, int64_t delay) {
  for (const int64_t value : {kind, step, index, source, delay}) calls.push_back(value);
}

struct TestStore : pgl_store {
  TestStore() { choose_delivery = pgl::choose_delivery; }
  std::vector<uint32_t> bounds;
};

// Scales the weights onto each target to a sum of 2. synapse: weight
template <class Real>
void normalise(const pgl_synapse_args* args) {
  Real* weight = static_cast<Real*>(args->synapse[0]);
  const auto target = [&](uint32_t k) -> uint32_t {
    return args->wide_target ? static_cast<const uint32_t*>(args->target)[k]
                             : static_cast<const uint16_t*>(args->target)[k];
  };
  std::vector<Real> sum;
  for (uint32_t k = 0; k < args->n_synapses; ++k) {
    if (target(k) >= sum.size()) sum.resize(target(k) + 1);
    sum[target(k)] += weight[k];
  }
  for (uint32_t k = 0; k < args->n_synapses; ++k) weight[k] *= 2 / sum[target(k)];
}

}  // namespace

extern "C" {
void test_normalise_float(const pgl_synapse_args* args, int64_t) { normalise<float>(args); }
void test_normalise_double(const pgl_synapse_args* args, int64_t) { normalise<double>(args); }
void test_add_signal_double(const pgl_population_args* args, int64_t) {
  for (uint32_t i = 0; i < args->count; ++i) static_cast<double*>(args->arrays[0])[i] += args->scalars[0] / 4;
}
// Adjoints in arrays[0]; what was gathered for a neuron's spike in arrays[1].
void test_adjoint_double(const pgl_population_args* args, int64_t step) {
  double* adjoint = static_cast<double*>(args->arrays[0]);
  for (uint32_t i = 0; i < args->count; ++i) {
    adjoint[i] = 0.5 * adjoint[i] + static_cast<double>((step + args->first + i) % 7) - 3.0;
  }
}
void test_adjoint_jump_double(const pgl_population_args* args, int64_t, const uint32_t* spikes, uint32_t n) {
  double* adjoint = static_cast<double*>(args->arrays[0]);
  const double* back = static_cast<const double*>(args->arrays[1]);
  for (uint32_t k = 0; k < n; ++k) adjoint[spikes[k] - args->first] += back[spikes[k] - args->first];
}
void test_count_float(const pgl_population_args* args, int64_t) {
  for (uint32_t i = 0; i < args->count; ++i) static_cast<float*>(args->arrays[0])[i] += 1;
}


uint32_t test_update_float(const pgl_population_args* a, int64_t s, uint32_t* x, pgl_fault* f) {
  return update<float>(a, s, x, f);
}
uint32_t test_update_double(const pgl_population_args* a, int64_t s, uint32_t* x, pgl_fault* f) {
  return update<double>(a, s, x, f);
}
void test_after_float(const pgl_population_args* a, int64_t s, const uint32_t* x, uint32_t n) { after<float>(a, s, x, n); }
void test_after_double(const pgl_population_args* a, int64_t s, const uint32_t* x, uint32_t n) { after<double>(a, s, x, n); }
void test_on_pre_float(const pgl_synapse_args* a, int64_t s, const pgl_arrival* x, uint32_t n) { on_pre<float>(a, s, x, n); }
void test_on_pre_double(const pgl_synapse_args* a, int64_t s, const pgl_arrival* x, uint32_t n) { on_pre<double>(a, s, x, n); }

uint32_t test_note_update(const pgl_population_args* args, int64_t step, uint32_t*, pgl_fault*) {
  note(5, step, args->first, -1, -1);
  return 0;
}
void test_note_after(const pgl_population_args*, int64_t step, const uint32_t* spikes, uint32_t n) {
  for (uint32_t k = 0; k < n; ++k) note(3, step, spikes[k], -1, -1);
}
void test_note_on_pre(const pgl_synapse_args* args, int64_t step, const pgl_arrival* arrivals, uint32_t n) {
  const uint16_t* target = static_cast<const uint16_t*>(args->target);
  for (uint32_t k = 0; k < n; ++k) {
    for (uint32_t j = arrivals[k].begin; j < arrivals[k].end; ++j) {
      note(1, step, args->first + target[j], arrivals[k].source, arrivals[k].delay);
    }
  }
}
void test_note_on_post(const pgl_synapse_args*, int64_t step, const uint32_t* spikes, uint32_t n) {
  for (uint32_t k = 0; k < n; ++k) note(2, step, spikes[k], -1, -1);
}
void test_note_step(const pgl_synapse_args*, int64_t step) { note(4, step, -1, -1, -1); }

int64_t test_calls(int64_t* out) {
  if (out != nullptr) {
    std::copy(calls.begin(), calls.end(), out);
    calls.clear();
  }
  return static_cast<int64_t>(calls.size());
}

// A store of the given synapses, sorted by (source, delay). flags: PGL_STORE_WEIGHTS or 0; wide: 32-bit targets and
// segments. offset: [shards] where the targets of each shard begin in its arena.
pgl_store* test_store(uint32_t n_source, uint32_t shards, const uint32_t* shard_begin, const uint32_t* offset, int64_t n,
                      const uint32_t* pre, const uint32_t* post, const uint32_t* delay, const double* weight,
                      uint32_t flags, int32_t wide, int32_t real_bytes) {
  auto* store = new TestStore;
  store->n_source = n_source;
  store->flags = flags;
  store->real_bytes = real_bytes;
  std::vector<uint32_t> delays(delay, delay + n);
  std::sort(delays.begin(), delays.end());
  delays.erase(std::unique(delays.begin(), delays.end()), delays.end());
  store->delays.append(delays.data(), delays.size());
  store->common_weight = n > 0 ? weight[0] : 0.0;
  store->group_sizes.push(n);
  store->shards.resize(shards);
  const std::size_t n_delays = store->delays.size();
  for (uint32_t s = 0; s < shards; ++s) {
    pgl_shard_store& part = store->shards[s];
    std::vector<int64_t> own;
    for (int64_t k = 0; k < n; ++k) {
      if (post[k] >= shard_begin[s] && post[k] < shard_begin[s + 1]) own.push_back(k);
    }
    part.row_begin.reset(n_source + 1);
    if (wide != 0) {
      part.target32.reset(own.size());
    } else {
      part.target16.reset(own.size());
    }
    if (n_delays > 1) {
      if (wide != 0) {
        part.segment32.reset(n_source * (n_delays + 1));
      } else {
        part.segment16.reset(n_source * (n_delays + 1));
      }
    }
    if ((flags & PGL_STORE_WEIGHTS) != 0) {
      if (real_bytes == 8) {
        part.weight64.reset(own.size());
      } else {
        part.weight32.reset(own.size());
      }
    }
    std::size_t at = 0;
    for (uint32_t source = 0; source < n_source; ++source) {
      part.row_begin[source] = static_cast<uint32_t>(at);
      for (std::size_t d = 0; d < n_delays; ++d) {
        for (; at < own.size() && pre[own[at]] == source && delay[own[at]] == store->delays[d]; ++at) {
          const uint32_t target = post[own[at]] - shard_begin[s] + offset[s];
          if (wide != 0) {
            part.target32[at] = target;
          } else {
            part.target16[at] = static_cast<uint16_t>(target);
          }
          if (!part.weight32.empty()) part.weight32[at] = static_cast<float>(weight[own[at]]);
          if (!part.weight64.empty()) part.weight64[at] = weight[own[at]];
        }
        const std::size_t end = at - part.row_begin[source];
        if (!part.segment16.empty()) part.segment16[source * (n_delays + 1) + d + 1] = static_cast<uint16_t>(end);
        if (!part.segment32.empty()) part.segment32[source * (n_delays + 1) + d + 1] = static_cast<uint32_t>(end);
      }
    }
    part.row_begin[n_source] = static_cast<uint32_t>(at);
  }
  return store;
}

// A dense store: weight[n_source][n_target] (or all weight[0], without PGL_STORE_WEIGHTS), one delay.
pgl_store* test_dense_store(uint32_t n_source, uint32_t shards, const uint32_t* shard_begin, const uint32_t* offset,
                            uint32_t delay, const double* weight, uint32_t flags, int32_t autapses,
                            int32_t same_population, int32_t real_bytes) {
  auto* store = new TestStore;
  const uint32_t n_target = shard_begin[shards];
  store->n_source = n_source;
  store->flags = flags | PGL_STORE_DENSE;
  store->real_bytes = real_bytes;
  store->delays.push(delay);
  store->common_weight = weight[0];
  store->group_sizes.push(int64_t{n_source} * n_target);
  store->bounds.assign(shard_begin, shard_begin + shards + 1);
  pgl_group group{};
  group.n_target = n_target;
  group.rule.autapses = autapses;
  group.rule.same_population = same_population;
  group.shard_begin = store->bounds.data();
  store->groups.push(group);
  store->shards.resize(shards);
  for (uint32_t s = 0; s < shards; ++s) {
    pgl_shard_store& part = store->shards[s];
    part.dense_columns = shard_begin[s + 1] - shard_begin[s];
    part.dense_offset = offset[s];
    if ((flags & PGL_STORE_WEIGHTS) == 0) continue;
    const std::size_t size = std::size_t{n_source} * part.dense_columns;
    if (real_bytes == 8) {
      part.weight64.reset(size);
    } else {
      part.weight32.reset(size);
    }
    for (std::size_t i = 0; i < n_source; ++i) {
      for (std::size_t j = 0; j < part.dense_columns; ++j) {
        const double value = weight[i * n_target + shard_begin[s] + j];
        if (real_bytes == 8) {
          part.weight64[i * part.dense_columns + j] = value;
        } else {
          part.weight32[i * part.dense_columns + j] = static_cast<float>(value);
        }
      }
    }
  }
  return store;
}

void test_store_free(pgl_store* store) { delete static_cast<TestStore*>(store); }

// Addresses of one shard's arrays, for pgl_synapse_args.
void test_store_arrays(pgl_store* store, uint32_t shard, void** target, void** weight, uint32_t* n) {
  pgl_shard_store& part = store->shards[shard];
  *target = part.target32.empty() ? static_cast<void*>(part.target16.data()) : part.target32.data();
  *weight = part.weight64.empty() ? static_cast<void*>(part.weight32.data()) : part.weight64.data();
  *n = static_cast<uint32_t>(part.target32.size() + part.target16.size());
}

// Crosses a barrier so often; after each crossing everybody must see what everybody wrote before it. Returns the
// number of times that was not so.
int64_t test_barrier(uint32_t threads, int64_t crossings) {
  pgl::Barrier barrier(threads);
  struct alignas(64) Cell {
    int64_t value = 0;  // not atomic: the barrier alone must order these
  };
  std::vector<Cell> cells(threads);
  std::atomic<int64_t> wrong{0};
  pgl::Workers workers(threads);
  workers.run([&](uint32_t worker) {
    for (int64_t k = 1; k <= crossings; ++k) {
      cells[worker].value = k;
      barrier.wait();
      if (cells[(worker + 1) % threads].value != k) ++wrong;
      barrier.wait();
    }
  });
  return wrong.load();
}

// Workers send one another messages of changing length, two turns by two, and stop when one of them wishes to. With
// `patience` 0 all waiting is asleep. Returns how many messages were not as they were sent, or -1 if somebody did not
// stop in the turn of the wish.
int64_t test_messages(uint32_t threads, uint32_t turns, uint32_t patience) {
  struct Pair {
    pgl::SpikeMessage messages[2];
  };
  pgl::List<Pair> pairs(threads);
  const auto length = [](uint32_t worker, uint32_t turn) { return (turn * 7 + worker * 13) % 97; };
  std::atomic<int64_t> wrong{0}, late{0};
  pgl::Workers workers(threads);
  workers.run([&](uint32_t worker) {
    pgl::List<uint32_t> spikes;
    pgl::SpikeBlock block;
    for (uint32_t turn = 1;; ++turn) {
      pgl::SpikeMessage& mine = pairs[worker].messages[turn & 1];
      block.begin();
      spikes.clear();
      block.append(spikes);
      for (uint32_t k = 0; k < length(worker, turn); ++k) spikes.push(turn + k);
      block.append(spikes);
      mine.write(block);
      bool over = worker == threads - 1 && turn == turns;
      mine.send(turn, over);
      uint32_t left = patience;
      for (uint32_t other = 0; other < threads; ++other) {
        pgl::SpikeMessage& theirs = pairs[other].messages[turn & 1];
        if (other != worker && theirs.wait_for(turn, left, [] {})) over = true;
        if (theirs[0].n != 0 || theirs[1].n != length(other, turn)) ++wrong;
        for (uint32_t k = 0; k < theirs[1].n; ++k) wrong += theirs[1].spikes[k] != turn + k;
      }
      if (over != (turn >= turns)) ++late;
      if (over || turn > turns) return;
    }
  });
  return late.load() != 0 ? -1 : wrong.load();
}

}  // extern "C"
