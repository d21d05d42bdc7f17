// Static synapses: as soon as spikes have been sent, the weight of each of their synapses is added, in whole numbers, to what
// arrives at its target at its time. Each synapse is read once, whatever its delay.
//
// What bounds it is memory: a synapse takes 4 bytes for its target, 2 for its delay where these differ, 0, 2, 4 or 8 for its
// weight, and an atomic addition in the second level cache. So threads read side by side, several synapses before the first
// addition, and as many threads share a row as there are.
#ifndef PGL_CUDA_DELIVER_HPP
#define PGL_CUDA_DELIVER_HPP

#include "cuda/engine/weights.hpp"
// Drawing takes a compiler longer than all else here: PGL_DRAWN_ROWS is defined where a network needs it.
#ifdef PGL_DRAWN_ROWS
#include "cuda/engine/drawn.hpp"
#endif

namespace pgl {

// Where what one spike time brings is added.
struct Arrivals {
  int64_t* later;
  uint32_t mask, count;  // slots - 1, target neurons
  uint32_t sent;         // the slot of what would arrive at once
  uint32_t least;        // delay: what arrives earlier is left out
  Units units;

  PGL_DEVICE void add(uint32_t target, uint32_t delay, int64_t whole) const {
    if (whole == 0 || delay < least) return;
    atomic_add(later + (uint64_t((sent + delay) & mask) * count + target), whole);
  }
};

PGL_DEVICE Arrivals arrivals_of(const pgl_synapses& group, int64_t sent, int64_t earliest) {
  const pgl_inbox& inbox = *group.inboxes[0];
  const int64_t at_once = sent - group.lead;
  const uint32_t least = earliest > at_once ? uint32_t(earliest - at_once) : 0;
  return {inbox.later, uint32_t(inbox.mask), group.n_target, uint32_t(uint64_t(at_once)), least, units_of(inbox)};
}

// Part of a row, from `begin` on every `lanes`-th synapse, of which a thread reads kAtOnce before it adds the first.
template <uint32_t kAtOnce, bool kDelays, class Weights>
PGL_DEVICE void deliver_row(const pgl_synapses& group, const Arrivals& arrivals, const Weights& weights, uint32_t begin,
                            uint32_t end, uint32_t lanes) {
  using Loaded = decltype(weights.load(0));
  PGL_ROLLED for (; begin < end; begin += kAtOnce * lanes) {
    uint32_t target[kAtOnce], delay[kAtOnce];
    Loaded loaded[kAtOnce];
    for (uint32_t k = 0; k < kAtOnce; ++k) {
      const uint32_t position = begin + k * lanes;
      if (position >= end) continue;
      target[k] = load_once(group.targets + position);
      if constexpr (kDelays) delay[k] = load_once(group.delays + position);
      loaded[k] = weights.load(position);
    }
    for (uint32_t k = 0; k < kAtOnce; ++k) {
      if (begin + k * lanes >= end) continue;
      arrivals.add(target[k], kDelays ? delay[k] : group.common_delay, arrivals.units.whole(weights.value(loaded[k])));
    }
  }
}

// A row of a matrix: all targets, but those that are not there.
template <class Weights>
PGL_DEVICE void deliver_matrix_row(const pgl_synapses& group, const Arrivals& arrivals, const Weights& weights,
                                   uint32_t source, uint32_t lane, uint32_t lanes) {
  const uint32_t row = source * group.columns;
  PGL_ROLLED for (uint32_t target = lane; target < group.n_target; target += lanes) {
    const uint32_t position = row + target;
    if (!is_present(group, position, source, target)) continue;
    arrivals.add(target, group.common_delay, arrivals.units.whole(weights.value(weights.load(position))));
  }
}

// Spikes of the group's source at t_sent, of which what arrives before the step `earliest` is left out.
template <uint32_t kAtOnce>
PGL_DEVICE void deliver(const pgl_synapses& group, int64_t sent, int64_t earliest, Range range) {
  const Spikes spikes = spikes_at(*group.source, sent);
  const uint32_t count = *spikes.count;
  if (count == 0) return;
  const Arrivals arrivals = arrivals_of(group, sent, earliest);
  const uint64_t length = group.columns != 0 ? group.columns : group.n_synapses / group.n_source;
  const Lanes part = lanes_of(range, lanes_shift(count, range.stride, length));
  with_weights(group, [&](const auto& weights) {
    PGL_ROLLED for (uint32_t k = part.row; k < count; k += part.rows) {
      const uint32_t source = spikes.neurons[k];
      if (group.columns != 0) {
        deliver_matrix_row(group, arrivals, weights, source, part.lane, part.lanes);
        continue;
      }
      const uint32_t begin = load_constant(group.row_begin + source) + part.lane;
      const uint32_t end = load_constant(group.row_begin + source + 1);
      if (group.delays != nullptr) {
        deliver_row<kAtOnce, true>(group, arrivals, weights, begin, end, part.lanes);
      } else {
        deliver_row<kAtOnce, false>(group, arrivals, weights, begin, end, part.lanes);
      }
    }
  });
}

#ifdef PGL_DRAWN_ROWS
// The same of a group whose rows are drawn again at every spike.
PGL_DEVICE void deliver_drawn(const pgl_synapses& group, int64_t sent, int64_t earliest, Range range) {
  const Spikes spikes = spikes_at(*group.source, sent);
  const uint32_t count = *spikes.count;
  if (count == 0) return;
  const Arrivals arrivals = arrivals_of(group, sent, earliest);
  const Lanes part = lanes_of(range, lanes_shift(count, range.stride, 1u << kWarpShift));
  PGL_ROLLED for (uint32_t k = part.row; k < count; k += part.rows) {
    for_each_target(group, spikes.neurons[k], part.lane, part.lanes, [&](uint32_t target, uint32_t delay, double weight) {
      arrivals.add(target, delay, arrivals.units.whole(real(weight)));
    });
  }
}
#endif

}  // namespace pgl

#endif
