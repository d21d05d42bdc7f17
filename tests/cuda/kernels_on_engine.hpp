// Structures of kernels for a card as the engine for processors calls kernels: over all elements one after the other, of
// networks in one shard. Included before the generated source; behind it ON_ENGINE_... make the functions.
#include <stdint.h>
#include <stdlib.h>

#include <vector>

// Instead of common/device.hpp: these kernels have nothing of a card.
#define PGL_DEVICE_HPP
#define PGL_DEVICE inline
#define PGL_STRUCTURES_ONLY

#include "common/language.hpp"
#include "common/repeats.hpp"
#include "cpp/engine/abi.h"
#include "cuda/records.hpp"

namespace on_engine {

struct NeuronSink {
  uint32_t neuron = 0, n = 0;
  uint32_t* spikes = nullptr;
  pgl_fault* faults = nullptr;

  void spike() { spikes[n++] = neuron; }
  void fault(int32_t variable) {
    if (faults->set != 0) return;
    faults->set = 1;
    faults->neuron = neuron;
    faults->variable = variable;
  }
};

inline pgl_population population_of(const pgl_population_args* args) {
  if (args->first != 0) abort();  // of a second shard
  pgl_population population = {};
  population.arrays = args->arrays;
  population.scalars = const_cast<double*>(args->scalars);
  population.poisson = args->poisson;
  population.timed = args->timed;
  population.seed = args->seed;
  population.stream = args->stream;
  population.count = args->count;
  population.dt = args->dt;
  return population;
}

template <class Kernel, class Sink>
void neuron(const pgl_population& population, const typename Kernel::Shared& shared, int64_t step, uint32_t i, Sink& sink) {
  typename Kernel::Neuron values = Kernel::load(population, i);
  Kernel::run(population, shared, Kernel::draw(population, shared, step, i), values, step, i, sink);
  Kernel::store(population, i, values);
}

template <class Kernel>
uint32_t neurons(const pgl_population_args* args, int64_t step, uint32_t* spikes, pgl_fault* fault) {
  const pgl_population population = population_of(args);
  const auto shared = Kernel::shared(population, Kernel::kSharedByTime ? step : 0);
  NeuronSink sink{0, 0, spikes, fault};
  for (uint32_t i = 0; i < args->count; ++i) {
    sink.neuron = i;
    neuron<Kernel>(population, shared, step, i, sink);
  }
  return sink.n;
}

template <class Kernel>
void spiking(const pgl_population_args* args, int64_t step, const uint32_t* spikes, uint32_t n) {
  const pgl_population population = population_of(args);
  const auto shared = Kernel::shared(population, step);
  NeuronSink sink;
  for (uint32_t k = 0; k < n; ++k) neuron<Kernel>(population, shared, step, spikes[k], sink);
}

// By two threads, as it were.
template <class Kernel>
void once(void* const* arrays, double* scalars, uint32_t count, double dt) {
  pgl_population population = {};
  population.arrays = arrays;
  population.scalars = scalars;
  population.count = count;
  population.dt = dt;
  Kernel::prepare(population, 1, 2);
  Kernel::prepare(population, 0, 2);
}

// A group as kernels for a card are given it, with an index by target.
struct Group {
  pgl_synapses synapses = {};
  std::vector<pgl_past> pasts;
  std::vector<const pgl_past*> pre;
  std::vector<uint32_t> row_begin, targets, begin, position, source;
  pgl_synapses other = {};
  void* of = nullptr;

