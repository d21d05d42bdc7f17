// What the engine keeps of a population: its kernels, its spikes on their way, trains to replay, counts.
#ifndef PGL_POPULATION_HPP
#define PGL_POPULATION_HPP

#include <stdint.h>
#include <string.h>

#include "abi.h"
#include "common/prefetch.hpp"
#include "common/repeats.hpp"
#include "list.hpp"
#include "memory.hpp"
#include "rare.hpp"
#include "recording.hpp"
#include "spike_block.hpp"
#include "tape.hpp"

namespace pgl {

struct Spike {
  int64_t step;
  uint32_t index;
  friend bool operator<(const Spike& a, const Spike& b) {
    return a.step != b.step ? a.step < b.step : a.index < b.index;
  }
};

// Spikes in order of time: added at the end, forgotten at the beginning.
class InFlight {
 public:
  const Spike* begin() const { return spikes_.begin() + landed_; }
  const Spike* end() const { return spikes_.end(); }
  size_t size() const { return spikes_.size() - landed_; }
  bool empty() const { return size() == 0; }
  const Spike& latest() const { return spikes_.back(); }
  void add(const Spike& spike) { spikes_.push(spike); }
  void drop_latest() { spikes_.pop(); }
  void clear() {
    spikes_.clear();
    landed_ = 0;
  }
  void forget_before(int64_t step) {
    while (!empty() && begin()->step < step) ++landed_;
    if (landed_ > spikes_.size() / 2) move_to_front();  // only when less than half is left
  }
  void fit() noexcept {
    move_to_front();
    spikes_.fit();
  }

 private:
  void move_to_front() {
    const size_t left = size();
    memmove(spikes_.data(), spikes_.data() + landed_, left * sizeof(Spike));
    spikes_.set_size(left);
    landed_ = 0;
  }

  List<Spike> spikes_;
  size_t landed_ = 0;
};

struct Train {
  List<Spike> spikes;  // sorted
  size_t next = 0;
};

// One population on one shard. At both ends stands what a run hardly changes, so that lists of two shards may share a line.
struct PopulationShard {
  pgl_population_args args{};
  List<uint32_t> latest;         // spikes at the present time step
  InFlight in_flight;            // not older than the longest delay
  uint64_t total = 0;
  uint32_t begin = 0, count = 0;  // neurons of the population on this shard
  Rare<List<uint32_t>> wrapped;  // neurons, once for every 65536 spikes that the population's counts do not show
  Rare<Train> train;             // this shard's part
  Tape tape;
};

struct Exposed {  // a variable that synapses read with delay
  const Byte* state;
  Byte* ring;
  uint64_t stride, mask;
  const pgl_repeats* repeats;
  Byte* repeated;
};

struct Population {
  uint32_t size = 0;
  pgl_update_fn update = nullptr;
  pgl_spiking_fn replayed = nullptr;  // for spikes of a train
  bool has_train = false;
  bool unborn = true;  // nothing known of spikes at the present step: those of a train are still to come
  List<Exposed> exposed;
  List<uint32_t> statics, generals;  // groups that start here
  List<SpikeRecorder*> recorders;
  uint64_t taped = 0;  // spikes on the tapes of all shards, by atomic operations
  List<uint16_t> counts;  // spikes of each neuron modulo 65536: there may be thousands of engines
};

// Takes the latest spike back: it lies behind a fault.
PGL_COLD inline void take_back(Population& population, PopulationShard& part) {
  const uint32_t index = part.in_flight.latest().index;
  if (population.counts[index]-- == 0) {
    List<uint32_t>& wrapped = *part.wrapped;
    size_t k = wrapped.size() - 1;
    while (wrapped[k] != index) --k;
    wrapped[k] = wrapped.back();
    wrapped.pop();
  }
  --part.total;
  part.in_flight.drop_latest();
}

// The spikes of a train at exactly t_step (the train's position moves on).
inline void take_train(PopulationShard& part, int64_t step) {
  part.latest.clear();
  if (!part.train) return;
  Train& train = *part.train;
  while (train.next < train.spikes.size() && train.spikes[train.next].step < step) ++train.next;
  while (train.next < train.spikes.size() && train.spikes[train.next].step == step) {
    part.latest.push(train.spikes[train.next++].index);
  }
}

// Traces take the spikes of a train at t_step, several of one neuron one after another.
inline void trace_train(const Population& population, const PopulationShard& part, int64_t step,
                        size_t real_bytes) {
  const auto n = static_cast<uint32_t>(part.latest.size());
  if (population.replayed == nullptr || n == 0) return;
  const uint32_t* spikes = part.latest.data();
  const pgl_repeats* repeats = population.exposed.empty() ? nullptr : population.exposed.front().repeats;
  if (repeats == nullptr) {
    population.replayed(&part.args, step, spikes, n);
    return;
  }
  uint64_t entry = first_repeat(*repeats, step, spikes[0]);
  for (uint32_t begin = 0, end = 1; begin < n; begin = end++) {
    while (end < n && spikes[end] != spikes[end - 1]) ++end;
    population.replayed(&part.args, step, spikes + begin, end - begin);
    if (end == n) break;
    for (const Exposed& variable : population.exposed) {
      memcpy(variable.repeated + entry * real_bytes, variable.state + spikes[end - 1] * real_bytes, real_bytes);
    }
    ++entry;
  }
}

inline void copy_exposed(const Population& population, const PopulationShard& part, int64_t step,
                           size_t real_bytes) {
  for (const Exposed& variable : population.exposed) {
    const size_t offset = part.begin * real_bytes;
    const uint64_t slot = static_cast<uint64_t>(step) & variable.mask;
    memcpy(variable.ring + slot * variable.stride * real_bytes + offset, variable.state + offset,
                part.count * real_bytes);
  }
}

// Spikes at t_step are known: count and record them, send them, and expose the variables that go with them.
inline void announce(Population& population, PopulationShard& part, SpikeBlock& block, uint32_t shard, int64_t step,
                     size_t real_bytes) {
  const List<uint32_t>& spikes = part.latest;
  block.append(spikes);
  copy_exposed(population, part, step, real_bytes);
  if (part.tape.runs()) [[unlikely]] part.tape.add(step, spikes, real_bytes, &population.taped);
  if (spikes.size() == 0) return;
  part.total += spikes.size();
  for (const uint32_t index : spikes) fetch_line(population.counts.data() + index);
  for (const uint32_t index : spikes) {
    if (++population.counts[index] == 0) [[unlikely]] part.wrapped.made().push(index);
    part.in_flight.add({step, index});
  }
  for (SpikeRecorder* recorder : population.recorders) {
    recorder->append(shard, step, spikes.data(), static_cast<uint32_t>(spikes.size()));
  }
}

}  // namespace pgl

#endif
