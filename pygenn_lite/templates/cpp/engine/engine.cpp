// The engine's side of abi.h: arguments are checked and copied here, the work is done in engine.hpp. No exception
// leaves this file. What is done with synapses stands in shared objects of its own (synapses.cpp, builder.cpp): a network
// without any never needs them, and all are compiled side by side.
#include <stdint.h>

#include "engine.hpp"
#include "restart.hpp"
#include "step.hpp"

namespace {

using pgl::Error;
using pgl::guarded;
using pgl::population_at;

pgl_engine::Recorder& recorder_at(pgl_engine* engine, int32_t index) {
  if (index < 0 || static_cast<size_t>(index) >= engine->recorders.size()) {
    throw Error("no recorder %d", index);
  }
  return engine->recorders[static_cast<size_t>(index)];
}

pgl::SpikeRecorder& spike_recorder(pgl_engine* engine, int32_t index) {
  pgl_engine::Recorder& recorder = recorder_at(engine, index);
  if (recorder.spikes == nullptr) throw Error("recorder %d does not record spikes", index);
  return *recorder.spikes;
}

pgl::VariableRecorder& variable_recorder(pgl_engine* engine, int32_t index) {
  pgl_engine::Recorder& recorder = recorder_at(engine, index);
  if (recorder.variable == nullptr) throw Error("recorder %d does not record a variable", index);
  return *recorder.variable;
}

// [shards + 1] first neurons of the shards, and the end.
pgl::List<uint32_t> bounds_of(pgl_engine& engine, uint32_t population) {
  pgl::List<uint32_t> bounds;
  bounds.push(0u);
  for (const pgl::Shard& shard : engine.shards()) {
    bounds.push(shard.populations[population].begin + shard.populations[population].count);
  }
  return bounds;
}

}  // namespace