  uint32_t stride(uint32_t columns) { return (columns + PGL_ROW - 1) / PGL_ROW * PGL_ROW; }
  uint32_t target(const pgl_synapse_args* args, uint32_t k) {
    return args->wide_target ? static_cast<const uint32_t*>(args->target)[k] : static_cast<const uint16_t*>(args->target)[k];
  }
  Group(const pgl_synapse_args* args, uint32_t n_pre) {
    if (args->first != 0 || args->of_shards > 1) abort();
    for (uint32_t k = 0; k < n_pre; ++k) {
      const pgl_ring& ring = args->pre[k];
      pasts.push_back({nullptr, const_cast<void*>(ring.base), ring.stride, ring.mask, ring.repeats, const_cast<void*>(ring.repeated)});
    }
    for (const pgl_past& past : pasts) pre.push_back(&past);
    synapses.variables = args->synapse;
    synapses.post = args->post;
    synapses.pre = pre.data();
    synapses.scalars = const_cast<double*>(args->scalars);
    synapses.row_begin = args->row_begin;
    synapses.delays = args->delay;
    synapses.present = args->present;
    synapses.common_delay = args->common_delay;
    synapses.n_source = args->n_source;
    synapses.n_target = args->columns;
    synapses.n_synapses = args->n_synapses;
    synapses.columns = stride(args->columns);
    synapses.sets = args->sets;
    synapses.dt = args->dt;
    if (args->of_shards != 0) {
      of = const_cast<void*>(args->of[0]);
      other.variables = &of;
      other.columns = stride(args->of_begin[1]);
      synapses.transpose_of = &other;
      synapses.factor = args->factor;
    }
  }
  void index_by_target(const pgl_synapse_args* args) {
    begin.assign(args->columns + 1, 0);
    if (args->row_begin == nullptr || args->target == nullptr) return;
    for (uint32_t k = 0; k < args->row_begin[args->n_source]; ++k) ++begin[target(args, k) + 1];
    for (uint32_t j = 0; j < args->columns; ++j) begin[j + 1] += begin[j];
    std::vector<uint32_t> next(begin.begin(), begin.end() - 1);
    position.resize(args->row_begin[args->n_source]);
    source.resize(position.size());
    for (uint32_t i = 0; i < args->n_source; ++i) {
      for (uint32_t k = args->row_begin[i]; k < args->row_begin[i + 1]; ++k) {
        const uint32_t place = next[target(args, k)]++;
        position[place] = k;
        source[place] = i;
      }
    }
    synapses.post_begin = begin.data();
    synapses.post_position = position.data();
    synapses.post_source = source.data();
  }
};

struct SynapseSink {
  void* const* post;

  void add(int k, uint32_t target, real_of_kernels value) { static_cast<real_of_kernels*>(post[k])[target] += value; }
};

template <class Kernel>
void arrivals(const pgl_synapse_args* args, int64_t step, const pgl_arrival* list, uint32_t n, uint32_t n_pre, bool matrix) {
  Group group(args, n_pre);
  const auto shared = Kernel::shared(group.synapses, step);
  SynapseSink sink{args->post};
  uint32_t number = 0;
  for (uint32_t a = 0; a < n; ++a) {
    const pgl_arrival& one = list[a];
    const bool again = a + 1 < n && one.source == list[a + 1].source && one.delay == list[a + 1].delay;
    int64_t repeat = -1;
    if (again && n_pre != 0 && args->pre[0].repeats != nullptr) {
      const pgl_repeats& repeats = *args->pre[0].repeats;
      const uint64_t entry = pgl::first_repeat(repeats, step - int64_t(one.delay), one.source) + number;
      if (entry < repeats.n) repeat = int64_t(entry);
    }
    number = again ? number + 1 : 0;
    const uint32_t end = matrix ? one.begin + args->columns : one.end;
    for (uint32_t k = one.begin; k < end; ++k) {
      if (args->present && !args->present[k]) continue;
      const uint32_t j = matrix ? k - one.begin : group.target(args, k);
      Kernel::run(group.synapses, shared, step, k, one.source, j, one.delay, repeat, sink);
    }
  }
}

template <class Kernel>
void targets(const pgl_synapse_args* args, int64_t step, const uint32_t* spikes, uint32_t n, uint32_t n_pre, bool matrix) {
  Group group(args, n_pre);
  const auto shared = Kernel::shared(group.synapses, step);
  SynapseSink sink{args->post};
  for (uint32_t s = 0; s < n; ++s) {
    const uint32_t j = spikes[s];
    const uint32_t begin = matrix ? 0 : args->post_begin[j], end = matrix ? args->n_source : args->post_begin[j + 1];
    for (uint32_t entry = begin; entry < end; ++entry) {
      const uint32_t k = matrix ? entry * group.synapses.columns + j : args->post_position[entry];
      if (args->present && !args->present[k]) continue;
      const uint32_t source = matrix ? entry : args->post_source[entry];
      Kernel::run(group.synapses, shared, step, k, source, j, args->delay ? args->delay[k] : args->common_delay, -1, sink);
    }
  }
}

template <class Kernel>
void synapses(const pgl_synapse_args* args, int64_t step, uint32_t n_pre, bool matrix) {
  Group group(args, n_pre);
  const auto shared = Kernel::shared(group.synapses, step);
  SynapseSink sink{args->post};
  for (uint32_t k = 0; k < args->n_synapses; ++k) {
    if (args->present && !args->present[k]) continue;
    const uint32_t j = matrix ? k % group.synapses.columns : args->target ? group.target(args, k) : 0;
    if (matrix && j >= args->columns) continue;
    const uint32_t source = matrix ? k / group.synapses.columns : args->source ? args->source[k] : 0;
    Kernel::run(group.synapses, shared, step, k, source, j, args->delay ? args->delay[k] : args->common_delay, -1, sink);
  }
}

template <class Kernel>
void coupled(const pgl_synapse_args* args, int64_t step, uint32_t n_pre, bool matrix) {
  if (args->columns == 0) return;
  Group group(args, n_pre);
  if (!matrix) group.index_by_target(args);
  Kernel::visit(group.synapses, step, 1, 2);
  Kernel::visit(group.synapses, step, 0, 2);
}

}  // namespace on_engine

