// One step of one shard: walks the schedule.
#ifndef PGL_STEP_HPP
#define PGL_STEP_HPP

#include "engine.hpp"

// on_pre for what arrives at t_step.
inline void pgl_engine::arrive(pgl::Shard& shard, size_t group, int64_t step) {
  pgl::List<pgl_arrival>& arrivals = shard.generals[group].calendar.at(step);
  if (arrivals.size() == 0) return;
  generals[group].on_pre(&shard.generals[group].args, step, arrivals.data(), static_cast<uint32_t>(arrivals.size()));
  arrivals.clear();
}

// What static synapses add at t_step.
inline void pgl_engine::deliver(pgl::StaticShard& part, int64_t step) {
  if (part.is_drawn() || part.calendar.at(step).size() != 0) synapses.deliver(part, step);
}

// Adds what was summed in whole numbers.
inline void pgl_engine::collect(uint32_t number, int64_t step) {
  pgl_fault fault{};
  synapses.collect(sums[number], real_bytes, step, fault);
  pgl::Shard& shard = shards_[number];
  if (fault.set != 0 && shard.fault.set == 0) shard.fault = fault;
}

// Neurons advance from t_step to the next; who spikes there stands in `latest`.
inline void pgl_engine::fire(pgl::Shard& shard, uint32_t index, int64_t step, pgl::List<uint32_t>& room) {
  const pgl::Population& population = populations[index];
  pgl::PopulationShard& part = shard.populations[index];
  pgl_fault fault{};
  if (population.has_train) {
    pgl::take_train(part, step + 1);
    if (population.update != nullptr && part.count != 0) {
      population.update(&part.args, step, room.room(part.count), &fault);  // nobody spikes but by the train
    }
    pgl::trace_train(population, part, step + 1, real_bytes);
  } else {
    part.latest.clear();
    if (population.update != nullptr && part.count != 0) {
      uint32_t* spikes = room.room(part.count);
      part.latest.append(spikes, population.update(&part.args, step, spikes, &fault));
    }
  }
  if (fault.set != 0 && shard.fault.set == 0) {
    shard.fault = fault;
    shard.fault.population = index;
    shard.fault.step = step;
  }
}

inline void pgl_engine::call_neurons(const pgl::Shard& shard, uint32_t number, const pgl_op& op, int64_t step) {
  const pgl::PopulationShard& part = shard.populations[op.index];
  if (part.count == 0) return;
  const auto* args = op.args == nullptr ? &part.args : static_cast<const pgl_population_args*>(op.args) + number;
  if (op.kind == PGL_OP_NEURONS) {
    reinterpret_cast<pgl_neurons_fn>(op.function)(args, step);
  } else if (part.latest.size() != 0) {
    reinterpret_cast<pgl_spiking_fn>(op.function)(args, step, part.latest.data(),
                                                  static_cast<uint32_t>(part.latest.size()));
  }
}

inline void pgl_engine::call_synapses(const pgl::Shard& shard, uint32_t number, const pgl_op& op, int64_t step) {
  const auto* args =
      op.args == nullptr ? &shard.generals[op.index].args : static_cast<const pgl_synapse_args*>(op.args) + number;
  if (op.kind == PGL_OP_SYNAPSES) {
    reinterpret_cast<pgl_synapses_fn>(op.function)(args, step);
    return;
  }
  const pgl::List<uint32_t>& spikes = shard.populations[generals[op.index].target_population].latest;
  if (spikes.size() == 0) return;
  reinterpret_cast<pgl_on_post_fn>(op.function)(args, step, spikes.data(), static_cast<uint32_t>(spikes.size()));
}