extern "C" {

int32_t pgl_abi_version(void) { return PGL_ABI_VERSION; }
const char* pgl_last_error(void) { return pgl::last_error().text; }

// ---------------------------------------------------------------- construction

pgl_engine* pgl_engine_create(uint32_t threads, uint32_t shards, uint32_t min_delay, uint32_t max_delay,
                              int32_t real_bytes) {
  return guarded<pgl_engine*>(nullptr, [&] {
    if (threads == 0 || shards == 0) throw Error("an engine needs at least one thread and one shard");
    if (min_delay == 0 || max_delay < min_delay || max_delay > 65535) {
      throw Error("delays must be 1 to 65535 steps, the shortest not above the longest");
    }
    if (real_bytes != 4 && real_bytes != 8) throw Error("numbers have 4 or 8 bytes");
    return new pgl_engine(threads, shards, min_delay, max_delay, static_cast<uint32_t>(real_bytes));
  });
}

void pgl_engine_destroy(pgl_engine* engine) { delete engine; }

int32_t pgl_population_add(pgl_engine* engine, uint32_t size, const uint32_t* shard_begin,
                           pgl_update_fn update, pgl_spiking_fn replayed, const pgl_population_args* args) {
  return guarded<int32_t>(-1, [&] {
    const size_t shards = engine->shards().size();
    pgl::Population population;
    population.size = size;
    if (shard_begin[0] != 0 || shard_begin[shards] != size) throw Error("the shards do not cover the population");
    for (size_t s = 0; s < shards; ++s) {
      if (shard_begin[s] > shard_begin[s + 1]) throw Error("shards must ascend");
      if (shard_begin[s] % PGL_BLOCK != 0 && shard_begin[s] != size) throw Error("shards must begin at multiples of 64");
    }
    if (args == nullptr && (update != nullptr || replayed != nullptr)) throw Error("a kernel needs its arguments");
    population.update = update;
    population.replayed = replayed;
    population.counts.resize(size);
    for (size_t s = 0; s < shards; ++s) {
      pgl::PopulationShard part;
      if (args != nullptr) part.args = args[s];
      part.begin = shard_begin[s];
      part.count = shard_begin[s + 1] - shard_begin[s];
      engine->shards()[s].populations.push(pgl::move(part));
    }
    engine->populations.push(pgl::move(population));
    return static_cast<int32_t>(engine->populations.size() - 1);
  });
}

int32_t pgl_source_set(pgl_engine* engine, uint32_t index, int64_t count, const int64_t* steps,
                       const uint32_t* indices) {
  return guarded<int32_t>(-1, [&] {
    pgl::Population& population = population_at(engine, index);
    const pgl::List<uint32_t> bounds = bounds_of(*engine, index);
    pgl::List<pgl::List<pgl::Spike>> trains(engine->shards().size());
    for (int64_t k = 0; k < count; ++k) {
      const pgl::Spike spike{steps[k], indices[k]};
      if (spike.index >= population.size) throw Error("a spike train names a neuron beyond the population");
      if (k > 0 && spike < pgl::Spike{steps[k - 1], indices[k - 1]}) {
        throw Error("spike trains must be sorted by step, then index");
      }
      const uint32_t* behind = pgl::first_not_below(bounds.begin(), bounds.end(), spike.index + 1);
      trains[static_cast<size_t>(behind - bounds.begin() - 1)].push(spike);
    }
    for (size_t s = 0; s < trains.size(); ++s) {
      pgl::Train& train = engine->shards()[s].populations[index].train.made();
      train.spikes = pgl::move(trains[s]);
      train.next = 0;
    }
    population.has_train = true;
    return 0;
  });
}

int32_t pgl_expose_add(pgl_engine* engine, uint32_t population, const void* state, void* ring, uint64_t stride,
                        uint64_t mask, const pgl_repeats* repeats, void* repeated) {
  return guarded<int32_t>(-1, [&] {
    if ((mask & (mask + 1)) != 0) throw Error("a ring has a power of two of slots");
    // A step of the block that is being written must not fall on one that others still read.
    if (mask < uint64_t{engine->max_delay} + engine->min_delay) {
      throw Error("a ring needs more slots than the longest and the shortest delay together");
    }
    population_at(engine, population)
        .exposed.push({static_cast<const pgl::Byte*>(state), static_cast<pgl::Byte*>(ring), stride, mask, repeats,
                         static_cast<pgl::Byte*>(repeated)});
    return 0;
  });
}

int32_t pgl_schedule_set(pgl_engine* engine, const pgl_op* ops, int64_t n) {
  return guarded<int32_t>(-1, [&] {
    auto* const schedule = new pgl_schedule(*engine, ops, static_cast<size_t>(n));
    engine->use(*schedule);
    schedule->release();
    return 0;
  });
}

pgl_schedule* pgl_schedule_create(pgl_engine* engine, const pgl_op* ops, int64_t n) {
  return guarded<pgl_schedule*>(nullptr, [&] { return new pgl_schedule(*engine, ops, static_cast<size_t>(n)); });
}

void pgl_schedule_destroy(pgl_schedule* schedule) { schedule->release(); }

int32_t pgl_schedule_use(pgl_engine* engine, pgl_schedule* schedule) {
  return guarded<int32_t>(-1, [&] {
    if (!schedule->schedule.reductions.empty()) throw Error("a schedule with reductions is of one engine only");
    if (schedule->populations != engine->populations.size() || schedule->statics != engine->statics.size() ||
        schedule->generals != engine->generals.size()) {
      throw Error("the schedule is of an engine with other parts");
    }
    engine->use(*schedule);
    return 0;
  });
}

// ---------------------------------------------------------------- recording

int32_t pgl_record_spikes(pgl_engine* engine, uint32_t index, uint32_t begin, uint32_t end, uint32_t stride) {
  return guarded<int32_t>(-1, [&] {
    pgl::Population& population = population_at(engine, index);
    if (begin > end || end > population.size || stride == 0) throw Error("the recorded slice leaves the population");
    const auto shards = static_cast<uint32_t>(engine->shards().size());
    engine->recorders.push({nullptr, nullptr});  // first, so that the engine owns what is made next
    engine->recorders.back().spikes = new pgl::SpikeRecorder(shards, begin, end, stride);
    population.recorders.push(engine->recorders.back().spikes);
    return static_cast<int32_t>(engine->recorders.size() - 1);
  });
}

int32_t pgl_record_variable(pgl_engine* engine, uint32_t index, void* const* bases, const uint32_t* indices,
                            uint32_t n, uint32_t every) {
  return guarded<int32_t>(-1, [&] {
    const pgl::Population& population = population_at(engine, index);
    if (every == 0) throw Error("a variable is recorded every 1, 2, ... steps");
    for (uint32_t k = 0; k < n; ++k) {
      if (indices[k] >= population.size) throw Error("a recorded neuron lies beyond the population");
      if (k > 0 && indices[k] <= indices[k - 1]) throw Error("recorded neurons must ascend");
    }
    engine->recorders.push({nullptr, nullptr});
    engine->recorders.back().variable =
        new pgl::VariableRecorder(bounds_of(*engine, index), bases, indices, n, every, engine->real_bytes);
    return static_cast<int32_t>(engine->recorders.size() - 1);
  });
}

int64_t pgl_spikes_count(pgl_engine* engine, int32_t recorder) {
  return guarded<int64_t>(-1, [&] { return spike_recorder(engine, recorder).count(); });
}

int32_t pgl_spikes_drain(pgl_engine* engine, int32_t recorder, int64_t* steps, uint32_t* indices) {
  return guarded<int32_t>(-1, [&] {
    spike_recorder(engine, recorder).drain(steps, indices);
    return 0;
  });
}

int64_t pgl_samples_count(pgl_engine* engine, int32_t recorder) {
  return guarded<int64_t>(-1, [&] { return variable_recorder(engine, recorder).count(); });
}

int32_t pgl_samples_drain(pgl_engine* engine, int32_t recorder, int64_t* steps, void* values) {
  return guarded<int32_t>(-1, [&] {
    variable_recorder(engine, recorder).drain(steps, values);
    return 0;
  });
}

int32_t pgl_total_spikes(pgl_engine* engine, int64_t* totals) {
  return guarded<int32_t>(-1, [&] {
    for (size_t p = 0; p < engine->populations.size(); ++p) {
      totals[p] = 0;
      for (const pgl::Shard& shard : engine->shards()) totals[p] += static_cast<int64_t>(shard.populations[p].total);
    }
    return 0;
  });
}

int32_t pgl_totals_of(pgl_engine* const* engines, int64_t n, int64_t* totals) {
  for (int64_t k = 0; k < n; ++k) {
    if (pgl_total_spikes(engines[k], totals) < 0) return -1;
    totals += engines[k]->populations.size();
  }
  return 0;
}

int32_t pgl_spike_totals(pgl_engine* engine, uint32_t index, uint32_t* counts) {
  return guarded<int32_t>(-1, [&] {
    population_at(engine, index);
    engine->export_totals(index, counts);
    return 0;
  });
}

int32_t pgl_spike_totals_import(pgl_engine* engine, uint32_t index, const uint32_t* counts) {
  return guarded<int32_t>(-1, [&] {
    population_at(engine, index);
    engine->import_totals(index, counts);
    return 0;
  });
}

// ---------------------------------------------------------------- running

int64_t pgl_run(pgl_engine* engine, int64_t steps) {
  return guarded<int64_t>(-1, [&] { return engine->run(steps); });
}

int64_t pgl_try_run(pgl_engine* engine, int64_t steps) {
  const int64_t done = engine->try_run(steps);
  engine->fit();
  return done;
}

void pgl_stop(pgl_engine* engine) { engine->request_stop(); }

int64_t pgl_step_get(pgl_engine* engine) { return engine->step(); }

void pgl_step_set(pgl_engine* engine, int64_t step) { engine->set_step(step); }

int32_t pgl_fault_get(pgl_engine* engine, pgl_fault* out) {
  *out = engine->fault();
  return engine->fault().set != 0 ? 1 : 0;
}

void pgl_faults_of(pgl_engine* const* engines, int64_t n, uint8_t* found) {
  for (int64_t k = 0; k < n; ++k) found[k] = engines[k]->fault().set != 0 ? 1 : 0;
}

int32_t pgl_tape_start(pgl_engine* engine, const pgl_tape* const* tapes) {
  return guarded<int32_t>(-1, [&] {
    engine->start_tape(tapes);
    return 0;
  });
}

int64_t pgl_tape_count(pgl_engine* engine, uint32_t index) {
  return guarded<int64_t>(-1, [&] { return static_cast<int64_t>(population_at(engine, index).taped); });
}

const char* pgl_engine_error(pgl_engine* engine) { return engine->error(); }

// ---------------------------------------------------------------- checkpoints

int64_t pgl_inflight_count(pgl_engine* engine, uint32_t index) {
  return guarded<int64_t>(-1, [&] {
    population_at(engine, index);
    size_t count = 0;
    for (const pgl::Shard& shard : engine->shards()) count += shard.populations[index].in_flight.size();
    return static_cast<int64_t>(count);
  });
}

int32_t pgl_inflight_export(pgl_engine* engine, uint32_t index, int64_t* steps, uint32_t* indices) {
  return guarded<int32_t>(-1, [&] {
    population_at(engine, index);
    pgl::List<pgl::Spike> all;
    for (const pgl::Shard& shard : engine->shards()) {
      const auto& part = shard.populations[index].in_flight;
      all.append(part.begin(), part.size());
    }
    pgl::sort_spikes(all);
    for (size_t k = 0; k < all.size(); ++k) {
      steps[k] = all[k].step;
      indices[k] = all[k].index;
    }
    return 0;
  });
}

int32_t pgl_inflight_import(pgl_engine* engine, uint32_t index, int64_t n, const int64_t* steps,
                         const uint32_t* indices) {
  return guarded<int32_t>(-1, [&] {
    population_at(engine, index);
    pgl::List<pgl::Spike> spikes;
    for (int64_t k = 0; k < n; ++k) spikes.push({steps[k], indices[k]});
    engine->import_spikes(index, spikes);
    return 0;
  });
}

}  // extern "C"
