// What happens between runs: a faulty run is cut off where the fault is, time is set back, spikes are put back on their
// way.
#ifndef PGL_RESTART_HPP
#define PGL_RESTART_HPP

#include "engine.hpp"

// The run ends with the first fault in order of (step, population, neuron). Shards went on to the end of their block;
// what they recorded and counted after the fault is taken back, so that results are the same on any number of threads.
PGL_COLD inline void pgl_engine::settle_fault() {
  const auto before = [](const pgl_fault& a, const pgl_fault& b) {
    if (a.step != b.step) return a.step < b.step;
    return a.population != b.population ? a.population < b.population : a.neuron < b.neuron;
  };
  for (const pgl::Shard& shard : shards_) {
    if (shard.fault.set != 0 && (fault_.set == 0 || before(shard.fault, fault_))) fault_ = shard.fault;
  }
  if (fault_.set == 0) return;
  __atomic_store_n(&step_, fault_.step + 1, __ATOMIC_RELAXED);
  for (pgl::Shard& shard : shards_) {
    for (size_t p = 0; p < populations.size(); ++p) {
      pgl::PopulationShard& part = shard.populations[p];
      while (!part.in_flight.empty() && part.in_flight.latest().step > fault_.step + 1) {
        pgl::take_back(populations[p], part);
      }
    }
  }
  for (Recorder& recorder : recorders) {
    if (recorder.spikes) recorder.spikes->forget_after(fault_.step + 1);
    if (recorder.variable) recorder.variable->forget_after(fault_.step);
  }
}

// ---------------------------------------------------------------- reset and checkpoints

PGL_COLD inline void pgl_engine::set_step(int64_t step) {
  __atomic_store_n(&step_, step, __ATOMIC_RELAXED);
  __atomic_store_n(&stop_, false, __ATOMIC_RELAXED);
  last_ = {step, step, 0, 0, last_.number};
  failed_ = false;
  broken_ = false;
  fault_ = {};
  for (pgl::Population& population : populations) {
    population.unborn = true;
    for (uint16_t& count : population.counts) count = 0;
  }
  for (pgl::Shard& shard : shards_) {
    shard.fault = {};
    for (pgl::PopulationShard& part : shard.populations) {
      part.latest.clear();
      part.in_flight.clear();
      part.wrapped.set(nullptr);
      part.tape.stop();
      part.total = 0;
      if (part.train) part.train->next = 0;
    }
    for (pgl::StaticShard& part : shard.statics) part.clear();
    for (pgl::GeneralShard& part : shard.generals) part.calendar.clear();
  }
  for (Recorder& recorder : recorders) {
    if (recorder.spikes) recorder.spikes->clear();
    if (recorder.variable) recorder.variable->clear();
  }
}

PGL_COLD inline void pgl_engine::start_tape(const pgl_tape* const* tapes) {
  const auto count = static_cast<uint32_t>(shards_.size());
  for (pgl::Population& population : populations) population.taped = 0;
  for (uint32_t s = 0; s < count; ++s) {
    for (size_t p = 0; p < populations.size(); ++p) {
      pgl::PopulationShard& part = shards_[s].populations[p];
      if (tapes != nullptr && tapes[p] == nullptr) continue;
      part.tape.start(tapes == nullptr ? nullptr : tapes[p], s, count, part.begin);
    }
  }
}

// Puts spikes of the past back on their way: those that have arrived already are left out, exactly as the undisturbed
// run would have them.
PGL_COLD inline void pgl_engine::import_spikes(uint32_t index, pgl::List<pgl::Spike>& spikes) {
  pgl::Population& population = populations[index];
  const int64_t now = step();
  for (const pgl::Spike& spike : spikes) {
    if (spike.index >= population.size) throw pgl::Error("a spike in flight belongs to no neuron of its population");
    if (spike.step > now) throw pgl::Error("a spike in flight lies in the future");
  }
  pgl::sort_spikes(spikes);
  if (now > 0) population.unborn = false;  // before the first step has begun, a train's spikes at 0 are still to come
  for (pgl::Shard& shard : shards_) {
    pgl::PopulationShard& part = shard.populations[index];
    part.latest.clear();
    part.in_flight.clear();
    for (const pgl::Spike& spike : spikes) {
      if (spike.index < part.begin || spike.index >= part.begin + part.count) continue;
      part.in_flight.add(spike);
      if (spike.step == now) part.latest.push(spike.index);
    }
    for (size_t from = 0; from < spikes.size();) {
      const int64_t step = spikes[from].step;
      shard.spikes.clear();
      for (; from < spikes.size() && spikes[from].step == step; ++from) shard.spikes.push(spikes[from].index);
      if (synapses.post == nullptr) continue;
      synapses.post(*this, shard, population, shard.spikes.data(), static_cast<uint32_t>(shard.spikes.size()), step, now);
    }
  }
}

// Goes on counting from here.
PGL_COLD inline void pgl_engine::import_totals(uint32_t index, const uint32_t* counts) {
  pgl::Population& population = populations[index];
  for (uint32_t k = 0; k < population.size; ++k) population.counts[k] = static_cast<uint16_t>(counts[k]);
  for (pgl::Shard& shard : shards_) {
    pgl::PopulationShard& part = shard.populations[index];
    part.total = 0;
    part.wrapped.set(nullptr);
    for (uint32_t k = part.begin; k < part.begin + part.count; ++k) {
      part.total += counts[k];
      for (uint32_t wraps = counts[k] >> 16; wraps != 0; --wraps) part.wrapped.made().push(k);
    }
  }
}

PGL_COLD inline void pgl_engine::export_totals(uint32_t index, uint32_t* counts) const {
  for (uint32_t k = 0; k < populations[index].size; ++k) counts[k] = populations[index].counts[k];
  for (const pgl::Shard& shard : shards_) {
    const auto& wrapped = shard.populations[index].wrapped;
    if (!wrapped) continue;
    for (const uint32_t neuron : *wrapped) counts[neuron] += 1u << 16;
  }
}

#endif