#define ON_ENGINE_FIRING(name)                                                                                          \
  PGL_EXPORT uint32_t name##_call(const pgl_population_args* a, int64_t step, uint32_t* spikes, pgl_fault* fault) asm(#name); \
  uint32_t name##_call(const pgl_population_args* a, int64_t step, uint32_t* spikes, pgl_fault* fault) {                \
    return on_engine::neurons<name>(a, step, spikes, fault);                                                            \
  }
#define ON_ENGINE_NEURONS(name)                                                      \
  PGL_EXPORT void name##_call(const pgl_population_args* a, int64_t step) asm(#name); \
  void name##_call(const pgl_population_args* a, int64_t step) { on_engine::neurons<name>(a, step, nullptr, nullptr); }
#define ON_ENGINE_SPIKING(name)                                                                                      \
  PGL_EXPORT void name##_call(const pgl_population_args* a, int64_t step, const uint32_t* s, uint32_t n) asm(#name); \
  void name##_call(const pgl_population_args* a, int64_t step, const uint32_t* s, uint32_t n) { on_engine::spiking<name>(a, step, s, n); }
#define ON_ENGINE_ONCE(name)                                                                          \
  PGL_EXPORT void name##_call(void* const* arrays, double* scalars, uint32_t n, double dt) asm(#name); \
  void name##_call(void* const* arrays, double* scalars, uint32_t n, double dt) { on_engine::once<name>(arrays, scalars, n, dt); }
#define ON_ENGINE_ARRIVALS(name, n_pre, matrix)                                                                           \
  PGL_EXPORT void name##_call(const pgl_synapse_args* a, int64_t step, const pgl_arrival* list, uint32_t n) asm(#name);    \
  void name##_call(const pgl_synapse_args* a, int64_t step, const pgl_arrival* list, uint32_t n) {                        \
    on_engine::arrivals<name>(a, step, list, n, n_pre, matrix);                                                           \
  }
#define ON_ENGINE_TARGETS(name, n_pre, matrix)                                                                    \
  PGL_EXPORT void name##_call(const pgl_synapse_args* a, int64_t step, const uint32_t* s, uint32_t n) asm(#name); \
  void name##_call(const pgl_synapse_args* a, int64_t step, const uint32_t* s, uint32_t n) {                      \
    on_engine::targets<name>(a, step, s, n, n_pre, matrix);                                                       \
  }
#define ON_ENGINE_SYNAPSES(name, n_pre, matrix)                                   \
  PGL_EXPORT void name##_call(const pgl_synapse_args* a, int64_t step) asm(#name); \
  void name##_call(const pgl_synapse_args* a, int64_t step) { on_engine::synapses<name>(a, step, n_pre, matrix); }
#define ON_ENGINE_COUPLED(name, n_pre, matrix)                                    \
  PGL_EXPORT void name##_call(const pgl_synapse_args* a, int64_t step) asm(#name); \
  void name##_call(const pgl_synapse_args* a, int64_t step) { on_engine::coupled<name>(a, step, n_pre, matrix); }
