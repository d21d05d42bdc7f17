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
  if (part.drawn) {
    pgl::deliver_drawn(part, step);
    return;
  }
  pgl::List<pgl::Segment>& arrivals = part.calendar.at(step);
  if (arrivals.size() == 0) return;
  part.deliver(part, arrivals.data(), static_cast<uint32_t>(arrivals.size()));
  arrivals.clear();
}

// Neurons advance from t_step to the next; who spikes there stands in `latest`.
inline void pgl_engine::fire(pgl::Shard& shard, uint32_t index, int64_t step) {
  const pgl::Population& population = populations[index];
  pgl::PopulationShard& part = shard.populations[index];
  pgl_fault fault{};
  if (population.has_train) {
    pgl::take_train(part, step + 1);
    if (population.update != nullptr && part.count != 0) {
      population.update(&part.args, step, part.ignored.room(part.count), &fault);
    }
    pgl::trace_train(population, part, step + 1, real_bytes);
  } else {
    part.latest.clear();
    if (population.update != nullptr && part.count != 0) {
      uint32_t* spikes = part.latest.room(part.count);
      part.latest.set_size(population.update(&part.args, step, spikes, &fault));
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
  const pgl::GeneralShard& part = shard.generals[op.index];
  const auto* args = op.args == nullptr ? &part.args : static_cast<const pgl_synapse_args*>(op.args) + number;
  if (op.kind == PGL_OP_SYNAPSES) {
    reinterpret_cast<pgl_synapses_fn>(op.function)(args, step);
    return;
  }
  const pgl::List<uint32_t>& spikes = shard.populations[generals[op.index].target_population].latest;
  if (spikes.size() == 0) return;
  reinterpret_cast<pgl_on_post_fn>(op.function)(args, step, spikes.data(), static_cast<uint32_t>(spikes.size()));
}

inline void pgl_engine::run_step(pgl::Shard& shard, uint32_t number, int64_t step, pgl::SpikeBlock& block) {
  const auto send = [&](uint32_t index) {
    pgl::announce(populations[index], shard.populations[index], block, number, step + 1, real_bytes);
  };
  for (const pgl_op& op : schedule) {
    if (op.every != 1 && static_cast<uint64_t>(step) % op.every != op.offset) continue;
    switch (op.kind) {
      case pgl::kUpdate:
        fire(shard, op.index, step);
        send(op.index);
        break;
      case PGL_OP_FIRE:
        fire(shard, op.index, step);
        break;
      case PGL_OP_SEND:
        send(op.index);
        break;
      case PGL_OP_DELIVER:
        deliver(shard.statics[op.index], step + statics[op.index].lead);
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
      default:
        call_synapses(shard, number, op, step);
    }
  }
}

#endif