// Of hundreds of small populations, each is far away in memory, and says only there where the rest of it lies. So while
// one is updated, the three behind it are fetched, each one link further down that chain than the one after it.
inline void pgl_engine::fetch_ahead(const pgl::Shard& shard, const pgl_op* next, const pgl_op* end) const {
  const auto part = [&](ptrdiff_t ahead) -> const pgl::PopulationShard* {
    return end - next > ahead && next[ahead].kind == pgl::kUpdate ? &shard.populations[next[ahead].index] : nullptr;
  };
  const auto fetch = [](const void* from, size_t bytes) {
    for (size_t at = 0; at < bytes; at += 64) pgl::fetch_line(static_cast<const char*>(from) + at);
  };
  if (const pgl::PopulationShard* third = part(3)) {
    fetch(third, sizeof *third);
    fetch(&populations[next[3].index], sizeof(pgl::Population));
  }
  if (const pgl::PopulationShard* second = part(2)) {
    fetch(second->args.arrays, second->args.n_arrays * sizeof(void*));
    fetch(second->args.scalars, 128);
    fetch(second->args.poisson, sizeof(pgl_poisson));
  }
  if (const pgl::PopulationShard* first = part(1)) {
    for (uint32_t k = 0; k < first->args.n_arrays; ++k) pgl::fetch_line(first->args.arrays[k]);
    if (first->args.poisson->threshold != nullptr) {
      fetch(first->args.poisson->threshold, 128);
      fetch(first->args.poisson->alias, 128);
    }
  }
}

// The operations of one stretch.
inline void pgl_engine::run_ops(uint32_t number, int64_t step, size_t stretch, const Work& work) {
  pgl::Shard& shard = shards_[number];
  const pgl::Schedule& schedule = held_->schedule;
  const pgl_op* const end = schedule.ops.data() + schedule.ends[stretch];
  const auto send = [&](uint32_t index) {
    pgl::announce(populations[index], shard.populations[index], shard.blocks[work.writing], number, step + 1, real_bytes);
  };
  for (const pgl_op* next = schedule.ops.data() + (stretch == 0 ? 0 : schedule.ends[stretch - 1]); next != end; ++next) {
    const pgl_op& op = *next;
    if (!pgl::is_due(op, step)) continue;
    switch (op.kind) {
      case pgl::kUpdate:
        if (populations.size() >= pgl::kMany) fetch_ahead(shard, next, end);
        fire(shard, op.index, step, work.spikes);
        send(op.index);
        break;
      case PGL_OP_FIRE:
        fire(shard, op.index, step, work.spikes);
        break;
      case PGL_OP_SEND:
        send(op.index);
        break;
      case PGL_OP_DELIVER:
        deliver(shard.statics[op.index], step + statics[op.index].lead);
        break;
      case PGL_OP_COLLECT:
        if (!sums.empty()) collect(number, step);
        break;
      case PGL_OP_ARRIVE:
        arrive(shard, op.index, step + generals[op.index].lead);
        break;
      case PGL_OP_SAMPLE:
        for (Recorder& recorder : recorders) {
          if (recorder.variable) recorder.variable->sample(number, step);
        }
        break;
      case PGL_OP_NEURONS:
      case PGL_OP_SPIKING_NEURONS:
        call_neurons(shard, number, op, step);
        break;
      case PGL_OP_REDUCE:
        schedule.reductions[op.index]->gather(shard.populations[schedule.populations[op.index]], number);
        break;
      case PGL_OP_EXCHANGE:
      case PGL_OP_ONCE:
        break;
      case PGL_OP_SHARD:
        reinterpret_cast<pgl_shard_fn>(op.function)(op.args, number, step);
        break;
      default:
        call_synapses(shard, number, op, step);
    }
  }
}

// Behind the stretch all workers meet; the last to come completes the reductions, and does what is done once, before the
// others continue.
inline void pgl_engine::meet(int64_t step, size_t stretch) {
  const pgl::Schedule& schedule = held_->schedule;
  if (!pgl::is_due(schedule.ops[schedule.ends[stretch]], step)) return;
  meeting_->wait([&] { complete(schedule, step, stretch); });
}

inline void pgl_engine::complete(const pgl::Schedule& of, int64_t step, size_t stretch) {
  for (size_t k = stretch == 0 ? 0 : of.ends[stretch - 1]; k < of.ends[stretch]; ++k) {
    const pgl_op& op = of.ops[k];
    if (!pgl::is_due(op, step)) continue;
    if (op.kind == PGL_OP_REDUCE) of.reductions[op.index]->finish(shards_, of.populations[op.index]);
    if (op.kind == PGL_OP_ONCE) {
      const auto* once = static_cast<const pgl_once*>(op.args);
      reinterpret_cast<pgl_prepare_fn>(op.function)(once->arrays, nullptr, 0, once->dt);
    }
  }
}

#endif
