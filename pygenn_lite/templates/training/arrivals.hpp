// What spikes deliver on the way forwards: weights are added to a state of the target.
#ifndef PGL_TRAINING_ARRIVALS_HPP
#define PGL_TRAINING_ARRIVALS_HPP

#include "common/philox.hpp"
#include "training/memory.hpp"

namespace pgl::training {

inline constexpr uint32_t kDropoutPurpose = 77;
inline constexpr uint32_t kList = 63;  // spikes looked at together
inline constexpr uint32_t kRowsAhead = 2;  // rows that are fetched before they are read

// f(index, n) for the spikes of a range that a group lets through, some at a time. All threads see the same list.
template <class F>
PGL_DEVICE void each_list(const Place& place, const pgl_training_group& group, const uint32_t* index, uint32_t n, F&& f) {
  if (group.dropout == 0.0) {
    if (n != 0) f(index, n);
    return;
  }
  const uint32_t* dropped = place.at<uint32_t>(group.dropped);
  uint32_t* length = place.at<uint32_t>(group.listed);
  uint32_t* list = length + 1;
  for (uint32_t begin = 0; begin < n; begin += kList) {
    barrier();
    if (thread() == 0) {
      uint32_t found = 0;
      for (uint32_t k = begin; k < n && k < begin + kList; ++k) {
        if (dropped[index[k]] == 0) list[found++] = index[k];
      }
      *length = found;
    }
    barrier();
    if (*length != 0) f(list, *length);
  }
}

PGL_DEVICE real scale_of(const pgl_training_group& group) { return real(1.0 / (1.0 - group.dropout)); }

// Neurons of the source that this trial does without, in this group.
PGL_CALLED void drop(const Place& place, const pgl_training_group& group) {
  uint32_t* dropped = place.at<uint32_t>(group.dropped);
  const uint64_t threshold = uint64_t(group.dropout * 4294967296.0);
  const int64_t number = int64_t((place.sample & 0xffffffffu) | (place.run->epoch & 0xffffu) << 32);
  each(place.population(group.source).n, [&](uint32_t i) {
    const Words4 words = philox(place.run->seed, group.stream, kDropoutPurpose, number, i);
    dropped[i] = words.word[0] < threshold ? 1u : 0u;
  });
}

// A spike's synapses: those of a row of a sparse group, one after another.
template <class F>
PGL_DEVICE void each_synapse(const pgl_training_group& group, uint32_t neuron, F&& f) {
  const uint32_t begin = group.row_begin[neuron];
  each_of_row(group.row_begin[neuron + 1] - begin, (group.once & PGL_TRAINING_TARGETS) != 0, [&](uint32_t k) { f(begin + k, group.target_of[begin + k]); });
}

PGL_DEVICE bool is_dropped(const Place& place, const pgl_training_group& group, uint32_t neuron) {
  return group.dropout != 0.0 && place.at<uint32_t>(group.dropped)[neuron] != 0;
}

PGL_DEVICE real weight_of(const pgl_training_group& group, const real* weights, uint32_t k) {
  return weights[group.layout == PGL_TRAINING_SHARED ? group.weight_of[k] : k];
}

// Spikes with one delay: their rows are added to `out`.
PGL_CALLED void add_spikes(const pgl_training_group& group, real* out, const uint32_t* index, uint32_t n) {
  const real* weights = static_cast<const real*>(group.weight);
  if (group.layout == PGL_TRAINING_DENSE) {
    add_rows(out, weights, group.stride, index, n, group.stride);
    return;
  }
  for (uint32_t r = 0; r < n; ++r) {
    each_synapse(group, index[r], [&](uint32_t k, uint32_t j) { out[j] += weight_of(group, weights, k); });
  }
}

// Spikes with a delay for every synapse: their weights wait in the rows of the steps in which they arrive.
PGL_CALLED void scatter_spikes(const Place& place, const pgl_training_group& group, uint32_t step, const uint32_t* index, uint32_t n) {
  const uint32_t stride = place.population(group.target).stride, mask = group.ring - 1;
  const real* weights = static_cast<const real*>(group.weight);
  const auto* delays = static_cast<const uint32_t*>(group.delays);
  real* waiting = place.at<real>(group.waiting);
  for (uint32_t r = 0; r < n; ++r) {
    if (group.layout == PGL_TRAINING_DENSE) {
      const real* row = weights + size_t(index[r]) * group.stride;
      const uint32_t* of = delays + size_t(index[r]) * group.stride;
      // Of a target each its own place. Signed indices: loops become vectors that gather and scatter.
      each(place.population(group.target).n, [&](uint32_t j) { waiting[int32_t(((step + of[int32_t(j)]) & mask) * stride + j)] += row[int32_t(j)]; });
    } else {
      each_synapse(group, index[r], [&](uint32_t k, uint32_t j) {
        waiting[size_t((step + delays[k]) & mask) * stride + j] += weight_of(group, weights, k);
      });
    }
  }
}

// Whether what arrives is summed before the first step: spikes are given, and every synapse of a dense group has a delay.
PGL_DEVICE bool sums_ahead(const Place& place, const pgl_training_group& group) {
  return group.ring != 0 && group.layout == PGL_TRAINING_DENSE && place.population(group.source).input != PGL_TRAINING_NONE;
}

// The spikes of a population by neuron: the steps that they carry, ascending.
PGL_CALLED void sort_spikes(const Place& place, uint32_t k) {
  const pgl_training_population& of = place.population(k);
  const Tape tape = place.tape(k);
  const uint32_t steps = place.program->steps;
  uint32_t* begin = place.at<uint32_t>(of.row_begin);
  uint32_t* sorted = place.at<uint32_t>(of.row_step);
  each(of.n + 1, [&](uint32_t i) { begin[int32_t(i)] = 0; });
  barrier();
  each_alone(tape.begin[steps], [&](uint32_t e) { atomic_add(&begin[tape.index[e]], 1u); });
  barrier();
  running_ends(begin, of.n + 1);  // of each neuron now the end of its spikes
  barrier();
  for (uint32_t s = steps; s-- > 0;) {
    const uint32_t first = tape.begin[s];
    each_alone(tape.begin[s + 1] - first, [&](uint32_t e) { sorted[atomic_add(&begin[tape.index[first + e]], uint32_t(-1)) - 1u] = s; });
    barrier();
  }
}

PGL_DEVICE bool is_sorted_ahead(const Place& place, uint32_t k) {
  for (uint32_t g = 0; g < place.program->n_groups; ++g) {
    if (place.group(g).source == k && sums_ahead(place, place.group(g))) return true;
  }
  return false;
}

// Where it lies: from a target to the next, from a step to the next.
struct Ahead {
  size_t target, step;
  PGL_DEVICE explicit Ahead(const pgl_training_population& of) : target(kStepsTogether ? of.neuron_steps : 1), step(kStepsTogether ? 1 : of.stride) {}
};

// All that arrives in a trial, from spikes that are sorted by neuron. A few targets at a time, whose steps stay in the first
// cache: each spike is one addition, and weights and delays are in registers. What arrives too late lies behind the last step.
PGL_CALLED void sum_ahead(const Place& place, const pgl_training_group& group) {
  const pgl_training_population& source = place.population(group.source);
  const pgl_training_population& target = place.population(group.target);
  const Ahead lie(target);
  const uint32_t steps = place.program->steps;
  const uint32_t* begin = place.at<uint32_t>(source.row_begin);
  const uint32_t* carried = place.at<uint32_t>(source.row_step);
  each_alone((target.n + kColumns - 1) / kColumns, [&](uint32_t block) {
    const uint32_t first = block * kColumns;
    real* waiting = place.at<real>(group.waiting) + first * lie.target;
    each_column([&](uint32_t j) {
      for (uint32_t s = 0; s < steps; ++s) waiting[j * lie.target + s * lie.step] = real(0);
    });
    for (uint32_t neuron = 0; neuron < source.n; ++neuron) {
      if (begin[neuron] == begin[neuron + 1] || is_dropped(place, group, neuron)) continue;
      const size_t row = size_t(neuron) * group.stride + first;
      const real* weights = static_cast<const real*>(group.weight) + row;
      const auto* delays = static_cast<const uint32_t*>(group.delays) + row;
      real weight[kColumns];
      real* to[kColumns];
      each_column([&](uint32_t j) { weight[j] = weights[j], to[j] = in_register(waiting + j * lie.target + delays[j] * lie.step); });
      prefetch(weights + size_t(kRowsAhead) * group.stride), prefetch(delays + size_t(kRowsAhead) * group.stride);
      for (uint32_t e = begin[neuron]; e < begin[neuron + 1]; ++e) {
        const size_t step = carried[e] * lie.step;
        each_column([&](uint32_t j) { to[j][step] += weight[j]; });
      }
    }
  });
}

// What arrives in a step through a group, and is added to the target's state.
PGL_CALLED void arrive(const Place& place, const pgl_training_group& group, uint32_t step) {
  const pgl_training_population& target = place.population(group.target);
  real* state = place.at<real>(target.state) + size_t(group.into) * target.stride;
  const Tape tape = place.tape(group.source);
  if (group.ring == 0 && step < group.delay) return;
  const uint32_t carried = group.ring != 0 ? step : step - group.delay;
  const uint32_t begin = tape.begin[carried], n = tape.begin[carried + 1] - begin;
  const real scale = scale_of(group);
  if (sums_ahead(place, group)) {
    const Ahead lie(target);
    const real* sums = place.at<real>(group.waiting) + step * lie.step;
    each(target.n, [&](uint32_t j) { state[int32_t(j)] += scale * sums[int32_t(j * lie.target)]; });
    return;
  }
  if (group.ring == 0 && group.dropout == 0.0) {
    if (n != 0) add_spikes(group, state, tape.index + begin, n);
    return;
  }
  if (group.ring == 0) {  // what arrives is summed first, then scaled
    if (n == 0) return;
    real* sums = place.at<real>(group.waiting);
    each(target.stride, [&](uint32_t j) { sums[int32_t(j)] = real(0); });
    barrier();
    each_list(place, group, tape.index + begin, n, [&](const uint32_t* index, uint32_t length) { add_spikes(group, sums, index, length); });
    barrier();
    each(target.n, [&](uint32_t j) { state[int32_t(j)] += scale * sums[int32_t(j)]; });
    return;
  }
  each_list(place, group, tape.index + begin, n,
            [&](const uint32_t* index, uint32_t length) { scatter_spikes(place, group, step, index, length); });
  barrier();
  real* sums = place.at<real>(group.waiting) + size_t(step & (group.ring - 1)) * target.stride;
  each(target.n, [&](uint32_t j) {
    state[int32_t(j)] += scale * sums[int32_t(j)];
    sums[int32_t(j)] = real(0);
  });
}

// Real-valued inputs.
PGL_CALLED void add_values(const Place& place, const pgl_training_values& input, uint32_t step) {
  const pgl_training_population& target = place.population(input.population);
  real* state = place.at<real>(target.state) + size_t(input.into) * target.stride;
  const uint64_t row = input.constant ? place.sample : place.sample * place.program->steps + step;
  const real* values = static_cast<const real*>(input.values) + row * input.stride;
  each(target.n, [&](uint32_t i) { state[int32_t(i)] += values[int32_t(i)]; });
}

}  // namespace pgl::training

#endif
