// Kernels over the synapses at which spikes arrive. Of each delay that a group has, the spikes that were sent so long ago are
// looked up, and of each of them the part of its row that has this delay.
//
// Where a kernel reads what it adds to, the synapses onto one target run one after the other: by the time of sending, source
// and position. Elsewhere all run side by side, and sums are whole numbers.
#ifndef PGL_CUDA_ARRIVALS_HPP
#define PGL_CUDA_ARRIVALS_HPP

#include "common/repeats.hpp"
#include "cuda/engine/sinks.hpp"

namespace pgl {

// The first position in [begin, end) whose delay is not below `delay`.
PGL_DEVICE uint32_t first_delay(const uint16_t* delays, uint32_t begin, uint32_t end, uint32_t delay) {
  PGL_ROLLED while (begin < end) {
    const uint32_t middle = begin + (end - begin) / 2;
    if (load_constant(delays + middle) < delay) {
      begin = middle + 1;
    } else {
      end = middle;
    }
  }
  return begin;
}

struct Segment {
  uint32_t begin, end;
};

// The part of a row with this delay.
PGL_DEVICE Segment segment_of(const pgl_synapses& group, uint32_t source, uint32_t delay) {
  if (group.columns != 0) return {source * group.columns, source * group.columns + group.n_target};
  const uint32_t begin = load_constant(group.row_begin + source), end = load_constant(group.row_begin + source + 1);
  if (group.delays == nullptr) return {begin, end};
  const uint32_t from = first_delay(group.delays, begin, end, delay);
  return {from, first_delay(group.delays, from, end, delay + 1)};
}

// Spikes of one neuron at one time step, which stand side by side: the k-th of a row and how many there are.
PGL_DEVICE uint32_t count_alike(const pgl_population& population, const uint32_t* spikes, uint32_t k, uint32_t count) {
  if (population.has_train == 0) return 1;
  if (k != 0 && spikes[k - 1] == spikes[k]) return 0;  // whoever has the first one does it
  uint32_t n = 1;
  while (k + n < count && spikes[k + n] == spikes[k]) ++n;
  return n;
}

// Where the values that the first of these spikes left are kept; the last has left what the ring of past values holds.
PGL_DEVICE int64_t repeats_of(const pgl_population& population, int64_t step, uint32_t neuron, uint32_t alike) {
  if (alike < 2 || population.n_past == 0 || population.past[0].repeats == nullptr) return -1;
  return int64_t(first_repeat(*population.past[0].repeats, step, neuron));
}

// One synapse, for each of the spikes of its source.
template <class Kernel, class Sink>
PGL_DEVICE void run_synapse(const pgl_synapses& group, const typename Kernel::Shared& shared, int64_t step,
                            uint32_t position, uint32_t source, uint32_t target, uint32_t delay, uint32_t alike,
                            int64_t repeat, Sink& sink) {
  PGL_ROLLED for (uint32_t k = 0; k < alike; ++k) {
    const bool last = k + 1 == alike || repeat < 0;
    Kernel::run(group, shared, step, position, source, target, delay, last ? -1 : repeat + k, sink);
  }
}

PGL_DEVICE uint32_t target_at(const pgl_synapses& group, Segment segment, uint32_t position) {
  return group.columns != 0 ? position - segment.begin : group.targets[position];
}

template <class Kernel>
PGL_DEVICE void visit_arrivals_together(const pgl_synapses& group, int64_t step, Range range) {
  const pgl_population& population = *group.source;
  uint64_t all = 0;
  for (uint32_t delay = group.min_delay; delay <= group.max_delay; ++delay) {  // not one load after the other
    all += *spikes_at(population, step - delay).count;
  }
  if (all == 0) return;
  const uint64_t mean = group.columns != 0 ? group.columns : group.n_synapses / group.n_source;
  const Lanes part = lanes_of(range, lanes_shift(all, range.stride, mean));
  if (part.row >= part.rows) return;
  const typename Kernel::Shared shared = Kernel::shared(group, step);
  WholeSink<Kernel> sink{group};
  uint32_t next = part.row;  // of the spikes of all delays one after the other, every rows-th
  PGL_ROLLED for (uint32_t delay = group.min_delay; delay <= group.max_delay; ++delay) {
    const Spikes spikes = spikes_at(population, step - delay);
    const uint32_t count = *spikes.count;
    PGL_ROLLED for (; next < count; next += part.rows) {
      const uint32_t source = spikes.neurons[next];
      const uint32_t alike = count_alike(population, spikes.neurons, next, count);
      if (alike == 0) continue;
      const int64_t repeat = repeats_of(population, step - delay, source, alike);
      const Segment segment = segment_of(group, source, delay);
      PGL_ROLLED for (uint32_t position = segment.begin + part.lane; position < segment.end; position += part.lanes) {
        const uint32_t target = target_at(group, segment, position);
        if (group.columns != 0 && !is_present(group, position, source, target)) continue;
        run_synapse<Kernel>(group, shared, step, position, source, target, delay, alike, repeat, sink);
      }
    }
    next -= count;
  }
}

// A target belongs to one of `owners` (a power of two): a thread, or on a card a warp, whose threads read targets side by
// side, and then act one after the other. (In the emulator, but for a test, threads are loops without warps.)
struct Owner {
  uint32_t number, owners, lane;
};
#ifndef PGL_OWNERS_ARE_WARPS
#define PGL_OWNERS_ARE_WARPS PGL_ON_DEVICE
#endif
#if PGL_OWNERS_ARE_WARPS
inline constexpr uint32_t kOwnerShift = kWarpShift;
#else
inline constexpr uint32_t kOwnerShift = 0;
#endif
PGL_DEVICE Owner owner_of(Range range) {
  uint32_t owners = 1;
  while (2 * owners <= range.stride >> kOwnerShift) owners *= 2;
  return {range.first >> kOwnerShift, owners, range.first & ((1u << kOwnerShift) - 1)};
}

// Calls act(position, target) for those of the positions whose target the owner has, in ascending order.
template <class Act>
PGL_DEVICE void for_each_owned(const pgl_synapses& group, Segment segment, uint32_t source, const Owner& owner, Act&& act) {
  PGL_ROLLED for (uint32_t begin = segment.begin; begin < segment.end; begin += 1u << kOwnerShift) {
    const uint32_t position = begin + owner.lane;
    uint32_t target = 0;
    bool mine = position < segment.end;
    if (mine) target = target_at(group, segment, position);
    mine = mine && (target & (owner.owners - 1)) == owner.number;
    if (mine && group.columns != 0) mine = is_present(group, position, source, target);
#if PGL_OWNERS_ARE_WARPS
    PGL_ROLLED for (uint32_t waiting = ballot(mine); waiting != 0; waiting &= waiting - 1) {
      if (owner.lane == uint32_t(lowest_bit(waiting))) act(position, target);
      warp_barrier();
    }
#else
    if (mine) act(position, target);
#endif
  }
}

template <class Kernel>
PGL_DEVICE void visit_arrivals_in_order(const pgl_synapses& group, int64_t step, Range range) {
  const pgl_population& population = *group.source;
  const Owner owner = owner_of(range);
  if (owner.number >= owner.owners) return;
  const typename Kernel::Shared shared = Kernel::shared(group, step);
  DirectSink sink{group};
  PGL_ROLLED for (uint32_t delay = group.max_delay; delay >= group.min_delay; --delay) {
    const Spikes spikes = spikes_at(population, step - delay);
    const uint32_t count = *spikes.count;
    PGL_ROLLED for (uint32_t k = 0; k < count; ++k) {
      const uint32_t source = spikes.neurons[k];
      const uint32_t alike = count_alike(population, spikes.neurons, k, count);
      if (alike == 0) continue;
      const int64_t repeat = repeats_of(population, step - delay, source, alike);
      // Several spikes of a neuron: its row once for each.
      PGL_ROLLED for (uint32_t again = 0; again < alike; ++again) {
        const int64_t entry = repeat < 0 || again + 1 == alike ? -1 : repeat + again;
        for_each_owned(group, segment_of(group, source, delay), source, owner, [&](uint32_t position, uint32_t target) {
          Kernel::run(group, shared, step, position, source, target, delay, entry, sink);
        });
      }
    }
  }
}

// What arrives at t_step.
template <class Kernel>
PGL_DEVICE void visit_arrivals(const pgl_synapses& group, int64_t step, Range range) {
  if constexpr (Kernel::kReadsWhatItAdds) {
    visit_arrivals_in_order<Kernel>(group, step, range);
  } else {
    visit_arrivals_together<Kernel>(group, step, range);
  }
}

}  // namespace pgl

#endif
